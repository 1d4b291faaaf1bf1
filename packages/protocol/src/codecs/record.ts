import { intern, isKw, type Keyword } from "../values/keyword.ts";

/** The Map of what was begun as a plain object, with its keys as the keywords that they are. */
export function toKeywordMap(record: Readonly<Record<string, unknown>>): Map<unknown, unknown> {
  return new Map(Object.entries(record).map(([name, value]) => [intern(name).keyword, value]));
}

/** The map of keys and values in turns: a plain object where all keys are keywords. Undefined where a value is missing. */
export function fromPairs(items: readonly unknown[]): unknown {
  if (items.length % 2 === 1) return undefined;
  const map = new Map<unknown, unknown>();
  for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
  const entries = Array.from(map);
  if (!entries.every(([key]) => isKw(key) && intern(key.fqn).key !== undefined)) return map;
  return Object.fromEntries(entries.map(([key, value]) => [(key as Keyword).fqn, value]));
}
