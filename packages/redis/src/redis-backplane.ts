import { UsageError } from "@sente-lite/protocol";
import { type Backplane, type Inbox, joinThrough, type Membership, type NodeId } from "@sente-lite/protocol/backplane";
import { createClient } from "redis";
import { clock } from "./clock.ts";
import { ClusterConnection, isCluster } from "./cluster-connection.ts";
import { type Connection, type ConnectionEvents, type RedisClientLike, settingsFor } from "./connection.ts";
import { makeUnreachable, RedisCarrier } from "./redis-carrier.ts";
import { type ServerClient, ServerConnection } from "./server-connection.ts";

/** Options of `redisBackplane`. */
export interface RedisBackplaneOptions {
  /** `redis://` or `rediss://`, with credentials and database, as node-redis reads it. Default: Redis on this machine. */
  readonly url?: string;
  /** In place of `url`: connections are made as this one's are, with its credentials, TLS and database. */
  readonly client?: RedisClientLike;
  /** With what channels and keys begin: 1 to 64 of `0-9`, `A-Z`, `a-z`, `.`, `_`, `:` and `-`. Default `sente-lite`. */
  readonly prefix?: string;
  /** Default 10,000: a node that is not heard for so long is gone, and Redis may be away for less than that without a loss. */
  readonly leaseMs?: number;
  /** How many posts are kept for that. Default 10,000; more are a gap. */
  readonly keptPosts?: number;
  /** How many bytes of posts. Default 8 MiB. */
  readonly keptBytes?: number;
  /** The most bytes of a post, question, answer or `put`. Default 8 MiB. */
  readonly maxBytes?: number;
}

/**
 * Connects servers by Redis 6.2 or later, or Valkey; a cluster (with sharded channels: Redis 7) where `client` is one of
 * `createCluster`. Give it to every server as `backplane`. Each node has two connections. Credentials appear in no error.
 * Throws `UsageError` `bad-prefix`.
 */
export function redisBackplane(options: RedisBackplaneOptions = {}): Backplane {
  const { url, client, prefix = "sente-lite", leaseMs = 10_000, maxBytes = 8 * 1_048_576, ...kept } = options;
  if (!/^[\w.:-]{1,64}$/.test(prefix)) {
    throw new UsageError("bad-prefix", "a prefix has 1 to 64 characters of 0-9, A-Z, a-z, . _ : and -");
  }
  return {
    join(node: NodeId, inbox: Inbox): Promise<Membership> {
      return joinThrough({
        ...kept,
        node,
        inbox,
        clock,
        leaseMs,
        connect: async (events) => {
          const tag = `{${prefix}}:`;
          const connection = await open(url, client, leaseMs, tag, {
            down: () => events.down(),
            up: () => events.up(),
            message: (bytes) => events.received(bytesOf(bytes)),
          });
          return new RedisCarrier(connection, prefix, maxBytes);
        },
      });
    },
  };
}

async function open(
  url: string | undefined,
  client: RedisClientLike | undefined,
  leaseMs: number,
  tag: string,
  events: ConnectionEvents,
): Promise<Connection> {
  let hasJoined = false;
  let connection: (Connection & { open(): Promise<void> }) | undefined;
  try {
    const { options } = (client ?? {}) as { readonly options?: { readonly socket?: object } };
    const settings = settingsFor(leaseMs, () => hasJoined, options?.socket);
    if (client !== undefined && isCluster(client)) {
      connection = new ClusterConnection(client, settings, tag, events);
    } else {
      const first = (client ?? createClient(url === undefined ? {} : { url })) as ServerClient;
      const make = () => first.duplicate(settings as object) as ServerClient;
      connection = new ServerConnection(make(), make(), events);
    }
    await connection.open();
    hasJoined = true;
    return connection;
  } catch (error) {
    connection?.close();
    throw makeUnreachable(error);
  }
}

/** Of a Buffer, which few would tell from one by its type. */
function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
