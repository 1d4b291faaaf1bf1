import type { Peer } from "../delivery.ts";
import { Incoming, type IncomingLimits } from "../incoming.ts";
import type { EventSource } from "./event-source.ts";

/** A queue of nobody's that could be told to wait. */
export function makeLooseQueue(limits: IncomingLimits): Incoming {
  const peer = { pause: () => {}, resume: () => {}, overflow: () => {}, noteDropped: () => {} };
  return new Incoming({ peer, limits });
}

/** A connection with a queue of its own for one event: what does not wait for what its handlers are busy with. */
export class Aside<Context> implements Peer {
  readonly uid: string | null;
  readonly clientId: string;
  readonly admitted: EventSource<Context>["admitted"];
  readonly incoming: Incoming;
  readonly #source: Peer;

  constructor(source: EventSource<Context>, limits: IncomingLimits) {
    this.uid = source.uid;
    this.clientId = source.clientId;
    this.admitted = source.admitted;
    this.incoming = makeLooseQueue(limits);
    this.#source = source;
  }

  report(error: unknown, context: Readonly<Record<string, unknown>>): void {
    this.#source.report(error, context);
  }

  warn(message: string): void {
    this.#source.warn(message);
  }
}
