import { type Host, webHost } from "@sente-lite/engine";

/** How the ends of this turn are waited for. */
let next: "immediate" | "timer" = "immediate";

/**
 * The web's, for Deno: while each turn of its loop leaves an immediate for the next, Deno looks at its sockets once in some
 * sixty turns. So after a turn whose end was an immediate, whoever waits for one waits for a timer, a millisecond or two.
 */
export const denoHost: Host = {
  ...webHost,
  setTimer: (ms, fn) => {
    if (ms > 0) return webHost.setTimer(ms, fn);
    const [waitMs, then] = next === "immediate" ? ([0, "timer"] as const) : ([1, "immediate"] as const);
    return webHost.setTimer(waitMs, () => {
      next = then;
      fn();
    });
  },
};
