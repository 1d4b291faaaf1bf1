import type { HandshakeHeaders } from "@sente-lite/protocol";

/** An answer over HTTP: what a request is told that does not become a WebSocket. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const BAD_REQUEST: Answer = { status: 400, body: "bad request" };
export const NOTHING_HERE: Answer = { status: 404, body: "nothing here" };

/** When a refused peer may come again (RFC 9110 section 10.2.3): whole seconds. */
export function retryAfter(ms: number): Readonly<Record<string, string>> {
  return { "retry-after": String(Math.ceil(ms / 1_000)) };
}

/** Where `listen` answers a readiness probe. */
export const READY_PATH = "/ready";

/** The answer to a readiness probe: 200, and 503 once the server is told to end. */
export function readiness(isReady: boolean): Answer {
  return isReady ? { status: 200, body: "ready" } : { status: 503, body: "not ready" };
}

/** True for a request that asks for a WebSocket, and not for another protocol (h2c, TLS). */
export function asksForWebSocket(headers: Pick<HandshakeHeaders, "get">): boolean {
  return hasToken(headers.get("upgrade"), "websocket");
}

/** What is wrong with a request for a WebSocket by RFC 6455 section 4.2.1; undefined for one that can be accepted. */
export function upgradeFault(method: string | undefined, headers: Pick<HandshakeHeaders, "get">): Answer | undefined {
  if (!asksForWebSocket(headers)) {
    return { status: 426, body: "a channel socket, for WebSockets", headers: { upgrade: "websocket" } };
  }
  if (method !== "GET") return { status: 405, body: "a WebSocket is asked for with GET", headers: { allow: "GET" } };
  if (headers.get("sec-websocket-version") !== "13") {
    return { status: 426, body: "WebSockets of version 13", headers: { "sec-websocket-version": "13" } };
  }
  const key = headers.get("sec-websocket-key") ?? "";
  if (!hasToken(headers.get("connection"), "upgrade") || !/^[+/\dA-Za-z]{22}==$/.test(key)) return BAD_REQUEST;
  return undefined;
}

/** Whether a header that is a list has that word in it, in whatever case. */
function hasToken(list: string | null, token: string): boolean {
  return (list ?? "").split(",").some((one) => one.trim().toLowerCase() === token);
}
