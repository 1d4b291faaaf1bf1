import { VirtualClock } from "@sente-lite/protocol/testing";
import { type Clock, systemClock } from "./clock.ts";

/** Time that passes when it is told to, for tests of systems. */
export interface TestTime {
  /** For `buildSystem(config, { clock })`. */
  readonly clock: Clock;
  /** Lets `ms` pass. Timers run in their order, and all that one started, promises included, runs before the next one. */
  readonly advance: (ms: number) => Promise<void>;
  /** Resolves when everything that needs no time has run. */
  readonly idle: () => Promise<void>;
}

/** Makes virtual time. `startMs` is in milliseconds since 1970; default 0. Nothing waits for real. */
export function createTestTime(startMs = 0): TestTime {
  const time = new VirtualClock(startMs);
  const turn = () => new Promise<void>((resolve) => void systemClock.setTimer(0, resolve));
  const idle = async () => {
    do await turn();
    while (time.step(time.now));
  };
  return {
    clock: {
      now: () => time.now,
      span: () => time.now,
      setTimer: (ms, fn) => time.after(ms, fn),
      clearTimer: (timer) => (timer as (() => void) | undefined)?.(),
    },
    idle,
    advance: async (ms) => {
      const until = time.now + ms;
      await idle();
      while (time.step(until)) await idle();
      time.advance(until - time.now);
    },
  };
}
