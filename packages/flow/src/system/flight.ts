import { ReplyError } from "@sente-lite/protocol";
import type { Origin } from "../steps/step.ts";
import type { About } from "./process.ts";

/** All that comes of one value of a source, until the last of it has been dealt with. */
export class Flight implements Origin {
  /** When it began, by the clock's span. */
  readonly begunAt: number;
  readonly #about: About;
  readonly #landed: (flight: Flight) => void;
  #aloft = 0;
  #waiting: (() => void)[] | undefined;

  constructor(about: About, begunAt: number, landed: (flight: Flight) => void) {
    this.#about = about;
    this.begunAt = begunAt;
    this.#landed = landed;
  }

  get context(): Origin["context"] {
    return this.#about.context ?? {};
  }

  get key(): unknown {
    return this.#about.key;
  }

  readonly reply: Origin["reply"] = (value) => this.#about.replyFn?.(value) ?? false;

  /** Refuses the request that it was, if it was one. What an error says is for the error channel, not for the peer. */
  refuse(error: unknown): void {
    try {
      this.reply(error instanceof ReplyError ? error : new ReplyError("error", { message: "the handler failed" }));
    } catch {
      // The way back is broken: who asked learns of it by its timeout.
    }
  }

  /** One more value is on its way. */
  enter(): void {
    this.#aloft++;
  }

  /** One was dealt with. */
  leave(): void {
    if (--this.#aloft > 0) return;
    this.#landed(this);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const resolve of waiting ?? []) resolve();
  }

  /** Resolves when nothing of it is left; undefined where that is so. */
  landing(): Promise<void> | undefined {
    if (this.#aloft === 0) return undefined;
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }
}
