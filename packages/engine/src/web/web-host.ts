import type { Host } from "../host.ts";

// What the web's runtimes have in common, named structurally: this package knows neither DOM nor Bun nor Deno.
interface WebGlobals {
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  setImmediate?(fn: () => void): unknown;
  clearImmediate?(timer: unknown): void;
  readonly crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
  readonly console: { warn(...words: unknown[]): void; error(...words: unknown[]): void };
}

const web = globalThis as unknown as WebGlobals;

interface WebTimer {
  readonly immediate?: unknown;
  readonly timeout?: unknown;
}

/** The longest time that a timer of the web can wait; a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Clock, timers, randomness and log of a browser, Bun, Deno, or Node. Touches no global before it is used. */
export const webHost: Host = {
  now: () => Date.now(),
  // The end of the loop's turn is setImmediate, where there is one; setTimeout(0) waits a millisecond or more.
  setTimer: (ms, fn): WebTimer =>
    ms === 0 && web.setImmediate !== undefined
      ? { immediate: web.setImmediate(fn) }
      : { timeout: web.setTimeout(fn, Math.min(ms, MAX_TIMER_MS)) },
  clearTimer: (timer) => {
    const { immediate, timeout } = (timer ?? {}) as WebTimer;
    if (immediate !== undefined) web.clearImmediate?.(immediate);
    if (timeout !== undefined) web.clearTimeout(timeout);
  },
  randomBytes: (length) => web.crypto.getRandomValues(new Uint8Array(length)),
  log: {
    warn: (message, detail) => web.console.warn(...words(message, detail)),
    error: (message, detail) => web.console.error(...words(message, detail)),
  },
};

function words(message: string, detail: unknown): readonly unknown[] {
  return detail === undefined ? [message] : [message, detail];
}
