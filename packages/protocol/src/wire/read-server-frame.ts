import type { SenteEvent } from "../event.ts";
import { print } from "../values/print.ts";
import { idOf, readEvent } from "./event.ts";
import { isUnderstood, readVolatile } from "./feature-events.ts";
import { type FeatureSet, featuresAmong, noFeatures } from "./features.ts";
import { type Form, frameTypeOf, type Handshake, type ReplyFailure, type SessionInfo } from "./frames.ts";
import { isSessionId } from "./subprotocols.ts";

/** What a server's frame says after the handshake (PROTOCOL.md sections 3 and 4). */
export type ServerFrame =
  | { readonly type: "events"; readonly events: readonly (SenteEvent | BadEvent)[] }
  | { readonly type: "reply"; readonly cbId: string; readonly value: unknown }
  | { readonly type: "ping" }
  | { readonly type: "pong" }
  | { readonly type: "handshake" }
  /** `count` is whatever the peer sent. Legal only where there is a session (section 6.2). */
  | { readonly type: "ack"; readonly count: unknown; readonly value: unknown }
  /** Without an event where what it holds is none. Read only of a server that uses the feature (section 6.12). */
  | { readonly type: "volatile"; readonly event: SenteEvent | undefined; readonly value: unknown }
  /** Read only of a server that uses the feature (section 1.9). */
  | { readonly type: "refresh" }
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
  if (frameTypeOf(idOf(id, stringIds), "s->c") !== "handshake" || (wrapped && (value[1] ?? null) !== null))
    return undefined;
  if (content !== null && !Array.isArray(content)) return undefined;
  const [uid = null, csrfToken = null, data = null, fourth] = content ?? [];
  return {
    form: wrapped ? "wrapped" : "bare",
    uid: uid === null || typeof uid === "string" ? uid : print(uid),
    csrfToken: typeof csrfToken === "string" ? csrfToken : null,
    data,
    session: wrapped ? readSession(fourth) : undefined,
    features: wrapped ? readTold(fourth) : undefined,
  };
}

/** The features that the fourth element names (section 1.8); undefined where it names none. */
function readTold(value: unknown): FeatureSet | undefined {
  if (typeof value !== "object" || value === null || !("features" in value)) return undefined;
  return Array.isArray(value.features) ? featuresAmong(value.features) : undefined;
}

/** The session of the fourth element; undefined where there is none, and where it is not of its shape. */
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
 * `r1` waits for one, else an event. Of the protocol's own events it knows those of `features`.
 */
export function readServerFrame(
  value: unknown,
  form: Form,
  stringIds: boolean,
  isOpenRequest: (cbId: string) => boolean,
  features: FeatureSet = noFeatures,
): ServerFrame {
  if (!Array.isArray(value)) return { type: "bad-event", value };
  const [first, cbId = null] = value;
  if (typeof cbId === "string" && value.length === 2 && (form === "wrapped" || isOpenRequest(cbId))) {
    // Known by what it answers, never by its value alone (section 3.6): cb-ids that begin with p are our pings'.
    if (first === "pong" && cbId.startsWith("p")) return { type: "pong" };
    return { type: "reply", cbId, value: first };
  }
  const type = frameTypeOf(idOf(first, stringIds), "s->c");
  if (type === "ping" || type === "pong" || type === "handshake") return { type };
  if (form === "bare") return { type: "events", events: [readPushed(value, stringIds, features)] };
  if (!Array.isArray(first)) return { type: "bad-event", value };
  const inner = frameTypeOf(idOf(first[0], stringIds), "s->c");
  if (inner === "handshake") return { type: inner };
  if (inner === "ack" && cbId === null) return { type: inner, count: first[1], value };
  if (inner === "volatile" && cbId === null && features.has(inner)) {
    return { type: inner, event: readVolatile(first[1], "s->c", stringIds, features), value: first };
  }
  if (inner === "refresh" && cbId === null && features.has(inner)) return { type: inner };
  return { type: "events", events: first.map((pushed) => readPushed(pushed, stringIds, features)) };
}

/** A `chsk/*` event among pushed ones is a bad event, but for those of features: the namespace is the protocol's. */
function readPushed(value: unknown, stringIds: boolean, features: FeatureSet): SenteEvent | BadEvent {
  const event = readEvent(value, stringIds);
  return event === undefined || !isUnderstood(event[0], "s->c", features) ? new BadEvent(value) : event;
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
