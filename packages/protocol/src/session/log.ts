/** What a log holds: frames with their size, in the order in which they were made. */
export interface Entry {
  readonly bytes: number;
}

/** What a log holds, apart from it: the first `transmitted` of its frames were transmitted. */
export interface LogState<E extends Entry> {
  readonly entries: readonly E[];
  readonly transmitted: number;
}

/**
 * The frames of one direction, in order, with a cursor (PROTOCOL.md section 6): before it what was transmitted and
 * not yet acknowledged, after it what waits to be transmitted. Bounded in frames and bytes.
 */
export class Log<E extends Entry> {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  /** Slots before the head are empty; they are cut off now and then, not one by one. */
  #entries: (E | undefined)[] = [];
  #head = 0;
  #cursor = 0;
  #bytes = 0;

  constructor(maxFrames: number, maxBytes: number) {
    this.#maxFrames = maxFrames;
    this.#maxBytes = maxBytes;
  }

  /** Frames held, transmitted or not. */
  get size(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Frames that wait to be transmitted. */
  get waiting(): number {
    return this.#entries.length - this.#cursor;
  }

  /** Frames that were transmitted and are not acknowledged. */
  get transmitted(): number {
    return this.#cursor - this.#head;
  }

  /** True where another frame of that size keeps the bounds, with `spare` beside them; a frame alone always fits. */
  hasRoom(bytes: number, spare = { frames: 0, bytes: 0 }): boolean {
    if (this.size === 0) return true;
    return this.size < this.#maxFrames + spare.frames && this.#bytes + bytes <= this.#maxBytes + spare.bytes;
  }

  /** True where it holds more than its bounds; a frame alone never does. */
  get isOver(): boolean {
    return this.size > 1 && (this.size > this.#maxFrames || this.#bytes > this.#maxBytes);
  }

  append(entry: E): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
  }

  /** Moves the cursor over the next frame to transmit, and returns it. */
  next(): E | undefined {
    const entry = this.#entries[this.#cursor];
    if (entry !== undefined) this.#cursor++;
    return entry;
  }

  /** Moves the cursor back to the oldest frame: all that is held is transmitted again. */
  rewind(): void {
    this.#cursor = this.#head;
  }

  /** Takes out the oldest frame, transmitted or not. */
  removeFirst(): E | undefined {
    const [entry] = this.#entries.splice(this.#head, 1);
    if (entry === undefined) return undefined;
    this.#bytes -= entry.bytes;
    if (this.#cursor > this.#head) this.#cursor--;
    return entry;
  }

  /** Takes out the frame over which the cursor moved last. */
  removeLastTransmitted(): void {
    if (this.transmitted === 0) return;
    this.#cursor--;
    const [entry] = this.#entries.splice(this.#cursor, 1);
    this.#bytes -= entry?.bytes ?? 0;
  }

  /** What it holds, transmitted or not, in order. */
  entries(): readonly E[] {
    return this.#sliceHeld(this.#head, this.#entries.length);
  }

  /** Takes out the transmitted frames, and returns them. */
  takeTransmitted(): readonly E[] {
    return this.acknowledge(this.transmitted);
  }

  /** Lets go of the first `count` transmitted frames, and returns them. */
  acknowledge(count: number): readonly E[] {
    const end = Math.min(this.#head + count, this.#cursor);
    const gone = this.#sliceHeld(this.#head, end);
    for (const entry of gone) this.#bytes -= entry.bytes;
    this.#letGo(end);
    return gone;
  }

  /** Transmits the next frame and lets go of it: for peers that acknowledge nothing. */
  take(): E | undefined {
    const entry = this.next();
    if (entry === undefined) return undefined;
    this.#bytes -= entry.bytes;
    this.#letGo(this.#head + 1);
    return entry;
  }

  /** Takes out the first frame for which `test` holds among those that were never transmitted. */
  removeWaiting(test: (entry: E) => boolean): E | undefined {
    for (let at = this.#cursor; at < this.#entries.length; at++) {
      const entry = this.#entries[at];
      if (entry === undefined || !test(entry)) continue;
      this.#entries.splice(at, 1);
      this.#bytes -= entry.bytes;
      return entry;
    }
    return undefined;
  }

  /** Takes out all for which `test` holds among those that were never transmitted. */
  removeAllWaiting(test: (entry: E) => boolean): readonly E[] {
    const removed: E[] = [];
    const kept = this.#sliceHeld(this.#cursor, this.#entries.length).filter((entry) => {
      if (!test(entry)) return true;
      removed.push(entry);
      this.#bytes -= entry.bytes;
      return false;
    });
    if (removed.length > 0) this.#entries.splice(this.#cursor, this.#entries.length, ...kept);
    return removed;
  }

  /** What it holds, to be restored in another log; this one is empty after that. */
  release(): LogState<E> {
    const { transmitted } = this;
    return { transmitted, entries: this.clear() };
  }

  /** Takes up what another log released. */
  restore({ entries, transmitted }: LogState<E>): void {
    for (const entry of entries) this.append(entry);
    this.#cursor = this.#head + transmitted;
  }

  /** Empties the log, and returns what it held. */
  clear(): readonly E[] {
    const held = this.entries();
    this.#entries = [];
    this.#head = this.#cursor = this.#bytes = 0;
    return held;
  }

  #sliceHeld(from: number, to: number): E[] {
    return this.#entries.slice(from, to).filter((entry) => entry !== undefined);
  }

  /** Moves the head, and lets go of what is before it; the empty slots are cut off later. */
  #letGo(end: number): void {
    if (end === this.#entries.length) {
      // Mostly a frame that goes out as it comes: an array that is emptied by `length` would lose its room for the next.
      if (end === 1) this.#entries.pop();
      else this.#entries.length = 0;
      this.#head = this.#cursor = 0;
      return;
    }
    this.#entries.fill(undefined, this.#head, end);
    this.#head = end;
    if (this.#head >= 64 && this.#head * 2 >= this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#cursor -= this.#head;
      this.#head = 0;
    }
  }
}
