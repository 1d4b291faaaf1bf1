/** A queue that gives and takes in constant time. */
export class Deque<T> {
  #items: T[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    // Lets go of the item at once, and of its place in the array now and then.
    this.#items[this.#head++] = undefined as T;
    if (this.#head === this.#items.length) this.#reset([]);
    else if (this.#head >= 1_024 && this.#head * 2 >= this.#items.length) this.#reset(this.#items.slice(this.#head));
    return item;
  }

  /** Takes the first item that fits; undefined where none does. */
  take(fits: (item: T) => boolean): T | undefined {
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i] as T;
      if (!fits(item)) continue;
      if (i === this.#head) return this.shift();
      this.#items.splice(i, 1);
      return item;
    }
    return undefined;
  }

  clear(): readonly T[] {
    const items = this.#items.slice(this.#head);
    this.#reset([]);
    return items;
  }

  #reset(items: T[]): void {
    this.#items = items;
    this.#head = 0;
  }
}
