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
 * | -0, NaN, infinities | refused, `json-number` | |
 * | `Double` | the number | number |
 * | bigint in the safe range; beyond it | the integer; refused, `json-number` | number |
 * | `Keyword`, `Sym` | their name, without colon | string |
 * | `Uuid`, `Uri` | their text | string |
 * | Date | `toISOString()` | string |
 * | Uint8Array | base64 | string |
 * | Array, Set | array | Array |
 * | plain object | object; undefined left out | plain object (with a key `__proto__`: Map) |
 * | Map with string and keyword keys | object; two keys of one name are refused, `json-key` | plain object where all keys are keyword names, else Map with string keys |
 * | Map with another key | refused, `json-key` | |
 * | `Tagged` | refused, `json-tagged` | |
 * | what a handler knows | what it writes, without its tag | that |
 *
 * `normaliseJson(v)` is exactly what arrives. A number too large for a double is read as JSON.parse reads it.
 */
export function createJson(options: CodecOptions = {}): Codec<"json"> {
  return createTextCodec({ name: "json", stringIds: true, write: encodeJson, read: decodeJson }, options);
}

/** The json codec with its defaults. */
export const json: Codec<"json"> = /* @__PURE__ */ createJson();
