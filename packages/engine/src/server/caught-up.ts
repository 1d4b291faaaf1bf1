import type { NodeId } from "@sente-lite/protocol/backplane";
import type { Heard } from "@sente-lite/protocol/cluster";

/** Which post of which node something came with. */
export interface Origin {
  readonly from: NodeId;
  readonly number: number;
  /** Whom it means; absent where everybody. */
  readonly isFor?: ((session: object) => boolean) | undefined;
}

/**
 * Sessions that came from another node, and were given what was posted meanwhile: what comes of that live, too, is a double
 * for them, and for nobody else.
 */
export class CaughtUp<S extends object> {
  readonly #upTo = new WeakMap<S, Map<NodeId, number>>();
  #isEmpty = true;

  /** A session was given what those nodes posted up to those numbers. */
  add(session: S, upTo: ReadonlyMap<NodeId, number>): void {
    this.#upTo.set(session, new Map(upTo));
    this.#isEmpty = false;
  }

  /** A test for sessions that have what came with that post, or are not meant; undefined where none came from another node yet. */
  filterOf({ from, number, isFor }: Origin): ((session: S) => boolean) | undefined {
    if (this.#isEmpty && isFor === undefined) return undefined;
    return (session) => {
      if (isFor?.(session) === false) return true;
      const upTo = this.#upTo.get(session);
      const told = upTo?.get(from);
      if (upTo === undefined || told === undefined) return false;
      if (number <= told) return true;
      // Posts of a node come in order: of this one no double comes any more.
      upTo.delete(from);
      if (upTo.size === 0) this.#upTo.delete(session);
      return false;
    };
  }

  /** How far a session has heard each node that this node hears. One that has ended posts no more: the session has all of it. */
  findHeard(session: S, heard: Heard): Heard {
    const upTo = this.#upTo.get(session);
    if (upTo === undefined) return heard;
    const further = [...upTo].filter(([node]) => Object.hasOwn(heard, node));
    return {
      ...heard,
      ...Object.fromEntries(further.map(([node, number]) => [node, Math.max(number, heard[node] ?? 0)])),
    };
  }
}
