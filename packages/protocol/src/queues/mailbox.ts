import { Deque } from "./deque.ts";

const TIDY_AT = 64;

/** What the owner of a mailbox wants to hear. */
export interface MailboxHooks<T> {
  /** The loop ended, by `break` too. */
  readonly onEnd: () => void;
  /** An item is in the mailbox no longer: it was read, or left out. */
  readonly onTaken?: (item: T) => void;
  /** False for an item that nobody wants any more. Asked before the item is read, and now and then while many wait. */
  readonly accepts?: (item: T) => boolean;
}

/** A bounded queue that is read by `for await`: what lies between a receiver and a loop. */
export class Mailbox<T> implements AsyncIterator<T> {
  readonly #limit: number;
  readonly #hooks: MailboxHooks<T>;
  readonly #items = new Deque<T>();
  readonly #readers = new Deque<(result: IteratorResult<T>) => void>();
  #ended = false;
  /** With so many items, those that nobody wants any more are taken out: the reader may never come back. */
  #tidyAt = TIDY_AT;

  constructor(limit: number, hooks: MailboxHooks<T>) {
    this.#limit = limit;
    this.#hooks = hooks;
  }

  get size(): number {
    return this.#items.size;
  }

  /** Puts an item in. False where it is full or over: then the item was not taken. */
  put(item: T): boolean {
    if (this.#ended || this.#items.size >= this.#limit) return false;
    const reader = this.#readers.shift();
    if (reader === undefined) {
      this.#items.push(item);
      if (this.#items.size >= this.#tidyAt) this.#tidy();
      return true;
    }
    this.#hooks.onTaken?.(item);
    reader({ done: false, value: item });
    return true;
  }

  #tidy(): void {
    const { accepts, onTaken } = this.#hooks;
    if (accepts === undefined) return;
    for (let rest = this.#items.size; rest > 0; rest--) {
      const item = this.#items.shift() as T;
      if (accepts(item)) this.#items.push(item);
      else onTaken?.(item);
    }
    this.#tidyAt = Math.max(TIDY_AT, 2 * this.#items.size);
  }

  next(): Promise<IteratorResult<T>> {
    while (this.#items.size > 0) {
      const item = this.#items.shift() as T;
      const isAccepted = this.#hooks.accepts?.(item) !== false;
      this.#hooks.onTaken?.(item);
      if (isAccepted) return Promise.resolve({ done: false, value: item });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Takes nothing more. The loop still reads what is in it, then ends. */
  end(): void {
    this.#ended = true;
    while (this.#readers.size > 0) this.#readers.shift()?.({ done: true, value: undefined });
  }

  return(): Promise<IteratorResult<T>> {
    this.end();
    this.#hooks.onEnd();
    while (this.#items.size > 0) this.#hooks.onTaken?.(this.#items.shift() as T);
    return Promise.resolve({ done: true, value: undefined });
  }
}
