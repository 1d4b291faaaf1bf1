import { MAX_DEPTH } from "../../limits.ts";
import { checkEncodable } from "../../values/check.ts";
import { isObjectKey } from "../../values/keyword-name.ts";
import type { Value } from "../../values/value.ts";
import { toTree } from "./tree.ts";

/**
 * What arrives where this value was sent with json: see the table at `createJson`.
 * @throws {EncodeError} as the codec's `encode` does.
 */
export function normaliseJson(value: unknown): Value {
  checkEncodable(value, MAX_DEPTH);
  return withoutPrototypes(toTree(value, [])) as Value;
}

function withoutPrototypes(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(withoutPrototypes);
  if (typeof tree !== "object" || tree === null) return tree;
  const entries = Object.entries(tree).map(([key, item]): [string, unknown] => [key, withoutPrototypes(item)]);
  return entries.every(([key]) => isObjectKey(key)) ? Object.fromEntries(entries) : new Map(entries);
}
