const LONGEST_KEY = 128;

/**
 * A cache from strings that a peer cannot fill: it holds at most twice `size` entries with keys of up to 128 units.
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
    const found = this.#young.get(key);
    if (found !== undefined) return found;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** `key` must come from `ownCopy` where it may be a part of a longer text. */
  set(key: string, value: V): void {
    if (key.length > LONGEST_KEY) return;
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  /** How many entries are held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}

/**
 * The same string in memory of its own: engines let a slice hold on to the whole text that it was cut from, but not as
 * the name of a property. It is the string, too, that engines find properties by fastest.
 */
export function ownCopy(text: string): string {
  return text.length > LONGEST_KEY ? text : (Object.keys({ [text]: 0 })[0] ?? text);
}
