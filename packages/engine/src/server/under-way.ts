import type { Host } from "../host.ts";

/** What a server began with the help of its backplane, and waits for as it ends. */
export class UnderWay {
  readonly #works = new Set<Promise<unknown>>();

  add(work: Promise<unknown>): void {
    this.#works.add(work);
    const end = () => void this.#works.delete(work);
    work.then(end, end);
  }

  /** Resolves when nothing is under way any more, after `patienceMs` at the latest. Never rejects. */
  async settle(host: Host, patienceMs: number): Promise<void> {
    if (this.#works.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = host.setTimer(patienceMs, resolve);
      void this.#settleAll().then(() => {
        host.clearTimer(timer);
        resolve();
      });
    });
  }

  async #settleAll(): Promise<void> {
    while (this.#works.size > 0) await Promise.allSettled(this.#works);
  }
}
