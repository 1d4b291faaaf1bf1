import { defineProcess, type Process } from "../system/process.ts";

/** A process that folds what comes in at `in` into its state, and emits each new state on `out`. */
export function reducer<S, I>(initial: S, reduce: (state: S, input: I) => S): Process {
  return defineProcess<S, I>({
    init: () => initial,
    transform: (before, input) => {
      const state = reduce(before, input);
      return Object.is(before, state) ? undefined : { state, outputs: [["out", state]] };
    },
  });
}
