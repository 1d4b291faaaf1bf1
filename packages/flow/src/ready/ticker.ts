import { UsageError } from "@sente-lite/protocol";
import { checkOptions } from "@sente-lite/protocol/options";
import { defineProcess, type Process } from "../system/process.ts";

/** What a ticker emits. */
export interface Tick {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** 1 for the first. */
  readonly count: number;
}

/**
 * A process that emits a `Tick` on `out` every `everyMs` milliseconds, but never before the last one was dealt with.
 * Throws `UsageError` `bad-option`, `unknown-option`.
 */
export function ticker(options: { readonly everyMs: number }): Process {
  checkOptions("ticker", options, { everyMs: "number" });
  const { everyMs } = options;
  if (!(everyMs > 0)) throw new UsageError("bad-option", "everyMs is a number of milliseconds above 0");
  let stop = () => {};
  return defineProcess({
    ports: { out: ["out"] },
    start: ({ clock, emit }) => {
      let count = 0;
      let timer: unknown;
      let isOver = false;
      const wait = () => {
        if (!isOver) timer = clock.setTimer(everyMs, tick);
      };
      const tick = () => {
        count++;
        const handled = emit("out", { at: clock.now(), count } satisfies Tick);
        if (handled === undefined) wait();
        else void handled.then(wait);
      };
      stop = () => {
        isOver = true;
        clock.clearTimer(timer);
      };
      wait();
    },
    stop: () => stop(),
  });
}
