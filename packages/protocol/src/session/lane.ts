/** What items come from: it can be told to wait. */
export interface Paced {
  /** So many of its items wait, at most, and so many bytes. */
  readonly maxReceived: number;
  readonly maxReceivedBytes: number;
  pause(): void;
  resume(): void;
  /** One more came than may wait, and was lost. */
  overflow(): void;
}

/** Behind this many waiting items of one source, or bytes, it is not read on. */
const LAGGING = 64;
const LAGGING_BYTES = 1_048_576;

/** What an item of a lane weighs. */
export interface Weight {
  readonly bytes: number;
  /** Made by this side, not sent by the peer: where there is no place for it, nobody is to blame. */
  readonly isOwn: boolean;
}

const weightless: Weight = { bytes: 0, isOwn: false };

/**
 * What is to be done with the items of one source: it starts in order, `concurrency` items at a time. While many wait
 * the source is paused; where too many do, it is told that they overflow.
 */
export class Lane<T> {
  readonly #source: Paced;
  readonly #concurrency: number;
  readonly #work: (item: T) => PromiseLike<void> | undefined;
  readonly #waiting: { readonly item: T; readonly bytes: number }[] = [];
  #bytes = 0;
  #running = 0;
  #isPaused = false;

  /** `work` neither throws nor rejects; it returns a promise only where it has to be waited for. */
  constructor(source: Paced, concurrency: number, work: (item: T) => PromiseLike<void> | undefined) {
    this.#source = source;
    this.#concurrency = concurrency;
    this.#work = work;
  }

  /** Takes one more, and starts on it at once where none is before it. False where there was no place for it. */
  put(item: T, { bytes, isOwn }: Weight = weightless): boolean {
    if (this.#running < this.#concurrency && this.#waiting.length === 0) {
      this.#start(item);
      return true;
    }
    const { maxReceived, maxReceivedBytes } = this.#source;
    if (this.#waiting.length >= maxReceived || this.#bytes + bytes > maxReceivedBytes) {
      if (!isOwn) this.#source.overflow();
      return false;
    }
    this.#waiting.push({ item, bytes });
    this.#bytes += bytes;
    if ((this.#waiting.length >= LAGGING || this.#bytes >= LAGGING_BYTES) && !this.#isPaused) {
      this.#isPaused = true;
      this.#source.pause();
    }
    return true;
  }

  #start(item: T): void {
    this.#running++;
    const done = () => {
      this.#running--;
      this.#advance();
    };
    const working = this.#work(item);
    if (working === undefined) done();
    else void working.then(done);
  }

  #advance(): void {
    while (this.#running < this.#concurrency) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#bytes -= next.bytes;
      if (this.#isPaused && this.#waiting.length < LAGGING / 2 && this.#bytes < LAGGING_BYTES / 2) {
        this.#isPaused = false;
        this.#source.resume();
      }
      this.#start(next.item);
    }
  }
}
