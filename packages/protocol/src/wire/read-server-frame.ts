import type { Event } from "../api.ts";
import { print } from "../values/print.ts";
import { idOf, isProtocolId, readEvent } from "./event.ts";
import type { Form, Handshake, ReplyFailure, SessionInfo } from "./frames.ts";
import { isSessionId } from "./subprotocols.ts";

/** What a server's frame says after the handshake (PROTOCOL.md sections 3 and 4). */
export type ServerFrame =
  | { readonly type: "events"; readonly events: readonly (Event | BadEvent)[] }
  | { readonly type: "reply"; readonly cbId: string; readonly value: unknown }
  | { readonly type: "ping" }
  | { readonly type: "pong" }
  | { readonly type: "handshake" }
  /** `count` is whatever the peer sent. Legal only where there is a session (section 6.2). */
  | { readonly type: "ack"; readonly count: unknown; readonly value: unknown }
  | { readonly type: "bad-event"; readonly value: unknown };

/** Something among pushed events that is none. */
export class BadEvent {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** Reads the first frame of a connection, which tells the form; undefined where it is no handshake. */
export function readHandshake(value: unknown, stringIds: boolean): (Handshake & { readonly form: Form }) | undefined {
  if (!Array.isArray(value)) return undefined;
  const [first] = value;
  const wrapped = Array.isArray(first);
  const [id, content = null] = wrapped ? first : value;
  if (idOf(id, stringIds) !== "chsk/handshake" || (wrapped && (value[1] ?? null) !== null)) return undefined;
  if (content !== null && !Array.isArray(content)) return undefined;
  const [uid = null, csrfToken = null, data = null, session] = content ?? [];
  return {
    form: wrapped ? "wrapped" : "bare",
    uid: uid === null || typeof uid === "string" ? uid : print(uid),
    csrfToken: typeof csrfToken === "string" ? csrfToken : null,
    data,
    session: wrapped ? readSession(session) : undefined,
  };
}

/** The fourth element; undefined where there is none, and where it is not of its shape: then there is no session. */
function readSession(value: unknown): SessionInfo | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given = value as Readonly<Record<string, unknown>>;
  const { session: id, "resumed?": resumed, received, "max-frame": maxFrame, ack } = given;
  if (typeof id !== "string" || !isSessionId(id) || typeof resumed !== "boolean" || !isCount(received))
    return undefined;
  const { frames, bytes } = (ack ?? {}) as { readonly frames?: unknown; readonly bytes?: unknown };
  return {
    id,
    resumed,
    received,
    maxFrameBytes: isCount(maxFrame) && maxFrame > 0 ? maxFrame : Number.POSITIVE_INFINITY,
    ack: {
      frames: isCount(frames) ? Math.max(1, frames) : Number.POSITIVE_INFINITY,
      bytes: isCount(bytes) ? Math.max(1, bytes) : Number.POSITIVE_INFINITY,
    },
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * Reads a later frame. `isOpenRequest` settles what a bare frame `[:ns/name "r1"]` is: the reply `:ns/name` where
 * `r1` waits for one, else an event.
 */
export function readServerFrame(
  value: unknown,
  form: Form,
  stringIds: boolean,
  isOpenRequest: (cbId: string) => boolean,
): ServerFrame {
  if (!Array.isArray(value)) return { type: "bad-event", value };
  const [first, cbId = null] = value;
  if (typeof cbId === "string" && value.length === 2 && (form === "wrapped" || isOpenRequest(cbId))) {
    return { type: "reply", cbId, value: first };
  }
  const id = idOf(first, stringIds);
  if (id === "chsk/ws-ping") return { type: "ping" };
  if (id === "chsk/ws-pong") return { type: "pong" };
  if (id === "chsk/handshake") return { type: "handshake" };
  if (form === "bare") return oneEvent(value, stringIds);
  if (!Array.isArray(first)) return { type: "bad-event", value };
  const firstId = idOf(first[0], stringIds);
  if (firstId === "chsk/handshake") return { type: "handshake" };
  if (firstId === "chsk/ack" && cbId === null) return { type: "ack", count: first[1], value };
  return { type: "events", events: first.map((pushed) => pushedEvent(pushed, stringIds)) };
}

function oneEvent(value: unknown, stringIds: boolean): ServerFrame {
  return { type: "events", events: [pushedEvent(value, stringIds)] };
}

/** A `chsk/*` event among pushed ones is a bad event: the namespace is the protocol's. */
function pushedEvent(value: unknown, stringIds: boolean): Event | BadEvent {
  const event = readEvent(value, stringIds);
  return event === undefined || isProtocolId(event[0]) ? new BadEvent(value) : event;
}

/** The failure that a reply stands for: `:chsk/error` (Sente's), or `[:chsk/error {...}]` (our own servers'). */
export function replyFailure(value: unknown, stringIds: boolean): ReplyFailure | undefined {
  if (idOf(value, stringIds) === "chsk/error") return { code: "error", message: "the handler failed", data: null };
  if (!Array.isArray(value) || value.length !== 2 || idOf(value[0], stringIds) !== "chsk/error") return undefined;
  const details: unknown = value[1];
  if (typeof details !== "object" || details === null || Array.isArray(details)) return undefined;
  const { code, message, data = null } = details as Partial<Record<keyof ReplyFailure, unknown>>;
  return {
    code: typeof code === "string" ? code : "error",
    message: typeof message === "string" ? message : "the handler failed",
    data,
  };
}
