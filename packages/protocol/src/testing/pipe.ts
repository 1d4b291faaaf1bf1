import type { VirtualClock } from "./virtual-clock.ts";

/** Which way a frame goes. */
export type Direction = "toServer" | "toClient";

/** One direction of a connection in memory: first in, first out, after the latency; a fence holds delivery. */
export class Pipe<T> {
  readonly #clock: VirtualClock;
  readonly #latencyMs: number;
  readonly #deliver: (item: T) => void;
  readonly #flying: T[] = [];
  #held: T[] | undefined;
  #isCut = false;

  constructor(clock: VirtualClock, latencyMs: number, deliver: (item: T) => void) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.#deliver = deliver;
  }

  /** What was sent and did not arrive. */
  get inFlight(): number {
    return this.#flying.length + (this.#held?.length ?? 0);
  }

  send(item: T): void {
    if (this.#isCut) return;
    this.#flying.push(item);
    this.#clock.after(this.#latencyMs, () => this.#arrive());
  }

  /** From now on nothing is delivered. */
  hold(): void {
    this.#held ??= [];
  }

  /** Delivers what was held, and goes on. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const item of held) if (!this.#isCut) this.#deliver(item);
  }

  /** What is in flight is lost, and all that follows. */
  cut(): void {
    this.#isCut = true;
    this.#flying.length = 0;
    this.#held = undefined;
  }

  #arrive(): void {
    const item = this.#flying.shift();
    if (item === undefined) return;
    if (this.#held !== undefined) this.#held.push(item);
    else this.#deliver(item);
  }
}
