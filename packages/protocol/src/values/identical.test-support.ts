import { kindOf } from "./brand.ts";
import { Identities } from "./identity.ts";
import { scalarText, scalarType } from "./scalars.ts";
import type { Double, Tagged } from "./types.ts";

/**
 * Are two values the same in everything that JavaScript can tell apart: 0 and -0, numbers and bigints, null and
 * undefined, objects and Maps, prototypes? Stricter than `equal`, for tests. Only the order of a map's entries does not
 * count: an object has its integers first, and so has a Map that began as one.
 */
export function areIdentical(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  const kind = kindOf(a);
  if (kind !== kindOf(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (scalarType(a, kind) !== undefined) return scalarText(a, kind) === scalarText(b, kind);
  switch (kind) {
    case "object":
      return areSameItems(Object.entries(a).sort(compareKeys), Object.entries(b).sort(compareKeys));
    case "map":
      return areSameItems(entriesInOrder(a as Map<unknown, unknown>), entriesInOrder(b as Map<unknown, unknown>));
    case "array":
    case "set":
      return areSameItems(Array.from(a as Iterable<unknown>), Array.from(b as Iterable<unknown>));
    case "double":
      return Object.is((a as Double).value, (b as Double).value);
    case "tagged":
      return (a as Tagged).tag === (b as Tagged).tag && areIdentical((a as Tagged).value, (b as Tagged).value);
    default:
      return a === b;
  }
}

function areSameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => areIdentical(item, b[i]));
}

function entriesInOrder(map: Map<unknown, unknown>): unknown[] {
  const identities = new Identities();
  return Array.from(map, (entry): [string, unknown] => [identities.of(entry[0]), entry]).sort(compareKeys);
}

function compareKeys([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
