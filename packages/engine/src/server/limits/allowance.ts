/** So many seconds' worth may come at once. */
const BURST_S = 10;

/** Names that are remembered: peers choose their addresses. */
const MAX_NAMES = 50_000;
/** So many are looked at for each that comes, to find those that may be forgotten. */
const LOOKED_AT = 4;

export interface Rate {
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
}

/**
 * What a peer may still send: two token buckets, of events and of bytes (PROTOCOL.md section 9). Where anything is left a
 * frame passes, however large it is, and what it takes too much is a debt.
 */
export class Allowance {
  /** Those who use it now. */
  holders = 0;
  readonly #rate: Rate;
  #events: number;
  #bytes: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#events = rate.eventsPerSecond * BURST_S;
    this.#bytes = rate.bytesPerSecond * BURST_S;
    this.#at = now;
  }

  /** How long until something may come, in milliseconds: 0 where it may now. */
  waitMs(now: number): number {
    this.#refill(now);
    if (this.#events >= 1 && this.#bytes > 0) return 0;
    const { eventsPerSecond, bytesPerSecond } = this.#rate;
    const forEvents = this.#events >= 1 ? 0 : (1 - this.#events) / eventsPerSecond;
    const forBytes = this.#bytes > 0 ? 0 : (1 - this.#bytes) / bytesPerSecond;
    // Fractions of seconds are not exact.
    return Math.max(1, Math.ceil(1_000 * Math.max(forEvents, forBytes) - 0.001));
  }

  /** One more event came, of so many bytes. */
  charge(bytes: number): void {
    this.#events--;
    this.#bytes -= bytes;
  }

  /** True where it is as good as a new one. */
  isFull(now: number): boolean {
    this.#refill(now);
    const { eventsPerSecond, bytesPerSecond } = this.#rate;
    return this.#events >= eventsPerSecond * BURST_S && this.#bytes >= bytesPerSecond * BURST_S;
  }

  #refill(now: number): void {
    const seconds = (now - this.#at) / 1_000;
    if (seconds <= 0) return;
    const { eventsPerSecond, bytesPerSecond } = this.#rate;
    this.#at = now;
    this.#events = Math.min(eventsPerSecond * BURST_S, this.#events + seconds * eventsPerSecond);
    this.#bytes = Math.min(bytesPerSecond * BURST_S, this.#bytes + seconds * bytesPerSecond);
  }
}

/**
 * Allowances by the name of whoever has them. Those that nobody uses are kept until they are full again, so that to go and
 * come again gains nothing; where there are too many, the oldest of them go sooner.
 */
export class AllowanceTable {
  readonly #rate: Rate;
  readonly #maxNames: number;
  readonly #byName = new Map<string, Allowance>();

  constructor(rate: Rate, maxNames: number = MAX_NAMES) {
    this.#rate = rate;
    this.#maxNames = maxNames;
  }

  get size(): number {
    return this.#byName.size;
  }

  of(name: string, now: number): Allowance {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    this.#forgetSome(now);
    const allowance = new Allowance(this.#rate, now);
    this.#byName.set(name, allowance);
    return allowance;
  }

  #forgetSome(now: number): void {
    let looked = 0;
    for (const [name, allowance] of this.#byName) {
      if (looked++ >= LOOKED_AT) return;
      const isOver = this.#byName.size >= this.#maxNames;
      this.#byName.delete(name);
      if (allowance.holders > 0 || !(isOver || allowance.isFull(now))) this.#byName.set(name, allowance);
    }
  }
}
