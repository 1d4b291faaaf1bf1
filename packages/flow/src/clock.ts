/** Time, as a system is given it: the machine's own, or a test's. */
export interface Clock {
  /** Milliseconds since 1970; may jump. */
  now(): number;
  /** Milliseconds, with fractions, since some moment: for measuring spans of time. Never goes back. */
  span(): number;
  /** Calls `fn` once after `ms` milliseconds, with 0 in the next turn; returns what `clearTimer` takes. */
  setTimer(ms: number, fn: () => void): unknown;
  clearTimer(timer: unknown): void;
}

// What every runtime has, named structurally: this package knows neither DOM nor Node, Bun or Deno.
interface Globals {
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  readonly performance: { now(): number };
}
const globals = globalThis as unknown as Globals;

/** The longest time that a timer of the web can wait; a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own time. Touches no global before it is used. */
export const systemClock: Clock = {
  now: () => Date.now(),
  span: () => globals.performance.now(),
  setTimer: (ms, fn) => globals.setTimeout(fn, Math.min(ms, MAX_TIMER_MS)),
  clearTimer: (timer) => globals.clearTimeout(timer),
};
