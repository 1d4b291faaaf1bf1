import type { Host } from "@sente-lite/engine";
import type { VirtualClock } from "@sente-lite/protocol/testing";

const START = 1_700_000_000_000;

interface Planned {
  readonly takeBack: () => void;
}

/** A process: what runs in it runs late while it stands still, and its wall clock may be set. */
export class Actor {
  readonly host: Host;
  readonly #clock: VirtualClock;
  readonly #timers = new Set<Planned>();
  readonly #lateTimers: { readonly planned: Planned; readonly fn: () => void }[] = [];
  readonly #lateFrames: (() => void)[] = [];
  #stalledUntil = 0;
  #isStalled = false;
  #isDead = false;
  #wallMs = START;

  constructor(clock: VirtualClock, random: () => number) {
    this.#clock = clock;
    this.host = {
      now: () => this.#wallMs + clock.now,
      monotonic: () => clock.now,
      setTimer: (ms, fn) => this.#setTimer(ms, fn),
      clearTimer: (timer) => this.#clearTimer(timer as Planned | undefined),
      randomBytes: (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)),
      log: { warn: () => {}, error: () => {} },
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Timers that its code waits for. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Something comes from outside: at once, or in its turn when the process goes on. */
  frame(fn: () => void): void {
    if (this.#isDead) return;
    if (this.#isStalled) this.#lateFrames.push(fn);
    else fn();
  }

  /** Stands still for so long. */
  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#clock.now + ms);
    if (this.#isStalled) return;
    this.#isStalled = true;
    this.#planWake();
  }

  /** The wall clock is set by so much. */
  setClock(byMs: number): void {
    this.#wallMs += byMs;
  }

  /** The process is gone, with all that it waited for. */
  kill(): void {
    this.#isDead = true;
    for (const planned of this.#timers) planned.takeBack();
    this.#timers.clear();
    this.#lateTimers.length = this.#lateFrames.length = 0;
  }

  #planWake(): void {
    this.#clock.after(this.#stalledUntil - this.#clock.now, () => {
      if (this.#clock.now < this.#stalledUntil) this.#planWake();
      else this.#wake();
    });
  }

  /** Timers that fell due come first, then what waited in the kernel. */
  #wake(): void {
    this.#isStalled = false;
    while (!this.#isStalled) {
      const timer = this.#lateTimers.shift();
      const fn = timer === undefined ? this.#lateFrames.shift() : () => this.#fire(timer.planned, timer.fn);
      if (fn === undefined) return;
      fn();
    }
  }

  #setTimer(ms: number, fn: () => void): Planned {
    // In whole milliseconds, and never before the time that was asked for.
    const takeBack = this.#clock.after(Math.ceil(ms), () => {
      if (this.#isStalled) this.#lateTimers.push({ planned, fn });
      else this.#fire(planned, fn);
    });
    const planned: Planned = { takeBack };
    this.#timers.add(planned);
    return planned;
  }

  #fire(planned: Planned, fn: () => void): void {
    if (this.#timers.delete(planned)) fn();
  }

  #clearTimer(planned: Planned | undefined): void {
    if (planned === undefined) return;
    planned.takeBack();
    this.#timers.delete(planned);
  }
}
