import { type Kind, kindOf } from "../../values/brand.ts";
import { Identities } from "../../values/identity.ts";
import { isKw } from "../../values/keyword.ts";
import { isKeywordName } from "../../values/keyword-name.ts";
import { isSafe } from "../../values/numbers.ts";
import { isSendable, scalarText, scalarType } from "../../values/scalars.ts";
import type { Double } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { instantText } from "../instant.ts";
import { jsonString } from "../json-string.ts";
import { handlerOf, refuse, refuseKeys } from "../refuse.ts";

/** Writes any value that JSON can say. It calls no `toJSON`; see `createJson` for what becomes of each type. */
export function writeJson(value: unknown, maxDepth: number, handlers: readonly Handler[]): string {
  return valueText(value, maxDepth, new Identities(handlers));
}

function valueText(value: unknown, depth: number, identities: Identities): string {
  switch (typeof value) {
    case "string":
      return jsonString(value);
    case "number":
      return numberText(value);
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return isSafe(value) ? String(value) : refuse();
    case "object":
      return value === null ? "null" : objectText(value, kindOf(value), depth, identities);
    case "undefined":
      return "null";
    default:
      return refuse();
  }
}

function objectText(value: object, kind: Kind, depth: number, identities: Identities): string {
  if (kind === "double") return numberText((value as Double).value);
  if (kind !== "tagged" && scalarType(value, kind) !== undefined) return scalar(value, kind);
  if (depth < 1) refuse();
  switch (kind) {
    case "array":
      return itemsText(value as unknown[], depth - 1, identities);
    case "object":
      return recordText(value as Record<string, unknown>, depth - 1, identities);
    case "map":
      return mapText(value as Map<unknown, unknown>, depth - 1, identities);
    case "set":
      refuseKeys(value as Set<unknown>, identities);
      return itemsText(Array.from(value as Set<unknown>), depth - 1, identities);
    case "instance": {
      const written = identities.writeOnce(value, handlerOf(value, identities.handlers));
      return valueText(written, depth - 1, identities);
    }
    default:
      // A tagged value.
      return refuse();
  }
}

function scalar(value: object, kind: Kind): string {
  if (!isSendable(value, kind)) refuse();
  return kind === "date" ? `"${instantText(value as Date)}Z"` : jsonString(scalarText(value, kind));
}

function itemsText(items: readonly unknown[], depth: number, identities: Identities): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (item === undefined && !(i in items)) refuse();
    if (i > 0) text += ",";
    text += valueText(item, depth, identities);
  }
  return `${text}]`;
}

function recordText(record: Record<string, unknown>, depth: number, identities: Identities): string {
  let text = "";
  for (const key of Object.keys(record)) {
    const item = record[key];
    if (item !== undefined)
      text += `${text === "" ? "{" : ","}${jsonString(key)}:${valueText(item, depth, identities)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

function mapText(map: Map<unknown, unknown>, depth: number, identities: Identities): string {
  refuseKeys(map, identities);
  const names = new Set<string>();
  let text = "";
  for (const [key, item] of map) {
    const name = isKw(key) && isKeywordName(key.fqn) ? key.fqn : key;
    if (typeof name !== "string" || names.has(name)) refuse();
    names.add(name);
    text += `${text === "" ? "{" : ","}${jsonString(name)}:${valueText(item, depth, identities)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

function numberText(value: number): string {
  // Adding 0 makes 0 of -0, as JSON has it.
  return Number.isFinite(value) ? String(value + 0) : refuse();
}
