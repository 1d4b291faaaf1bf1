import { UsageError } from "@sente-lite/protocol";
import type { Peer } from "../../delivery.ts";
import type { Host, Timer } from "../../host.ts";

/** A handler at work. */
export interface Working {
  readonly peer: Peer;
  readonly id: string;
  readonly since: number;
}

export interface SlowHandlersOptions {
  readonly host: Pick<Host, "setTimer" | "clearTimer">;
  /** Machine time. */
  readonly now: () => number;
  readonly slowHandlerMs: number;
}

/** Tells of handlers that hold the queue of their connection for long: each once, while it still works. */
export class SlowHandlers {
  readonly #options: SlowHandlersOptions;
  /** The one that began first stands first. */
  readonly #working = new Set<Working>();
  #timer: Timer;

  constructor(options: SlowHandlersOptions) {
    this.#options = options;
  }

  /** An asynchronous handler began; `end` takes what this returns. */
  begin(peer: Peer, id: string): Working {
    const working = { peer, id, since: this.#options.now() };
    this.#working.add(working);
    if (this.#working.size === 1) this.#arm(working);
    return working;
  }

  end(working: Working): void {
    this.#working.delete(working);
    if (this.#working.size === 0) this.#options.host.clearTimer(this.#timer);
  }

  /** The server ends: no handler holds up anybody any more. */
  stop(): void {
    this.#working.clear();
    this.#options.host.clearTimer(this.#timer);
  }

  #arm({ since }: Working): void {
    const { host, now, slowHandlerMs } = this.#options;
    if (slowHandlerMs === Number.POSITIVE_INFINITY) return;
    host.clearTimer(this.#timer);
    this.#timer = host.setTimer(Math.max(1, since + slowHandlerMs - now()), () => this.#look());
  }

  #look(): void {
    const { now, slowHandlerMs } = this.#options;
    for (const working of this.#working) {
      if (now() - working.since < slowHandlerMs) {
        this.#arm(working);
        return;
      }
      this.#working.delete(working);
      const error = new UsageError("slow-handler", `a handler has worked for over ${slowHandlerMs} ms on one event`);
      working.peer.report(error, { source: "handler", id: working.id });
    }
  }
}
