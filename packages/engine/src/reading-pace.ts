import type { Turns } from "./turns.ts";

/** A peer is paused where this many of its events wait, or this many bytes. */
const LAGGING = 64;
const LAGGING_BYTES = 1_048_576;
/** While a reply of the peer is awaited, it is paused only at this part of the bounds. */
const AWAITING_PART = 1 / 2;

/** How much of a peer waits in its queue: all that the pace knows of the queue. */
interface Held {
  readonly count: number;
  readonly bytes: number;
}

/**
 * A peer that cannot be paused may bring so many times `maxReceived` in the turn of the loop in which it would be, while all
 * others wait: what a client of ours sends again at most (`maxQueuedFrames`), and twice that of what is new.
 */
const UNPAUSED_PART = 3;

export interface ReadingPaceOptions {
  readonly peer: { readonly cannotPause?: boolean; pause(): void; resume(): void };
  readonly limits: { readonly maxReceived: number; readonly maxReceivedBytes: number };
  /** What all peers of a server hold together: the equal part of each. */
  readonly pool: { readonly share: number } | undefined;
  readonly turns: Turns | undefined;
}

/** Decides whether a peer is read: not while much of what it sent waits, unless this side waits for a reply of it. */
export class ReadingPace {
  readonly #options: ReadingPaceOptions;
  readonly #held: Held;
  #isPaused = false;
  /** The turn of the loop in which it was paused, and what waited then, in bytes. */
  #pausedIn: number | undefined;
  #bytesAtPause = 0;
  /** Replies of the peer that this side waits for. */
  #awaited = 0;

  constructor(options: ReadingPaceOptions, held: Held) {
    this.#options = options;
    this.#held = held;
  }

  /** True while the peer is not read on. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /**
   * True for the rest of the read in which the peer was paused: the peer cannot take that back. One read brings at most
   * `LAGGING_BYTES`. A runtime that cannot pause reads on for as long as its peer sends, and nobody else has a turn then: the
   * peer is told of the overflow sooner.
   */
  get couldNotWait(): boolean {
    if (!this.#isInThatRead || this.isFlood) return false;
    return this.#held.bytes - this.#bytesAtPause < LAGGING_BYTES;
  }

  /** True in a read that brought so much of a peer that cannot be paused that nobody else may wait for it any longer. */
  get isFlood(): boolean {
    const { peer, limits } = this.#options;
    const isOver = this.#held.count >= limits.maxReceived * UNPAUSED_PART;
    return peer.cannotPause === true && isOver && this.#isInThatRead;
  }

  get #isInThatRead(): boolean {
    const { turns } = this.#options;
    return this.#isPaused && this.#pausedIn !== undefined && turns?.countTurn() === this.#pausedIn;
  }

  /**
   * From now on this side waits for a reply of the peer. The reply comes after all that the peer sent before, so the
   * peer is read on.
   */
  awaitReply(): void {
    this.#awaited++;
    this.goOn();
  }

  /** Once for each `awaitReply`. */
  endAwait(): void {
    this.#awaited--;
    this.slowDown();
  }

  /** More waits: pauses the peer, where that is much. */
  slowDown(): void {
    const { count, bytes } = this.#held;
    if (this.#isPaused || (count < this.#lagging && bytes < this.#laggingBytes)) return;
    this.#isPaused = true;
    this.#pausedIn = this.#options.turns?.countTurn();
    this.#bytesAtPause = bytes;
    this.#options.peer.pause();
  }

  /** Less waits: reads the peer on, where that is little. */
  goOn(): void {
    if (!this.#isPaused) return;
    const { count, bytes } = this.#held;
    if (count >= this.#lagging / 2 || bytes >= this.#laggingBytes / 2) return;
    this.#isPaused = false;
    this.#options.peer.resume();
  }

  get #lagging(): number {
    return this.#awaited === 0 ? LAGGING : Math.max(LAGGING, this.#options.limits.maxReceived * AWAITING_PART);
  }

  get #laggingBytes(): number {
    const { limits, pool } = this.#options;
    const bytes =
      this.#awaited === 0 ? LAGGING_BYTES : Math.max(LAGGING_BYTES, limits.maxReceivedBytes * AWAITING_PART);
    return pool === undefined ? bytes : Math.min(bytes, pool.share / 2);
  }
}
