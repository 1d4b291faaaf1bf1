import { fromBase64 } from "../../values/base64.ts";
import { intern } from "../../values/keyword.ts";
import { isDecimal, readInteger } from "../../values/numbers.ts";
import { readUuid, Sym, Tagged, Uri } from "../../values/types.ts";
import { readInstant } from "../instant.ts";

/** True for the tag of a type of texts. A value with such a tag (`["~#m", 5]`) is read as that text (`"~m5"`). */
export function isGround(tag: string): boolean {
  return tag.length === 1 && "_?idbfnmtucrzs:$".includes(tag);
}

const LAST_DATE = 8.64e15;
const whole = /^[-+]?\d+$/;
const specials: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["INF", Number.POSITIVE_INFINITY],
  ["-INF", Number.NEGATIVE_INFINITY],
]);

/**
 * Reads a text of a type: `text` is what follows the `~` and the type. Undefined where it is no text of that type. A type
 * that nobody knows makes a `Tagged`. Tags (`~#`) are left to the reader.
 */
export function readGround(type: string, text: string): unknown {
  switch (type) {
    case ":":
      return intern(text).keyword;
    case "$":
      return text === "" ? undefined : new Sym(text);
    case "_":
      return null;
    case "?":
      return text === "t" ? true : text === "f" ? false : undefined;
    case "i":
      // transit-js writes all numbers so where they are keys of a map.
      if (!whole.test(text)) return isDecimal(text) ? Number(text) : specials.get(text);
      return readInteger(text);
    case "n":
      return whole.test(text) ? readInteger(text) : undefined;
    case "d":
      return isDecimal(text) ? Number(text) : specials.get(text);
    case "z":
      return specials.get(text);
    case "f":
      return isDecimal(text) ? new Tagged("bigdec", text) : undefined;
    case "m":
      return whole.test(text) && Math.abs(Number(text)) <= LAST_DATE ? new Date(Number(text)) : undefined;
    case "t":
      return readInstant(text);
    case "u":
      return readUuid(text);
    case "r":
      return new Uri(text);
    case "b":
      return fromBase64(text);
    case "c":
    case "s":
      return text;
    case "~":
    case "^":
    case "`":
      return type + text;
    default:
      return type === "" ? undefined : new Tagged(type, text);
  }
}
