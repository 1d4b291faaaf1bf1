import type { HandshakeHeaders, HandshakeRequest, HandshakeUrl, ServerLimits } from "@sente-lite/protocol";
import type { Peer } from "../delivery.ts";
import type { Host } from "../host.ts";
import type { Incoming } from "../incoming.ts";
import { makeLooseQueue } from "./aside.ts";

const web = globalThis as unknown as {
  readonly URL: new (url: string) => HandshakeUrl;
  readonly Headers: new () => HandshakeHeaders;
};

export interface ElsewhereOptions {
  readonly host: Host;
  readonly limits: ServerLimits;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/**
 * A user of whom this node tells, and who was at another: it has no connection here, so what is told of it has no context, no
 * client id, and a request that nobody made.
 */
export class Elsewhere<Context> implements Peer {
  readonly uid: string | null;
  readonly clientId = "";
  readonly incoming: Incoming;
  readonly admitted: { readonly context: Context; readonly request: HandshakeRequest };
  readonly #options: ElsewhereOptions;

  constructor(uid: string | null, options: ElsewhereOptions) {
    this.uid = uid;
    this.#options = options;
    this.incoming = makeLooseQueue(options.limits);
    const request = { url: new web.URL("http://localhost/"), headers: new web.Headers(), clientId: "", raw: undefined };
    this.admitted = { context: undefined as Context, request };
  }

  report(error: unknown, context: Readonly<Record<string, unknown>>): void {
    this.#options.report(error, { uid: this.uid, ...context });
  }

  warn(message: string): void {
    this.#options.host.log.warn(message);
  }
}
