import type { SenteError } from "../errors.ts";
import type { Membership } from "./backplane.ts";
import { BackplaneError } from "./backplane-error.ts";
import type { Carrier, CarrierEvents } from "./carrier.ts";
import { checkNodeId } from "./names.ts";
import { BrokerNode, type NodeOptions } from "./node.ts";

/** Options of `joinThrough`, which are those of a driver too. */
export interface JoinOptions extends Pick<NodeOptions, "node" | "inbox" | "clock"> {
  /**
   * A node that is not heard for so long by those that hear the broker all the time is gone. A broker that is away for less than
   * that is bridged. Default 10,000.
   */
  readonly leaseMs?: number | undefined;
  /** How many posts are kept for that, at most; more are a gap. Default 10,000. */
  readonly keptPosts?: number | undefined;
  /** How many bytes of posts. Default 8 MiB. */
  readonly keptBytes?: number | undefined;
  /** Opens the connection. What it says before it is there is heard afterwards. */
  readonly connect: (events: CarrierEvents) => Promise<Carrier>;
}

/**
 * For authors of drivers: a membership by a broker that can publish, subscribe and keep (`Carrier`). Order, gaps, what was
 * missed, leases, questions and their answers are done here. Rejects with `UsageError` `bad-node-id`, and with `BackplaneError`
 * `unreachable` where `connect` rejects, without what it said: that may name credentials.
 */
export async function joinThrough({
  connect,
  leaseMs = 10_000,
  keptPosts = 10_000,
  keptBytes = 8 * 1_048_576,
  ...options
}: JoinOptions): Promise<Membership> {
  checkNodeId(options.node);
  let joined: BrokerNode | undefined;
  /** What was said before the membership was there. */
  let early: ((node: BrokerNode) => void)[] | undefined = [];
  const whenJoined = (say: (node: BrokerNode) => void) => {
    if (early !== undefined) early.push(say);
    else if (joined !== undefined) say(joined);
  };
  const events: CarrierEvents = {
    received: (bytes) => whenJoined((node) => node.received(bytes)),
    down: () => whenJoined((node) => node.down()),
    up: () => whenJoined((node) => node.up()),
    failed: (error: SenteError) => whenJoined((node) => node.failed(error)),
  };
  let carrier: Carrier | undefined;
  try {
    carrier = await connect(events);
    joined = new BrokerNode({ ...options, leaseMs, keptPosts, keptBytes }, carrier);
    await joined.begin();
  } catch (cause) {
    early = [];
    await carrier?.close();
    if (cause instanceof BackplaneError) throw cause;
    throw new BackplaneError("unreachable", "the broker cannot be reached");
  }
  const node = joined;
  // When whoever joined has it.
  options.clock.after(0, () => {
    const said = early ?? [];
    early = undefined;
    for (const say of said) say(node);
  });
  return node;
}
