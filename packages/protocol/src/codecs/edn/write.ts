import { type Kind, kindOf } from "../../values/brand.ts";
import { hasEqualKeys } from "../../values/identity.ts";
import { isKeywordName, isObjectKeyAt, isTagName } from "../../values/keyword-name.ts";
import { hasTooManyDigits, isLong, isRatio, reduceRatio } from "../../values/numbers.ts";
import { isSendable, scalarText, scalarType } from "../../values/scalars.ts";
import type { Double, Tagged } from "../../values/types.ts";
import { isWellFormed } from "../../values/well-formed.ts";
import type { Handler } from "../codec.ts";
import { doubleText } from "../double-text.ts";
import { explained, handlerOf, refuse } from "../refuse.ts";

/** Writes EDN as Clojure's pr-str does. Throws `EncodeError`. */
export function writeEdn(value: unknown, maxDepth: number, handlers: readonly Handler[]): string {
  return explained(() => valueText(value, maxDepth, handlers), value, maxDepth, handlers);
}

function valueText(value: unknown, depth: number, handlers: readonly Handler[]): string {
  switch (typeof value) {
    case "string":
      return stringText(value);
    case "number":
      return numberText(value);
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      if (hasTooManyDigits(value)) refuse();
      // As Clojure prints what is no long.
      return isLong(value) ? String(value) : `${value}N`;
    case "object":
      return value === null ? "nil" : objectText(value, kindOf(value), depth, handlers);
    case "undefined":
      return "nil";
    default:
      return refuse();
  }
}

function objectText(value: object, kind: Kind, depth: number, handlers: readonly Handler[]): string {
  switch (kind) {
    case "array":
      return `[${itemsText(value as unknown[], depth, handlers)}]`;
    case "object":
      return recordText(value as Record<string, unknown>, depth, handlers);
    case "map":
      return mapText(value as Map<unknown, unknown>, depth, handlers);
    case "set":
      if (hasEqualKeys(value as Set<unknown>)) refuse();
      return `#{${itemsText(Array.from(value as Set<unknown>), depth, handlers)}}`;
    case "double":
      return numberText((value as Double).value, true);
    case "instance": {
      const handler = handlerOf(value, handlers);
      return taggedText(handler.tag, handler.write(value as never), depth, handlers);
    }
    default:
      if (scalarType(value, kind) !== undefined) return isSendable(value, kind) ? scalar(value, kind) : refuse();
      return (value as Tagged).tag === "ratio"
        ? ratioText((value as Tagged).value)
        : taggedText((value as Tagged).tag, (value as Tagged).value, depth, handlers);
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
      return `#inst "${(value as Date).toISOString().slice(0, -1)}-00:00"`;
    case "uuid":
      return `#uuid "${text}"`;
    case "tagged":
      return `${text}M`;
    default:
      return `#sente-lite/${kind} ${stringText(text)}`;
  }
}

function itemsText(items: readonly unknown[], depth: number, handlers: readonly Handler[]): string {
  if (depth < 1) refuse();
  let text = "";
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (item === undefined && !(i in items)) refuse();
    if (i > 0) text += " ";
    text += valueText(item, depth - 1, handlers);
  }
  return text;
}

function recordText(record: Record<string, unknown>, depth: number, handlers: readonly Handler[]): string {
  if (depth < 1) refuse();
  let text = "";
  let place = depth << 5;
  for (const key of Object.keys(record)) {
    const item = record[key];
    if (item === undefined) continue;
    if (!isObjectKeyAt(place++, key) && !isKeywordName(key)) refuse();
    text += `${text === "" ? "{:" : ", :"}${key} ${valueText(item, depth - 1, handlers)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

function mapText(map: Map<unknown, unknown>, depth: number, handlers: readonly Handler[]): string {
  if (depth < 1 || hasEqualKeys(map)) refuse();
  let text = "";
  for (const [key, item] of map) {
    text += `${text === "" ? "{" : ", "}${valueText(key, depth - 1, handlers)} ${valueText(item, depth - 1, handlers)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

function taggedText(tag: string, value: unknown, depth: number, handlers: readonly Handler[]): string {
  if (depth < 1 || !isTagName(tag)) refuse();
  return `#${tag} ${valueText(value, depth - 1, handlers)}`;
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
  return Number.isNaN(value) ? "##NaN" : value > 0 ? "##Inf" : "##-Inf";
}

function ratioText(value: unknown): string {
  const reduced = isRatio(value) ? reduceRatio(value[0], value[1]) : refuse();
  return Array.isArray(reduced) ? reduced.join("/") : valueText(reduced, 0, []);
}
