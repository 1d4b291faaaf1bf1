import { LONG_NAME } from "../repeated-names.ts";
import { CACHE_SIZE } from "./cache-code.ts";

/** What the codes stand for that a reader has met so far. */
export class ReadCache {
  readonly #values: unknown[] = [];
  #size = 0;
  /** The lengths of long texts; others have none here. */
  #lengths: Map<number, number> | undefined;

  /** Begins another message. */
  clear(): void {
    while (this.#size > 0) this.#values[--this.#size] = undefined;
    this.#lengths = undefined;
  }

  /** Undefined where the code stands for nothing. */
  get(index: number): unknown {
    return this.#values[index];
  }

  /** The length of the text that the code stands for, where it is a long one; else 0. */
  lengthOf(index: number): number {
    return this.#lengths?.get(index) ?? 0;
  }

  add(value: unknown, length: number): void {
    if (this.#size === CACHE_SIZE) this.clear();
    if (length > LONG_NAME) {
      this.#lengths ??= new Map();
      this.#lengths.set(this.#size, length);
    }
    this.#values[this.#size++] = value;
  }
}
