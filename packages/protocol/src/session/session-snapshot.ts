import { crc32 } from "../codecs/gzip/crc32.ts";
import { utf8Decoder, utf8Encoder } from "../codecs/utf8.ts";
import { DecodeError, EncodeError } from "../errors.ts";
import { type FeatureSet, featuresAmong } from "../wire/features.ts";
import type { Form, Frame } from "../wire/frames.ts";
import { isSessionId } from "../wire/subprotocols.ts";
import type { Owner } from "./away-sessions.ts";
import type { SessionState } from "./session-state.ts";

/** A session between two processes (PROTOCOL.md section 6.13): whose it is, how it speaks, and its state. */
export interface SessionSnapshot {
  readonly id: string;
  readonly uid: string | null;
  readonly clientId: string;
  /** The name of its codec. */
  readonly codec: string;
  readonly form: Form;
  readonly features: FeatureSet;
  /** The client named its features, and is told those that are used. */
  readonly tellsFeatures: boolean;
  /** The last attempt that was accepted, and by which object of a client. */
  readonly attempt: number;
  readonly instance: string | undefined;
  readonly owner: Owner;
  /** What it is bound to, where its server binds sessions. */
  readonly binding?: string | undefined;
  /** The rooms that it is in, with the position up to which it got their events, where they have a history. */
  readonly rooms: readonly SnapshotRoom[];
  /**
   * By server: up to which of its posts, by their numbers, the session has what it was to have of them; null where that is not
   * known. What was posted after that, whoever goes on with the session asks for.
   */
  readonly heard: Readonly<Record<string, number | null>>;
  /** Which servers it has nothing of, that are not named there; undefined where that is not known. */
  readonly nodes?: SnapshotNodes | undefined;
  /** Its client's requests that servers still work on, which it has left. */
  readonly awaited?: readonly AwaitedReply[] | undefined;
  readonly state: SessionState;
}

/**
 * Servers that began up to this place in the log of the backplane are named in `heard`, or had ended, and the session has
 * what they posted for it; of those that began after it that holds for `ended` alone.
 */
export interface SnapshotNodes {
  readonly at: { readonly epoch: string; readonly offset: number };
  readonly ended: readonly string[];
}

/** A request that has no reply, and the server that will post it. */
export interface AwaitedReply {
  readonly cbId: string;
  readonly node: string;
}

/** One of a session's rooms. */
export interface SnapshotRoom {
  readonly room: string;
  readonly position: { readonly epoch: string; readonly offset: number } | undefined;
}

/** Rises with whatever an older process would read wrongly. */
export const SNAPSHOT_VERSION = 3;
/** What says nothing of awaited replies is of this version, which older processes read, too. */
const VERSION_WITHOUT_AWAITED = 2;

const MAGIC = [0x73, 0x6c, 0x73] as const;
/** Magic, version, check sum, length of the head. */
const PREFIX_BYTES = 12;
const TEXT = 1;
const PUSH = 2;

/** A frame in the head: its bytes follow there, in this order. */
type Row = readonly [bytes: number, flags: number, requestId?: number | null, key?: string];

/**
 * The bytes of a snapshot: what it says, then the frames as they are. Throws `EncodeError` `too-large` where they are more
 * than `maxBytes`.
 */
export function writeSessionSnapshot(snapshot: SessionSnapshot, maxBytes: number): Uint8Array {
  const { state, features, awaited = [], ...rest } = snapshot;
  const isAnyAwaited = awaited.length > 0;
  const { entries, ...ledger } = state.ledger;
  const frames = entries.map(({ data }) => (typeof data === "string" ? utf8Encoder.encode(data) : data));
  const rows = entries.map((frame, i) => rowOf(frame, frames[i]?.byteLength ?? 0));
  const head = utf8Encoder.encode(
    JSON.stringify({
      ...rest,
      ...(isAnyAwaited && { awaited }),
      features: [...features],
      state: { ...state, ledger: { ...ledger, rows } },
    }),
  );
  const size = frames.reduce((sum, { byteLength }) => sum + byteLength, PREFIX_BYTES + head.byteLength);
  if (size > maxBytes)
    throw new EncodeError("too-large", `a session of ${size} bytes is over the limit of ${maxBytes}`);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set([...MAGIC, isAnyAwaited ? SNAPSHOT_VERSION : VERSION_WITHOUT_AWAITED]);
  view.setUint32(8, head.byteLength);
  bytes.set(head, PREFIX_BYTES);
  let at = PREFIX_BYTES + head.byteLength;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.byteLength;
  }
  view.setUint32(4, crc32(bytes.subarray(8)));
  return bytes;
}

/**
 * Reads a snapshot. Throws `DecodeError`: `snapshot-too-large`, `snapshot-version` for one of another version, and
 * `bad-snapshot` for anything else that is none, or not whole.
 */
export function readSessionSnapshot(bytes: Uint8Array, maxBytes: number): SessionSnapshot {
  const { byteLength } = bytes;
  if (byteLength > maxBytes) {
    throw new DecodeError("snapshot-too-large", `a session of ${byteLength} bytes is over the limit of ${maxBytes}`);
  }
  if (byteLength < PREFIX_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)) throw makeBadSnapshot("it is none");
  const version = bytes[3];
  if (version !== SNAPSHOT_VERSION && version !== VERSION_WITHOUT_AWAITED) {
    throw new DecodeError("snapshot-version", `a session of version ${version}; this is version ${SNAPSHOT_VERSION}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, byteLength);
  if (view.getUint32(4) !== crc32(bytes.subarray(8))) throw makeBadSnapshot("its check sum is wrong");
  const headEnd = PREFIX_BYTES + view.getUint32(8);
  try {
    return readHead(JSON.parse(utf8Decoder.decode(bytes.subarray(PREFIX_BYTES, headEnd))), bytes.subarray(headEnd));
  } catch (cause) {
    throw cause instanceof DecodeError ? cause : makeBadSnapshot("its head cannot be read", cause);
  }
}

function rowOf({ data, isPush, requestId, key }: Frame, bytes: number): Row {
  const flags = (typeof data === "string" ? TEXT : 0) | (isPush === true ? PUSH : 0);
  if (key !== undefined) return [bytes, flags, requestId ?? null, key];
  return requestId === undefined ? [bytes, flags] : [bytes, flags, requestId];
}

function readHead(given: unknown, frames: Uint8Array): SessionSnapshot {
  const head = record(given);
  const state = record(head.state);
  const ledger = record(state.ledger);
  const requests = record(state.requests);
  const owner = record(head.owner);
  const id = text(head.id);
  const form = text(head.form);
  if (!isSessionId(id) || (form !== "wrapped" && form !== "bare")) throw makeBadSnapshot("its head makes no sense");
  const entries = readFrames(list(ledger.rows), frames);
  const [before, acked] = [count(ledger.before), count(ledger.acked)];
  const transmitted = count(ledger.transmitted);
  if (transmitted > entries.length || acked > before) throw makeBadSnapshot("its counts make no sense");
  return {
    id,
    uid: head.uid === null ? null : text(head.uid),
    clientId: text(head.clientId),
    codec: text(head.codec),
    form,
    features: featuresAmong(list(head.features)),
    tellsFeatures: head.tellsFeatures === true,
    attempt: count(head.attempt),
    instance: head.instance === undefined ? undefined : text(head.instance),
    owner: { key: text(owner.key), isUser: owner.isUser === true },
    binding: head.binding === undefined ? undefined : text(head.binding),
    rooms: list(head.rooms).map(readRoom),
    heard: readHeard(head.heard),
    nodes: head.nodes === undefined ? undefined : readNodes(head.nodes),
    awaited: head.awaited === undefined ? undefined : list(head.awaited).map(readAwaited),
    state: {
      isConfirmed: state.isConfirmed === true,
      windowLeftMs: count(state.windowLeftMs),
      requests: { lastId: count(requests.lastId), givenUp: list(requests.givenUp).map(count) },
      ledger: {
        before,
        acked,
        transmitted,
        received: count(ledger.received),
        closedOnTooBig: ledger.closedOnTooBig === true,
        entries,
      },
    },
  };
}

function readFrames(rows: readonly unknown[], bytes: Uint8Array): readonly Frame[] {
  let at = 0;
  const frames = rows.map((row): Frame => {
    const [size, flags, requestId, key] = list(row);
    const end = at + count(size);
    if (end > bytes.byteLength) throw makeBadSnapshot("a frame of it is missing");
    const part = bytes.subarray(at, end);
    at = end;
    return {
      // Bytes of its own: a frame must not hold the whole snapshot.
      data: (count(flags) & TEXT) === 0 ? part.slice() : utf8Decoder.decode(part),
      bytes: part.byteLength,
      ...((count(flags) & PUSH) === 0 ? {} : { isPush: true }),
      ...(typeof requestId === "number" ? { requestId: count(requestId) } : {}),
      ...(key === undefined ? {} : { key: text(key) }),
    };
  });
  if (at !== bytes.byteLength) throw makeBadSnapshot("there is more than its frames");
  return frames;
}

function readRoom(given: unknown): SnapshotRoom {
  const { room, position } = record(given);
  return { room: text(room), position: position === undefined ? undefined : readPosition(position) };
}

function readPosition(given: unknown): SnapshotNodes["at"] {
  const { epoch, offset } = record(given);
  return { epoch: text(epoch), offset: count(offset) };
}

function readNodes(given: unknown): SnapshotNodes {
  const { at, ended } = record(given);
  return { at: readPosition(at), ended: list(ended).map(text) };
}

function readAwaited(given: unknown): AwaitedReply {
  const { cbId, node } = record(given);
  return { cbId: text(cbId), node: text(node) };
}

function readHeard(given: unknown): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    Object.entries(record(given)).map(([node, number]) => [node, number === null ? null : count(number)]),
  );
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw makeBadSnapshot("its head makes no sense");
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw makeBadSnapshot("its head makes no sense");
  return value;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw makeBadSnapshot("its head makes no sense");
  return value;
}

function count(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw makeBadSnapshot("its counts make no sense");
  return value as number;
}

function makeBadSnapshot(why: string, cause?: unknown): DecodeError {
  return new DecodeError("bad-snapshot", `no snapshot of a session: ${why}`, { cause });
}
