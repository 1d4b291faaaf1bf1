import { type Kind, kindOf } from "../../values/brand.ts";
import { Identities } from "../../values/identity.ts";
import { isKeywordName, isObjectKeyAt, isTagName } from "../../values/keyword-name.ts";
import { hasTooManyDigits, isLong, isRatio, reduceRatio } from "../../values/numbers.ts";
import { isLinkOrOther, isSendable, scalarText, scalarType } from "../../values/scalars.ts";
import type { Double, Tagged } from "../../values/types.ts";
import { isWellFormed } from "../../values/well-formed.ts";
import type { Handler } from "../codec.ts";
import { doubleText } from "../double-text.ts";
import { instantText } from "../instant.ts";
import { handlerOf, refuse, refuseKeys, writeOrExplain } from "../refuse.ts";

/** Writes EDN as Clojure's pr-str does. Throws `EncodeError`. */
export function writeEdn(value: unknown, maxDepth: number, handlers: readonly Handler[]): string {
  return writeOrExplain(() => valueText(value, maxDepth, new Identities(handlers)), value, maxDepth, handlers);
}

function valueText(value: unknown, depth: number, identities: Identities): string {
  switch (typeof value) {
    case "string":
      return stringText(value);
    case "number":
      return numberText(value);
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return hasTooManyDigits(value) ? refuse() : bigintText(value);
    case "object":
      return value === null ? "nil" : objectText(value, kindOf(value), depth, identities);
    case "undefined":
      return "nil";
    default:
      return refuse();
  }
}

function objectText(value: object, kind: Kind, depth: number, identities: Identities): string {
  switch (kind) {
    case "array":
      return `[${itemsText(value as unknown[], depth, identities)}]`;
    case "object":
      return recordText(value as Record<string, unknown>, depth, identities);
    case "map":
      return mapText(value as Map<unknown, unknown>, depth, identities);
    case "set":
      refuseKeys(value as Set<unknown>, identities);
      return `#{${itemsText(Array.from(value as Set<unknown>), depth, identities)}}`;
    case "double":
      return numberText((value as Double).value, true);
    case "instance": {
      const handler = handlerOf(value, identities.handlers);
      return printTagged(handler.tag, identities.writeOnce(value, handler), depth, identities);
    }
    default:
      if (scalarType(value, kind) !== undefined) return isSendable(value, kind) ? scalar(value, kind) : refuse();
      return (value as Tagged).tag === "ratio"
        ? ratioText((value as Tagged).value)
        : printTagged((value as Tagged).tag, (value as Tagged).value, depth, identities);
  }
}

function scalar(value: object, kind: Kind): string {
  const text = scalarText(value, kind);
  switch (kind) {
    case "keyword":
      return `:${text}`;
    case "symbol":
      return text;
    case "date":
      return `#inst "${instantText(value as Date)}-00:00"`;
    case "uuid":
      return `#uuid "${text}"`;
    case "tagged":
      return `${text}M`;
    default:
      return `#sente-lite/${kind} ${stringText(text)}`;
  }
}

function itemsText(items: readonly unknown[], depth: number, identities: Identities): string {
  if (depth < 1) refuse();
  let text = "";
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (item === undefined && !(i in items)) refuse();
    if (i > 0) text += " ";
    text += valueText(item, depth - 1, identities);
  }
  return text;
}

function recordText(record: Record<string, unknown>, depth: number, identities: Identities): string {
  if (depth < 1) refuse();
  let text = "";
  let place = depth << 5;
  for (const key of Object.keys(record)) {
    const item = record[key];
    if (item === undefined) continue;
    if (!isObjectKeyAt(place++, key) && !isKeywordName(key)) refuse();
    text += `${text === "" ? "{:" : ", :"}${key} ${valueText(item, depth - 1, identities)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

function mapText(map: Map<unknown, unknown>, depth: number, identities: Identities): string {
  if (depth < 1) refuse();
  refuseKeys(map, identities);
  let text = "";
  for (const [key, item] of map) {
    text += `${text === "" ? "{" : ", "}${valueText(key, depth - 1, identities)} ${valueText(item, depth - 1, identities)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

function printTagged(tag: string, value: unknown, depth: number, identities: Identities): string {
  if (depth < 1 || !isTagName(tag) || !isLinkOrOther(tag, value)) refuse();
  return `#${tag} ${valueText(value, depth - 1, identities)}`;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
};
// What Clojure escapes, and what may be half a surrogate pair.
const special = /["\\\n\r\t\b\f\ud800-\udfff]/;
const everySpecial = new RegExp(special, "g");

function stringText(text: string): string {
  if (!special.test(text)) return `"${text}"`;
  return isWellFormed(text) ? `"${text.replace(everySpecial, (unit) => escapes[unit] ?? unit)}"` : refuse();
}

function numberText(value: number, isDouble = false): string {
  if (!isDouble && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  if (Number.isFinite(value)) return doubleText(value);
  if (Number.isNaN(value)) return "##NaN";
  // A Double might hold anything.
  return value === Number.POSITIVE_INFINITY ? "##Inf" : value === Number.NEGATIVE_INFINITY ? "##-Inf" : refuse();
}

/** As Clojure prints it: with an N where it is no long. */
function bigintText(value: bigint): string {
  return isLong(value) ? String(value) : `${value}N`;
}

function ratioText(value: unknown): string {
  const reduced = isRatio(value) ? reduceRatio(value[0], value[1]) : refuse();
  return Array.isArray(reduced)
    ? reduced.join("/")
    : typeof reduced === "bigint"
      ? bigintText(reduced)
      : String(reduced);
}
