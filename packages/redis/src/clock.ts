import type { BackplaneClock } from "@sente-lite/protocol/backplane";

/** Real time. */
export const clock: BackplaneClock = {
  get now() {
    return performance.now();
  },
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};
