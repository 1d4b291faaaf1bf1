import { intern, isKw, type Keyword } from "../values/keyword.ts";
import { MapBuilder, type Refuse } from "./collections.ts";

/** Makes a Map of what began as a plain object: its keys become keywords. */
export function toKeywordMap(record: Readonly<Record<string, unknown>>): Map<unknown, unknown> {
  return new Map(Object.entries(record).map(([name, value]) => [intern(name).keyword, value]));
}

/** Makes the map of a list that has keys and values in turn: a plain object where all keys are keywords. */
export function fromPairs(items: readonly unknown[], refuse: Refuse): object {
  if (items.length % 2 === 1) refuse("a key without value", "malformed");
  const builder = new MapBuilder(new Map(), refuse);
  for (let i = 0; i < items.length; i += 2) builder.set(items[i], items[i + 1]);
  const { map } = builder;
  const entries = Array.from(map);
  if (!entries.every(([key]) => isKw(key) && intern(key.fqn).key !== undefined)) return map;
  return Object.fromEntries(entries.map(([key, value]) => [(key as Keyword).fqn, value]));
}
