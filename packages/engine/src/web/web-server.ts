import type { HandshakeHeaders } from "@sente-lite/protocol";
import { type Addressed, addressOf, pathOf } from "../server/address.ts";
import {
  type Answer,
  asksForWebSocket,
  BAD_REQUEST,
  NOTHING_HERE,
  READY_PATH,
  readiness,
  upgradeFault,
} from "../server/answer.ts";
import type { Decision } from "../server/decision.ts";
import type { ServerCore } from "../server/server.ts";

// What servers that speak the web's Request and Response share. Types are structural, and take on the runtime's own
// where the user's project has them.

/** The part of the web's `Request` that is needed. */
export interface WebRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: HandshakeHeaders;
}

/** The runtime's `Response`, where its types are known. */
export type WebResponse = typeof globalThis extends { Response: { new (...args: never[]): infer R } } ? R : unknown;

export type Accepted = Extract<Decision, { type: "accept" }>;

export interface FetchOptions<R> {
  readonly core: Pick<ServerCore<never>, "admit" | "report">;
  /** As `mountPath` has it. */
  readonly path: string;
  readonly remoteAddress: string | undefined;
  /** Upgrades the request; undefined where it could not be. */
  readonly upgrade: (request: R, decision: Accepted) => WebResponse | "upgraded" | undefined;
  /** Whether its peer has gone, for a runtime that must not upgrade such a request. */
  readonly hasGone?: (request: R) => Promise<boolean>;
}

// Constructors are named as globals when they are needed: this package knows neither DOM nor Bun nor Deno.
const web = globalThis as unknown as {
  readonly Headers: new (init: unknown) => HandshakeHeaders;
  readonly Response: new (body: string, init: object) => WebResponse;
};

/** True where a request is for the channel socket's path, and where it cannot be said what it is for. */
export function isFor(request: Addressed, path: string): boolean {
  const address = addressOf(request);
  return address === undefined || pathOf(address) === path;
}

/** Answers one request: an upgrade at the path, else 4xx. `undefined` where the runtime has taken it over. */
export async function respond<R extends WebRequest>(
  request: R,
  options: FetchOptions<R>,
): Promise<WebResponse | undefined> {
  const { core, path, remoteAddress, upgrade } = options;
  const url = addressOf(request);
  if (url === undefined) return response(BAD_REQUEST);
  if (pathOf(url) !== path) return response(NOTHING_HERE);
  const fault = upgradeFault(request.method, request.headers);
  if (fault !== undefined) return response(fault);
  // A copy: once upgraded, a runtime may forget the request, and handlers are given it for as long as they are called.
  const headers = new web.Headers(request.headers);
  const decision = await core.admit({ url, headers, remoteAddress, isSecure: isSecure(request), raw: request });
  if (decision.type === "refuse") return response(decision);
  if (await options.hasGone?.(request)) {
    decision.abandon();
    return response(BAD_REQUEST);
  }
  try {
    const upgraded = upgrade(request, decision);
    if (upgraded === "upgraded") return undefined;
    if (upgraded !== undefined) return upgraded;
  } catch (error) {
    core.report(error, { source: "upgrade" });
  }
  decision.abandon();
  return response(BAD_REQUEST);
}

/** True over TLS of this runtime; a proxy may have it too, of which nobody knows here. */
function isSecure({ url }: WebRequest): true | undefined {
  return /^https:/i.test(url) || undefined;
}

/** What `listen` answers a readiness probe; undefined for every other request. */
export function answerToProbe(
  request: WebRequest,
  server: { readonly isReady: () => boolean },
): WebResponse | undefined {
  const address = addressOf(request);
  if (address === undefined || pathOf(address) !== READY_PATH || asksForWebSocket(request.headers)) return undefined;
  return response(readiness(server.isReady()));
}

/** What `listen` answers where `fetch` rejects: its user is told why, and the peer is not. */
export function answerToFailure(core: Pick<ServerCore<never>, "report">, error: unknown): WebResponse {
  core.report(error, { source: "fetch" });
  return response({ status: 500, body: "the request failed" });
}

/** What Sente's `ajax-post-fn` is answered here. */
export function noAjax(): WebResponse {
  return response({ status: 501, body: "there is no Ajax fallback" });
}

/** One short line of text. */
export function response({ status, body, headers }: Answer): WebResponse {
  return new web.Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });
}
