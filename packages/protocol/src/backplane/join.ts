import type { SenteError } from "../errors.ts";
import type { Membership } from "./backplane.ts";
import { BackplaneError } from "./backplane-error.ts";
import type { Carrier, CarrierEvents } from "./carrier.ts";
import type { BackplaneClock } from "./clock.ts";
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

/** Whoever does not get that far within that has no broker. */
const JOIN_MS = 20_000;

/**
 * For authors of drivers: a membership by a broker that can publish, subscribe and keep (`Carrier`). Order, gaps, what was
 * missed, leases, questions and their answers are done here. Rejects with `UsageError` `bad-node-id`, and with `BackplaneError`
 * `unreachable` where `connect` rejects, without what it said: that may name credentials; also where nothing comes of it within
 * 20 s: a carrier that comes later is closed.
 */
export async function joinThrough({
  connect,
  leaseMs = 10_000,
  keptPosts = 10_000,
  keptBytes = 8 * 1_048_576,
  ...options
}: JoinOptions): Promise<Membership> {
  checkNodeId(options.node);
  const { clock } = options;
  let joined: BrokerNode | undefined;
  /** What was said before the membership was there; undefined once it is, or will never be. */
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
  const { late, takeBack } = rejectLater(clock);
  let carrier: Carrier | undefined;
  let begun: BrokerNode | undefined;
  let isOver = false;
  try {
    const connecting = connect(events).then((opened) => {
      if (isOver) void opened.close();
      return opened;
    });
    carrier = await Promise.race([connecting, late]);
    const node = new BrokerNode({ ...options, leaseMs, keptPosts, keptBytes }, carrier);
    begun = node;
    await Promise.race([node.begin(), late]);
    joined = node;
    // When whoever joined has it.
    clock.after(0, () => {
      const said = early ?? [];
      early = undefined;
      for (const say of said) say(node);
    });
    return node;
  } catch (cause) {
    isOver = true;
    early = undefined;
    begun?.giveUp();
    await carrier?.close();
    if (cause instanceof BackplaneError) throw cause;
    throw new BackplaneError("unreachable", "the broker cannot be reached");
  } finally {
    takeBack();
  }
}

function rejectLater(clock: BackplaneClock): { readonly late: Promise<never>; readonly takeBack: () => void } {
  let takeBack: () => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    takeBack = clock.after(JOIN_MS, () => {
      reject(new BackplaneError("unreachable", "the broker did not answer in time"));
    });
  });
  // It may come between two that wait for it.
  late.catch(() => undefined);
  return { late, takeBack };
}
