interface Planned {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/** Time that passes when it is told to: timers run in the order of their time, and of their making at equal times. */
export class VirtualClock {
  #now: number;
  #order = 0;
  readonly #planned = new Set<Planned>();

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  /** Milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#planned.size;
  }

  /** Calls `fn` after `ms`; returns the function that takes it back. */
  after(ms: number, fn: () => void): () => void {
    const planned = { at: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#planned.add(planned);
    return () => void this.#planned.delete(planned);
  }

  /** When the next timer is due; undefined where none waits. */
  get nextAt(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#planned) if (next === undefined || at < next) next = at;
    return next;
  }

  /** Runs the next timer that is due until `until`; false where there is none. */
  step(until: number = Number.POSITIVE_INFINITY): boolean {
    let next: Planned | undefined;
    for (const planned of this.#planned) {
      if (planned.at > until) continue;
      if (next === undefined || planned.at < next.at || (planned.at === next.at && planned.order < next.order))
        next = planned;
    }
    if (next === undefined) return false;
    this.#planned.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.fn();
    return true;
  }

  /** Lets `ms` pass, with all timers that fall due. */
  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.step(until));
    this.#now = until;
  }

  /** Time passes in which nothing runs, as while a laptop sleeps: what fell due runs late, at the next `advance`. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}
