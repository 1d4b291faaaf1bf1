import { utf8Decoder, utf8Encoder } from "../codecs/utf8.ts";
import type { Topic } from "./backplane.ts";
import type { Post } from "./post-log.ts";

// A part of what a node posted, for another that was without the broker.

/** Of a post in a page: without bytes it is missing for ever. */
export type PagePost = Pick<Post, "number" | "topic" | "bytes" | "previous">;

/** A part of what a node posted. */
export interface Page {
  /** Nothing before the first post is kept any more that was asked for. */
  readonly isTooLate: boolean;
  /** Nothing comes after it. */
  readonly isLast: boolean;
  readonly posts: readonly PagePost[];
}

const MISSING = 0xffffffff;
const HEAD = 22;

export function encodePage({ isTooLate, isLast, posts }: Page): Uint8Array {
  const named = posts.map((post) => ({ ...post, name: utf8Encoder.encode(post.topic) }));
  const size = named.reduce((sum, { name, bytes }) => sum + HEAD + name.length + (bytes?.length ?? 0), 1);
  const page = new Uint8Array(size);
  const view = new DataView(page.buffer);
  page[0] = (isTooLate ? 1 : 0) | (isLast ? 2 : 0);
  let at = 1;
  for (const { number, previous, name, bytes } of named) {
    view.setFloat64(at, number);
    view.setFloat64(at + 8, previous);
    view.setUint16(at + 16, name.length);
    view.setUint32(at + 18, bytes?.length ?? MISSING);
    page.set(name, at + HEAD);
    if (bytes !== undefined) page.set(bytes, at + HEAD + name.length);
    at += HEAD + name.length + (bytes?.length ?? 0);
  }
  return page;
}

/** Undefined where the bytes are no page. */
export function decodePage(page: Uint8Array): Page | undefined {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const [flags = 0] = page;
  const posts: PagePost[] = [];
  for (let at = 1; at < page.length; ) {
    if (at + HEAD > page.length) return undefined;
    const begin = at + HEAD + view.getUint16(at + 16);
    const length = view.getUint32(at + 18);
    const end = begin + (length === MISSING ? 0 : length);
    if (end > page.length) return undefined;
    const topic = topicOf(page.subarray(at + HEAD, begin));
    if (topic === undefined) return undefined;
    const bytes = length === MISSING ? undefined : page.slice(begin, end);
    posts.push({ number: view.getFloat64(at), previous: view.getFloat64(at + 8), topic, bytes });
    at = end;
  }
  return { isTooLate: (flags & 1) !== 0, isLast: (flags & 2) !== 0, posts };
}

function topicOf(bytes: Uint8Array): Topic | undefined {
  try {
    return utf8Decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
