const PERIOD_MS = 60_000;

/**
 * How many requests of one client have no reply. One that is older than its period and the next counts no more: nobody
 * waits for it, and a handler that never answers must not stop those that do.
 */
export class RequestsInFlight {
  #period = 0;
  #ofThis = 0;
  #ofLast = 0;

  /** How many there are now. */
  count(now: number): number {
    this.#advance(now);
    return this.#ofThis + this.#ofLast;
  }

  /** One more; `end` takes what this returns. */
  begin(now: number): number {
    this.#advance(now);
    this.#ofThis++;
    return this.#period;
  }

  end(period: number): void {
    if (period === this.#period) this.#ofThis--;
    else if (period === this.#period - 1) this.#ofLast--;
  }

  #advance(now: number): void {
    const period = Math.floor(now / PERIOD_MS);
    if (period === this.#period) return;
    this.#ofLast = period === this.#period + 1 ? this.#ofThis : 0;
    this.#ofThis = 0;
    this.#period = period;
  }
}
