import type { Entry, Log } from "./log.ts";

/** A look that comes so much after the last one tells of a stall of this side, not of the peer (PROTOCOL.md section 7). */
const LATE_MS = 1_000;

/** What may be held beyond the bounds of a log. */
interface Spare {
  readonly frames: number;
  readonly bytes: number;
}

const NONE: Spare = { frames: 0, bytes: 0 };

/**
 * Does the peer take what it is sent (PROTOCOL.md section 6.7)? The bounds of a log are for what still waits when the socket
 * had a chance to take it, not for what one turn of the loop makes: while the peer takes what it is sent, one turn may pass
 * them. What is left of that turn is held in addition, and the bounds hold again for all that comes later.
 *
 * Until the driver has looked for the first time the bounds hold as they are.
 */
export class Pace<E extends Entry> {
  readonly #log: Log<E>;
  readonly #highWaterBytes: number;
  readonly #patienceMs: number;
  #isTaking = false;
  #hasMoved = false;
  #spare = NONE;
  /** What waited in the socket at the last look. */
  #buffered = 0;
  #lookedAt = 0;
  /** Since when nothing moved. */
  #stoodSince: number | undefined;

  /** A peer that holds more than the bounds, and takes nothing for `patienceMs`, is given up. */
  constructor(log: Log<E>, highWaterBytes: number, patienceMs: number) {
    this.#log = log;
    this.#highWaterBytes = highWaterBytes;
    this.#patienceMs = patienceMs;
  }

  /** True where another frame of that size keeps the bounds. */
  hasRoom(bytes: number): boolean {
    return this.#log.hasRoom(bytes, this.#spare);
  }

  /** True while the peer takes what it is sent: this turn may pass the bounds. */
  get isTaking(): boolean {
    return this.#isTaking;
  }

  /** True where nothing waits, neither here nor, of these `buffered` bytes, too much in the socket. */
  isClear(buffered: number): boolean {
    return this.#log.waiting === 0 && buffered < this.#highWaterBytes;
  }

  /** True where the driver should look again: something waits, or more is held than the bounds allow. */
  get wantsLook(): boolean {
    return this.#log.waiting > 0 || this.#log.isOver;
  }

  /** True where this turn passed the bounds, and no look has judged it. */
  get isPassing(): boolean {
    return this.#isTaking && this.#log.isOver;
  }

  /** The socket took a frame, or the peer acknowledged some. */
  noteProgress(): void {
    this.#hasMoved = true;
  }

  /**
   * A later turn, after the socket was given what it has room for; `buffered` is what waits in it, in bytes. False where
   * the peer holds more than the bounds and has taken nothing for too long.
   */
  look(now: number, buffered: number): boolean {
    const log = this.#log;
    const hasMoved = this.#hasMoved || buffered < this.#buffered || buffered < this.#highWaterBytes;
    const isLate = now - this.#lookedAt > LATE_MS;
    this.#hasMoved = false;
    this.#buffered = buffered;
    this.#lookedAt = now;
    if (hasMoved) this.#stoodSince = undefined;
    else if (isLate) this.#stoodSince = now;
    else this.#stoodSince ??= now;
    this.#isTaking = hasMoved && !log.isOver;
    if (!log.isOver) this.#spare = NONE;
    else if (this.#spare === NONE) this.#spare = { frames: log.size, bytes: log.bytes };
    else
      this.#spare = { frames: Math.min(this.#spare.frames, log.size), bytes: Math.min(this.#spare.bytes, log.bytes) };
    return !log.isOver || this.#stoodSince === undefined || now - this.#stoodSince < this.#patienceMs;
  }

  /** There is no connection: from now on the bounds hold as they are. */
  reset(): void {
    this.#isTaking = this.#hasMoved = false;
    this.#spare = NONE;
    this.#buffered = 0;
    this.#stoodSince = undefined;
  }
}
