import type { Entry, Log, LogState } from "./log.ts";

/** When a receiver owes an ack (PROTOCOL.md section 6.2): after so many frames or bytes, or so long after the first. */
export interface AckDue {
  readonly frames: number;
  readonly bytes: number;
}

/** When a receiver asks for acks: after 64 frames, or 64 KiB. */
export const ackDue: AckDue = { frames: 64, bytes: 65_536 };

const ACK_MS = 2_000;

/** What a ledger and its log hold, apart from them. Which ack is owed is not in it: a resume tells exact counts. */
export interface LedgerState<E extends Entry> extends LogState<E> {
  readonly before: number;
  readonly acked: number;
  readonly received: number;
  readonly closedOnTooBig: boolean;
}

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
  #owedFrames = 0;
  #owedBytes = 0;
  #owedSince = 0;
  /** The peer closed the last connection on a frame that was too big for it. */
  #closedOnTooBig = false;

  constructor(log: Log<E>) {
    this.log = log;
  }

  /** Counted frames of the peer that were taken over: the number of an ack. */
  get received(): number {
    return this.#received;
  }

  /** Counted frames that were transmitted since the session began. */
  get transmitted(): number {
    return this.#before + this.log.transmitted;
  }

  /** True where the peer was not told of all that was taken over. */
  get owesAck(): boolean {
    return this.#owedFrames > 0;
  }

  /** Counts a frame of the peer. */
  count(bytes: number, now: number): void {
    if (this.#owedFrames === 0) this.#owedSince = now;
    this.#received++;
    this.#owedFrames++;
    this.#owedBytes += bytes;
  }

  /** When an ack is due, which may be in the past; undefined where the peer knows all. */
  get ackDeadline(): number | undefined {
    if (this.#owedFrames === 0) return undefined;
    const isMuch = this.#owedFrames >= this.#due.frames || this.#owedBytes >= this.#due.bytes;
    return isMuch ? this.#owedSince : this.#owedSince + ACK_MS;
  }

  isAckDue(now: number): boolean {
    const { ackDeadline } = this;
    return ackDeadline !== undefined && now >= ackDeadline;
  }

  /** Notes that the peer is told of `received`: no ack is owed before the next frame. */
  settleAck(): void {
    this.#owedFrames = this.#owedBytes = 0;
  }

  /** The server says when it wants acks; this side gives them no later than the defaults. */
  setAckDue({ frames, bytes }: AckDue): void {
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
    return Number.isInteger(count) && count >= this.#acked && count <= this.transmitted;
  }

  /** True where the session can go on from `count`: it `covers` it, and nothing above it was dropped. */
  canResume(count: number): boolean {
    return this.covers(count) && count >= this.#before;
  }

  /** Notes how the last connection ended: with 1009 (`onTooBig`) the peer could not take one of the frames. */
  noteClose(onTooBig: boolean): void {
    this.#closedOnTooBig = onTooBig;
  }

  /**
   * Goes on, on a new connection, where the peer has taken over `count` frames: what is left is transmitted again. Takes out
   * and returns the frame on which the peer closed the last connection (section 6.3). That is the first one that is left,
   * since the peer has taken over all before it.
   */
  resume(count: number): E | undefined {
    this.acknowledge(count);
    const isLeft = this.log.transmitted > 0;
    this.log.rewind();
    this.settleAck();
    const tooBig = isLeft && this.#closedOnTooBig ? this.log.removeFirst() : undefined;
    this.#closedOnTooBig = false;
    return tooBig;
  }

  /** What it holds, to be restored in another ledger; its log is empty after that. */
  release(): LedgerState<E> {
    return {
      before: this.#before,
      acked: this.#acked,
      received: this.#received,
      closedOnTooBig: this.#closedOnTooBig,
      ...this.log.release(),
    };
  }

  /** Takes up what another ledger released. */
  restore(state: LedgerState<E>): void {
    this.#before = state.before;
    this.#acked = state.acked;
    this.#received = state.received;
    this.#closedOnTooBig = state.closedOnTooBig;
    this.log.restore(state);
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
