import type { Codec } from "@sente-lite/protocol";
import {
  type ErrorChan,
  type HandshakeRequest,
  isHandshakeError,
  MAX_CLIENT_ID_LENGTH,
  type MaybePromise,
  ProtocolError,
  type RefusedFor,
  type Rejection,
  type ServerOptions,
  serverDefaults,
} from "@sente-lite/protocol";
import { codeOf } from "@sente-lite/protocol/calls";
import {
  ackDue,
  closeCodes,
  type FeatureSet,
  type Form,
  type Handshake,
  handshakeFrame,
  makeTooLarge,
  type Owner,
  writeUnknownCodec,
} from "@sente-lite/protocol/session";
import { type Host, randomId } from "../host.ts";
import { limitOf } from "../limits.ts";
import { type Answer, retryAfter } from "./answer.ts";
import { isValidCsrfToken } from "./csrf.ts";
import { HookTimeout, inTime } from "./hook-timeout.ts";
import { checkRejection, checkToken, rejectionOf } from "./hooks.ts";
import type { Login, Logins } from "./login.ts";
import { createOriginCheck, isAllowedHost, type OriginCheck } from "./origin.ts";
import { closingOf } from "./refusal.ts";
import { ReportLimiter } from "./report-limiter.ts";
import { handshakeRequest, type Parameters, readParameters, type UpgradeRequest, weighRequest } from "./request.ts";
import { bindingOf } from "./session-binding.ts";

/** So much of a path is told. */
const MAX_PATH_LENGTH = 200;

/** An application that does not answer in time may do so later. */
const LATE: Rejection = { status: 503, body: "the handshake took too long", retryInMs: 1_000, spreadMs: 5_000 };

/** As long as the id of a session. */
const NO_SESSION = "00000000-0000-0000-0000-000000000000";

/** Who connects, and how: all that a connection needs to begin. */
export interface Admitted<Context> extends Login<Context> {
  readonly request: HandshakeRequest;
  readonly requestBytes: number;
  readonly parameters: Parameters;
  readonly codec: Codec;
  readonly form: Form;
  readonly clientId: string;
  /** Who counts as the owner of its session while it is away: each owner has a part of what may wait. */
  readonly owner: Owner;
  /** What the server binds sessions to, of this connection. */
  readonly binding: string | undefined;
  readonly handshakeData: unknown;
}

export type Judgement<Context> = { readonly type: "admitted"; readonly admitted: Admitted<Context> } | Refused;

/** Why a request is not let in, and how it is told. */
export type Refused =
  /** Refused before the upgrade. */
  | ({ readonly type: "refused" } & Answer)
  /** Accepted and at once closed: a browser cannot see a status. */
  | { readonly type: "closed"; readonly protocol: string | undefined; readonly code: number; readonly reason: string };

export interface AdmissionOptions<Context> {
  readonly host: Host;
  readonly codecs: readonly Codec[];
  readonly logins: Logins<Context>;
  /** What this server has of what we add to Sente's wire. Default: all. */
  readonly features?: FeatureSet;
  /** What the application gave. */
  readonly options: ServerOptions<Context>;
  readonly report: ErrorChan["report"];
  /** Told of each refusal, and for what. */
  readonly noteRefused?: (refusedFor: RefusedFor) => void;
  /** Says why nobody is let in at the moment. */
  readonly shutdown?: { readonly rejection: Rejection | undefined };
}

/**
 * Judges upgrade requests (PROTOCOL.md section 1). Never throws: what the user's functions throw is a 500, and so is a
 * result that is of no use.
 */
export class Admission<Context> {
  readonly #core: AdmissionOptions<Context>;
  readonly #isAllowedOrigin: OriginCheck;
  readonly #limiter: ReportLimiter;
  readonly #maxFrameBytes: number;
  readonly #hookTimeoutMs: number;

  constructor(core: AdmissionOptions<Context>) {
    const { host, options } = core;
    this.#core = core;
    this.#isAllowedOrigin = createOriginCheck(options.allowedOrigins, host.log);
    this.#limiter = new ReportLimiter(host);
    this.#maxFrameBytes = options.maxPayloadBytes ?? serverDefaults.maxPayloadBytes;
    this.#hookTimeoutMs = limitOf("hookTimeoutMs", options.hookTimeoutMs ?? serverDefaults.hookTimeoutMs);
  }

  async judge(upgrade: UpgradeRequest): Promise<Judgement<Context>> {
    try {
      return await this.#judge(upgrade);
    } catch (thrown) {
      // A refusal in the application's words, where it can be used.
      let error = thrown;
      if (isHandshakeError(thrown)) {
        try {
          const rejection = rejectionOf(thrown, this.#createReport(upgrade));
          this.#note("rejected");
          return this.#rejectWith(upgrade, rejection);
        } catch (unusable) {
          error = unusable;
        }
      }
      const code = codeOf(error);
      const isTooLarge = code === "too-large";
      const isLate = error instanceof HookTimeout;
      // Every client causes it again, each time that it comes.
      if (!(isTooLarge || isLate) || this.#limiter.allows(String(code))) {
        this.#createReport(upgrade, isTooLarge ? "handshakeDataFn" : "handshake")(error);
      }
      this.#note("failed");
      return isLate ? this.#rejectWith(upgrade, LATE) : refuse(500, "the handshake failed");
    }
  }

  #createReport(
    upgrade: UpgradeRequest,
    source: "handshake" | "handshakeDataFn" = "handshake",
  ): (error: unknown) => void {
    return (error) => this.#core.report(error, { source, url: upgrade.url.pathname.slice(0, MAX_PATH_LENGTH) });
  }

  async #judge(upgrade: UpgradeRequest): Promise<Judgement<Context>> {
    const { host, codecs, options, shutdown } = this.#core;
    const { allowedHosts } = options;
    if (allowedHosts !== undefined && !isAllowedHost(upgrade.host ?? upgrade.headers.get("host"), allowedHosts)) {
      this.#note("host");
      return refuse(403, "Unauthorized host");
    }
    const parameters = readParameters(upgrade, this.#core.features);
    if ((parameters.clientId?.length ?? 0) > MAX_CLIENT_ID_LENGTH) {
      this.#note("parameters");
      return refuse(400, `client-id is longer than ${MAX_CLIENT_ID_LENGTH}`);
    }
    const codec = codecs.find((one) => one.name === (parameters.codec ?? codecs[0]?.name));
    if (codec === undefined) return this.#refuseCodec(upgrade, parameters);
    const clientId = parameters.clientId ?? randomId(host);
    const request = handshakeRequest(upgrade, clientId);

    const refusal = await this.#checkTrust(upgrade, request, parameters);
    if (refusal !== undefined) return refusal;
    const rejection = await this.#findRejection(request, this.#createReport(upgrade));
    if (rejection !== undefined) {
      this.#note(shutdown?.rejection === rejection ? "closing" : "rejected");
      return this.#reject(parameters, rejection);
    }
    const login = await this.#core.logins.judge(request);
    if ("rejection" in login) {
      this.#note("unauthorized");
      return this.#reject(parameters, login.rejection);
    }
    const { uid } = login;
    const handshakeData = await this.#inTime("handshakeDataFn", options.handshakeDataFn?.(request));
    const form = parameters.clientId === undefined ? "bare" : "wrapped";
    if (handshakeData !== undefined) this.#checkHandshake(codec, form, { uid, csrfToken: null, data: handshakeData });
    const owner = this.#ownerOf(uid, upgrade);
    const admitted: Admitted<Context> = {
      request,
      requestBytes: weighRequest(upgrade),
      parameters,
      codec,
      form,
      clientId,
      owner,
      binding: bindingOf(upgrade, options.bindSession),
      handshakeData,
      // Last, so that all of these objects have one shape (session-driver.ts).
      ...login,
    };
    return { type: "admitted", admitted };
  }

  /** Whether the request is the user's own doing, and not that of a page elsewhere which uses their cookies. */
  async #checkTrust(
    upgrade: UpgradeRequest,
    request: HandshakeRequest,
    parameters: Parameters,
  ): Promise<Refused | undefined> {
    const { csrfTokenFn } = this.#core.options;
    // As in Sente the token is judged before the origin; but a refused origin never gets as far as a WebSocket.
    const isOriginAllowed = this.#isAllowedOrigin(upgrade.headers, upgrade);
    if (csrfTokenFn !== undefined) {
      const expected = checkToken(await this.#inTime("csrfTokenFn", csrfTokenFn(request)));
      if (!isValidCsrfToken(parameters.csrfToken, expected)) {
        const status = 403;
        const body = "Bad CSRF token";
        this.#note(isOriginAllowed ? "csrf-token" : "origin");
        return isOriginAllowed ? this.#reject(parameters, { status, body }) : refuse(status, body);
      }
    }
    if (isOriginAllowed) return undefined;
    this.#note("origin");
    return refuse(403, "Unauthorized origin");
  }

  async #findRejection(request: HandshakeRequest, report: (unusable: unknown) => void): Promise<Rejection | undefined> {
    const { shutdown, options } = this.#core;
    if (shutdown?.rejection !== undefined) return shutdown.rejection;
    return checkRejection(await this.#inTime("rejectFn", options.rejectFn?.(request)), report);
  }

  /** Tells the client which there are (PROTOCOL.md section 1.4), and whoever runs the server that it was asked for another. */
  #refuseCodec(upgrade: UpgradeRequest, parameters: Parameters): Refused {
    const names = this.#core.codecs.map((one) => one.name);
    const offered = names.join(", ");
    if (this.#limiter.allows("unknown-codec")) {
      const message = `a client asked for a codec that is not among those of this server: ${offered}`;
      this.#core.report(new ProtocolError("unknown-codec", message), { source: "handshake" });
    }
    const { features, protocol } = parameters;
    this.#note(this.#core.shutdown?.rejection === undefined ? "parameters" : "closing");
    const knowsReasons = features.has("close-refusals") && features.has("refusal-reasons");
    const isByClose = knowsReasons && this.#core.options.rejectWith !== "http";
    if (!isByClose || !this.#isAllowedOrigin(upgrade.headers, upgrade))
      return refuse(400, `unknown codec; offered: ${offered}`);
    // The client would stay closed, where the server that follows this one may have its codec.
    if (this.#core.shutdown?.rejection !== undefined) return this.#reject(parameters, this.#core.shutdown.rejection);
    return { type: "closed", protocol, code: closeCodes.unknownCodec, reason: writeUnknownCodec(names) };
  }

  /** One that is let in, and finds no place: it is refused as by the application. */
  refuseAdmitted({ parameters }: Admitted<Context>, rejection: Rejection): Refused {
    this.#note("limit");
    return this.#reject(parameters, rejection);
  }

  /** What that function of the application gives, if it gives it in time. */
  #inTime<T>(name: string, given: MaybePromise<T>): MaybePromise<T> {
    return inTime(this.#core.host, { name, timeoutMs: this.#hookTimeoutMs }, given);
  }

  #note(refusedFor: RefusedFor): void {
    this.#core.noteRefused?.(refusedFor);
  }

  /**
   * Refuses as a function of the application said by throwing; a page of a refused origin gets a status, however early
   * that was.
   */
  #rejectWith(upgrade: UpgradeRequest, rejection: Rejection): Refused {
    if (!this.#isAllowedOrigin(upgrade.headers, upgrade)) return refuse(403, "Unauthorized origin");
    return this.#reject(readParameters(upgrade, this.#core.features), rejection);
  }

  /** A refusal for a reason of authentication: our own clients are told by a close code. */
  #reject(parameters: Parameters, rejection: Rejection): Refused {
    const { rejectWith = "auto" } = this.#core.options;
    const { status, message, body = message ?? "", headers, retryInMs } = rejection;
    const isByClose = rejectWith === "close" || (rejectWith === "auto" && parameters.features.has("close-refusals"));
    if (!isByClose) return refuse(status, body, retryInMs, headers);
    return { type: "closed", protocol: parameters.protocol, ...closingOf(rejection, parameters.features) };
  }

  /** A uid that the application gave stands for one user; one that a client chose, or none, for whoever is at an address. */
  #ownerOf(uid: string | null, { remoteAddress = "" }: UpgradeRequest): Owner {
    return this.#core.options.userIdFn !== undefined && uid !== null
      ? { key: `user ${uid}`, isUser: true }
      : { key: `address ${remoteAddress}`, isUser: false };
  }

  /**
   * Throws for a handshake that is too large for every client: if it were sent, clients would come again for it without
   * end.
   */
  #checkHandshake(codec: Codec, form: Form, handshake: Handshake): void {
    const maxFrameBytes = this.#maxFrameBytes;
    const session = { id: NO_SESSION, resumed: false, received: Number.MAX_SAFE_INTEGER, maxFrameBytes, ack: ackDue };
    const { bytes } = handshakeFrame(codec, form, { ...handshake, session });
    if (bytes > maxFrameBytes) throw makeTooLarge(bytes, maxFrameBytes);
  }
}

function refuse(status: number, body: string, retryInMs = 0, own?: Answer["headers"]): Refused {
  const headers = { ...(retryInMs > 0 && retryAfter(retryInMs)), ...own };
  return { type: "refused", status, body, ...(Object.keys(headers).length > 0 && { headers }) };
}
