import { kindOf } from "./brand.ts";
import { isKw } from "./keyword.ts";
import { exact } from "./numbers.ts";
import { scalarText, scalarType } from "./scalars.ts";
import type { Double, Tagged } from "./types.ts";

/**
 * Texts that are the same exactly where two values are equal (see `equal`): what composite map keys and set members are
 * looked up by, since JavaScript compares them by identity. Texts of one `Identities` only compare with one another.
 */
export class Identities {
  readonly #instances = new Map<object, number>();

  of(value: unknown): string {
    if (typeof value === "string") return sized("s", value);
    if (typeof value === "bigint") return typeof exact(value) === "bigint" ? `i${value}` : `n${value}`;
    // Adding 0 makes one of the two zeros.
    if (typeof value === "number") return `n${value + 0}`;
    if (value === null || value === undefined) return "_";
    return typeof value === "object" ? this.#ofObject(value) : String(value);
  }

  #ofObject(value: object): string {
    const kind = kindOf(value);
    const type = scalarType(value, kind);
    if (type !== undefined) return sized(type, scalarText(value, kind));
    switch (kind) {
      case "array":
        return `[${(value as unknown[]).map((item) => this.of(item))}]`;
      case "object":
      case "map":
        return `{${Array.from(this.entries(value), ([key, item]) => key + this.of(item)).sort()}}`;
      case "set":
        return `#${Array.from(value as Set<unknown>, (item) => this.of(item)).sort()}#`;
      case "double":
        return this.of((value as Double).value);
      case "tagged":
        return sized("#", (value as Tagged).tag) + this.of((value as Tagged).value);
      default: {
        const known = this.#instances.get(value) ?? this.#instances.size;
        this.#instances.set(value, known);
        return `o${known}`;
      }
    }
  }

  /** A map's entries, each with the text of its key; an object's keys are keywords, and undefined is left out there. */
  entries(value: object): Map<string, unknown> {
    const found = new Map<string, unknown>();
    if (kindOf(value) === "map") {
      for (const [key, item] of value as Map<unknown, unknown>) found.set(this.of(key), item);
    } else {
      for (const [key, item] of Object.entries(value)) if (item !== undefined) found.set(sized(":", key), item);
    }
    return found;
  }
}

// The length before the text keeps any text from being read as several; the type, never a digit, ends what is before it.
function sized(type: string, text: string): string {
  return `${type}${text.length}:${text}`;
}

/**
 * Are two of these keys or members equal? JavaScript keeps primitives apart by itself, except that null and undefined
 * both are nil, and that a bigint or a Double may equal a number.
 */
export function hasEqualKeys(keys: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>): boolean {
  if (keys.size < 2) return false;
  if (keys.has(undefined) && keys.has(null)) return true;
  let names: Set<string> | undefined;
  let isSimple = true;
  for (const key of keys.keys()) {
    if (isKw(key)) {
      names ??= new Set();
      if (names.has(key.fqn)) return true;
      names.add(key.fqn);
    } else if ((typeof key === "object" && key !== null) || typeof key === "bigint") {
      isSimple = false;
    }
  }
  if (isSimple) return false;
  const identities = new Identities();
  return new Set(Array.from(keys.keys(), (key) => identities.of(key))).size < keys.size;
}
