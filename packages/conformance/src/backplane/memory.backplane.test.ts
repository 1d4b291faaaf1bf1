import type { Backplane, BackplaneClock } from "@sente-lite/protocol/backplane";
import { memoryBackplane } from "@sente-lite/protocol/testing";
import { backplaneSuite } from "./suite.ts";

const clock: BackplaneClock = {
  get now() {
    return performance.now();
  },
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

backplaneSuite("memory", { hasBroker: false }, async () => {
  const backplanes = new Map<string, Backplane>();
  return {
    broker: undefined,
    // Those of a test are one.
    make: ({ prefix }) => {
      const backplane = backplanes.get(prefix) ?? memoryBackplane({ clock });
      backplanes.set(prefix, backplane);
      return backplane;
    },
  };
});
