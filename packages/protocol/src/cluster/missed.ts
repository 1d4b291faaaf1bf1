import { isNodeId, type NodeId, type Topic } from "../backplane/index.ts";
import { utf8Encoder } from "../codecs/utf8.ts";
import { ProtocolError } from "../errors.ts";
import { isCount, type PostCodec } from "./posts.ts";
import { type Missed, type MissedPost, RecentPosts, recentPostsBounds } from "./recent-posts.ts";

// What a node is asked of its posts, what it answers, and what it leaves for those who ask once it has ended.

/** What did a node post to those topics after that number? */
export interface MissedQuestion {
  readonly topics: readonly Topic[];
  readonly after: number | null;
}

type Body = Readonly<Record<string, unknown>>;
type Row = readonly [number: number, topic: Topic, bytes: Uint8Array, ageMs: number];

/** A part of what a node leaves has about so many bytes, if so much may be put, or one post that is larger. */
const PART_BYTES = 512 * 1_024;
/** What a post weighs beside its bytes and its topic. */
const ROW_BYTES = 64;

/** The stream in which each node writes that it begins. */
export const BEGUN_STREAM = "begun";

/** The bytes of an entry there. */
export function writeBegun(node: NodeId): Uint8Array {
  return utf8Encoder.encode(node);
}

/** Throws `ProtocolError` `bad-node` for what is no entry. */
export function readBegun(bytes: Uint8Array): NodeId {
  const node = String.fromCharCode(...bytes.subarray(0, 33));
  if (!isNodeId(node)) throw new ProtocolError("bad-node", "a node that begins, without an id");
  return node;
}

/** The stream in which a node that ends leaves its last posts. */
export function nameLeftStream(node: NodeId): string {
  return `left/${node}`;
}

/** The bytes of a question. Throws `EncodeError`. */
export function writeMissedQuestion(codec: PostCodec, question: MissedQuestion): Uint8Array {
  return codec.encode(question);
}

/** Throws `ProtocolError` `bad-question`, and `DecodeError`. */
export function readMissedQuestion(codec: PostCodec, bytes: Uint8Array): MissedQuestion {
  const { topics, after } = bodyOf(codec.decode(bytes));
  if (
    !Array.isArray(topics) ||
    !topics.every((one) => typeof one === "string") ||
    !(after === null || isCount(after))
  ) {
    throw new ProtocolError("bad-question", "a question for missed posts that asks nothing");
  }
  return { topics, after };
}

/** The bytes of an answer. Throws `EncodeError`. */
export function writeMissed(codec: PostCodec, { isComplete, upTo, posts }: Missed): Uint8Array {
  return codec.encode({ isComplete, upTo, posts: posts.map(rowOf) });
}

/** Undefined for anything else. */
export function readMissed(codec: PostCodec, bytes: Uint8Array): Missed | undefined {
  const { isComplete, upTo, posts } = bodyOf(codec.decode(bytes));
  const read = readRows(posts);
  if (typeof isComplete !== "boolean" || !isCount(upTo) || read === undefined) return undefined;
  return { isComplete, upTo, posts: read };
}

/** The most bytes of a post to that topic that a node which ends can leave, where an entry has at most `maxBytes`. */
export function maxBytesLeft(topic: Topic, maxBytes: number): number {
  return Math.floor(maxBytes / 2) - weighRow(topic);
}

/** What a node that ends at this moment leaves of its posts, in parts of no more than `maxBytes`. */
export function writeLeft(codec: PostCodec, recent: RecentPosts, maxBytes: number, now: number): readonly Uint8Array[] {
  const limit = Math.min(maxBytes, PART_BYTES) / 2;
  let { floor } = recent;
  let bytes = 0;
  const parts: Row[][] = [[]];
  for (const post of recent.all) {
    if (post.bytes.length > maxBytesLeft(post.topic, maxBytes)) {
      floor = Math.max(floor, post.number);
      continue;
    }
    const weight = weighRow(post.topic) + post.bytes.length;
    bytes += weight;
    if (bytes > limit && parts.at(-1)?.length !== 0) {
      parts.push([]);
      bytes = weight;
    }
    parts.at(-1)?.push(rowOf({ ...post, ageMs: Math.max(0, now - post.at) }));
  }
  const { upTo } = recent;
  return parts.map((posts) => codec.encode({ upTo, floor, parts: parts.length, posts }));
}

/** What a node left, whose end is the moment 0; undefined where it is not all there. */
export function readLeft(codec: PostCodec, entries: readonly Uint8Array[]): RecentPosts | undefined {
  let recent: RecentPosts | undefined;
  for (const bytes of entries) {
    const { upTo, floor, parts, posts } = bodyOf(codec.decode(bytes));
    const read = readRows(posts);
    if (!isCount(upTo) || !isCount(floor) || parts !== entries.length || read === undefined) return undefined;
    recent ??= new RecentPosts({ ...recentPostsBounds, bytes: Number.POSITIVE_INFINITY }, floor, upTo);
    for (const { ageMs, ...post } of read) recent.add({ ...post, at: -ageMs });
  }
  return recent;
}

/** What a post to that topic weighs beside its bytes. */
function weighRow(topic: Topic): number {
  return ROW_BYTES + 3 * topic.length;
}

function rowOf({ number, topic, bytes, ageMs }: MissedPost): Row {
  return [number, topic, bytes, Math.round(ageMs)];
}

function readRows(value: unknown): readonly MissedPost[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const posts: MissedPost[] = [];
  for (const row of value) {
    const [number, topic, bytes, ageMs] = Array.isArray(row) ? row : [];
    if (!isCount(number) || typeof topic !== "string" || !(bytes instanceof Uint8Array) || !isCount(ageMs))
      return undefined;
    posts.push({ number, topic, bytes, ageMs });
  }
  return posts;
}

function bodyOf(value: unknown): Body {
  return typeof value === "object" && value !== null ? (value as Body) : {};
}
