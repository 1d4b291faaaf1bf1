import type { NodeId } from "../backplane/index.ts";
import type { Peer } from "./peer.ts";

/** So many processes are remembered. */
const MAX_FORGOTTEN = 100;

/**
 * Processes that were gone for longer than the grace, by the id that each had first, and which others were there then: where
 * one is back, as another node, one of those tells it which of its users were told of as gone.
 */
export class Forgotten {
  readonly #witnesses = new Map<NodeId, readonly NodeId[]>();

  /** It is forgotten, by the processes with these ids. */
  note(origin: NodeId, witnesses: readonly NodeId[]): void {
    const [oldest] = this.#witnesses.set(origin, witnesses).keys();
    if (this.#witnesses.size > MAX_FORGOTTEN && oldest !== undefined) this.#witnesses.delete(oldest);
  }

  /** It is back: true, once, where it had been forgotten here, and of those who know that and are there, `node` is to tell it. */
  take(peer: Peer, node: NodeId, here: readonly Peer[]): boolean {
    const witnesses = this.#witnesses.get(peer.origin);
    if (witnesses === undefined) return false;
    this.#witnesses.delete(peer.origin);
    return here.every((other) => other === peer || !witnesses.includes(other.origin) || node < other.node);
  }
}
