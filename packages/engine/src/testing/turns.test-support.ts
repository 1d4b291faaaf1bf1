import { Turns } from "../turns.ts";

/** Turns of a loop that are begun by hand, and a clock that stands until it is set. */
export interface TurnsByHand {
  readonly turns: Turns;
  readonly nextTurn: () => void;
  /** How many timers wait for the end of the turn. */
  readonly countPlanned: () => number;
  /** In milliseconds. */
  readonly clock: { now: number; asked: number };
}

export function turnsByHand(): TurnsByHand {
  let timers: (() => void)[] = [];
  const clock = { now: 0, asked: 0 };
  const turns = new Turns({
    now: () => 0,
    monotonic: () => {
      clock.asked++;
      return clock.now;
    },
    setTimer: (_ms, fn) => timers.push(fn),
    clearTimer: () => {},
    randomBytes: (length) => new Uint8Array(length),
    log: { warn: () => {}, error: () => {} },
  });
  const nextTurn = () => {
    const due = timers;
    timers = [];
    for (const fn of due) fn();
  };
  return { turns, nextTurn, countPlanned: () => timers.length, clock };
}
