import type { Headers, URL } from "@sente-lite/protocol";
import type { Decision, ServerCore } from "../server/server.ts";

// What servers that speak the web's Request and Response share. Types are structural, and take on the runtime's own
// where the user's project has them.

/** The part of the web's `Request` that is needed. */
export interface WebRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
}

/** The runtime's `Response`, where its types are known. */
export type WebResponse = typeof globalThis extends { Response: { new (...args: never[]): infer R } } ? R : unknown;

export type Accepted = Extract<Decision, { type: "accept" }>;

export interface FetchOptions<R> {
  readonly core: Pick<ServerCore<never>, "admit">;
  readonly path: string;
  readonly remoteAddress: string | undefined;
  /** Upgrades the request; undefined where it could not be. */
  readonly upgrade: (request: R, decision: Accepted) => WebResponse | "upgraded" | undefined;
}

/** True where a request is for the channel socket's path. */
export function isFor(request: { readonly url: string }, path: string): boolean {
  return urlOf(request.url).pathname === path;
}

/** Answers one request: an upgrade at the path, else 404 or 426. `undefined` where the runtime has taken it over. */
export async function respond<R extends WebRequest>(
  request: R,
  options: FetchOptions<R>,
): Promise<WebResponse | undefined> {
  const { core, path, remoteAddress, upgrade } = options;
  if (!isFor(request, path)) return response(404, "nothing here");
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
    return response(426, "a channel socket, for WebSockets");
  const { url, headers } = request;
  const decision = await core.admit({ url: urlOf(url), headers, remoteAddress, raw: request });
  if (decision.type === "refuse") return response(decision.status, decision.body);
  const upgraded = upgrade(request, decision);
  if (upgraded === "upgraded") return undefined;
  return upgraded ?? response(400, "not upgraded");
}

/** Where `listen` answers a readiness probe. */
export const READY_PATH = "/ready";

/** The answer to a readiness probe: 200, and 503 once the server is told to end. */
export function readiness(server: { readonly isReady: () => boolean }): WebResponse {
  return server.isReady() ? response(200, "ready") : response(503, "not ready");
}

/** What Sente's `ajax-post-fn` is answered here. */
export function noAjax(): WebResponse {
  return response(501, "there is no Ajax fallback");
}

function response(status: number, body: string): WebResponse {
  const { Response } = globalThis as unknown as { readonly Response: new (body: string, init: object) => WebResponse };
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}

function urlOf(url: string): URL {
  return new (globalThis as unknown as { readonly URL: new (url: string) => URL }).URL(url);
}
