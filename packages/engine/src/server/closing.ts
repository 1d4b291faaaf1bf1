import { closeCodes } from "@sente-lite/protocol/session";
import type { Host, Timer } from "../host.ts";

/** What is closed when a server ends. */
export interface Closable {
  /** True while its client may still tell that what was sent arrived. */
  readonly awaitsAck: boolean;
  /** Asks the client to tell what arrived. */
  askForAcks(): void;
  /** Closes it; where another server goes on with its session, once that can, and resolves then. */
  closeWithServer(code: number, reason: string): Promise<void> | undefined;
}

/** A server that closes without a drain waits so long for clients to tell what arrived. */
const ASK_MS = 1_000;

/** Closes connections, each as soon as nothing that was sent to it is unacknowledged; after a second all of them. */
export class Closing {
  readonly #host: Host;
  readonly #left: Set<Closable>;
  /** Sessions on their way to another server. */
  readonly #leaving: Promise<void>[] = [];
  #timer: Timer;
  #resolve: () => void = () => {};

  constructor(host: Host, connections: Iterable<Closable>) {
    this.#host = host;
    this.#left = new Set(connections);
  }

  /** Asks all; resolves when all are closed. */
  run(): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
    this.#timer = this.#host.setTimer(ASK_MS, () => this.#finish());
    for (const connection of this.#left) {
      connection.askForAcks();
      this.noteIdle(connection);
    }
    if (this.#left.size === 0) this.#finish();
    return done;
  }

  /** That connection may have nothing left to wait for. */
  noteIdle(connection: Closable): void {
    if (!connection.awaitsAck) this.#close(connection);
    if (this.#left.size === 0) this.#finish();
  }

  #close(connection: Closable): void {
    if (!this.#left.delete(connection)) return;
    const leaving = connection.closeWithServer(closeCodes.restart, "the server closes");
    if (leaving !== undefined) this.#leaving.push(leaving);
  }

  #finish(): void {
    this.#host.clearTimer(this.#timer);
    for (const connection of this.#left) this.#close(connection);
    if (this.#leaving.length === 0) this.#resolve();
    else void Promise.all(this.#leaving).then(() => this.#resolve());
  }
}
