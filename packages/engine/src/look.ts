import type { Host, Timer } from "./host.ts";
import { DRAIN_POLL_MS } from "./sockets.ts";

/** What a session wants to know of its socket. */
export interface Looked {
  /** True where something waits for the socket, or more is held than the bounds allow. */
  readonly wantsLook: boolean;
  /** True where this turn passed the bounds: the next judges it. */
  readonly isPassing: boolean;
}

/**
 * Plans when a socket is looked at again (PROTOCOL.md section 6.7): in the next turn, and then at intervals for as long
 * as it is full or something waits for it. Not every runtime tells when there is room, and none tells it for every
 * mark.
 */
export class Looks {
  readonly #host: Host;
  readonly #session: Looked;
  readonly #look: () => void;
  #timer: Timer;
  #isPlanned = false;
  #isSoon = false;
  /** The last look found it full, or something waiting. */
  #isStanding = false;

  constructor(host: Host, session: Looked, look: () => void) {
    this.#host = host;
    this.#session = session;
    this.#look = look;
  }

  /** The socket was given what it has room for. */
  plan(isFull: boolean): void {
    const { wantsLook, isPassing } = this.#session;
    if (!isFull && !wantsLook) {
      this.#isStanding = false;
      return;
    }
    const isSoon = isPassing || !this.#isStanding;
    if (this.#isPlanned && (this.#isSoon || !isSoon)) return;
    this.stop();
    this.#isPlanned = true;
    this.#isSoon = isSoon;
    this.#timer = this.#host.setTimer(isSoon ? 0 : DRAIN_POLL_MS, () => {
      this.#isPlanned = false;
      this.#isStanding = true;
      this.#look();
    });
  }

  stop(): void {
    if (this.#isPlanned) this.#host.clearTimer(this.#timer);
    this.#isPlanned = false;
  }
}
