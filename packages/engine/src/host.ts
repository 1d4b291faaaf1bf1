/** A timer of a host; opaque. */
export type Timer = unknown;

/** Where warnings go. */
export interface Logger {
  warn(message: string, detail?: unknown): void;
  error(message: string, detail?: unknown): void;
}

/** Everything ambient that the engine uses; a runtime package makes one, tests another. */
export interface Host {
  /** Milliseconds since 1970; may jump: for what is shown, never for what is timed. */
  now(): number;
  /** Milliseconds since some moment; never moves with the wall clock. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds; with 0 at the end of the loop's turn. */
  setTimer(ms: number, fn: () => void): Timer;
  clearTimer(timer: Timer): void;
  /** Bytes fit for secrets. */
  randomBytes(length: number): Uint8Array;
  readonly log: Logger;
}

/**
 * A host that passes every call on to another host, which can be replaced: tests put virtual time in the place of the
 * real one.
 */
export function makeSwitchable(first: Host): { readonly host: Host; readonly use: (next: Host) => void } {
  let current = first;
  const host: Host = {
    now: () => current.now(),
    monotonic: () => current.monotonic(),
    setTimer: (ms, fn) => current.setTimer(ms, fn),
    clearTimer: (timer) => current.clearTimer(timer),
    randomBytes: (length) => current.randomBytes(length),
    get log() {
      return current.log;
    },
  };
  return {
    host,
    use: (next) => {
      current = next;
    },
  };
}

/** A number in [0, 1). */
export function randomFraction(host: Host): number {
  const [a = 0, b = 0, c = 0, d = 0] = host.randomBytes(4);
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) / 2 ** 32;
}

/** A random UUID, version 4. */
export function randomId(host: Host): string {
  const bytes = host.randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
