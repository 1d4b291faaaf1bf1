import { ProtocolError } from "@sente-lite/protocol";

/** This many sockets that linger are reported. */
export const MANY_LINGERING = 100;

/** Counts the sockets that nobody uses any more and the runtime cannot give back, and tells when they pile up. */
export class Lingering {
  readonly #report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  #count = 0;
  #isTold = false;

  constructor(report: (error: unknown, context: Readonly<Record<string, unknown>>) => void) {
    this.#report = report;
  }

  get count(): number {
    return this.#count;
  }

  /** One more; returns what to call once it has closed after all. */
  add(): () => void {
    this.#count++;
    if (this.#count >= MANY_LINGERING && !this.#isTold) {
      this.#isTold = true;
      const message = `${this.#count} sockets of peers that were closed and do not hang up are still open, and this runtime cannot cut them: metrics().socketsLingering counts them`;
      this.#report(new ProtocolError("sockets-linger", message), { source: "sockets" });
    }
    let isGone = false;
    return () => {
      if (isGone) return;
      isGone = true;
      this.#count--;
      // The next time that they pile up is reported again.
      if (this.#count === 0) this.#isTold = false;
    };
  }
}
