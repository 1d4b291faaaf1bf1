import type { HistoryRead, RoomEntry, RoomPosition } from "@sente-lite/protocol/rooms";

/** Where the history cannot be read, no more events than that wait for it; older ones are read from it later. */
const MAX_EARLY = 1_000;

export interface RoomFeedOptions<E> {
  /** What came after a position. */
  readonly read: (after: RoomPosition) => HistoryRead<E> | Promise<HistoryRead<E>>;
  /** The next event of the room. */
  readonly deliver: (entry: RoomEntry<E>) => void;
  /** Events are missing that the history has no more, or it is another. */
  readonly broken: () => void;
  readonly report: (error: unknown) => void;
}

/**
 * The events of one room whose history several nodes share, in the one order that the history has: those that come out of
 * order, or after a hole, are read from the history.
 */
export class RoomFeed<E> {
  readonly #options: RoomFeedOptions<E>;
  /** Up to where events were delivered here; undefined until somebody has read where the history stands. */
  #position: RoomPosition | undefined;
  #early: (readonly [entry: RoomEntry<E>, epoch: string | undefined])[] = [];
  /** The highest offset that is known. */
  #top = 0;
  #isReading = false;
  /** Something of another history came while this one was read. */
  #isDoubtful = false;

  constructor(options: RoomFeedOptions<E>) {
    this.#options = options;
  }

  /** Somebody who joins has read where the history stands. */
  begin(position: RoomPosition): void {
    if (this.#position !== undefined) return;
    this.#position = position;
    const early = this.#early;
    this.#early = [];
    for (const [entry, epoch] of early) this.take(entry, epoch);
  }

  /** An event of the room, from here or from another node; `epoch` is that of its history, where its node tells it. */
  take(entry: RoomEntry<E>, epoch?: string): void {
    const { offset } = entry;
    if (this.#position === undefined) {
      this.#early.push([entry, epoch]);
      if (this.#early.length > MAX_EARLY) this.#early.shift();
      return;
    }
    if (epoch !== undefined && epoch !== this.#position.epoch) {
      // The history began anew, or this is of the one before: whoever reads it knows.
      if (this.#isReading) this.#isDoubtful = true;
      else void this.#catchUp(this.#position);
      return;
    }
    this.#top = Math.max(this.#top, offset);
    if (offset <= this.#position.offset) return;
    if (offset === this.#position.offset + 1 && !this.#isReading) this.#deliver(entry);
    else if (!this.#isReading) void this.#catchUp(this.#position);
  }

  /** Something may have come that was not heard of. Never rejects. */
  async look(): Promise<void> {
    if (this.#position !== undefined && !this.#isReading) await this.#catchUp(this.#position);
  }

  #deliver(entry: RoomEntry<E>): void {
    if (this.#position === undefined) return;
    this.#position = { epoch: this.#position.epoch, offset: entry.offset };
    this.#options.deliver(entry);
  }

  async #catchUp(after: RoomPosition): Promise<void> {
    const { read, broken, report } = this.#options;
    this.#isReading = true;
    this.#isDoubtful = false;
    try {
      const { entries, top, isComplete } = await read(after);
      if (!isComplete || top.epoch !== after.epoch) {
        this.#position = top;
        this.#top = top.offset;
        broken();
      } else for (const entry of entries) this.#deliver(entry);
    } catch (error) {
      // The next event asks again.
      report(error);
    }
    this.#isReading = false;
    if (this.#position === undefined) return;
    const isBehind = this.#position !== after && this.#position.offset < this.#top;
    if (isBehind || this.#isDoubtful) await this.#catchUp(this.#position);
  }
}
