import { createBinaryCodec } from "../binary-codec.ts";
import type { Codec, CodecOptions } from "../codec.ts";
import { readSente } from "./read.ts";
import { writeSente } from "./write.ts";

/**
 * The MessagePack of Sente's own packer (PROTOCOL.md section 5.4), for peers that speak it. It writes byte for byte as
 * Sente does on the JVM, and reads what its JVM and its browser clients write.
 *
 * - Lists are read as arrays, characters as strings, arrays of numbers as arrays.
 * - What Sente has no type for (integers beyond 64 bits, decimals, URIs, tagged values) travels as an extension of ours,
 *   which Sente keeps as it is.
 * - Equal keys and members are refused.
 */
export function createSenteMsgpack(options: CodecOptions = {}): Codec<"sente-msgpack"> {
  return createBinaryCodec({ name: "sente-msgpack", write: writeSente, read: readSente }, options);
}

/** The sente-msgpack codec with its defaults. */
export const senteMsgpack: Codec<"sente-msgpack"> = /* @__PURE__ */ createSenteMsgpack();
