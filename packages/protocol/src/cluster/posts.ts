import type { Codec, Encoded, Handler } from "../codecs/codec.ts";
import { createTransitMsgpack } from "../codecs/transit-msgpack/index.ts";
import { ProtocolError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import { isEventId } from "../wire/event.ts";
import { type Change, readChanges } from "./changes.ts";
import { checkHead, join } from "./questions.ts";

/** Whom a post means, or leaves out: a user with all clients, or one client. */
export type Label = string | null | { readonly uid: string | null; readonly clientId: string };

/** Whom an order means: users and clients, or who is in a room. */
export type Target = readonly Label[] | { readonly room: string };

/** How an event is pushed. */
export interface PostOptions {
  readonly flush?: boolean;
  readonly key?: string | undefined;
  readonly volatile?: boolean;
  readonly except?: readonly Label[] | undefined;
  /** Who is in that room is left out, too. */
  readonly exceptRoom?: string | undefined;
}

/** An event on its way to who is in a room. */
export interface RoomPost extends PostOptions {
  readonly type: "room";
  readonly room: string;
  readonly event: SenteEvent;
  /** Who sent it, where a client did. */
  readonly uid?: string | null | undefined;
  readonly from?: string | undefined;
  /** Its place, where the room has a history, and the epoch of that. */
  readonly offset?: number | undefined;
  readonly epoch?: string | undefined;
}

/** The reply to a client's request, of a handler that worked on when the session had gone to another node. */
export interface ReplyPost {
  readonly type: "reply";
  /** The id of the session. */
  readonly session: string;
  readonly cbId: string;
  /** The frame that the client gets, in the codec of the session. */
  readonly data: Encoded;
}

/** What a node tells the others (`CLUSTER_VERSION`). */
export type Post =
  | (PostOptions & { readonly type: "push"; readonly to: readonly Label[]; readonly event: SenteEvent })
  | (PostOptions & { readonly type: "broadcast"; readonly event: SenteEvent })
  | RoomPost
  | { readonly type: "disconnect"; readonly to: Target; readonly code: number; readonly reason: string }
  | { readonly type: "join" | "leave"; readonly to: Target; readonly room: string }
  | ReplyPost
  /** Who came and went since the version before. */
  | { readonly type: "presence"; readonly version: number; readonly changes: readonly Change[] };

/** A post that is the server's business. */
export type Delivered = Exclude<Post, { readonly type: "presence" }>;

const numbers = { push: 1, broadcast: 2, room: 3, disconnect: 4, join: 5, leave: 6, presence: 7, reply: 8 } as const;

type Body = Readonly<Record<string, unknown>>;

/** Posts as bytes: two for version and kind, then Transit over MessagePack, which keeps every value. */
export class PostCodec {
  readonly #codec: Codec;

  /** With the handlers of the application's codecs. */
  constructor(handlers: readonly Handler[]) {
    // A post holds what a frame holds, one level deeper.
    this.#codec = createTransitMsgpack({ handlers: [...new Set(handlers)], maxDepth: 110 });
  }

  /** Throws `EncodeError`. */
  write({ type, ...body }: Post): Uint8Array {
    return join(numbers[type], this.encode(body));
  }

  /** Throws `ProtocolError` and `DecodeError` for what no node of this version posts, never anything else. */
  read(bytes: Uint8Array): Post {
    const number = checkHead(bytes);
    const body = this.decode(bytes.subarray(2));
    const known = Object.entries(numbers).find(([, one]) => one === number);
    const post = known && isBody(body) ? readPost(known[0] as Post["type"], body) : undefined;
    if (post === undefined) throw new ProtocolError("bad-post", `a post of the kind ${number} that says nothing`);
    return post;
  }

  /** Throws `EncodeError`. */
  encode(value: unknown): Uint8Array {
    return this.#codec.encode(value) as Uint8Array;
  }

  /** Throws `DecodeError`. */
  decode(bytes: Uint8Array): unknown {
    return this.#codec.decode(bytes);
  }
}

function readPost(type: Post["type"], body: Body): Post | undefined {
  const { version, code, reason } = body;
  const event = readEvent(body.event);
  const to = readLabels(body.to);
  const target = readTarget(body.to);
  const room = typeof body.room === "string" ? body.room : undefined;
  switch (type) {
    case "push":
      return event && to && { type, to, event, ...readOptions(body) };
    case "broadcast":
      return event && { type, event, ...readOptions(body) };
    case "room": {
      const { uid, from, offset, epoch } = body;
      if (event === undefined || room === undefined) return undefined;
      return {
        type,
        room,
        event,
        ...readOptions(body),
        ...((typeof uid === "string" || uid === null) && { uid }),
        ...(typeof from === "string" && { from }),
        ...(isCount(offset) && { offset }),
        ...(typeof epoch === "string" && { epoch }),
      };
    }
    case "disconnect":
      if (target === undefined || typeof code !== "number" || typeof reason !== "string") return undefined;
      return { type, to: target, code, reason };
    case "join":
    case "leave":
      return target === undefined || room === undefined ? undefined : { type, to: target, room };
    case "reply": {
      const { session, cbId, data } = body;
      if (typeof session !== "string" || typeof cbId !== "string") return undefined;
      return typeof data === "string" || data instanceof Uint8Array ? { type, session, cbId, data } : undefined;
    }
    case "presence": {
      const changes = readChanges(body.changes);
      return changes === undefined || !isCount(version) ? undefined : { type, version, changes };
    }
  }
}

function readOptions({ flush, key, volatile, except, exceptRoom }: Body): PostOptions {
  const labels = readLabels(except);
  return {
    ...(flush === true && { flush }),
    ...(typeof key === "string" && { key }),
    ...(volatile === true && { volatile }),
    ...(labels !== undefined && { except: labels }),
    ...(typeof exceptRoom === "string" && { exceptRoom }),
  };
}

/** Events are written with their id as a string. */
export function readEvent(value: unknown): SenteEvent | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2 || !isEventId(value[0])) return undefined;
  return value.length === 1 ? [value[0]] : [value[0], value[1]];
}

/** Labels as they were written; undefined for anything else. */
export function readLabels(value: unknown): readonly Label[] | undefined {
  return Array.isArray(value) && value.every(isLabel) ? value : undefined;
}

/** Whom an order means, as it was written; undefined for anything else. */
export function readTarget(value: unknown): Target | undefined {
  return readLabels(value) ?? readInRoom(value);
}

function readInRoom(value: unknown): { readonly room: string } | undefined {
  return isBody(value) && typeof value.room === "string" ? { room: value.room } : undefined;
}

function isLabel(value: unknown): value is Label {
  if (typeof value === "string" || value === null) return true;
  if (!isBody(value)) return false;
  const { uid, clientId } = value;
  return (typeof uid === "string" || uid === null) && typeof clientId === "string";
}

function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
