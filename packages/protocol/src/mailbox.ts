/**
 * A bounded queue that is read by `for await`: what lies between a receiver and a loop. When the loop ends, by `break`
 * too, `onEnd` is called.
 */
export class Mailbox<T> implements AsyncIterator<T> {
  readonly #limit: number;
  readonly #onEnd: () => void;
  readonly #onTaken: (item: T) => void;
  #items: T[] = [];
  #readers: ((result: IteratorResult<T>) => void)[] = [];
  #ended = false;

  constructor(limit: number, hooks: { readonly onEnd: () => void; readonly onTaken?: (item: T) => void }) {
    this.#limit = limit;
    this.#onEnd = hooks.onEnd;
    this.#onTaken = hooks.onTaken ?? (() => {});
  }

  get size(): number {
    return this.#items.length;
  }

  /** False where it is full: the item was not taken. */
  put(item: T): boolean {
    if (this.#ended) return true;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader({ done: false, value: item });
    else if (this.#items.length >= this.#limit) return false;
    else this.#items.push(item);
    return true;
  }

  next(): Promise<IteratorResult<T>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#onTaken(item);
      return Promise.resolve({ done: false, value: item });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** What was put in is still read; then the loop ends. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  return(): Promise<IteratorResult<T>> {
    this.#items = [];
    this.end();
    this.#onEnd();
    return Promise.resolve({ done: true, value: undefined });
  }
}
