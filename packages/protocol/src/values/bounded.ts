import { tableKey } from "./collisions.ts";

/** Longer keys are never held. */
export const LONGEST_KEY = 128;

/**
 * A cache by strings that a peer cannot make grow: it holds at most twice `size` entries with keys of up to 128 units.
 * When the young half is full it becomes the old one, and the old one is dropped; what is used stays.
 */
export class Bounded<V> {
  readonly #size: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  constructor(size: number) {
    this.#size = size;
  }

  get(key: string): V | undefined {
    const slot = tableKey(key);
    const found = this.#young.get(slot);
    if (found !== undefined) return found;
    const old = this.#old.get(slot);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** `key` must come from `copyText` where it may be a part of a longer text. */
  set(key: string, value: V): void {
    if (key.length > LONGEST_KEY) return;
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(tableKey(key), value);
  }

  /** How many entries are held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
