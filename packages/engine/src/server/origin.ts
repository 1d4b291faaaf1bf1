import { type HandshakeHeaders, UsageError } from "@sente-lite/protocol";
import { makePrintable } from "@sente-lite/protocol/calls";
import type { Logger } from "../host.ts";
import type { UpgradeRequest } from "./request.ts";

/** Origins that were warned of, so that each is named once; bounded, since a peer chooses them. */
const MAX_WARNED = 100;

/** So much of a header is shown in the log. */
const MAX_SHOWN = 200;

/** True where a page of the request's origin may connect (PROTOCOL.md section 1). */
export type OriginCheck = (headers: Pick<HandshakeHeaders, "get">, asked?: Asked) => boolean;

/** What is known of the address that was asked for. */
type Asked = Pick<UpgradeRequest, "host" | "isSecure">;

/**
 * Same-origin by default: a page's `Origin` must be the host that it connects to, or be allowed. A request without an
 * `Origin` comes from no browser, and passes.
 */
export function createOriginCheck(allowed: "*" | readonly string[] | undefined, log: Logger): OriginCheck {
  const warned = new Set<string>();
  return (headers, asked = {}) => {
    const origin = headers.get("origin");
    const host = asked.host ?? headers.get("host");
    if (origin === null || mayConnect(origin, host, { allowed, isSecure: asked.isSecure })) return true;
    const shown = origin.slice(0, MAX_SHOWN);
    if (!warned.has(shown) && warned.size < MAX_WARNED) {
      warned.add(shown);
      const at = host?.slice(0, MAX_SHOWN) ?? "none";
      const line = `refused a page of another origin (host ${at}); to allow it: allowedOrigins: ${JSON.stringify([shown])}`;
      log.warn(`sente-lite: ${makePrintable(line)}`);
    }
    return false;
  };
}

/** What `allowOrigin` reads of a request: the web's `Headers`, or those of Node's `http`. */
export interface RequestWithOrigin {
  readonly headers: Pick<HandshakeHeaders, "get"> | Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * True where the page that sent a request may use this server, as a channel socket's `allowedOrigins` has it (PROTOCOL.md section
 * 1.3): a page of the server's own host, one of an origin that is allowed, and what is no page and so sends no `Origin`. For other
 * routes of an application, and for origins that it knows only by the request. Throws `UsageError` `bad-option` for what is no
 * origin of a page.
 */
export function allowOrigin({ headers }: RequestWithOrigin, allowed: "*" | readonly string[] = []): boolean {
  checkOrigins("allowOrigin", allowed);
  const get = (name: string) => {
    if (typeof headers.get === "function") return headers.get(name);
    const value: unknown = (headers as Readonly<Record<string, unknown>>)[name];
    return value === undefined ? null : String(value);
  };
  return mayConnect(get("origin"), get("host"), { allowed });
}

function mayConnect(
  origin: string | null,
  host: string | null,
  {
    allowed,
    isSecure,
  }: { readonly allowed?: "*" | readonly string[] | undefined; readonly isSecure?: boolean | undefined },
): boolean {
  if (origin === null || allowed === "*" || allowed?.includes(origin)) return true;
  return host !== null && isSameHost(origin, host, isSecure);
}

const web = globalThis as unknown as {
  readonly URL: new (url: string) => { readonly protocol: string; readonly host: string };
};

/** Throws `UsageError` `bad-option` for what is neither `"*"` nor origins of pages. */
export function checkOrigins(option: string, allowed: unknown): void {
  if (allowed === "*") return;
  if (!Array.isArray(allowed) || !allowed.every((origin) => typeof origin === "string")) {
    throw new UsageError("bad-option", `${option} is "*" or an array of origins, as "https://app.example"`);
  }
  for (const origin of allowed) checkOrigin(origin, option);
}

/**
 * Throws `UsageError` `bad-option` for an entry of `allowedOrigins` that no page ever sends: an origin is a scheme, a host
 * and perhaps a port, in lower case, and no more (RFC 6454 section 6.1).
 */
function checkOrigin(entry: string, option: string): void {
  const sent = readPageOrigin(entry);
  if (sent === entry || entry === "null") return;
  const shown = JSON.stringify(entry.slice(0, MAX_SHOWN));
  const cure = entry.includes("*")
    ? `name each origin, or give ${option}: "*" for all`
    : `a browser sends ${sent === undefined ? 'one such as "https://app.example"' : JSON.stringify(sent)}`;
  throw new UsageError("bad-option", `${option}: ${shown} is the origin of no page; ${cure}`);
}

/** The origin of a page at that address; undefined where it is none. */
function readPageOrigin(address: string): string | undefined {
  if (address.includes("*")) return undefined;
  // Without a scheme it most likely is of https.
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(address) ? address : `https://${address}`;
  try {
    const { protocol, host } = new web.URL(text);
    return `${protocol}//${host}`;
  } catch {
    return undefined;
  }
}

/** Proxies write the default port of the scheme into `Host`, or leave it out, and cut the dot of an absolute name. */
const defaultPorts: Readonly<Record<string, string>> = { http: "80", https: "443", ws: "80", wss: "443" };

/** True where a page of that origin connects to its own host, as the page's scheme has it; where the scheme of the address is known, it is the same. */
function isSameHost(origin: string, host: string, isSecure: boolean | undefined): boolean {
  const [, scheme = "", ofPage] = /^([a-z][a-z0-9+.-]*):\/\/(.+)$/i.exec(origin) ?? [];
  if (ofPage === undefined) return false;
  // Who is on the way can make a page of http, and shall not use its user's cookies of https.
  if (isSecure !== undefined && /^https?$/i.test(scheme) && /s$/i.test(scheme) !== isSecure) return false;
  const port = defaultPorts[scheme.toLowerCase()];
  const own = placeOf(ofPage, port);
  return own !== undefined && own === placeOf(host, port);
}

/** A host and its port in one spelling; undefined for what is neither. */
function placeOf(authority: string, defaultPort: string | undefined): string | undefined {
  const [, name, port] = /^(\[[\da-f:.]+\]|[^\s/:@?#[\]]+)(?::(\d*))?$/i.exec(authority) ?? [];
  if (name === undefined) return undefined;
  const number = port === undefined || port === "" ? defaultPort : String(Number(port));
  return `${name.toLowerCase().replace(/\.$/, "")}:${number ?? ""}`;
}

/** True where a request asks for one of these hosts, with whatever port where none is named. */
export function isAllowedHost(host: string | null | undefined, allowed: readonly string[]): boolean {
  const asked = placeOf(host ?? "", undefined);
  if (asked === undefined) return false;
  const name = asked.slice(0, asked.lastIndexOf(":"));
  return allowed.some((entry) => {
    const place = placeOf(entry, undefined);
    return place === asked || place === `${name}:`;
  });
}

/** Throws `UsageError` `bad-option` for what is no array of hosts, as `app.example` or `app.example:8443`. */
export function checkHosts(allowed: unknown): void {
  const isHost = (entry: unknown) => typeof entry === "string" && placeOf(entry, undefined) !== undefined;
  if (Array.isArray(allowed) && allowed.every((entry) => isHost(entry) && !entry.includes("*"))) return;
  throw new UsageError("bad-option", 'allowedHosts is an array of hosts, as "app.example" or "app.example:8443"');
}
