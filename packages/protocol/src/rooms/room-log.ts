import type { RoomPosition } from "./position.ts";

/** What a history keeps at most. */
export interface HistoryBounds {
  /** Events. */
  readonly size: number;
  /** What they take in memory. */
  readonly maxBytes: number;
  /** How long each is kept. */
  readonly ttlMs: number;
}

/** An event in a history. */
export interface RoomEntry<E> {
  readonly offset: number;
  readonly event: E;
}

/** A part of a history. */
export interface HistoryRead<E> {
  /** In order. */
  readonly entries: readonly RoomEntry<E>[];
  /** Where the history stood when it was read. */
  readonly top: RoomPosition;
  /** After a position: nothing between it and `top` is missing. Otherwise: nothing that is older is kept. */
  readonly isComplete: boolean;
}

interface Kept<E> extends RoomEntry<E> {
  readonly bytes: number;
  readonly at: number;
}

/**
 * The history of one room: its last events by number, bytes and age, and the position of each. Time is an argument in
 * milliseconds.
 */
export class RoomLog<E> {
  readonly #epoch: string;
  #kept: Kept<E>[] = [];
  /** Those before this index are gone; they are cut off now and then. */
  #head = 0;
  #offset = 0;
  #bytes = 0;

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** The position of the last event. */
  get position(): RoomPosition {
    return { epoch: this.#epoch, offset: this.#offset };
  }

  get size(): number {
    return this.#kept.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the last event came; undefined where none is kept. */
  get lastAt(): number | undefined {
    return this.size === 0 ? undefined : this.#kept.at(-1)?.at;
  }

  /** Adds an event, and drops what is over the bounds: even that event, where it alone is over them. */
  append(event: E, bytes: number, bounds: HistoryBounds, now: number): RoomPosition {
    this.#offset++;
    this.#kept.push({ offset: this.#offset, event, bytes, at: now });
    this.#bytes += bytes;
    this.expire(bounds.ttlMs, now);
    while (this.size > bounds.size || this.#bytes > bounds.maxBytes) this.#dropOldest();
    return this.position;
  }

  /** Lets go of what is older. */
  expire(ttlMs: number, now: number): void {
    for (let oldest = this.#kept[this.#head]; oldest !== undefined && oldest.at + ttlMs <= now; ) {
      this.#dropOldest();
      oldest = this.#kept[this.#head];
    }
  }

  /** Lets go of all events. Positions stay what they are. */
  clear(): void {
    this.#kept = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  /** All that came after a position; nothing where some of it is not kept any more. */
  readAfter(position: RoomPosition): HistoryRead<E> {
    const oldest = this.#offset - this.size;
    const isKnown = position.epoch === this.#epoch && position.offset >= oldest && position.offset <= this.#offset;
    const entries = isKnown ? this.#kept.slice(this.#head + position.offset - oldest) : [];
    return { entries, top: this.position, isComplete: isKnown };
  }

  /** The last `limit` events, or the last of those before an offset. */
  readLast(limit: number, before: number = this.#offset + 1): HistoryRead<E> {
    const oldest = this.#offset - this.size;
    const end = Math.max(this.#head, this.#head + Math.min(before, this.#offset + 1) - 1 - oldest);
    const begin = Math.max(this.#head, end - limit);
    return { entries: this.#kept.slice(begin, end), top: this.position, isComplete: begin === this.#head };
  }

  #dropOldest(): void {
    const oldest = this.#kept[this.#head];
    if (oldest === undefined) return;
    this.#bytes -= oldest.bytes;
    this.#head++;
    if (this.#head >= 32 && this.#head * 2 >= this.#kept.length) {
      this.#kept.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
