import type { RetryHint } from "../wire/close-codes.ts";

/** Open for so long, a connection was a success: the next fault starts the backoff anew. */
const STABLE_MS = 5_000;

export interface BackoffLimits {
  readonly reconnectBaseMs: number;
  readonly reconnectCapMs: number;
}

/**
 * When to try again (PROTOCOL.md section 8): full jitter, uniform in [0, min(cap, base * 2^n)], so that a crowd never
 * returns in one instant. `random` gives a number in [0, 1).
 */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #failures = 0;
  #notBefore = 0;

  constructor(limits: BackoffLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Faults in a row. */
  get failures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
    this.#notBefore = 0;
  }

  /** The connection had been open for so long when it ended. */
  wasOpen(ms: number): void {
    if (ms >= STABLE_MS) this.reset();
  }

  /** The time of the next attempt. A hint sets the earliest time, and the spread where it gives one. */
  next(now: number, hint: RetryHint | undefined): number {
    const { reconnectBaseMs, reconnectCapMs } = this.#limits;
    const window = Math.min(reconnectCapMs, reconnectBaseMs * 2 ** this.#failures);
    this.#failures++;
    this.#notBefore = now + (hint?.retryInMs ?? 0);
    return this.#notBefore + this.#within(hint !== undefined && hint.spreadMs > 0 ? hint.spreadMs : window);
  }

  /** An earlier time, drawn anew from [0, base]: the network came back, or somebody looks at the page. */
  sooner(now: number, planned: number): number {
    return Math.min(planned, Math.max(now, this.#notBefore) + this.#within(this.#limits.reconnectBaseMs));
  }

  #within(ms: number): number {
    return Math.floor(this.#random() * (ms + 1));
  }
}
