import type { Codec, CodecOptions } from "../codec.ts";
import { createTextCodec } from "../text-codec.ts";
import { readTransit } from "./read.ts";
import { writeTransit } from "./write.ts";

/**
 * Transit JSON, our default codec: Clojure's data in JSON that engines parse fast, with codes for repeated names.
 * It writes the caching mode byte for byte as Sente's JVM peer does where the value is the same, and reads both modes.
 * Source: the Transit specification 0.8 (github.com/cognitect/transit-format), transit-java for doubles.
 *
 * - Lists are read as arrays, characters as strings; `1.0` is read as 1, and written where `double(1)` is sent.
 * - Integers beyond the safe range are bigints; numbers beyond it are doubles, with a point or an exponent.
 * - Unknown tags are `Tagged`, links too (`tagged("link", ...)`), and are written back as they came.
 * - Of equal keys in a map the last counts, but composite ones are all kept, as in any Map of JavaScript; so are composite
 *   members of a set.
 */
export function createTransitJson(options: CodecOptions = {}): Codec<"transit-json"> {
  return createTextCodec({ name: "transit-json", stringIds: false, write: writeTransit, read: readTransit }, options);
}

/** The transit-json codec with its defaults. */
export const transitJson: Codec<"transit-json"> = /* @__PURE__ */ createTransitJson();
