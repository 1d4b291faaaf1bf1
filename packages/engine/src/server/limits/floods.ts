import type { Host } from "../../host.ts";
import { placeOf } from "./ip-address.ts";

/** Whoever comes from an address after a flood waits so long. */
const DELAY_MS = 1_000;
/** Addresses that are remembered, and requests that wait: those beyond are served as ever. */
const MAX_ADDRESSES = 1_000;
const MAX_WAITING = 100;

/**
 * Addresses from which a connection came that brought more at once than may wait, so that all others waited for it, as its
 * runtime could not stop it. It is closed, and would do the same again at once: who comes from there next waits for a second.
 */
export class Floods {
  readonly #host: Pick<Host, "setTimer">;
  /** Machine time. */
  readonly #now: () => number;
  readonly #until = new Map<string, number>();
  #waiting = 0;

  constructor(host: Pick<Host, "setTimer">, now: () => number) {
    this.#host = host;
    this.#now = now;
  }

  note(remoteAddress: string | undefined): void {
    if (remoteAddress === undefined) return;
    const address = placeOf(remoteAddress);
    this.#until.delete(address);
    const [oldest] = this.#until.set(address, this.#now() + DELAY_MS).keys();
    if (this.#until.size > MAX_ADDRESSES && oldest !== undefined) this.#until.delete(oldest);
  }

  /** Undefined for whoever need not wait, which is nearly everybody. */
  delay(remoteAddress: string | undefined): Promise<void> | undefined {
    if (this.#until.size === 0 || remoteAddress === undefined || this.#waiting >= MAX_WAITING) return undefined;
    const address = placeOf(remoteAddress);
    const leftMs = (this.#until.get(address) ?? 0) - this.#now();
    if (leftMs <= 0) {
      this.#until.delete(address);
      return undefined;
    }
    this.#waiting++;
    return new Promise((resolve) => {
      this.#host.setTimer(leftMs, () => {
        this.#waiting--;
        resolve();
      });
    });
  }
}
