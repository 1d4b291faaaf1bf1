/** A queue that is drained by a cursor: cheaper than shifting, and emptied when it was read to its end. */
export class Outputs<T> {
  #items: T[] = [];
  #at = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  poll(): T | undefined {
    const item = this.#items[this.#at];
    if (item === undefined) return undefined;
    if (++this.#at === this.#items.length) {
      this.#items = [];
      this.#at = 0;
    }
    return item;
  }
}
