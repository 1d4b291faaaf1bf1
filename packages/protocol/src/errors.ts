import type { SenteEvent } from "./event.ts";
import type { StandardIssue } from "./standard-schema.ts";

/**
 * Errors, one class per blame. Each has a stable `code` (kebab-case, safe to match on; messages may change)
 * and keeps its `cause`.
 */
export abstract class SenteError extends Error {
  abstract override readonly name: string;
  /** Stable, kebab-case; match on this, never on the message. */
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Where in a value something was found: object keys, array indices, `<key>` for a Map's composite key. */
export type Path = readonly (string | number)[];

/** The caller's value cannot be sent. `path` leads to the part at fault; the message names the cure. */
export class EncodeError extends SenteError {
  override readonly name = "EncodeError";
  readonly path: Path;
  /** The message without the path. */
  readonly reason: string;

  constructor(code: string, message: string, options: { readonly path?: Path; readonly cause?: unknown } = {}) {
    const path = options.path ?? [];
    super(code, path.length === 0 ? message : `${message} (at ${path.join(".")})`, options);
    this.path = path;
    this.reason = message;
  }

  /** The same error for an inner part of the value: its path without the first `depth` steps, and a name before its message. */
  within(depth: number, name?: string): EncodeError {
    const reason = name === undefined ? this.reason : `${name}: ${this.reason}`;
    return new EncodeError(this.code, reason, { path: this.path.slice(depth), cause: this });
  }
}

/** The caller used the API in a way that cannot work: a bad event id, a bad option, a closed client. */
export class UsageError extends SenteError {
  override readonly name = "UsageError";
}

/** Bytes from the peer are not a value in the codec of the connection. */
export class DecodeError extends SenteError {
  override readonly name = "DecodeError";
  /** Where in the text it was noticed, in UTF-16 units, where that is known. */
  readonly offset: number | undefined;

  constructor(code: string, message: string, options: { readonly offset?: number; readonly cause?: unknown } = {}) {
    super(code, options.offset === undefined ? message : `${message} (at offset ${options.offset})`, options);
    this.offset = options.offset;
  }
}

/** The peer broke the protocol. `closeCode` is the close code to answer with (PROTOCOL.md section 8), if any. */
export class ProtocolError extends SenteError {
  override readonly name: "ProtocolError" | "ContractError" = "ProtocolError";
  readonly closeCode: number | undefined;

  constructor(code: string, message: string, options: { readonly closeCode?: number; readonly cause?: unknown } = {}) {
    super(code, message, options);
    this.closeCode = options.closeCode;
  }
}

/**
 * A session ended before all that was sent in it was known to have arrived (PROTOCOL.md section 6.5): `session-lost`,
 * nobody's fault. The context of its report says whose session it was.
 */
export class SessionLostError extends SenteError {
  override readonly name = "SessionLostError";
  readonly sessionId: string;
  /** Why it ended. */
  readonly reason: string;
  readonly #listUndelivered: () => readonly SenteEvent[];
  readonly #countReplies: () => number;

  constructor(
    sessionId: string,
    reason: string,
    listUndelivered: () => readonly SenteEvent[],
    countReplies: () => number = () => 0,
  ) {
    super("session-lost", `a session was lost: ${reason}`);
    this.sessionId = sessionId;
    this.reason = reason;
    this.#listUndelivered = listUndelivered;
    this.#countReplies = countReplies;
  }

  /** The events that may have arrived or not, in order. They are collected when this is read. */
  get undelivered(): readonly SenteEvent[] {
    return this.#listUndelivered();
  }

  /** At a server: how many replies to the client's requests may have arrived or not. They are counted when this is read. */
  get undeliveredReplies(): number {
    return this.#countReplies();
  }
}

/**
 * What the peer sent is not what the contract says: `not-in-contract`, an event that it does not have, or `invalid-data`
 * and `invalid-reply`, refused by their validator. `issues` are the validator's own words, which may quote the value.
 */
export class ContractError extends ProtocolError {
  override readonly name = "ContractError";
  readonly issues: readonly StandardIssue[];
  /** Where the first issue is: `["text"]`. */
  readonly path: Path;

  constructor(
    code: string,
    message: string,
    options: { readonly issues?: readonly StandardIssue[]; readonly path?: Path; readonly cause?: unknown } = {},
  ) {
    super(code, message, options);
    this.issues = options.issues ?? [];
    this.path = options.path ?? [];
  }
}

/** Made by `Symbol.for`, so that two copies of the library understand each other. */
const REPLY_ERROR = Symbol.for("sente-lite/reply-error");

/**
 * A request was not answered with a value. `code` is `closed`, `timeout` or `error` (Sente's `:chsk/closed`,
 * `:chsk/timeout`, `:chsk/error`), `unhandled` where nobody handles the event, or the code that the answering handler gave. Return
 * one from a handler, or give it to `replyFn`, to refuse with a code and data of your own; thrown, it is reported on the
 * error channel too. Any other throw reaches the peer masked, as `error`.
 */
export class ReplyError extends SenteError {
  static {
    // Not a part of the published type.
    Object.defineProperty(ReplyError.prototype, REPLY_ERROR, { value: true });
  }

  override readonly name = "ReplyError";
  readonly data: unknown;

  constructor(
    code: string,
    options: { readonly message?: string; readonly data?: unknown; readonly cause?: unknown } = {},
  ) {
    super(code, options.message ?? `the request failed: ${code}`, options);
    this.data = options.data;
  }
}

/** True for a `ReplyError`, one of another copy of this package too: of a bundled handler, or a linked package. */
export function isReplyError(value: unknown): value is ReplyError {
  return isMarked(value, REPLY_ERROR);
}

/** True for an error with that mark. What was thrown may throw itself when it is looked at: then it has none. */
function isMarked(value: unknown, mark: symbol): boolean {
  try {
    return value instanceof Error && mark in value;
  } catch {
    return false;
  }
}

const HANDSHAKE_ERROR = Symbol.for("sente-lite/handshake-error");

/**
 * A connection was refused, or ended before its handshake. At a server, throw one in `authorizedFn`, `userIdFn` or another
 * function that is asked for each connection, or return it from `authorizedFn`, to refuse and say why (PROTOCOL.md section
 * 1.4). At a client `ready()` rejects with it: with what the server said, else with `terminal-code`, `max-attempts`,
 * `requested-disconnect` or `closed`.
 */
export class HandshakeError extends SenteError {
  static {
    Object.defineProperty(HandshakeError.prototype, HANDSHAKE_ERROR, { value: true });
  }

  override readonly name = "HandshakeError";
  /** 401, 403, 429 or 503. Default at a server: 403. At a client it is undefined where the server told none. */
  readonly status: number | undefined;
  /** What JSON can say; with the code at most 60 bytes. */
  readonly data: unknown;
  /** Of the answer to a peer that is refused by status, as `headers` of a `Rejection`. At a client always undefined. */
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(
    code: string,
    message: string,
    options: {
      readonly status?: number;
      readonly data?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(code, message, options);
    this.status = options.status;
    this.data = options.data;
    this.headers = options.headers;
  }
}

/** True for a `HandshakeError`, one of another copy of this package too. */
export function isHandshakeError(value: unknown): value is HandshakeError {
  return isMarked(value, HANDSHAKE_ERROR);
}
