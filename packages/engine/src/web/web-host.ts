import { UsageError } from "@sente-lite/protocol";
import type { Host } from "../host.ts";

// What the web's runtimes have in common, named structurally: this package knows neither DOM nor Bun nor Deno.
interface WebGlobals {
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  setImmediate?(fn: () => void): unknown;
  clearImmediate?(timer: unknown): void;
  readonly crypto?: { getRandomValues?(bytes: Uint8Array): Uint8Array };
  readonly performance?: { now(): number };
  readonly console: { warn(...words: unknown[]): void; error(...words: unknown[]): void };
}

const web = globalThis as unknown as WebGlobals;

interface WebTimer {
  readonly immediate?: unknown;
  readonly timeout?: unknown;
}

/** The longest time that a timer of the web can wait; a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Timers may fire so much early by the clock. */
const EARLY_MS = 2;

/** How far the timers have run ahead of the clock. */
let ahead = 0;

function monotonic(): number {
  return (web.performance ?? Date).now() + ahead;
}

/** The timer has waited its time, whatever the clock says: tests replace the one and not the other. */
function hasPassed(until: number): void {
  const behind = until - monotonic();
  if (behind > EARLY_MS) ahead += behind;
}

/** Clock, timers, randomness and log of a browser, Bun, Deno, or Node. Touches no global before it is used. */
export const webHost: Host = {
  now: () => Date.now(),
  monotonic,
  // The end of the loop's turn is setImmediate, where there is one; setTimeout(0) waits a millisecond or more.
  setTimer: (ms, fn): WebTimer => {
    if (ms === 0 && web.setImmediate !== undefined) return { immediate: web.setImmediate(fn) };
    const waited = Math.min(ms, MAX_TIMER_MS);
    const until = monotonic() + waited;
    const fire = () => {
      hasPassed(until);
      fn();
    };
    return { timeout: web.setTimeout(fire, waited) };
  },
  clearTimer: (timer) => {
    const { immediate, timeout } = (timer ?? {}) as WebTimer;
    if (immediate !== undefined) web.clearImmediate?.(immediate);
    if (timeout !== undefined) web.clearTimeout(timeout);
  },
  randomBytes: (length) => {
    const bytes = web.crypto?.getRandomValues?.(new Uint8Array(length));
    if (bytes === undefined) {
      throw new UsageError("no-crypto", "this runtime has no crypto.getRandomValues: bring a polyfill for it");
    }
    return bytes;
  },
  log: {
    warn: (message, detail) => web.console.warn(...words(message, detail)),
    error: (message, detail) => web.console.error(...words(message, detail)),
  },
};

function words(message: string, detail: unknown): readonly unknown[] {
  return detail === undefined ? [message] : [message, detail];
}
