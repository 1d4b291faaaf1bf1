import type { Clock } from "../clock.ts";
import { Deque } from "./deque.ts";

/** At most so many turns are given without a break, so that a system which never ends lets all else run. */
const MAX_TURNS = 1_000;

/** Who is given a turn when there is something to do. */
export interface Scheduled {
  isScheduled: boolean;
  /** Works a while; does not throw. */
  turn(): void;
}

/** Gives turns, in the order in which they were asked for, one at a time. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #ready = new Deque<Scheduled>();
  #isRunning = false;
  #isPlanned = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks for a turn. */
  schedule(worker: Scheduled): void {
    if (worker.isScheduled) return;
    worker.isScheduled = true;
    this.#ready.push(worker);
  }

  /** Gives all the turns that were asked for. Called in a turn it does nothing: the loop that gave this turn goes on. */
  run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let turns = 0; turns < MAX_TURNS; turns++) {
      const worker = this.#ready.shift();
      if (worker === undefined) break;
      worker.isScheduled = false;
      worker.turn();
    }
    this.#isRunning = false;
    if (this.#ready.size === 0 || this.#isPlanned) return;
    this.#isPlanned = true;
    this.#clock.setTimer(0, () => {
      this.#isPlanned = false;
      this.run();
    });
  }
}
