import { CollisionWatch, WATCHED_FROM } from "../values/collisions.ts";

/** Refuses what a reader has read; the error says where the reader is. */
export type Refuse = (message: string, code: string) => never;

const CODE = "colliding-keys";
const MESSAGE = "too many numbers that an engine cannot tell apart fast, as keys of a map or members of a set";

/** Makes a set of members. Refuses members that a peer chose to make a Set slow: `colliding-keys`. */
export function setOf(members: readonly unknown[], refuse: Refuse): Set<unknown> {
  if (members.length < WATCHED_FROM) return new Set(members);
  const set = new Set<unknown>();
  const watch = new CollisionWatch(set);
  for (const member of members) {
    set.add(member);
    if (!watch.accepts(member)) refuse(MESSAGE, CODE);
  }
  return set;
}

/** A Map that is filled with what a peer sent. Of equal keys that are no composite ones the last counts. */
export class MapBuilder {
  readonly map: Map<unknown, unknown>;
  readonly #watch: CollisionWatch;
  readonly #refuse: Refuse;

  constructor(map: Map<unknown, unknown>, refuse: Refuse) {
    this.map = map;
    this.#watch = new CollisionWatch(map);
    this.#refuse = refuse;
  }

  /** Sets a key. Refuses keys that a peer chose to make a Map slow: `colliding-keys`. */
  set(key: unknown, value: unknown): void {
    this.map.set(key, value);
    if (!this.#watch.accepts(key)) this.#refuse(MESSAGE, CODE);
  }
}
