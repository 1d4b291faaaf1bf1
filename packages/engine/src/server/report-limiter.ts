import type { Host } from "../host.ts";

const WINDOW_MS = 60_000;
/** Keys that are remembered; a peer may choose them. */
const MAX_KEYS = 100;

/**
 * Lets one report through per key and minute: a peer that comes again and again causes the same again and again. Where
 * more keys come in a minute than are remembered, the others are left out.
 */
export class ReportLimiter {
  readonly #host: Pick<Host, "now">;
  readonly #keys = new Set<string>();
  #from = Number.NEGATIVE_INFINITY;

  constructor(host: Pick<Host, "now">) {
    this.#host = host;
  }

  /** True where this report goes through. */
  allows(key: string): boolean {
    const now = this.#host.now();
    // The clock may have been set back.
    if (Math.abs(now - this.#from) >= WINDOW_MS) {
      this.#from = now;
      this.#keys.clear();
    }
    if (this.#keys.has(key) || this.#keys.size >= MAX_KEYS) return false;
    this.#keys.add(key);
    return true;
  }
}
