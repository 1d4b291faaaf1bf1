import { utf8Decoder, utf8Encoder } from "../codecs/utf8.ts";
import { isNodeId } from "./names.ts";

// What nodes say to each other through a broker: S, version, kind, the node, two numbers, topic, payload.

const MARK = 0x53;
const VERSION = 1;

/** What a message is for. */
export const kinds = {
  post: 1,
  /** A node joins; without a number: it has the broker again. */
  hello: 2,
  /** It is there still. */
  beat: 3,
  /** It leaves. */
  bye: 4,
  /** The node that the topic names is gone. */
  gone: 5,
  question: 6,
  answer: 7,
  failure: 8,
  /** Posts of this node were not posted. */
  lost: 9,
  /** What did this node post after the number? */
  missed: 10,
  /** A part of the answer to that. */
  page: 11,
} as const;

/** The kind of a message. */
export type Kind = (typeof kinds)[keyof typeof kinds];

/** What nodes say to each other. */
export interface Envelope {
  readonly kind: Kind;
  readonly from: string;
  /** Of a post its own; otherwise that of this message among those that are no posts. */
  readonly number: number;
  /** Of a post: the post before it to this topic, 0 where that is not known. Otherwise which question it is about. */
  readonly about: number;
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** Bytes that are no envelope of this version. */
export interface Unreadable {
  readonly kind: "unreadable";
  /** Who sent it, where that could be read. */
  readonly from: string | undefined;
}

const known = new Set<number>(Object.values(kinds));

/** How many bytes an envelope adds at most. */
export const ENVELOPE_BYTES: number = 4 + 32 + 16 + 2 + 3 * 1_024;

export function encodeEnvelope({ kind, from, number, about, topic, payload }: Envelope): Uint8Array {
  const name = utf8Encoder.encode(topic);
  const head = 4 + from.length;
  const bytes = new Uint8Array(head + 18 + name.length + payload.length);
  bytes.set([MARK, VERSION, kind, from.length]);
  utf8Encoder.encodeInto(from, bytes.subarray(4));
  const view = new DataView(bytes.buffer);
  view.setFloat64(head, number);
  view.setFloat64(head + 8, about);
  view.setUint16(head + 16, name.length);
  bytes.set(name, head + 18);
  bytes.set(payload, head + 18 + name.length);
  return bytes;
}

/** What every version begins with is read first, so that it can be said whose message was not understood. */
export function decodeEnvelope(bytes: Uint8Array): Envelope | Unreadable {
  const [mark, version, kind, length = 0] = bytes;
  const head = 4 + length;
  if (mark !== MARK || bytes.length < head) return { kind: "unreadable", from: undefined };
  const from = String.fromCharCode(...bytes.subarray(4, head));
  if (!isNodeId(from)) return { kind: "unreadable", from: undefined };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (version !== VERSION || !isKind(kind) || bytes.length < head + 18) return { kind: "unreadable", from };
  const number = view.getFloat64(head);
  const about = view.getFloat64(head + 8);
  const end = head + 18 + view.getUint16(head + 16);
  if (!isCount(number) || !isCount(about) || bytes.length < end) return { kind: "unreadable", from };
  try {
    const topic = utf8Decoder.decode(bytes.subarray(head + 18, end));
    return { kind, from, number, about, topic, payload: bytes.slice(end) };
  } catch {
    return { kind: "unreadable", from };
  }
}

function isKind(value: number | undefined): value is Kind {
  return value !== undefined && known.has(value);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
