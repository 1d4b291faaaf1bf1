import { createErrorChan, type ErrorChan, type ErrorContext } from "@sente-lite/protocol";
import type { Host } from "../host.ts";

/** What went wrong with a client: the latest is part of its state, and what no caller is told of goes to its error channel. */
export class ClientErrors {
  readonly chan: ErrorChan;
  #last: Error | null = null;

  constructor(host: Host) {
    this.chan = createErrorChan(host);
  }

  get last(): Error | null {
    return this.#last;
  }

  /** Reports an error that no caller is told of. */
  report(error: unknown, context: ErrorContext): void {
    this.note(error instanceof Error ? error : new Error(String(error)));
    this.chan.report(error, context);
  }

  /** Remembers an error that others tell of. */
  note(error: Error): void {
    this.#last = error;
  }
}
