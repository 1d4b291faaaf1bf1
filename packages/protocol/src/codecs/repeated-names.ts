/** Shorter names may come as often as they fit. */
export const LONG_NAME = 128;
const MOST = 16;

/**
 * Bounds the names for which a message holds only a short reference. Long names may not come often in this way: a
 * message of a megabyte could mean gigabytes.
 */
export class RepeatedNames {
  readonly #most: number;
  #units = 0;

  /** @param size That of the message. */
  constructor(size: number) {
    this.#most = size * MOST;
  }

  /** Counts one more name of that length. False where there are too many. */
  accept(length: number): boolean {
    if (length <= LONG_NAME) return true;
    this.#units += length;
    return this.#units <= this.#most;
  }
}
