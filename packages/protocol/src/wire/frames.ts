import type { Codec, Encoded } from "../codecs/codec.ts";
import { EncodeError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import { native } from "../values/native.ts";
import { writeEvent, writeId } from "./event.ts";
import type { Feature, FeatureSet, Way } from "./features.ts";
import type { LoginParams } from "./login-params.ts";
import { makeRequest } from "./request-bodies.ts";

// Frames as they are written (PROTOCOL.md sections 3 and 4).

/** How a connection speaks: Sente's frames, or the bare events of sente_lite. */
export type Form = "wrapped" | "bare";

/** What a frame is, as readers tell it. Each row says who sends it, and what both sides must know of it. */
export interface FrameKind {
  readonly direction: Way | "both";
  /** Whether a session counts, acknowledges and replays it (section 6.3). */
  readonly isCounted: boolean;
  /** Of what we add to Sente's wire, the feature that it belongs to (section 1.8). */
  readonly feature?: Feature;
}

/** A frame that is known by its event id; the others are known by their shape. */
export interface NamedKind extends FrameKind {
  readonly id: `chsk/${string}`;
}

/** What readers call the frames that are known by their event id. */
export type NamedType = "handshake" | "ping" | "pong" | "ack" | "volatile" | "refresh";

/** What readers call a frame. */
export type FrameType = NamedType | "events" | "event" | "reply" | "bad-event";

/** Every frame after the upgrade, by what it is; readers and sessions go by it, and PROTOCOL.md section 6.3 lists it. */
export const frameKinds: Readonly<Record<NamedType, NamedKind> & Record<Exclude<FrameType, NamedType>, FrameKind>> = {
  // A second one, which counts and is refused; the first comes before any frame is counted.
  handshake: { id: "chsk/handshake", direction: "s->c", isCounted: true },
  events: { direction: "s->c", isCounted: true },
  event: { direction: "c->s", isCounted: true },
  reply: { direction: "s->c", isCounted: true },
  ping: { id: "chsk/ws-ping", direction: "both", isCounted: false },
  pong: { id: "chsk/ws-pong", direction: "both", isCounted: false },
  ack: { id: "chsk/ack", direction: "both", isCounted: false, feature: "sessions" },
  volatile: { id: "chsk/volatile", direction: "both", isCounted: false, feature: "volatile" },
  refresh: { id: "chsk/refresh", direction: "both", isCounted: false, feature: "refresh" },
  "bad-event": { direction: "both", isCounted: true },
};

const namedTypes: readonly NamedType[] = ["handshake", "ping", "pong", "ack", "volatile", "refresh"];

/** What a frame that goes that way is by its event id; undefined for ids that name none. */
export function frameTypeOf(id: string | undefined, way: Way): NamedType | undefined {
  // Most frames have none at the place where one is looked for.
  if (id === undefined) return undefined;
  return namedTypes.find((type) => {
    const { id: its, direction } = frameKinds[type];
    return its === id && (direction === way || direction === "both");
  });
}

/** One WebSocket message, ready to go, and its size on the wire. */
export interface Frame {
  readonly data: Encoded;
  readonly bytes: number;
  /** Of a push that a later one with this key replaces while it waits. */
  readonly key?: string;
  /** Of a server's request: its id. */
  readonly requestId?: number;
  /** True for a push, which a server may have to leave out where it has chosen so. */
  readonly isPush?: boolean;
}

/** What a reply to a failed request tells our own peers. */
export interface ReplyFailure {
  readonly code: string;
  readonly message: string;
  readonly data: unknown;
}

/** What a server tells a client first (PROTOCOL.md section 3.1). */
export interface Handshake {
  readonly uid: string | null;
  readonly csrfToken: string | null;
  readonly data: unknown;
  /** What the fourth element says of a session (section 6.1). */
  readonly session?: SessionInfo | undefined;
  /** What this connection uses of what we add (section 1.8): for a client that named what it knows. */
  readonly features?: FeatureSet | undefined;
}

/** What a server tells of a session in its handshake (PROTOCOL.md section 6.1). */
export interface SessionInfo {
  readonly id: string;
  readonly resumed: boolean;
  /** Counted frames of the client that the server has taken over. */
  readonly received: number;
  readonly maxFrameBytes: number;
  readonly ack: { readonly frames: number; readonly bytes: number };
}

/** The first frame of a connection (PROTOCOL.md sections 3.1, 4.1, 6.1). Throws `EncodeError` for bad data. */
export function handshakeFrame(codec: Codec, form: Form, handshake: Handshake): Frame {
  const { uid, csrfToken, data = null, session, features } = handshake;
  const id = writeId(frameKinds.handshake.id, codec);
  if (form === "bare") return frameOf(codec, [id, [uid, csrfToken, data, true]], 2);
  const isOurs = session !== undefined || features !== undefined;
  const content = isOurs ? [uid, null, data, makeFourthElement(session, features)] : [uid, null, data];
  return frameOf(codec, [[id, content], null], 3);
}

function makeFourthElement(session: SessionInfo | undefined, features: FeatureSet | undefined) {
  return {
    ...(session === undefined ? {} : writeSession(session)),
    ...(features === undefined ? {} : { features: [...features] }),
  };
}

function writeSession({ id, resumed, received, maxFrameBytes, ack }: SessionInfo): Readonly<Record<string, unknown>> {
  return { session: id, "resumed?": resumed, received, "max-frame": maxFrameBytes, ack };
}

/** `[[:chsk/ack n] nil]` (section 6.2). */
export function ackFrame(codec: Codec, count: number): Frame {
  return frameOf(codec, [[writeId(frameKinds.ack.id, codec), count], null]);
}

/** `[[:chsk/volatile event] nil]`: an event that is worth nothing later (section 6.12). Throws `EncodeError`. */
export function volatileFrame(codec: Codec, event: SenteEvent): Frame {
  return frameOf(codec, [[writeId(frameKinds.volatile.id, codec), writeEvent(event, codec)], null], 3);
}

/**
 * `[[:chsk/refresh] nil]`, with which a server asks for a new login, and with `params` a client's answer to it (section 1.9).
 */
export function refreshFrame(codec: Codec, params?: LoginParams): Frame {
  const id = writeId(frameKinds.refresh.id, codec);
  return frameOf(codec, [params === undefined ? [id] : [id, params], null]);
}

/** Pushed events, in order. A bare frame holds one event. */
export function pushFrame(codec: Codec, form: Form, events: readonly SenteEvent[]): Frame {
  const [first] = events;
  if (form === "bare" && first !== undefined) return markPush(frameOf(codec, writeEvent(first, codec), 1));
  return markPush(frameOf(codec, [events.map((event) => writeEvent(event, codec)), null], 3));
}

function markPush({ data, bytes }: Frame): Frame {
  return { data, bytes, isPush: true };
}

/** A server's request, in a frame of its own: it can be taken out while it waits (section 6.11). Throws `EncodeError`. */
export function requestFrame(codec: Codec, id: number, event: SenteEvent): Frame {
  const { data, bytes } = frameOf(codec, [[writeEvent(makeRequest(id, writeEvent(event, codec)), codec)], null], 5);
  return { data, bytes, requestId: id };
}

/** A client's event; with a cb-id a reply is wanted. */
export function eventFrame(codec: Codec, form: Form, event: SenteEvent, cbId: string | null): Frame {
  const written = writeEvent(event, codec);
  return form === "bare" && cbId === null ? frameOf(codec, written, 1) : frameOf(codec, [written, cbId], 2);
}

/** The reply to a request, `[value cb-id]` (PROTOCOL.md section 3.4). Throws `EncodeError`. */
export function replyFrame(codec: Codec, cbId: string, value: unknown): Frame {
  return frameOf(codec, [value === undefined ? null : value, cbId], 1);
}

/** `[:chsk/error cb-id]`; to a peer that knows `error-details` with code, message and data. */
export function errorReplyFrame(codec: Codec, cbId: string, failure: ReplyFailure, features: FeatureSet): Frame {
  const id = writeId("chsk/error", codec);
  if (!features.has("error-details")) return frameOf(codec, [id, cbId]);
  const { code, message, data = null } = failure;
  return frameOf(codec, [[id, { code, message, data }], cbId]);
}

/** A server's ping, and a bare peer's. */
export function pingFrame(codec: Codec, form: Form): Frame {
  const id = writeId(frameKinds.ping.id, codec);
  return frameOf(codec, form === "wrapped" ? [id, null] : [id]);
}

/** A client's ping in the wrapped form, which is answered `["pong" cb-id]`. */
export function clientPingFrame(codec: Codec, cbId: string): Frame {
  return frameOf(codec, [[writeId(frameKinds.ping.id, codec)], cbId]);
}

/** A client's answer to a server's ping, and a bare peer's to any (PROTOCOL.md sections 3.5, 4.4). */
export function pongFrame(codec: Codec, form: Form): Frame {
  const id = writeId(frameKinds.pong.id, codec);
  return frameOf(codec, form === "wrapped" ? [[id], null] : [id]);
}

/** `depth` is how deep the user's data lies in the frame: errors speak of the data. */
function frameOf(codec: Codec, value: unknown, depth = 0): Frame {
  let data: Encoded;
  try {
    data = codec.encode(value);
  } catch (error) {
    throw error instanceof EncodeError ? error.within(depth) : error;
  }
  return { data, bytes: countBytes(data) };
}

/** The size of a message on the wire, without WebSocket's own header. */
export function countBytes(data: Encoded): number {
  if (typeof data !== "string") return data.byteLength;
  const { Buffer } = native;
  if (Buffer !== undefined) return Buffer.byteLength(data);
  let bytes = data.length;
  for (let i = 0; i < data.length; i++) {
    const unit = data.charCodeAt(i);
    // A surrogate pair is four bytes in UTF-8: two for each half. Codecs let no lone surrogate through.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
