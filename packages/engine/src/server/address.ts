import { type HandshakeHeaders, type HandshakeUrl, UsageError } from "@sente-lite/protocol";

const web = globalThis as unknown as {
  readonly URL: new (url: string) => HandshakeUrl & { readonly protocol: string };
};

/** A request as every runtime has it. `url` is absolute, or begins with the path. */
export interface Addressed {
  readonly url: string;
  /** Absent where only the address is asked for. */
  readonly headers?: Pick<HandshakeHeaders, "get">;
}

/** RFC 9112 section 3.2: a host and perhaps a port, never a part of the path. */
const AUTHORITY = /^[^\s/?#@\\]+$/;

/**
 * The address that a request asks for; undefined where its target or its Host makes none, and where they name two
 * hosts, as a request meant for a proxy does.
 */
export function addressOf({ url, headers }: Addressed): HandshakeUrl | undefined {
  const host = headers?.get("host") || undefined;
  if (host !== undefined && !AUTHORITY.test(host)) return undefined;
  try {
    // HTTP/1.0 needs no Host.
    if (url.startsWith("/")) return new web.URL(`http://${host ?? "localhost"}${url}`);
    const address = new web.URL(url);
    return host === undefined || address.host === new web.URL(`${address.protocol}//${host}`).host
      ? address
      : undefined;
  } catch {
    return undefined;
  }
}

/** The path of an address as paths are compared: without a last slash, and escaped only where that has a meaning. */
export function pathOf({ pathname }: Pick<HandshakeUrl, "pathname">): string {
  const path = pathname.length > 1 && pathname.endsWith("/") ? pathname.slice(0, -1) : pathname;
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/**
 * The path of a channel socket, as `pathOf` has it, and as it stands in an address. Throws `UsageError` `bad-path` for
 * what is no path: without a slash at its beginning, or with a query, a fragment, a backslash or white space in it.
 */
export function mountPath(path: unknown): { readonly path: string; readonly inUrl: string } {
  if (typeof path === "string" && /^\/[^?#\\\s]*$/.test(path) && !path.startsWith("//")) {
    const { pathname } = new web.URL(`http://localhost${path}`);
    return { path: pathOf({ pathname }), inUrl: pathname };
  }
  const given = typeof path === "string" ? JSON.stringify(path.slice(0, 200)) : typeof path;
  throw new UsageError("bad-path", `path is the path of an address, as "/chsk", not ${given}`);
}
