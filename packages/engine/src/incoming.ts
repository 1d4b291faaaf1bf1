import { Deque } from "@sente-lite/protocol/queues";
import type { FanOut, FanOutShare } from "./fan-out.ts";
import { ReadingPace } from "./reading-pace.ts";
import type { PoolPart, ReceivedPool } from "./received-pool.ts";
import type { TurnShare, Turns } from "./turns.ts";

/** What an event takes in memory beside its value, and counts in the pool. */
const EVENT_BYTES = 512;

export interface IncomingLimits {
  readonly maxReceived: number;
  readonly maxReceivedBytes: number;
}

/** The peer that events come from: it can be told to wait. */
export interface Paced {
  /** True where its runtime reads on whatever it is told. */
  readonly cannotPause?: boolean;
  pause(): void;
  resume(): void;
  /** More came than may wait: the last event was lost. */
  overflow(): void;
  /** Events that waited were lost, so that others go on. */
  noteDropped(count: number): void;
}

export interface IncomingOptions {
  readonly peer: Paced;
  readonly limits: IncomingLimits;
  /** What all peers of a server hold together. */
  readonly pool?: ReceivedPool;
  /** Where one peer must not take the whole of a loop's turn. */
  readonly turns?: Turns;
  /** Where what its events make go out to others must not be too much for them. */
  readonly fanOut?: FanOut;
  /** Called each time that none of its events waits any longer. */
  readonly onIdle?: () => void;
}

/** What is done with an event. It neither throws nor rejects, and returns a promise only where it takes time. */
export type Step = (place: Place) => PromiseLike<void> | undefined;

/**
 * The one queue between a socket and its handlers (PROTOCOL.md section 9): events are checked one after the other, and
 * those that their consumers have not begun with count against the bounds, wherever they wait. While many wait, the
 * peer is paused; where too many do, its `overflow` is called.
 */
export class Incoming {
  readonly #options: IncomingOptions;
  readonly #pool: PoolPart | undefined;
  readonly #turnShare: TurnShare | undefined;
  readonly #fanOutShare: FanOutShare | undefined;
  readonly #pace: ReadingPace;
  readonly #waiting = new Deque<{ readonly place: Place; readonly step: Step }>();
  #isBusy = false;
  /** True while there is a place for an event that waited elsewhere. */
  #isHanded = false;
  /** Events of the peer that wait, and what they weigh; and those that this side made up. */
  #count = 0;
  #bytes = 0;
  #own = 0;
  #generation = 0;
  readonly #consumers: (() => void)[] = [];

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#pool = options.pool?.open(this);
    this.#turnShare = options.turns?.share(() => this.#advance());
    this.#fanOutShare = options.fanOut?.open(options.peer, () => this.#advance());
    const { peer, limits, turns } = options;
    this.#pace = new ReadingPace({ peer, limits, turns, pool: this.#pool }, this);
  }

  /** Events that wait to be checked. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Events of the peer that wait. */
  get count(): number {
    return this.#count;
  }

  /** What they weigh. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True where no event of the peer waits for its consumers, or is being checked. */
  get isIdle(): boolean {
    return this.#count === 0 && !this.#isBusy;
  }

  /** True where the peer brought more in this turn of the loop than one that cannot be paused may. */
  get isFlood(): boolean {
    return this.#pace.isFlood;
  }

  /** Changes when what waits is given up. */
  get generation(): number {
    return this.#generation;
  }

  /** How much of the pool `clear` would free. */
  get #waitingBytes(): number {
    return this.#bytes + this.#count * EVENT_BYTES;
  }

  /** Takes an event that weighs so much; 0 for one that this side made up. False where there was no place for it. */
  put(bytes: number, step: Step): boolean {
    const place = this.#place(bytes);
    if (place === undefined) return false;
    if (this.#isBusy || this.#waiting.size > 0 || !this.#mayGoOn()) this.#waiting.push({ place, step });
    else this.#run(place, step);
    this.#advance();
    this.#pace.slowDown();
    return true;
  }

  /**
   * Makes a place for something that waits elsewhere, and counts as one event. Undefined where there is no room for it.
   */
  hold(bytes: number): Place | undefined {
    const place = this.#place(bytes);
    this.#pace.slowDown();
    return place;
  }

  #place(bytes: number): Place | undefined {
    if (this.#hasRoom(bytes)) return new Place(this, bytes);
    // What this side made up itself is not worth a connection.
    if (bytes > 0) this.#options.peer.overflow();
    return undefined;
  }

  /** Calls `fn` with what waited elsewhere in that place: an event that it puts has the place, however many wait by now. */
  hand<T>(place: Place, fn: (value: T) => void, value: T): void {
    place.leave();
    this.#isHanded = true;
    fn(value);
    this.#isHanded = false;
  }

  /**
   * Takes an event as `put` does, but out of turn: its step begins at once, and the event counts against the bounds
   * until that step has ended.
   */
  putBeside(bytes: number, step: Step): boolean {
    const place = this.#place(bytes);
    if (place === undefined) return false;
    const working = step(place);
    if (working === undefined) place.leave();
    else void working.then(() => place.leave());
    return true;
  }

  /**
   * From now on this side waits for a reply of the peer. The reply comes after all that the peer sent before, so the
   * peer is read on even where it would otherwise be paused.
   */
  awaitReply(): void {
    this.#pace.awaitReply();
  }

  /** Once for each `awaitReply`. */
  endAwait(): void {
    this.#pace.endAwait();
  }

  /** Gives up what the peer sent and waits: nothing of it is held any longer. */
  clear(): void {
    const bytes = this.#waitingBytes;
    this.#generation++;
    this.#count = this.#bytes = 0;
    for (let rest = this.#waiting.size; rest > 0; rest--) {
      const next = this.#waiting.shift();
      if (next !== undefined && !next.place.isVoid) this.#waiting.push(next);
    }
    for (const forget of this.#consumers) forget();
    this.#pool?.release(bytes);
    this.#pace.goOn();
  }

  /** @internal Adds a consumer in which events pile up; `forget` makes it drop those that were given up. */
  addConsumer(forget: () => void): void {
    this.#consumers.push(forget);
  }

  /** Gives up what waits, as `clear` does, and ends the peer: it takes the room that others need. */
  yieldRoom(): void {
    const count = this.#count;
    this.clear();
    this.#options.peer.noteDropped(count);
    this.#options.peer.overflow();
  }

  get holdsWaiting(): boolean {
    return this.#count > 0;
  }

  /** @internal An event waits. */
  charge(bytes: number): void {
    if (bytes === 0) {
      this.#own++;
      return;
    }
    this.#count++;
    this.#bytes += bytes;
    this.#pool?.take(bytes + EVENT_BYTES);
    if (this.#count > 1) this.#pace.slowDown();
  }

  /** @internal An event waits no longer. */
  discharge(bytes: number): void {
    if (bytes === 0) {
      this.#own--;
      return;
    }
    this.#count--;
    this.#bytes -= bytes;
    this.#pool?.release(bytes + EVENT_BYTES);
    this.#pace.goOn();
    this.#noteIdle();
  }

  /** @internal Work on an event began (1), or ended (-1). */
  work(bytes: number, change: 1 | -1): void {
    if (bytes === 0) return;
    if (change === 1) this.#pool?.take(bytes + EVENT_BYTES);
    else this.#pool?.release(bytes + EVENT_BYTES);
  }

  #hasRoom(bytes: number): boolean {
    const { limits } = this.#options;
    if (bytes === 0) return this.#own < limits.maxReceived;
    // An event alone always fits.
    const hasPlace =
      this.#count === 0 ||
      ((this.#count < limits.maxReceived || this.#isHanded || this.#pace.couldNotWait) &&
        this.#bytes + bytes <= limits.maxReceivedBytes);
    return hasPlace && (this.#pool === undefined || this.#pool.hasRoom(bytes + EVENT_BYTES));
  }

  #run(place: Place, step: Step): void {
    this.#isBusy = true;
    const working = this.act(step, place);
    if (working === undefined) {
      this.#isBusy = false;
      place.leave();
      return;
    }
    // It does not wait from here on: it is worked on, like an event that a handler has.
    place.begin();
    place.leave();
    void working.then(() => {
      this.#isBusy = false;
      place.end();
      this.#advance();
      this.#noteIdle();
    });
  }

  /** @internal Calls `fn`, which acts on an event of the peer: what goes out to others by that is the peer's doing. */
  act<T, R>(fn: (value: T) => R, value: T): R {
    return this.#fanOutShare === undefined ? fn(value) : this.#fanOutShare.act(fn, value);
  }

  /** True where one more event may be handled in this turn of the loop. */
  #mayGoOn(): boolean {
    return this.#fanOutShare?.take(this.#pace.isPaused) !== false && this.#turnShare?.take() !== false;
  }

  #noteIdle(): void {
    if (this.isIdle) this.#options.onIdle?.();
  }

  #advance(): void {
    while (!this.#isBusy && this.#waiting.size > 0 && this.#mayGoOn()) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#run(next.place, next.step);
    }
  }
}

/** One event, on its way from the socket to the last of its consumers. */
export class Place {
  readonly #incoming: Incoming;
  readonly #bytes: number;
  readonly #generation: number;
  #waits = 1;
  #works = 0;

  constructor(incoming: Incoming, bytes: number) {
    this.#incoming = incoming;
    this.#bytes = bytes;
    this.#generation = incoming.generation;
    incoming.charge(bytes);
  }

  /** What it weighs; 0 where this side made it up. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True where it was given up: nobody may begin with it. */
  get isVoid(): boolean {
    return this.#bytes > 0 && this.#generation !== this.#incoming.generation;
  }

  /** Calls `fn`, which acts on the event: what goes out to others by that is its peer's doing. */
  act<T, R>(fn: (value: T) => R, value: T): R {
    return this.#incoming.act(fn, value);
  }

  /** Calls `forget` whenever the waiting events of its peer are given up. */
  addConsumer(forget: () => void): void {
    this.#incoming.addConsumer(forget);
  }

  /** It waits for one more consumer. That one calls `leave` when it takes the event, or does not want it. */
  wait(): void {
    if (this.#waits++ === 0 && !this.isVoid) this.#incoming.charge(this.#bytes);
  }

  leave(): void {
    if (--this.#waits === 0 && !this.isVoid) this.#incoming.discharge(this.#bytes);
  }

  /** A consumer works with it, or keeps it, and calls `end` when it is done. */
  begin(): void {
    if (this.#works++ === 0) this.#incoming.work(this.#bytes, 1);
  }

  end(): void {
    if (--this.#works === 0) this.#incoming.work(this.#bytes, -1);
  }
}
