import type { Event } from "../api.ts";
import type { Codec, Encoded } from "../codecs/codec.ts";
import { EncodeError } from "../errors.ts";
import { wireEvent, wireId } from "./event.ts";

// Frames as they are written (PROTOCOL.md sections 3 and 4).

/** How a connection speaks: Sente's frames, or the bare events of sente_lite. */
export type Form = "wrapped" | "bare";

/** One WebSocket message, ready to go, and its size on the wire. */
export interface Frame {
  readonly data: Encoded;
  readonly bytes: number;
  /** Of a push that a later one with this key replaces while it waits. */
  readonly key?: string;
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
  /** The fourth element (section 6.1), for our own clients alone. */
  readonly session?: SessionInfo | undefined;
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
  const { uid, csrfToken, data = null, session } = handshake;
  const id = wireId("chsk/handshake", codec);
  if (form === "bare") return framed(codec, [id, [uid, csrfToken, data, true]], 2);
  const content = session === undefined ? [uid, null, data] : [uid, null, data, sessionMap(session)];
  return framed(codec, [[id, content], null], 3);
}

function sessionMap({ id, resumed, received, maxFrameBytes, ack }: SessionInfo): Readonly<Record<string, unknown>> {
  return { session: id, "resumed?": resumed, received, "max-frame": maxFrameBytes, ack };
}

/** `[[:chsk/ack n] nil]` (section 6.2). */
export function ackFrame(codec: Codec, count: number): Frame {
  return framed(codec, [[wireId("chsk/ack", codec), count], null]);
}

/** Pushed events, in order. A bare frame holds one event. */
export function pushFrame(codec: Codec, form: Form, events: readonly Event[]): Frame {
  const [first] = events;
  if (form === "bare" && first !== undefined) return push(framed(codec, wireEvent(first, codec), 1));
  return push(framed(codec, [events.map((event) => wireEvent(event, codec)), null], 3));
}

function push({ data, bytes }: Frame): Frame {
  return { data, bytes, isPush: true };
}

/** A client's event; with a cb-id a reply is wanted. */
export function eventFrame(codec: Codec, form: Form, event: Event, cbId: string | null): Frame {
  const written = wireEvent(event, codec);
  return form === "bare" && cbId === null ? framed(codec, written, 1) : framed(codec, [written, cbId], 2);
}

/** The reply to a request, `[value cb-id]` (PROTOCOL.md section 3.4). Throws `EncodeError`. */
export function replyFrame(codec: Codec, cbId: string, value: unknown): Frame {
  return framed(codec, [value === undefined ? null : value, cbId], 1);
}

/** `[:chsk/error cb-id]`; to our own peers with code, message and data. */
export function errorReplyFrame(codec: Codec, cbId: string, failure: ReplyFailure, ownPeer: boolean): Frame {
  const id = wireId("chsk/error", codec);
  if (!ownPeer) return framed(codec, [id, cbId]);
  const { code, message, data = null } = failure;
  return framed(codec, [[id, { code, message, data }], cbId]);
}

/** A server's ping, and a bare peer's. */
export function pingFrame(codec: Codec, form: Form): Frame {
  const id = wireId("chsk/ws-ping", codec);
  return framed(codec, form === "wrapped" ? [id, null] : [id]);
}

/** A client's ping in the wrapped form, which is answered `["pong" cb-id]`. */
export function clientPingFrame(codec: Codec, cbId: string): Frame {
  return framed(codec, [[wireId("chsk/ws-ping", codec)], cbId]);
}

/** A client's answer to a server's ping, and a bare peer's to any (PROTOCOL.md sections 3.5, 4.4). */
export function pongFrame(codec: Codec, form: Form): Frame {
  const id = wireId("chsk/ws-pong", codec);
  return framed(codec, form === "wrapped" ? [[id], null] : [id]);
}

/** `depth` is how deep the user's data lies in the frame: errors speak of the data. */
function framed(codec: Codec, value: unknown, depth = 0): Frame {
  let data: Encoded;
  try {
    data = codec.encode(value);
  } catch (error) {
    throw error instanceof EncodeError ? error.within(depth) : error;
  }
  return { data, bytes: encodedBytes(data) };
}

/** The size of a message on the wire, without WebSocket's own header. */
export function encodedBytes(data: Encoded): number {
  if (typeof data !== "string") return data.byteLength;
  let bytes = data.length;
  for (let i = 0; i < data.length; i++) {
    const unit = data.charCodeAt(i);
    // A surrogate pair is four bytes in UTF-8: two for each half. Codecs let no lone surrogate through.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
