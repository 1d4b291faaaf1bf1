import type { Codec } from "@sente-lite/protocol";
import {
  type ErrorChan,
  type HandshakeRequest,
  MAX_CLIENT_ID_LENGTH,
  type Rejection,
  type ServerOptions,
} from "@sente-lite/protocol";
import { closeCodeOf, encodedBytes, type Form, writeHint } from "@sente-lite/protocol/session";
import { type Host, randomId } from "../host.ts";
import { createOriginCheck } from "./origin.ts";
import { handshakeRequest, type Parameters, readParameters, type UpgradeRequest } from "./request.ts";

const MAX_REASON_BYTES = 123;

/** Who connects, and how: all that a connection needs to begin. */
export interface Admitted<Context> {
  readonly request: HandshakeRequest;
  readonly parameters: Parameters;
  readonly codec: Codec;
  readonly form: Form;
  readonly uid: string | null;
  readonly clientId: string;
  readonly context: Context;
  readonly handshakeData: unknown;
}

export type Verdict<Context> =
  | { readonly type: "admitted"; readonly admitted: Admitted<Context> }
  /** Refused before the upgrade. */
  | { readonly type: "refused"; readonly status: number; readonly body: string }
  /** Accepted and at once closed: a browser cannot see a status. */
  | { readonly type: "closed"; readonly protocol: string | undefined; readonly code: number; readonly reason: string };

/** Judges upgrade requests (PROTOCOL.md section 1). Never throws: what the user's functions throw is a 500. */
export function createAdmission<Context>(
  host: Host,
  codecs: readonly Codec[],
  options: ServerOptions<Context>,
  report: ErrorChan["report"],
  /** Why nobody is let in at the moment. */
  closing: () => Rejection | undefined = () => undefined,
): (request: UpgradeRequest) => Promise<Verdict<Context>> {
  const isAllowedOrigin = createOriginCheck(options.allowedOrigins, host.log);
  const { rejectWith = "auto" } = options;

  const refused = (status: number, body: string): Verdict<Context> => ({ type: "refused", status, body });

  /** A refusal for a reason of authentication: our own clients are told by a close code. */
  const rejected = (parameters: Parameters, rejection: Rejection): Verdict<Context> => {
    const { status, body = "", retryInMs = 0, spreadMs = 0 } = rejection;
    const byClose = rejectWith === "close" || (rejectWith === "auto" && parameters.ownPeer);
    if (!byClose) return refused(status, body);
    const hinted = retryInMs > 0 || spreadMs > 0;
    const reason = hinted ? writeHint({ retryInMs, spreadMs }) : closeReason(body);
    return { type: "closed", protocol: parameters.protocol, code: closeCodeOf(status), reason };
  };

  const judge = async (upgrade: UpgradeRequest): Promise<Verdict<Context>> => {
    const parameters = readParameters(upgrade);
    if ((parameters.clientId?.length ?? 0) > MAX_CLIENT_ID_LENGTH) {
      return refused(400, `client-id is longer than ${MAX_CLIENT_ID_LENGTH}`);
    }
    const codec = codecs.find((one) => one.name === (parameters.codec ?? codecs[0]?.name));
    if (codec === undefined) return refused(400, `unknown codec; offered: ${codecs.map((one) => one.name).join(", ")}`);
    const clientId = parameters.clientId ?? randomId(host);
    const request = handshakeRequest(upgrade, clientId);

    // As in Sente the token is judged before the origin; but a refused origin never gets as far as a WebSocket.
    const isOriginAllowed = isAllowedOrigin(upgrade.headers);
    if (options.csrfTokenFn !== undefined) {
      const expected = await options.csrfTokenFn(request);
      if (!expected || !sameSecret(expected, parameters.csrfToken ?? "")) {
        const rejection = { status: 403, body: "Bad CSRF token" };
        return isOriginAllowed ? rejected(parameters, rejection) : refused(rejection.status, rejection.body);
      }
    }
    if (!isOriginAllowed) return refused(403, "Unauthorized origin");

    const rejection = closing() ?? (await options.rejectFn?.(request));
    if (rejection) return rejected(parameters, rejection);
    const context = options.authorizedFn === undefined ? undefined : await options.authorizedFn(request);
    if (options.authorizedFn !== undefined && !context)
      return rejected(parameters, { status: 401, body: "Unauthorized" });
    const uid = options.userIdFn === undefined ? clientId : ((await options.userIdFn(request)) ?? null);
    const handshakeData = await options.handshakeDataFn?.(request);
    // Without `authorizedFn` there is no context, and its type is unknown.
    const form = parameters.clientId === undefined ? "bare" : "wrapped";
    const admitted: Admitted<Context> = {
      request,
      parameters,
      codec,
      form,
      uid,
      clientId,
      context: context as Context,
      handshakeData,
    };
    return { type: "admitted", admitted };
  };

  return async (upgrade) => {
    try {
      return await judge(upgrade);
    } catch (error) {
      report(error, { source: "handshake", url: upgrade.url.pathname });
      return refused(500, "the handshake failed");
    }
  };
}

/** As much of a text as a close frame can carry: 123 bytes of UTF-8 (RFC 6455 section 5.5). */
function closeReason(text: string): string {
  let bytes = 0;
  let reason = "";
  for (const character of text) {
    bytes += encodedBytes(character);
    if (bytes > MAX_REASON_BYTES) break;
    reason += character;
  }
  return reason;
}

/** Compares without telling by the time it takes where the difference is. */
function sameSecret(expected: string, given: string): boolean {
  let difference = expected.length ^ given.length;
  for (let i = 0; i < expected.length; i++) difference |= expected.charCodeAt(i) ^ given.charCodeAt(i);
  return difference === 0;
}
