import { type ConnectionOptions, connect, type NatsConnection } from "@nats-io/transport-node";
import { UsageError } from "@sente-lite/protocol";
import { type Backplane, type Inbox, joinThrough, type Membership, type NodeId } from "@sente-lite/protocol/backplane";
import { clock } from "./clock.ts";
import { closeConnection, openConnection } from "./dialling.ts";
import { NatsCarrier } from "./nats-carrier.ts";
import { makeUnreachable } from "./unreachable.ts";

/** Options of `natsBackplane`. */
export interface NatsBackplaneOptions {
  /** `host:port`, one or several of a cluster. Default: NATS on this machine. */
  readonly servers?: string | readonly string[];
  /** Further options of `connect` of `@nats-io/transport-node`, as it reads them: credentials, TLS, a name. */
  readonly connection?: object;
  /** In place of that `connect`, one of another transport, as that for Deno. */
  readonly connect?: (options: never) => Promise<unknown>;
  /** With what subjects, bucket and stream begin: 1 to 64 of `0-9`, `A-Z`, `a-z`, `_` and `-`. Default `sente-lite`. */
  readonly prefix?: string;
  /** On how many servers of a cluster sessions and histories are kept. Default 1. */
  readonly replicas?: number;
  /** Default 10,000: a node that is not heard for so long is gone, and NATS may be away for less than that without a loss. */
  readonly leaseMs?: number;
  /** How many posts are kept for that. Default 10,000; more are a gap. */
  readonly keptPosts?: number;
  /** How many bytes of posts. Default 8 MiB. */
  readonly keptBytes?: number;
}

/**
 * Connects servers by NATS 2.9 or later with JetStream. Give it to every server as `backplane`. Each node has one connection.
 * The most bytes of a post, question, answer or `put` are a little less than the `max_payload` of the server, which is 1 MiB
 * where nobody set it. Sessions and histories are kept for a day at most. Credentials appear in no error. Throws `UsageError`
 * `bad-prefix`.
 */
export function natsBackplane(options: NatsBackplaneOptions = {}): Backplane {
  const { servers, connection: further, prefix = "sente-lite", replicas = 1, leaseMs = 10_000, ...rest } = options;
  const { connect: open = connect, ...kept } = rest;
  if (!/^[\w-]{1,64}$/.test(prefix)) {
    throw new UsageError("bad-prefix", "a prefix has 1 to 64 characters of 0-9, A-Z, a-z, _ and -");
  }
  const settings: ConnectionOptions = {
    ...further,
    ...(servers === undefined ? {} : { servers: typeof servers === "string" ? servers : [...servers] }),
    // A node hears itself, and so knows that it is heard.
    noEcho: false,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    reconnectJitterTLS: 100,
    ignoreAuthErrorAbort: true,
    waitOnFirstConnect: false,
    timeout: leaseMs / 2,
    // What hangs is noticed in half of a lease.
    pingInterval: leaseMs / 6,
    maxPingOut: 2,
  };
  return {
    join(node: NodeId, inbox: Inbox): Promise<Membership> {
      return joinThrough({
        ...kept,
        node,
        inbox,
        clock,
        leaseMs,
        connect: async (events) => {
          let connection: NatsConnection | undefined;
          try {
            connection = await openConnection(() => open(settings as never) as Promise<NatsConnection>);
            const carrier = new NatsCarrier(connection, events, prefix, replicas);
            await carrier.open();
            return carrier;
          } catch (error) {
            if (connection !== undefined) await closeConnection(connection);
            throw makeUnreachable(error);
          }
        },
      });
    },
  };
}
