import {
  type HandshakeHeaders,
  type HandshakeRequest,
  type HandshakeUrl,
  MAX_CLIENT_ID_LENGTH,
} from "@sente-lite/protocol";
import {
  allFeatures,
  baselineFeatures,
  type FeatureSet,
  type NamedSession,
  noFeatures,
  readFeatures,
  readProtocols,
  SUBPROTOCOL,
} from "@sente-lite/protocol/session";

/** What a runtime knows of an upgrade request. */
export interface UpgradeRequest {
  readonly url: HandshakeUrl;
  readonly headers: HandshakeHeaders;
  readonly remoteAddress?: string | undefined;
  /** The host that the client asked for, where a trusted proxy says so; else that is what the header says. */
  readonly host?: string | undefined;
  /** True over TLS; false where a trusted proxy says so. Else nobody knows what is in front of the server. */
  readonly isSecure?: boolean | undefined;
  readonly raw: unknown;
}

/** The handshake's parameters (PROTOCOL.md section 1). */
export interface Parameters {
  /** Undefined where the peer sent none: it speaks the bare form. */
  readonly clientId: string | undefined;
  /** True for our own clients. */
  readonly ownPeer: boolean;
  /** What the client knows of what we add to Sente's wire (PROTOCOL.md section 1.8), and whether it named them. */
  readonly features: FeatureSet;
  readonly namesFeatures: boolean;
  readonly codec: string | undefined;
  readonly csrfToken: string | undefined;
  /** Rises for the life of a client object of ours. */
  readonly attempt: number;
  /** A secret of the client object that tells its attempts from those of others. */
  readonly instance: string | undefined;
  /** The session that a client of ours wants back. */
  readonly session: NamedSession | undefined;
  /** The subprotocol to answer with. */
  readonly protocol: string | undefined;
}

/** Names in the query that are the protocol's. */
export const ownParameters: ReadonlySet<string> = new Set([
  "client-id",
  "csrf-token",
  "sente-lite",
  "features",
  "attempt",
  "client-instance",
  "codec",
]);

/** Reads them; of the features it takes those that this server has. */
export function readParameters(request: UpgradeRequest, has: FeatureSet = allFeatures): Parameters {
  const { searchParams } = request.url;
  const ownPeer = searchParams.get("sente-lite") === "1";
  const named = ownPeer ? readFeatures(searchParams.get("features")) : noFeatures;
  const { offered, csrfToken, session } = readProtocols(request.headers.get("sec-websocket-protocol"));
  return {
    clientId: searchParams.get("client-id") || undefined,
    ownPeer,
    features: new Set([...(named ?? baselineFeatures)].filter((feature) => has.has(feature))),
    namesFeatures: ownPeer && named !== undefined,
    codec: searchParams.get("codec") ?? undefined,
    csrfToken:
      searchParams.get("csrf-token") ??
      request.headers.get("x-csrf-token") ??
      request.headers.get("x-xsrf-token") ??
      csrfToken,
    attempt: attemptOf(searchParams.get("attempt")),
    instance: instanceOf(searchParams.get("client-instance")),
    session,
    protocol: offered.includes(SUBPROTOCOL) ? SUBPROTOCOL : undefined,
  };
}

/** What a request takes that is kept, in bytes: its address and headers. */
export function weighRequest({ url, headers }: UpgradeRequest): number {
  let bytes = url.href.length;
  headers.forEach((value, name) => {
    bytes += name.length + value.length;
  });
  return bytes;
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

/** One that is too long counts as none. */
function instanceOf(given: string | null): string | undefined {
  return given === null || given === "" || given.length > MAX_CLIENT_ID_LENGTH ? undefined : given;
}
