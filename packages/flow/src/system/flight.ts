import { isReplyError, ReplyError } from "@sente-lite/protocol";
import type { Origin } from "../steps/step.ts";
import type { About } from "./process.ts";

/** The way of one value of a source through the system: the value, and all that comes of it, until all is dealt with. */
export class Flight implements Origin {
  /** When it began, by the clock's span. */
  readonly begunAt: number;
  readonly #about: About;
  readonly #onLanded: (flight: Flight) => void;
  #aloft = 0;
  #waiting: (() => void)[] | undefined;

  constructor(about: About, begunAt: number, onLanded: (flight: Flight) => void) {
    this.#about = about;
    this.begunAt = begunAt;
    this.#onLanded = onLanded;
  }

  get context(): Origin["context"] {
    return this.#about.context ?? {};
  }

  get key(): unknown {
    return this.#about.key;
  }

  readonly reply: Origin["reply"] = (value) => this.#about.replyFn?.(value) ?? false;

  /** Refuses the request, where there is one. What an error says is for the error channel, not for the peer. */
  refuse(error: unknown): void {
    try {
      this.reply(isReplyError(error) ? error : new ReplyError("error", { message: "the handler failed" }));
    } catch {
      // The answer cannot be sent: who asked learns of it by its timeout.
    }
  }

  /** One more value is on its way. */
  enter(): void {
    this.#aloft++;
  }

  /** One was dealt with. */
  leave(): void {
    if (--this.#aloft > 0) return;
    this.#onLanded(this);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const resolve of waiting ?? []) resolve();
  }

  /** Resolves when all is dealt with; undefined where it is already. */
  awaitLanding(): Promise<void> | undefined {
    if (this.#aloft === 0) return undefined;
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }
}
