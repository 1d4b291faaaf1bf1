import type { Host } from "./host.ts";

/** Events of one peer that are handled in one turn of the loop, at most: in between, sockets drain and others speak. */
const PER_PEER = 64;
/** And no more once they have taken so long: some take a hundred times as long as others. */
const PER_PEER_MS = 0.25;
/** From this many events on, a timer waits for the end of the turn. Most turns bring fewer, and need none. */
const FEW = 16;
/** From then on the clock is looked at once in so many events: a look may cost a tenth of an event. */
const LOOK_EVERY = 4;

/** Counts the turns of the event loop, with one timer for all peers, and none while nothing comes. */
export class Turns {
  readonly #host: Host;
  readonly #waiting: (() => void)[] = [];
  #number = 0;
  #isPlanned = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** The number of the last turn whose end was asked for. */
  get last(): number {
    return this.#number;
  }

  /** The number of this turn. */
  countTurn(): number {
    if (!this.#isPlanned) {
      this.#isPlanned = true;
      this.#host.setTimer(0, () => this.#begin());
    }
    return this.#number;
  }

  /** Milliseconds since some moment. */
  now(): number {
    return this.#host.monotonic();
  }

  /** Makes a clock that is asked once in a turn in which much comes: to ask takes longer than all else that a frame costs that waits. */
  steady(clock: () => number): () => number {
    let at = 0;
    let turn = -1;
    return () => {
      if (!this.#isPlanned) return clock();
      if (turn !== this.#number) {
        turn = this.#number;
        at = clock();
      }
      return at;
    };
  }

  /** Makes the share of one peer. `goOn` is called in the turn after one in which the share was used up. */
  share(goOn: () => void): TurnShare {
    return new TurnShare(this, goOn);
  }

  /** Calls `fn` in the next turn. */
  runNext(fn: () => void): void {
    this.countTurn();
    this.#waiting.push(fn);
  }

  #begin(): void {
    this.#isPlanned = false;
    this.#number++;
    for (const fn of this.#waiting.splice(0)) fn();
  }
}

/** The share of one peer: how many of its events are handled in one turn of the loop, and for how long. */
export class TurnShare {
  readonly #turns: Turns;
  readonly #goOn: () => void;
  #turn = -1;
  #taken = 0;
  /** When it had taken a few, and how often more was asked for since. */
  #since: number | undefined;
  #asked = 0;
  #isWaiting = false;

  constructor(turns: Turns, goOn: () => void) {
    this.#turns = turns;
    this.#goOn = goOn;
  }

  /** Takes the place of one event, or of as many as it may cost; false where this turn has none left. */
  take(places = 1): boolean {
    if (this.#turns.last !== this.#turn) {
      this.#turn = this.#turns.last;
      this.#taken = 0;
      this.#since = undefined;
    }
    if (this.#taken >= FEW && this.#isLate()) this.#taken = PER_PEER;
    if (this.#taken < PER_PEER) {
      this.spend(places);
      return true;
    }
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#turns.runNext(() => {
        this.#isWaiting = false;
        this.#goOn();
      });
    }
    return false;
  }

  /** What it took cost so many places more. */
  spend(places: number): void {
    this.#taken += places;
    // A few of earlier turns may be among them.
    if (this.#taken > FEW) this.#turns.countTurn();
  }

  #isLate(): boolean {
    if (this.#since === undefined) {
      this.#since = this.#turns.now();
      this.#asked = 0;
      return false;
    }
    return ++this.#asked % LOOK_EVERY === 0 && this.#turns.now() - this.#since >= PER_PEER_MS;
  }
}
