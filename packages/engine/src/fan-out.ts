import type { SenteEvent } from "@sente-lite/protocol";
import { weightOf } from "@sente-lite/protocol/session";
import type { Host, Timer } from "./host.ts";

/** What a source may send to receivers that are behind, before it has to wait for them; an event counts so much at least. */
const SHARE_BYTES = 65_536;
const EVENT_BYTES = 512;
/** So many microtasks after its handler first waited, what is pushed is still the doing of its source. */
const LINGERING = 16;
/** It waits no longer than this, and then sends as much again: who never catches up reaches its bound, and is closed. */
const HOLD_MS = 250;

/** What fan-out needs of its server. */
export interface FanOutOptions {
  readonly host: Host;
  /** Who is behind for so long is waited for no more, until it has caught up once. */
  readonly patienceMs: number;
}

/**
 * Sees to it that a peer whose events make much go out to others pays for it, and not they (PROTOCOL.md section 6.7): while
 * receivers of what it sends are behind, it is handled no faster than they take that.
 *
 * What a handler pushes is its peer's doing, before it first waits, and after that while it waits for nothing but promises
 * that are settled. What is pushed at other times may be of anybody: it counts for those of whom so much waits that they
 * are not read on.
 */
export class FanOut {
  readonly #options: FanOutOptions;
  /** Those whose socket had its chance and is still full, since when. */
  readonly #behind = new Map<object, number>();
  readonly #held = new Set<FanOutShare>();
  #source: FanOutShare | undefined;
  /** Whose event was handled last, while microtasks of that may run. */
  #lingering: FanOutShare | undefined;
  #hops = 0;
  #unclear = 0;
  /** The event that was counted last: it goes to many, and costs its source once. */
  #counted: SenteEvent | undefined;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  /** True where a push may have to be counted. */
  get isAnyBehind(): boolean {
    return this.#behind.size > 0;
  }

  /** What was pushed to those who are behind, so far, and is no handler's. */
  get unclear(): number {
    return this.#unclear;
  }

  /** The part of a source, whose own receiver it is too; `goOn` is called when it has waited. */
  open(receiver: object, goOn: () => void): FanOutShare {
    return new FanOutShare(this, receiver, goOn);
  }

  /** The socket of a receiver had its chance, or it has none any more: is it still full? */
  note(receiver: object, isFull: boolean): void {
    if (isFull) {
      if (!this.#behind.has(receiver)) this.#behind.set(receiver, this.#options.host.monotonic());
      return;
    }
    if (!this.#behind.delete(receiver) || this.isAnyBehind) return;
    for (const share of [...this.#held]) share.release();
  }

  /** An event is pushed to a receiver. */
  count(receiver: object, event: SenteEvent): void {
    const since = this.#behind.get(receiver);
    if (since === undefined || event === this.#counted) return;
    const { host, patienceMs } = this.#options;
    const source = this.#source ?? this.#lingering;
    // What it sends to itself is bounded by its own bounds.
    if (source?.receiver === receiver || host.monotonic() - since >= patienceMs) return;
    this.#counted = event;
    const bytes = EVENT_BYTES + event[0].length + weightOf(event[1], SHARE_BYTES);
    if (source === undefined) this.#unclear += bytes;
    else source.owe(bytes);
  }

  /** Calls `fn`: what it pushes is the doing of that source. */
  act<T, R>(source: FanOutShare, fn: (value: T) => R, value: T): R {
    const before = this.#source;
    if (before === source) return fn(value);
    this.#source = source;
    try {
      return fn(value);
    } finally {
      this.#source = before;
      if (before === undefined && this.isAnyBehind) this.#linger(source);
    }
  }

  #linger(source: FanOutShare): void {
    const isLingering = this.#lingering !== undefined;
    this.#lingering = source;
    this.#hops = LINGERING;
    if (!isLingering) this.#hop();
  }

  readonly #hop = (): void => {
    if (this.#hops-- > 0) void Promise.resolve().then(this.#hop);
    else this.#lingering = undefined;
  };

  /** @internal Holds a source, until nobody is behind. */
  hold(share: FanOutShare): Timer {
    this.#held.add(share);
    return this.#options.host.setTimer(HOLD_MS, () => share.release());
  }

  /** @internal */
  letGo(share: FanOutShare, timer: Timer): void {
    this.#held.delete(share);
    this.#options.host.clearTimer(timer);
  }
}

/** What one source may send to receivers that are behind. */
export class FanOutShare {
  readonly receiver: object;
  readonly #fanOut: FanOut;
  readonly #goOn: () => void;
  #owed = 0;
  #unclearBefore = 0;
  #isHeld = false;
  #timer: Timer;

  constructor(fanOut: FanOut, receiver: object, goOn: () => void) {
    this.#fanOut = fanOut;
    this.receiver = receiver;
    this.#goOn = goOn;
  }

  /** May one more event of it be handled? `isLagging`: so much of it waits that it is not read on. */
  take(isLagging: boolean): boolean {
    if (this.#isHeld) return false;
    const { isAnyBehind, unclear } = this.#fanOut;
    if (!isAnyBehind) this.#owed = 0;
    if (!isAnyBehind || !isLagging) this.#unclearBefore = unclear;
    if (this.#owed + unclear - this.#unclearBefore < SHARE_BYTES) return true;
    this.#isHeld = true;
    this.#timer = this.#fanOut.hold(this);
    return false;
  }

  act<T, R>(fn: (value: T) => R, value: T): R {
    return this.#fanOut.act(this, fn, value);
  }

  /** @internal */
  owe(bytes: number): void {
    this.#owed += bytes;
  }

  /** It has waited, or need not any more. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#owed = 0;
    this.#unclearBefore = this.#fanOut.unclear;
    this.#fanOut.letGo(this, this.#timer);
    this.#goOn();
  }
}
