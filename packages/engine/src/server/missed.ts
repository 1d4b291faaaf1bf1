import type { SenteEvent, ServerLimits } from "@sente-lite/protocol";

export type MissedLimits = Pick<ServerLimits, "maxQueuedFrames" | "maxQueuedBytes" | "maxAwayBytes">;

/** An event, and about what it takes in memory. */
export interface Weighed {
  readonly event: SenteEvent;
  readonly bytes: number;
}

/**
 * What was pushed to clients without a session that are away: of each no more than would wait in a session, and of all
 * together no more than `maxAwayBytes`.
 */
export class MissedPool {
  readonly #limits: MissedLimits;
  #bytes = 0;

  constructor(limits: MissedLimits) {
    this.#limits = limits;
  }

  /** Makes the store of what one client misses. */
  open(): Missed {
    return new Missed(this.#limits, this);
  }

  /** @internal */
  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#limits.maxAwayBytes;
  }

  /** @internal */
  change(bytes: number): void {
    this.#bytes += bytes;
  }
}

export class Missed {
  readonly #limits: MissedLimits;
  readonly #pool: MissedPool;
  #events: SenteEvent[] = [];
  #bytes = 0;
  #isFull = false;

  constructor(limits: MissedLimits, pool: MissedPool) {
    this.#limits = limits;
    this.#pool = pool;
  }

  /** Keeps an event. "first" where it finds no room, for the first time; "full" where that was so before. */
  add({ event, bytes }: Weighed): "kept" | "first" | "full" {
    const { maxQueuedFrames, maxQueuedBytes } = this.#limits;
    const hasRoom =
      this.#events.length < maxQueuedFrames && this.#bytes + bytes <= maxQueuedBytes && this.#pool.hasRoom(bytes);
    if (!hasRoom) {
      const isFirst = !this.#isFull;
      this.#isFull = true;
      return isFirst ? "first" : "full";
    }
    this.#events.push(event);
    this.#bytes += bytes;
    this.#pool.change(bytes);
    return "kept";
  }

  /** Gives up what it held, and returns it. */
  take(): readonly SenteEvent[] {
    const events = this.#events;
    this.#pool.change(-this.#bytes);
    this.#events = [];
    this.#bytes = 0;
    return events;
  }
}
