import type { HandshakeRequest, Headers, URL } from "@sente-lite/protocol";
import { type NamedSession, readProtocols, SUBPROTOCOL } from "@sente-lite/protocol/session";

/** What a runtime knows of an upgrade request. */
export interface UpgradeRequest {
  readonly url: URL;
  readonly headers: Headers;
  readonly remoteAddress?: string | undefined;
  readonly raw: unknown;
}

/** The handshake's parameters (PROTOCOL.md section 1). */
export interface Parameters {
  /** Undefined where the peer sent none: it speaks the bare form. */
  readonly clientId: string | undefined;
  /** True for our own clients. */
  readonly ownPeer: boolean;
  readonly codec: string | undefined;
  readonly csrfToken: string | undefined;
  /** Rises for the life of a client object of ours. */
  readonly attempt: number;
  /** The session that a client of ours wants back. */
  readonly session: NamedSession | undefined;
  /** The subprotocol to answer with. */
  readonly protocol: string | undefined;
}

export function readParameters(request: UpgradeRequest): Parameters {
  const { searchParams } = request.url;
  const { offered, csrfToken, session } = readProtocols(request.headers.get("sec-websocket-protocol"));
  return {
    clientId: searchParams.get("client-id") || undefined,
    ownPeer: searchParams.get("sente-lite") === "1",
    codec: searchParams.get("codec") ?? undefined,
    csrfToken:
      searchParams.get("csrf-token") ??
      request.headers.get("x-csrf-token") ??
      request.headers.get("x-xsrf-token") ??
      csrfToken,
    attempt: attemptOf(searchParams.get("attempt")),
    session,
    protocol: offered.includes(SUBPROTOCOL) ? SUBPROTOCOL : undefined,
  };
}

export function handshakeRequest(request: UpgradeRequest, clientId: string): HandshakeRequest {
  const { url, headers, remoteAddress, raw } = request;
  return { url, headers, clientId, remoteAddress, raw };
}

/** An attempt that is no number is the first. */
function attemptOf(given: string | null): number {
  const attempt = Number(given);
  return Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1;
}
