import { UsageError } from "../errors.ts";
import { kindOf } from "./brand.ts";
import { CollisionWatch } from "./collisions.ts";
import { isKw, type Keyword, kw } from "./keyword.ts";

/** A map with string keys, which may be any strings: `dict({ "ann@b.c": 1 })`. An object's keys would be keywords. */
export function dict<V>(entries: Readonly<Record<string, V>>): Map<string, V> {
  return new Map(Object.entries(entries));
}

/**
 * The map that a decoded map stands for, however it arrived: a Map is returned as it is, a plain object as a Map with
 * keyword keys. An empty Map arrives as `{}`.
 * @throws {UsageError} `not-a-map`, and `bad-keyword` for an object key that is no name.
 */
export function asMap<V = unknown>(value: unknown): ReadonlyMap<unknown, V> {
  return toMap<Keyword, V>(value, kw);
}

/**
 * Like `asMap`, with string keys: a keyword key becomes its name. For dictionaries that may have travelled as json,
 * which writes keyword and string keys alike.
 * @throws {UsageError} `not-a-map`, and where a key is neither; `colliding-keys` where a peer chose keys that make a Map slow.
 */
export function asDict<V = unknown>(value: unknown): ReadonlyMap<string, V> {
  const found = new Map<string, V>();
  const watch = new CollisionWatch(found);
  for (const [key, item] of toMap<string, V>(value, (name) => name)) {
    if (!isKw(key) && typeof key !== "string") throw new UsageError("not-a-map", "a key is neither string nor keyword");
    const name = isKw(key) ? key.fqn : key;
    found.set(name, item);
    if (!watch.accepts(name))
      throw new UsageError("colliding-keys", "too many keys that engines cannot tell apart fast");
  }
  return found;
}

function toMap<K, V>(value: unknown, toKey: (name: string) => K): ReadonlyMap<unknown, V> {
  const kind = typeof value === "object" && value !== null ? kindOf(value) : undefined;
  if (kind === "map") return value as ReadonlyMap<unknown, V>;
  if (kind !== "object") throw new UsageError("not-a-map", "expected a Map or a plain object");
  return new Map(Object.entries(value as Record<string, V>).map(([key, item]) => [toKey(key), item]));
}
