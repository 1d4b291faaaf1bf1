import { gzipSync, Inflate } from "fflate";
import { DecodeError } from "../../errors.ts";
import { crc32 } from "./crc32.ts";

const HEAD_BYTES = 10;
const TAIL_BYTES = 8;

// One compressed byte stands for at most so many bytes.
const LARGEST_RATIO = 1032;

// So much is read at a time. Times the ratio above, it is what may be inflated before the bound is checked.
const CHUNK_BYTES = 8_192;

const HAS_CHECK = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;

/** A gzip stream (RFC 1952) of these bytes; the same for the same bytes. */
export function deflate(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { mtime: 0 });
}

/**
 * What a gzip stream holds. Throws `DecodeError`: `too-large` where that is over the bound, `malformed` where the stream
 * is none or is damaged. Allocates no more than a stream of that length can hold, whatever size it claims.
 */
export function inflate(stream: Uint8Array, maxBytes: number): Uint8Array {
  const from = headSize(stream);
  const to = stream.length - TAIL_BYTES;
  if (from > to) fail("a gzip stream that ends too early", stream.length);
  const tail = new DataView(stream.buffer, stream.byteOffset + to, TAIL_BYTES);
  const size = tail.getUint32(4, true);
  if (size > (to - from) * LARGEST_RATIO) fail("a gzip stream of a wrong size", to);
  if (size > maxBytes) {
    throw new DecodeError("too-large", `${size} bytes after inflating are over the limit`, { offset: to });
  }
  const content = inflateContent(stream.subarray(from, to), size, from);
  if (crc32(content) !== tail.getUint32(0, true)) fail("a gzip stream whose check sum is wrong", to);
  return content;
}

function fail(message: string, offset: number, cause?: unknown): never {
  throw new DecodeError("malformed", message, { offset, cause });
}

function inflateContent(deflated: Uint8Array, size: number, offset: number): Uint8Array {
  const content = new Uint8Array(size);
  let filled = 0;
  let read = 0;
  const inflater = new Inflate((part) => {
    if (filled + part.length > size) fail("a gzip stream of a wrong size", offset + read);
    content.set(part, filled);
    filled += part.length;
  });
  try {
    for (; read < deflated.length; read += CHUNK_BYTES) {
      inflater.push(deflated.subarray(read, read + CHUNK_BYTES), read + CHUNK_BYTES >= deflated.length);
    }
  } catch (cause) {
    if (cause instanceof DecodeError) throw cause;
    fail(`no gzip stream: ${String(cause)}`, offset + read, cause);
  }
  return filled === size ? content : fail("a gzip stream of a wrong size", offset + read);
}

/** The size of the header, whose optional parts are left unread. */
function headSize(stream: Uint8Array): number {
  const [first, second, method, flags = 0] = stream;
  if (first !== 0x1f || second !== 0x8b || method !== 8) fail("no gzip stream", 0);
  let at = HEAD_BYTES;
  if ((flags & HAS_EXTRA) !== 0) at += 2 + (stream[at] ?? 0) + 256 * (stream[at + 1] ?? 0);
  for (const part of [HAS_NAME, HAS_COMMENT]) {
    if ((flags & part) === 0) continue;
    const end = stream.indexOf(0, at);
    at = end < 0 ? stream.length : end + 1;
  }
  return (flags & HAS_CHECK) === 0 ? at : at + 2;
}
