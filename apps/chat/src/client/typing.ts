import { TYPING_MS } from "../domain/events.ts";
import { MAX_LIST } from "../domain/limits.ts";
import type { ViewInput } from "./view.ts";

/** How often the others are told that we are still writing. */
const TYPING_EVERY_MS = TYPING_MS / 2;

export interface TypingOptions {
  readonly now: () => number;
  /** Calls the function later, unless what it returns is called before. Default: by setTimeout. */
  readonly runLater: ((ms: number, fn: () => void) => () => void) | undefined;
  /** Our own user id. */
  readonly me: () => string | null;
  readonly apply: (input: ViewInput) => void;
}

/** Who is writing: what the others are told of us, and what we show of them. */
export class Typing {
  readonly #options: TypingOptions;
  #told: { readonly room: string; readonly at: number } | undefined;
  /** By room and user, what stops the timer after which nobody counts as writing any longer. */
  readonly #shown = new Map<string, () => void>();

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  /** We write in that room: calls `send` where the others were not told of it lately. */
  tell(room: string, send: () => void): void {
    const { now } = this.#options;
    if (this.#told?.room === room && now() - this.#told.at < TYPING_EVERY_MS) return;
    this.#told = { room, at: now() };
    send();
  }

  /** What we wrote is sent, which ends our writing; the next key begins it anew. */
  end(): void {
    this.#told = undefined;
  }

  /** Shows that someone is writing, and no longer when nothing more is heard of it. */
  show(room: string, uid: string): void {
    const { me, apply, runLater = runByTimeout } = this.#options;
    const key = `${room}/${uid}`;
    if (uid === me() || (this.#shown.size >= MAX_LIST && !this.#shown.has(key))) return;
    apply({ type: "typing", room, uid });
    this.#shown.get(key)?.();
    const forget = () => {
      this.#shown.delete(key);
      apply({ type: "typed", room, uid });
    };
    this.#shown.set(key, runLater(TYPING_MS, forget));
  }

  /** Stops every timer; shows nothing any more. */
  stop(): void {
    for (const stop of this.#shown.values()) stop();
    this.#shown.clear();
  }
}

function runByTimeout(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}
