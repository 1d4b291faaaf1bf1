import type { BackplaneClock } from "../backplane/clock.ts";

/** One thing on its way. */
interface Item {
  readonly isPost: boolean;
  /** Its time has come. */
  isDue: boolean;
  readonly arrive: () => void;
}

/** One way between a node and the broker of a `MemoryBackplane`: what is sent arrives in order, each a while later. */
export class MemoryHop {
  readonly #clock: BackplaneClock;
  readonly #keptPosts: number;
  /** Says at the other end that posts are missing. */
  readonly #tellGap: () => void;
  /** How long it takes, from now on. */
  latencyMs: number;
  #lastAt = Number.NEGATIVE_INFINITY;
  #drops = 0;
  #isHeld = false;
  #queue: Item[] = [];

  constructor(clock: BackplaneClock, latencyMs: number, keptPosts: number, tellGap: () => void) {
    this.#clock = clock;
    this.latencyMs = latencyMs;
    this.#keptPosts = keptPosts;
    this.#tellGap = tellGap;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** What was sent and did not arrive. */
  get size(): number {
    return this.#queue.length;
  }

  /** The next so many posts are lost, each a gap. */
  drop(posts: number): void {
    this.#drops += posts;
  }

  post(arrive: () => void): void {
    const isLost = this.#drops > 0;
    if (isLost) this.#drops--;
    this.#push(!isLost, isLost ? this.#tellGap : arrive);
    this.#keepBound();
  }

  send(arrive: () => void): void {
    this.#push(false, arrive);
  }

  /** From now on nothing arrives, of what is under way neither. */
  hold(): void {
    this.#isHeld = true;
    this.#keepBound();
  }

  /** What was held arrives, in order. */
  release(): void {
    this.#isHeld = false;
    this.#clock.after(this.latencyMs, () => this.#pump());
  }

  /** What is under way is lost. */
  clear(): void {
    this.#queue = [];
  }

  #push(isPost: boolean, arrive: () => void): void {
    // What is faster now does not overtake.
    const dueAt = Math.max(this.#lastAt, this.#clock.now + this.latencyMs);
    this.#lastAt = dueAt;
    const item = { isPost, isDue: false, arrive };
    this.#queue.push(item);
    this.#clock.after(dueAt - this.#clock.now, () => {
      item.isDue = true;
      this.#pump();
    });
  }

  #pump(): void {
    for (;;) {
      const [first] = this.#queue;
      if (first === undefined || this.#isHeld || !first.isDue) return;
      this.#queue.shift();
      first.arrive();
    }
  }

  /** Over the bound no post is kept, and the other end is told. */
  #keepBound(): void {
    if (!this.#isHeld || this.#queue.filter(({ isPost }) => isPost).length <= this.#keptPosts) return;
    this.#queue = this.#queue.filter(({ isPost }) => !isPost);
    this.#push(false, this.#tellGap);
  }
}
