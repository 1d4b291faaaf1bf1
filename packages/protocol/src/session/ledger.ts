import type { Entry, Log } from "./log.ts";

/** When a receiver owes an ack (PROTOCOL.md section 6.2): after so many frames or bytes, or so long after the first. */
export interface AckDue {
  readonly frames: number;
  readonly bytes: number;
}

/** When a receiver asks to be told: after 64 frames, or 64 KiB. */
export const ackDue: AckDue = { frames: 64, bytes: 65_536 };

const ACK_MS = 2_000;

/**
 * What of a session outlives its connections, the same on both sides (PROTOCOL.md section 6): the log of what was sent
 * and may have to be sent again, and the counts of both directions. No frame carries a number; both sides count.
 */
export class Ledger<E extends Entry> {
  readonly log: Log<E>;
  #due: AckDue = ackDue;
  /** Counted frames before the head of the log. */
  #before = 0;
  #acked = 0;
  #received = 0;
  /** Frames and bytes that were taken over since the last ack, and when the first of them came. */
  #untold = 0;
  #untoldBytes = 0;
  #untoldSince = 0;

  constructor(log: Log<E>) {
    this.log = log;
  }

  /** Counted frames of the peer that were taken over. */
  get received(): number {
    return this.#received;
  }

  /** Counts a frame of the peer. */
  count(bytes: number, now: number): void {
    if (this.#untold === 0) this.#untoldSince = now;
    this.#received++;
    this.#untold++;
    this.#untoldBytes += bytes;
  }

  /** When an ack is due, which may be in the past; undefined where the peer knows all. */
  get ackDeadline(): number | undefined {
    if (this.#untold === 0) return undefined;
    const isMuch = this.#untold >= this.#due.frames || this.#untoldBytes >= this.#due.bytes;
    return isMuch ? this.#untoldSince : this.#untoldSince + ACK_MS;
  }

  isAckDue(now: number): boolean {
    const { ackDeadline } = this;
    return ackDeadline !== undefined && now >= ackDeadline;
  }

  /** The peer is being told: the number for its ack. */
  tell(): number {
    this.#untold = this.#untoldBytes = 0;
    return this.#received;
  }

  /** The server says when it wants to be told; no later than the defaults. */
  set due({ frames, bytes }: AckDue) {
    this.#due = { frames: Math.min(frames, ackDue.frames), bytes: Math.min(bytes, ackDue.bytes) };
  }

  /** The peer has taken over `count` frames: lets go of them. False for frames never sent, and for a falling count. */
  acknowledge(count: number): boolean {
    if (!this.covers(count)) return false;
    this.#acked = count;
    this.#trim(count);
    return true;
  }

  /** True for a count that the peer can have reached: what it said before, up to all that was transmitted. */
  covers(count: number): boolean {
    return Number.isInteger(count) && count >= this.#acked && count <= this.#before + this.log.transmitted;
  }

  /** As `covers`, where nothing above `count` was dropped: the session can go on from there. */
  canResume(count: number): boolean {
    return this.covers(count) && count >= this.#before;
  }

  /**
   * A new connection goes on where the peer has taken over `count` frames: what is left is transmitted again. True where
   * some of that was transmitted before.
   */
  resume(count: number): boolean {
    this.acknowledge(count);
    const isLeft = this.log.transmitted > 0;
    this.log.rewind();
    this.#untold = this.#untoldBytes = 0;
    return isLeft;
  }

  /** Gives up the oldest transmitted frame, which the peer may have; false where there is none. */
  dropOldest(): boolean {
    if (this.log.transmitted === 0) return false;
    this.#trim(this.#before + 1);
    return true;
  }

  #trim(count: number): void {
    // After a drop an ack may speak of frames that are gone already.
    if (count <= this.#before) return;
    this.log.acknowledge(count - this.#before);
    this.#before = count;
  }
}
