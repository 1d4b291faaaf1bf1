import type { Host } from "./host.ts";

/** Events of one peer that are handled in one turn of the loop, at most: in between, sockets drain and others speak. */
const PER_PEER = 64;
/** From this many events on, a timer waits for the end of the turn. Most turns bring fewer, and need none. */
const FEW = 16;

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

/** The share of one peer: how many of its events are handled in one turn of the loop. */
export class TurnShare {
  readonly #turns: Turns;
  readonly #goOn: () => void;
  #turn = -1;
  #taken = 0;
  #isWaiting = false;

  constructor(turns: Turns, goOn: () => void) {
    this.#turns = turns;
    this.#goOn = goOn;
  }

  /** Takes the place of one event; false where this turn has none left. */
  take(): boolean {
    if (this.#turns.last !== this.#turn) {
      this.#turn = this.#turns.last;
      this.#taken = 0;
    }
    if (this.#taken < PER_PEER) {
      // A few of earlier turns may be among them.
      if (++this.#taken > FEW) this.#turns.countTurn();
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
}
