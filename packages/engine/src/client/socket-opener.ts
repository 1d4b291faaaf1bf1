import { type ClientOptions, type Codec, type MaybePromise, type Pairs, UsageError } from "@sente-lite/protocol";
import {
  allFeatures,
  csrfProtocols,
  type LoginParams,
  type NamedSession,
  SUBPROTOCOL,
  sessionProtocol,
  writeFeatures,
} from "@sente-lite/protocol/session";
import { type Host, randomId } from "../host.ts";
import type { ClientSocket, OpenSocket, SocketHandlers } from "../sockets.ts";
import { checkHeaders, checkParams, checkProtocols, pairsOf } from "./handshake-values.ts";

/** An option of the runtimes whose clients can set headers. */
export interface WithHeaders {
  readonly headers?: Pairs | (() => MaybePromise<Pairs>);
}

export interface SocketOpenerOptions {
  readonly host: Host;
  readonly codec: Codec;
  readonly url: string;
  readonly options: ClientOptions & WithHeaders;
  readonly openSocket: OpenSocket;
  /** Makes an absolute address of the user's. */
  readonly resolveUrl: (url: string) => string;
}

/** Who connects, and where: the same for every attempt. */
interface Target {
  readonly url: string;
  readonly clientId: string;
}

/** What the options say for one attempt, after those that are functions were called. */
export interface Asked {
  readonly csrfToken: string | null | undefined;
  readonly params: Pairs;
  readonly protocols: readonly string[];
  readonly headers: Pairs;
}

/** Opens the sockets of a client, by its address and options (PROTOCOL.md section 1). */
export class SocketOpener {
  readonly #options: SocketOpenerOptions;
  #target: Target | undefined;
  /** Tells our attempts from those of others that take our client id (PROTOCOL.md section 6.4). */
  #instance: string | undefined;

  constructor(options: SocketOpenerOptions) {
    this.#options = options;
  }

  /** The id of the client: the given one, or the one that was drawn; undefined before that. */
  get clientId(): string | undefined {
    return this.#target?.clientId ?? this.#options.options.clientId;
  }

  /**
   * Before an attempt: resolves the address and draws the client id, once, so that a client that was not told to connect
   * needs nothing of its surroundings. Throws `UsageError` `bad-url` and `no-crypto`.
   */
  prepare(): Target {
    if (this.#target === undefined) {
      const { host, url, options, resolveUrl } = this.#options;
      // Drawn even where an id is given: a runtime without randomness fails here, not when a connection is lost.
      const random = randomId(host);
      this.#target = { url: socketUrl(resolveUrl(url)), clientId: options.clientId ?? random };
    }
    return this.#target;
  }

  /** Asks the user's functions for what an attempt needs: a promise only where one of the options is a function. */
  ask(): Asked | Promise<Asked> {
    const { csrfToken, params = {}, protocols = [], headers = {} } = this.#options.options;
    const given = { csrfToken, params, protocols, headers };
    return Object.values(given).some((option) => typeof option === "function") ? askFunctions(given) : (given as Asked);
  }

  /** Asks for the parameters of an attempt alone, to log in anew. Rejects as the user's function does. */
  async askParams(): Promise<LoginParams> {
    const { params = {} } = this.#options.options;
    return pairsOf(await paramsOf(params)).map(([name, value]) => [name, String(value)]);
  }

  /** Opens the socket of one attempt, which names `session`. Throws where the address or what was asked is of no use. */
  open(attempt: number, session: NamedSession | undefined, asked: Asked, handlers: SocketHandlers): ClientSocket {
    const { host, codec, options, openSocket } = this.#options;
    const { params, protocols, headers } = asked;
    const { url, clientId } = this.prepare();
    const token = asked.csrfToken ?? undefined;
    const tokenProtocols = options.csrfVia === "subprotocol" && token !== undefined ? csrfProtocols(token) : undefined;
    this.#instance ??= randomId(host);
    const csrfToken = tokenProtocols === undefined ? token : undefined;
    const address = attemptUrl(url, { clientId, attempt, instance: this.#instance, codec, csrfToken, params });
    const offered = new Set([
      ...(tokenProtocols ?? []),
      // A server that gave out a session is ours, and selects our subprotocol.
      ...(session === undefined ? [] : [SUBPROTOCOL, sessionProtocol(session)]),
      ...protocols,
    ]);
    return openSocket(address, [...offered], handlers, Object.fromEntries(pairsOf(headers)));
  }
}

type Given = { readonly [K in keyof Asked]: Asked[K] | (() => MaybePromise<Asked[K]>) };

/** Asks one after the other: the parameters may be made of what came with the token. */
async function askFunctions({ csrfToken, params, protocols, headers }: Given): Promise<Asked> {
  const asked = {
    csrfToken: typeof csrfToken === "function" ? await csrfToken() : csrfToken,
    params: await paramsOf(params),
    protocols: typeof protocols === "function" ? await protocols() : protocols,
    headers: typeof headers === "function" ? await headers() : headers,
  };
  checkProtocols(asked.protocols);
  checkHeaders(asked.headers);
  return asked;
}

async function paramsOf(params: Given["params"]): Promise<Pairs> {
  const asked = typeof params === "function" ? await params() : params;
  checkParams(asked);
  return asked;
}

/** What an attempt failed with: an error of the user's own, or ours about what they threw. */
export function connectError(cause: unknown): Error {
  return cause instanceof Error ? cause : new UsageError("connect-failed", String(cause), { cause });
}

/** What an address says of the protocol's own (PROTOCOL.md section 1). */
interface AttemptParts {
  readonly clientId: string;
  readonly attempt: number;
  readonly instance: string;
  readonly codec: Codec;
  readonly csrfToken: string | undefined;
  readonly params: Pairs;
}

/**
 * The address of one attempt: the user's URL with the handshake's parameters. A parameter of the user's query or
 * `params` that has a name of the protocol is left out; `csrf-token` only where the client has a token. A name of
 * `params` goes before the same one of the query.
 */
export function attemptUrl(url: string, parts: AttemptParts): string {
  const { clientId, attempt, instance, codec, csrfToken, params } = parts;
  const query = new Map<string, string>(pairsOf(params));
  query.set("client-id", clientId);
  query.set("sente-lite", "1");
  query.set("features", writeFeatures(allFeatures));
  query.set("attempt", String(attempt));
  query.set("client-instance", instance);
  query.set("codec", codec.name);
  if (csrfToken !== undefined) query.set("csrf-token", csrfToken);
  const [address = ""] = url.split("#", 1);
  const mark = address.indexOf("?");
  const base = mark < 0 ? address : address.slice(0, mark);
  const own = mark < 0 ? [] : address.slice(mark + 1).split("&");
  const kept = own.filter((pair) => pair !== "" && !query.has(nameOf(pair)));
  const pairs = [...query].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return `${base}?${[...kept, ...pairs].join("&")}`;
}

/** The name in a pair of a query, as a server reads it. */
function nameOf(pair: string): string {
  const [name = ""] = pair.split("=", 1);
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}

/**
 * The address with `ws:` and `wss:` for `http:` and `https:`; throws `UsageError` `bad-url` for what is no address of a
 * socket.
 */
function socketUrl(url: string): string {
  const scheme = /^(ws|wss|http|https):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined || !isUrl(url)) {
    throw new UsageError("bad-url", `not an address of a channel socket: ${url.slice(0, 200)}`);
  }
  return scheme.startsWith("http") ? `ws${url.slice(4)}` : url;
}

function isUrl(url: string): boolean {
  const { URL } = globalThis as unknown as { readonly URL: new (url: string) => unknown };
  try {
    return new URL(url) !== undefined;
  } catch {
    return false;
  }
}
