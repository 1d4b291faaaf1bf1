import { writeHint } from "@sente-lite/protocol/session";
import type { Host, Timer } from "../host.ts";

/** What is closed while a server drains. */
export interface Drainable {
  /** True while its events wait for handlers or one works, or its client has not told what arrived. */
  readonly isBusy: boolean;
  /** From now on it takes no events, where its client keeps them for the next server. */
  takeNoMore(): void;
  /** Asks the client to tell what arrived. */
  askForAcks(): void;
  /** Closes it with 4503, after what waits; where another server goes on with its session, once that can, and resolves then. */
  drain(reason: string): Promise<void> | undefined;
}

/** The connections are divided into this many stages. */
const STAGES = 10;
/** New clients are told to spread over at least so much. */
const MIN_SPREAD_MS = 500;

/**
 * Closes connections in stages over half of `drainMs`, so that their clients do not come back in one instant. At its turn
 * a connection takes no more events, and is closed once what it took was handled and its client has told what arrived;
 * after `drainMs` all of them are.
 */
export class Drain {
  /** The close reason for clients that come while it drains: the hint of PROTOCOL.md section 8.3. */
  readonly hint: string;
  /** Resolves when none is left to close. */
  readonly done: Promise<void>;
  readonly #host: Host;
  readonly #left: Set<Drainable>;
  /** Those whose turn has come. */
  readonly #due = new Set<Drainable>();
  readonly #timers: Timer[] = [];
  /** Those whose session is on its way to another server. */
  #leaving = 0;
  #resolve: () => void = () => {};

  constructor(host: Host, connections: readonly Drainable[], drainMs: number) {
    const stageMs = Math.ceil(drainMs / 2 / STAGES);
    const perStage = Math.max(1, Math.ceil(connections.length / STAGES));
    this.#host = host;
    this.#left = new Set(connections);
    this.hint = writeHint({ retryInMs: 0, spreadMs: Math.max(MIN_SPREAD_MS, stageMs) });
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (let from = 0, n = 0; from < connections.length; from += perStage, n++) {
      const stage = connections.slice(from, from + perStage);
      this.#timers.push(host.setTimer(n * stageMs, () => this.#begin(stage)));
    }
    this.#timers.push(host.setTimer(connections.length === 0 ? 0 : drainMs, () => this.finish()));
  }

  /** That connection may be busy no longer. */
  noteIdle(connection: Drainable): void {
    if (this.#due.has(connection) && !connection.isBusy) this.#close(connection);
  }

  /** Closes all that is left. */
  finish(): void {
    for (const connection of [...this.#left]) this.#close(connection);
    this.#end();
  }

  #begin(stage: readonly Drainable[]): void {
    for (const connection of stage) {
      this.#due.add(connection);
      connection.takeNoMore();
      connection.askForAcks();
      if (!connection.isBusy) this.#close(connection);
    }
  }

  #close(connection: Drainable): void {
    this.#due.delete(connection);
    if (!this.#left.delete(connection)) return;
    const leaving = connection.drain(this.hint);
    if (leaving !== undefined) {
      this.#leaving++;
      void leaving.then(() => {
        this.#leaving--;
        this.#end();
      });
    }
    this.#end();
  }

  /** Nothing is left to do, where nobody is left and no session is on its way. */
  #end(): void {
    if (this.#left.size > 0) return;
    for (const timer of this.#timers) this.#host.clearTimer(timer);
    if (this.#leaving === 0) this.#resolve();
  }
}
