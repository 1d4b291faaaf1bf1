import { MAX_DEPTH } from "../../limits.ts";
import type { Codec, CodecOptions } from "../codec.ts";
import { createTextCodec } from "../text-codec.ts";
import { readText } from "./read.ts";
import { writeEdn } from "./write.ts";

/**
 * EDN, the default of Sente and of sente_lite. It writes what Clojure's pr-str writes, and reads all of EDN and what
 * Clojure prints: namespaced maps (`#:a{:x 1}`), octal and `\u` escapes, `N`, `M`, ratios, radix numbers, `#inst` in all
 * its lengths and offsets. Sources: the EDN spec (github.com/edn-format/edn), clojure.lang.EdnReader.
 *
 * - Lists are read as arrays, characters as strings; `1.0` is read as 1, and written where `double(1)` is sent.
 * - Metadata (`^:a [1]`) is read and dropped; a regular expression, `@x` and a second value are refused.
 * - Of equal keys in a map the last counts, but composite ones are all kept, as in any Map of JavaScript; so are composite
 *   members of a set. Clojure's reader refuses equal keys and members, and so we never send them.
 * - EDN has no bytes and no URIs: they are `#sente-lite/bytes "base64"` and `#sente-lite/uri "..."`, which a peer that
 *   does not know them may refuse with the whole frame, as Sente does.
 * - `#inst` has years of four digits: dates outside them are refused, by every codec.
 */
export function createEdn(options: CodecOptions = {}): Codec<"edn"> {
  return createTextCodec({ name: "edn", stringIds: false, write: writeEdn, read: readText }, options);
}

/** The edn codec with its defaults. */
export const edn: Codec<"edn"> = /* @__PURE__ */ createEdn();

/**
 * Reads the one EDN value of a text.
 * @throws {DecodeError}
 */
export function readEdn(text: string): unknown {
  return edn.decode(text);
}

/**
 * A value as EDN, on one line.
 * @throws {EncodeError}
 */
export function printEdn(value: unknown): string {
  return writeEdn(value, MAX_DEPTH, []);
}
