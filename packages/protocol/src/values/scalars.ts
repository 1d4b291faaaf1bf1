import { toBase64 } from "./base64.ts";
import type { Kind } from "./brand.ts";
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
      return toBase64(value as Uint8Array);
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
    default:
      return true;
  }
}
