import { MAX_DEPTH } from "../../limits.ts";
import { checkForJson } from "../../values/check.ts";
import type { Value } from "../../values/value.ts";
import { toTree } from "./tree.ts";

/**
 * What arrives where this value was sent with json: see the table at `createJson`.
 * @throws {EncodeError} as the codec's `encode` does.
 */
export function normaliseJson(value: unknown): Value {
  checkForJson(value, MAX_DEPTH, []);
  return withPrototypes(toTree(value, [])) as Value;
}

function withPrototypes(tree: unknown): unknown {
  if (Array.isArray(tree)) return Array.from(tree, withPrototypes);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, withPrototypes(item)]));
}
