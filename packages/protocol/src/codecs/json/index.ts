import type { Codec, CodecOptions } from "../codec.ts";
import { createTextCodec } from "../text-codec.ts";
import { decodeJson } from "./decode.ts";
import { encodeJson } from "./encode.ts";

export { normaliseJson } from "./normalise.ts";

/**
 * JSON, the lossy codec: what JSON has no type for arrives as something else, or is refused.
 *
 * | sent | on the wire | arrives as |
 * |---|---|---|
 * | null, boolean, string, finite number | itself | itself |
 * | -0 | 0, as JSON.stringify has it | 0 |
 * | NaN, infinities | refused, `json-number` | |
 * | `Double` | the number | number |
 * | bigint in the safe range; beyond it | the integer; refused, `json-number` | number |
 * | `Keyword`, `Sym` | their name, without colon | string |
 * | `Uuid`, `Uri` | their text | string |
 * | Date | `toISOString()` | string |
 * | bytes: Uint8Array, ArrayBuffer and every other view of one | base64 | string |
 * | Array, Set | array | Array |
 * | plain object, with any keys | object; undefined left out | plain object; `__proto__` is a key like any other |
 * | Map with string and keyword keys | object; two keys of one name are refused, `json-key` | plain object |
 * | Map with another key | refused, `json-key` | |
 * | `Tagged` | refused, `json-tagged` | |
 * | what a handler knows | what it writes, without its tag | that |
 *
 * Nothing calls `toJSON`. What was decoded can be encoded again; with the other codecs keys that are no keywords are
 * those of a Map: `asDict(object)` makes it.
 *
 * `normaliseJson(v)` is exactly what arrives. A number too large for a double is read as JSON.parse reads it.
 */
export function createJson(options: CodecOptions = {}): Codec<"json"> {
  return createTextCodec({ name: "json", stringIds: true, write: encodeJson, read: decodeJson }, options);
}

/** The json codec with its defaults. */
export const json: Codec<"json"> = /* @__PURE__ */ createJson();
