import { Deque } from "./deque.ts";

/** Starts items in the order in which they came, `concurrency` at a time. How many wait is bounded by the caller. */
export class Lane<T> {
  readonly #concurrency: number;
  readonly #work: (item: T) => PromiseLike<void> | undefined;
  readonly #waiting = new Deque<T>();
  #running = 0;
  #isAdvancing = false;

  /** `work` neither throws nor rejects; it returns a promise only where the item takes time. */
  constructor(concurrency: number, work: (item: T) => PromiseLike<void> | undefined) {
    this.#concurrency = concurrency;
    this.#work = work;
  }

  /** Takes one more, and starts on it at once where none is before it. */
  put(item: T): void {
    if (this.#running < this.#concurrency && this.#waiting.size === 0) this.#start(item);
    else this.#waiting.push(item);
    this.#advance();
  }

  /** Takes out the waiting items for which `isOver` holds, and returns them. */
  forget(isOver: (item: T) => boolean): readonly T[] {
    const forgotten: T[] = [];
    for (let rest = this.#waiting.size; rest > 0; rest--) {
      const item = this.#waiting.shift() as T;
      if (isOver(item)) forgotten.push(item);
      else this.#waiting.push(item);
    }
    return forgotten;
  }

  #start(item: T): void {
    this.#running++;
    const working = this.#work(item);
    if (working === undefined) this.#running--;
    else {
      void working.then(() => {
        this.#running--;
        this.#advance();
      });
    }
  }

  #advance(): void {
    // Work that puts more in comes back here: the loop below goes on with it.
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (this.#running < this.#concurrency && this.#waiting.size > 0) this.#start(this.#waiting.shift() as T);
    this.#isAdvancing = false;
  }
}
