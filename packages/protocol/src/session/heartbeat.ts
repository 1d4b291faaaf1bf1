/** A wake-up that comes so much too late means that this side stood still, not the peer (PROTOCOL.md section 7). */
const LATE_MS = 1_000;

/** What a heartbeat asks for: a ping, or the end of the connection. */
export type Beat = "ping" | "dead" | undefined;

/**
 * Whether the peer lives (PROTOCOL.md section 7): after `intervalMs` without a byte from it a ping is due; a ping that
 * was outstanding for `timeoutMs` ends the connection, unless this side was the one that stood still.
 */
export class Heartbeat {
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  #heardAt: number;
  #pingAt: number | undefined;
  #buffered = 0;
  #repeated = false;

  constructor(intervalMs: number, timeoutMs: number, now: number) {
    this.#intervalMs = intervalMs;
    this.#timeoutMs = timeoutMs;
    this.#heardAt = now;
  }

  get deadline(): number {
    return this.#pingAt === undefined ? this.#heardAt + this.#intervalMs : this.#pingAt + this.#timeoutMs;
  }

  /** Something came from the peer. */
  noteHeard(now: number): void {
    this.#heardAt = now;
    this.#pingAt = undefined;
    this.#repeated = false;
  }

  /** `buffered` is what waits in the socket: where it fell since the ping, the peer is taking data, and lives. */
  wake(now: number, buffered: number): Beat {
    const late = now - this.deadline;
    if (late < 0) return undefined;
    if (this.#pingAt === undefined) return this.#ping(now, buffered);
    if (late > LATE_MS && !this.#repeated) {
      this.#repeated = true;
      return this.#ping(now, buffered);
    }
    if (buffered < this.#buffered) {
      this.#pingAt = now;
      this.#buffered = buffered;
      return undefined;
    }
    return "dead";
  }

  #ping(now: number, buffered: number): Beat {
    this.#pingAt = now;
    this.#buffered = buffered;
    return "ping";
  }
}
