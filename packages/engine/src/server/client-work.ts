import type { Peer, Worker } from "../delivery.ts";
import { RequestsInFlight } from "./limits/requests-in-flight.ts";
import type { SlowHandlers } from "./limits/slow-handlers.ts";

export interface ClientWorkOptions {
  /** Whose handlers they are. */
  readonly peer: Peer;
  readonly slowHandlers: SlowHandlers;
  /** Called each time that no work is left. */
  readonly onIdle: () => void;
}

/** What the application does for one client: the handlers that work, and the requests that have no reply. */
export class ClientWork implements Worker {
  readonly requests: RequestsInFlight = new RequestsInFlight();
  readonly #options: ClientWorkOptions;
  #working = 0;

  constructor(options: ClientWorkOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#working === 0;
  }

  beginWork(): void {
    this.#working++;
  }

  endWork(): void {
    if (--this.#working === 0) this.#options.onIdle();
  }

  watchHandler(id: string): () => void {
    const { peer, slowHandlers } = this.#options;
    const working = slowHandlers.begin(peer, id);
    return () => slowHandlers.end(working);
  }
}
