import { toBase64 } from "./base64.ts";
import { type Kind, kindOf } from "./brand.ts";
import { bytesOf } from "./bytes.ts";
import type { Keyword } from "./keyword.ts";
import { isKeywordName, isSymbolName } from "./keyword-name.ts";
import { isDecimal } from "./numbers.ts";
import type { Sym, Tagged, Uri, Uuid } from "./types.ts";
import { isWellFormed } from "./well-formed.ts";

// Objects that are one text: Transit's letter for each kind, which also keeps texts of different kinds apart elsewhere.
const types: Partial<Record<Kind, string>> = {
  keyword: ":",
  symbol: "$",
  uuid: "u",
  uri: "r",
  date: "m",
  bytes: "b",
};

/** The letter that Transit has for that object, if it is a scalar; a Double is not one here, since it has no text. */
export function scalarType(value: object, kind: Kind): string | undefined {
  return kind === "tagged" && (value as Tagged).tag === "bigdec" ? "f" : types[kind];
}

/** Its text: a name, a UUID, milliseconds since 1970, base64, digits. */
export function scalarText(value: object, kind: Kind): string {
  switch (kind) {
    case "keyword":
    case "symbol":
      return (value as Keyword | Sym).fqn;
    case "date":
      return String((value as Date).getTime());
    case "bytes":
      return toBase64(bytesOf(value));
    default:
      return String((value as Uuid | Uri | Tagged).value);
  }
}

const firstDate = -62_167_219_200_000; // 0000-01-01T00:00:00.000Z
const lastDate = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z: EDN's #inst has years of four digits.

/** Can every codec carry that scalar? */
export function isSendable(value: object, kind: Kind): boolean {
  switch (kind) {
    case "keyword":
      return isKeywordName((value as Keyword).fqn);
    case "symbol":
      return isSymbolName((value as Sym).fqn);
    case "uri":
      return isWellFormed((value as Uri).value);
    case "date": {
      const time = (value as Date).getTime();
      return time >= firstDate && time <= lastDate;
    }
    case "tagged":
      return isDecimal((value as Tagged).value);
    case "bytes":
      // Throws where the bytes were given away.
      return bytesOf(value).length >= 0;
    default:
      return true;
  }
}

/** False for a tag `link` of something that is no map: Transit's readers on the JVM choke on that. */
export function isLinkOrOther(tag: string, value: unknown): boolean {
  if (tag !== "link") return true;
  const kind = typeof value === "object" && value !== null ? kindOf(value) : undefined;
  return kind === "map" || kind === "object";
}
