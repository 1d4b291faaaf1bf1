import type { Rejection } from "@sente-lite/protocol";
import { readHint } from "@sente-lite/protocol/session";
import type { Host } from "../host.ts";
import { type Closable, Closing } from "./closing.ts";
import { Drain, type Drainable } from "./drain.ts";

/** How far a server is on its way to its end: it is ready, it drains (PROTOCOL.md section 6.9), it is closed. */
export class Shutdown {
  readonly #host: Host;
  #drain: Drain | undefined;
  #closing: Closing | undefined;
  #isClosed = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** True while new clients are served. */
  get isReady(): boolean {
    return this.#drain === undefined && !this.#isClosed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Once it drains: what a client is told of when to come again. */
  get hint(): string | undefined {
    return this.#drain?.hint;
  }

  /** Once it drains: why nobody is let in. */
  get rejection(): Rejection | undefined {
    return this.hint === undefined ? undefined : { status: 503, body: "the server drains", ...readHint(this.hint) };
  }

  /** Begins to drain; resolves when none of those connections is left to close, after `drainMs` at the latest. */
  drain(connections: readonly Drainable[], drainMs: number): Promise<void> {
    this.#drain = new Drain(this.#host, connections, drainMs);
    return this.#drain.done;
  }

  /** Drains no longer: closes at once what is left to drain. */
  finish(): void {
    this.#drain?.finish();
  }

  /** From here on nobody is let in. */
  close(): void {
    this.#isClosed = true;
  }

  /** Closes those connections, once their clients have told what arrived, or after a second. */
  closeAll(connections: Iterable<Closable>): Promise<void> {
    this.#closing = new Closing(this.#host, connections);
    return this.#closing.run();
  }

  /** That work is done, on which no connection waits. */
  noteWorkDone(work: Drainable): void {
    this.#drain?.noteIdle(work);
  }

  /** That connection may be busy no longer. */
  noteIdle(connection: Drainable & Closable): void {
    this.#drain?.noteIdle(connection);
    this.#closing?.noteIdle(connection);
  }
}
