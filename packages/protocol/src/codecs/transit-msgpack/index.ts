import { createBinaryCodec } from "../binary-codec.ts";
import type { Codec, CodecOptions } from "../codec.ts";
import { readTransit } from "./read.ts";
import { writeTransit } from "./write.ts";

/**
 * Transit over MessagePack: the values of transit-json in binary messages. It writes byte for byte as transit-java does
 * where the value is the same; strings of 32 to 255 bytes therefore have the longer header of an older MessagePack.
 * Source: the Transit specification 0.8 (github.com/cognitect/transit-format).
 *
 * It reads values as transit-json does, bytes also where they are MessagePack's own. Equal keys and members are refused.
 */
export function createTransitMsgpack(options: CodecOptions = {}): Codec<"transit-msgpack"> {
  return createBinaryCodec({ name: "transit-msgpack", write: writeTransit, read: readTransit }, options);
}

/** The transit-msgpack codec with its defaults. */
export const transitMsgpack: Codec<"transit-msgpack"> = /* @__PURE__ */ createTransitMsgpack();
