import { checkForJson } from "../../values/check.ts";
import type { Handler } from "../codec.ts";
import { writeOrExplain } from "../refuse.ts";
import { toTree } from "./tree.ts";
import { writeJson } from "./write.ts";

/** Writes JSON; see `createJson` for what becomes of each type. Throws `EncodeError`. */
export function encodeJson(value: unknown, maxDepth: number, handlers: readonly Handler[]): string {
  return writeOrExplain(() => write(value, maxDepth, handlers), value, maxDepth, handlers, explain);
}

function write(value: unknown, maxDepth: number, handlers: readonly Handler[]): string {
  if (isPlain(value, maxDepth)) {
    const text = JSON.stringify(value ?? null);
    // JSON.stringify escapes half a surrogate pair, so one search tells that there is none: cheaper than to look at each string.
    if (!text.includes("\\ud")) return text;
  }
  return writeJson(value, maxDepth, handlers);
}

/** Throws the fault that a value has, where it has one. */
function explain(value: unknown, maxDepth: number, handlers: readonly Handler[]): void {
  checkForJson(value, maxDepth, handlers);
  toTree(value, handlers);
}

// True where JSON.stringify writes the value as we do; it may still have half a surrogate pair.
function isPlain(value: unknown, depth: number): boolean {
  return typeof value === "object" && value !== null ? isPlainObject(value, depth) : isPlainLeaf(value);
}

function isPlainLeaf(value: unknown): boolean {
  if (typeof value === "string") return true;
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value === "boolean" || value === null || value === undefined;
}

function isPlainObject(value: object, depth: number): boolean {
  if (depth < 1 || (value as { toJSON?: unknown }).toJSON !== undefined) return false;
  if (Array.isArray(value)) return isPlainArray(value, depth - 1);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) {
    const item: unknown = (value as Record<string, unknown>)[key];
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
