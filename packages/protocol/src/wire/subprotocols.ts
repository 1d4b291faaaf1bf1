// What travels in Sec-WebSocket-Protocol (PROTOCOL.md section 1): credentials that should stay out of access logs.

/** The subprotocol that our servers choose where it is offered. */
export const SUBPROTOCOL = "sente-lite";

const CSRF = "csrf.";
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The subprotocols that carry a CSRF token; undefined where the token has characters that RFC 6455 does not allow there. */
export function csrfProtocols(token: string): string[] | undefined {
  return TOKEN.test(token) ? [SUBPROTOCOL, `${CSRF}${token}`] : undefined;
}

/** Reads a `Sec-WebSocket-Protocol` header. */
export function readProtocols(header: string | null): {
  readonly offered: readonly string[];
  readonly csrfToken: string | undefined;
} {
  const offered = (header ?? "").split(",").map((name) => name.trim());
  return { offered, csrfToken: offered.find((name) => name.startsWith(CSRF))?.slice(CSRF.length) };
}
