// What travels in Sec-WebSocket-Protocol (PROTOCOL.md sections 1.2 and 6.4): credentials that should stay out of access logs.

/** The subprotocol that our servers choose where it is offered. */
export const SUBPROTOCOL = "sente-lite";

const CSRF = "csrf.";
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The subprotocols that carry a CSRF token; undefined where the token has characters that RFC 6455 does not allow there. */
export function csrfProtocols(token: string): string[] | undefined {
  return TOKEN.test(token) ? [SUBPROTOCOL, `${CSRF}${token}`] : undefined;
}

/** The session that a client wants back, and how many counted frames of it it has taken over (section 6.4). */
export interface NamedSession {
  readonly id: string;
  readonly received: number;
}

const SESSION = /^session\.([0-9A-Za-z_-]{1,64})\.(\d{1,15})$/;

/** The subprotocol that names a session; it goes together with `sente-lite`, which the server selects. */
export function sessionProtocol({ id, received }: NamedSession): string {
  return `session.${id}.${received}`;
}

/** True for a session id that can travel as a subprotocol. */
export function isSessionId(id: string): boolean {
  return SESSION.test(`session.${id}.0`);
}

/** Reads a `Sec-WebSocket-Protocol` header. */
export function readProtocols(header: string | null): {
  readonly offered: readonly string[];
  readonly csrfToken: string | undefined;
  readonly session: NamedSession | undefined;
} {
  const offered = (header ?? "").split(",").map((name) => name.trim());
  return {
    offered,
    csrfToken: offered.find((name) => name.startsWith(CSRF))?.slice(CSRF.length),
    session: offered.map(readNamedSession).find((named) => named !== undefined),
  };
}

function readNamedSession(protocol: string): NamedSession | undefined {
  const [, id, received] = SESSION.exec(protocol) ?? [];
  return id === undefined ? undefined : { id, received: Number(received) };
}
