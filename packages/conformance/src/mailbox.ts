/** How long a test waits for what must come, which may have a process to start first where many run. A guard: no test waits for it to pass. */
export const PATIENCE_MS = 15_000;

interface Waiting<T> {
  readonly accepts: (item: T) => boolean;
  readonly resolve: (item: T) => void;
  readonly reject: (error: Error) => void;
  readonly guard: ReturnType<typeof setTimeout>;
}

/**
 * What arrives from elsewhere, to be awaited: `next` takes the first item not yet taken that is accepted. An item that
 * does not come fails with what came instead.
 */
export class Mailbox<T> {
  readonly #what: string;
  readonly #describe: (item: T) => string;
  readonly #all: T[] = [];
  readonly #untaken: T[] = [];
  readonly #waiting = new Set<Waiting<T>>();
  #ended: Error | undefined;

  constructor(what: string, describe: (item: T) => string = (item) => JSON.stringify(item)) {
    this.#what = what;
    this.#describe = describe;
  }

  /** Everything that ever arrived. */
  get all(): readonly T[] {
    return this.#all;
  }

  push(item: T): void {
    this.#all.push(item);
    for (const waiting of this.#waiting) {
      if (!waiting.accepts(item)) continue;
      this.#settle(waiting);
      waiting.resolve(item);
      return;
    }
    this.#untaken.push(item);
  }

  /** Nothing more will arrive: who waits is told so at once. */
  end(reason: string): void {
    this.#ended ??= new Error(`${this.#what}: ${reason}`);
    for (const waiting of this.#waiting) {
      this.#settle(waiting);
      waiting.reject(this.#failure(reason));
    }
  }

  next(accepts: (item: T) => boolean = () => true, patienceMs: number = PATIENCE_MS): Promise<T> {
    const index = this.#untaken.findIndex(accepts);
    if (index >= 0) return Promise.resolve(this.#untaken.splice(index, 1)[0] as T);
    if (this.#ended !== undefined) return Promise.reject(this.#failure(this.#ended.message));
    return new Promise((resolve, reject) => {
      const guard = setTimeout(() => {
        this.#waiting.delete(waiting);
        reject(this.#failure(`nothing of the kind came in ${patienceMs} ms`));
      }, patienceMs);
      const waiting: Waiting<T> = { accepts, resolve, reject, guard };
      this.#waiting.add(waiting);
    });
  }

  #settle(waiting: Waiting<T>): void {
    clearTimeout(waiting.guard);
    this.#waiting.delete(waiting);
  }

  #failure(reason: string): Error {
    const instead = this.#untaken.map((item) => this.#describe(item).slice(0, 300));
    return new Error(
      `${this.#what}: ${reason}; waiting there: ${instead.length === 0 ? "nothing" : instead.join(" | ")}`,
    );
  }
}
