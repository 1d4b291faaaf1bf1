import { checkEncodable } from "../../values/check.ts";
import { isObjectKeyAt } from "../../values/keyword-name.ts";
import type { Handler } from "../codec.ts";
import { toTree } from "./tree.ts";

/** Writes JSON; see `createJson` for what becomes of each type. Throws `EncodeError`. */
export function encodeJson(value: unknown, maxDepth: number, handlers: readonly Handler[]): string {
  if (isPlain(value, maxDepth)) {
    const text = JSON.stringify(value ?? null);
    // JSON escapes half surrogate pairs: one search, cheaper than a look at every string, says that there is none.
    if (!text.includes("\\ud")) return text;
  }
  checkEncodable(value, maxDepth, handlers);
  return JSON.stringify(toTree(value, handlers));
}

// May JSON.stringify have it as it is? True leaves only half surrogate pairs to be found.
function isPlain(value: unknown, depth: number): boolean {
  return typeof value === "object" && value !== null ? isPlainObject(value, depth) : isPlainLeaf(value);
}

function isPlainLeaf(value: unknown): boolean {
  if (typeof value === "string") return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === "boolean" || value === null || value === undefined;
}

function isPlainObject(value: object, depth: number): boolean {
  if (depth < 1) return false;
  if (Array.isArray(value)) return isPlainArray(value, depth - 1);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  let place = depth << 5;
  for (const key in value) {
    const item: unknown = (value as Record<string, unknown>)[key];
    if (!isObjectKeyAt(place++, key)) return false;
    if (typeof item === "object" && item !== null ? !isPlainObject(item, depth - 1) : !isPlainLeaf(item)) return false;
  }
  return true;
}

function isPlainArray(items: readonly unknown[], depth: number): boolean {
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (typeof item === "object" && item !== null ? !isPlainObject(item, depth) : !isPlainLeaf(item)) return false;
    if (item === undefined && !(i in items)) return false;
  }
  return true;
}
