import type { RoomPosition } from "./position.ts";
import { type HistoryBounds, type HistoryRead, RoomLog } from "./room-log.ts";

// Where the histories of rooms are kept. The seam for several processes: a driver implements `RoomHistories` over a store
// that they share.

/** Which part of a history. */
export type HistoryRange =
  /** All that came after a position. */
  | { readonly after: RoomPosition }
  /** The last events, or the last of those before an offset. */
  | { readonly limit: number; readonly before?: number | undefined };

/** Keeps the histories of rooms, each in one order. A driver answers at once where it can. */
export interface RoomHistories<E> {
  /** Adds an event, which weighs so many bytes; its position follows that of the event before it. */
  append(room: string, event: E, bytes: number, bounds: HistoryBounds): RoomPosition | Promise<RoomPosition>;
  read(room: string, range: HistoryRange, bounds: HistoryBounds): HistoryRead<E> | Promise<HistoryRead<E>>;
}

/** What `MemoryHistories` are made with. */
export interface MemoryHistoriesOptions {
  /** A name that no other history has, in any process. */
  readonly makeEpoch: () => string;
  /** Machine time in milliseconds. */
  readonly now: () => number;
  /** What all histories keep together, at most. */
  readonly maxBytes: number;
  /** How many rooms have a history, at most; a seventh more for a moment, where somebody is in most of them. */
  readonly maxRooms: number;
  /** True for a room that keeps its positions: somebody is in it, and so knows them, or it is to be kept always. */
  readonly isInUse: (room: string) => boolean;
}

/** So many rooms are looked at for one that is added: many that somebody is in must not cost each addition all of them. */
const LOOKS = 8;

/**
 * Histories in the memory of this process. Over a bound of all together, the room whose last event is the oldest loses its
 * history first: over `maxBytes` its events, over `maxRooms` its positions, too, so that a client that comes back with a
 * position is told that nothing was recovered. A room that somebody is in keeps its positions: events at new ones would be none
 * to those who have later ones of before.
 */
export class MemoryHistories<E> implements RoomHistories<E> {
  readonly #options: MemoryHistoriesOptions;
  /** In the order of their last event. */
  readonly #logs = new Map<string, RoomLog<E>>();
  /** Those with events in them, in the same order, and how long these are kept. */
  readonly #filled = new Map<RoomLog<E>, number>();
  #bytes = 0;

  constructor(options: MemoryHistoriesOptions) {
    this.#options = options;
  }

  /** What they keep. */
  get bytes(): number {
    return this.#bytes;
  }

  append(room: string, event: E, bytes: number, bounds: HistoryBounds): RoomPosition {
    const now = this.#options.now();
    const log = this.#open(room);
    const position = this.#change(log, () => log.append(event, bytes, bounds, now));
    this.#logs.delete(room);
    this.#logs.set(room, log);
    this.#filled.delete(log);
    if (log.size > 0) this.#filled.set(log, bounds.ttlMs);
    this.#expire(now);
    this.#keepBounds();
    return position;
  }

  read(room: string, range: HistoryRange, bounds: HistoryBounds): HistoryRead<E> {
    const log = this.#open(room);
    this.#change(log, () => log.expire(bounds.ttlMs, this.#options.now()));
    this.#keepBounds();
    return "after" in range ? log.readAfter(range.after) : log.readLast(range.limit, range.before);
  }

  #open(room: string): RoomLog<E> {
    const log = this.#logs.get(room) ?? new RoomLog<E>(this.#options.makeEpoch());
    this.#logs.set(room, log);
    return log;
  }

  #change<R>(log: RoomLog<E>, change: () => R): R {
    const before = log.bytes;
    const result = change();
    this.#bytes += log.bytes - before;
    return result;
  }

  /** Drops what is too old in all rooms whenever one gets an event: nobody may ever ask in the others. */
  #expire(now: number): void {
    for (const [log, ttlMs] of this.#filled) {
      if (log.lastAt !== undefined && log.lastAt + ttlMs > now) return;
      this.#empty(log);
    }
  }

  #keepBounds(): void {
    const { maxBytes, maxRooms, isInUse } = this.#options;
    for (const [log] of this.#filled) {
      if (this.#bytes <= maxBytes) break;
      this.#empty(log);
    }
    let looks = LOOKS;
    for (const [room, log] of this.#logs) {
      if (this.#logs.size <= maxRooms || looks-- === 0) return;
      this.#logs.delete(room);
      if (isInUse(room)) this.#logs.set(room, log);
      else this.#empty(log);
    }
  }

  #empty(log: RoomLog<E>): void {
    this.#change(log, () => log.clear());
    this.#filled.delete(log);
  }
}
