import { kindOf } from "./brand.ts";
import { tableKey } from "./collisions.ts";
import type { Handler } from "./handler.ts";
import { isKw } from "./keyword.ts";
import { isDecimal, normaliseDecimal, ratioOf, toExact } from "./numbers.ts";
import { scalarText, scalarType } from "./scalars.ts";
import type { Double, Tagged } from "./types.ts";

/**
 * Texts that are the same exactly where two values are equal (see `equal`): what composite map keys and set members are
 * looked up by, since JavaScript compares them by identity. Texts of one `Identities` only compare with one another.
 *
 * Each composite is described once, with numbers in place of the composites in it: however they nest, what is looked at
 * is as much as there is. So one of these serves a whole value, which must not change meanwhile.
 */
export class Identities {
  /** Those of the codec: what one of them knows is equal to what it writes. */
  readonly handlers: readonly Handler[];
  #descriptions: Map<string, string> | undefined;
  #known: Map<object, string> | undefined;
  #written: Map<object, unknown> | undefined;

  constructor(handlers: readonly Handler[] = []) {
    this.handlers = handlers;
  }

  of(value: unknown): string {
    if (typeof value === "string") return addSize("s", value);
    if (typeof value === "bigint") return typeof toExact(value) === "bigint" ? `i${value}` : `n${value}`;
    // Adding 0 makes one of the two zeros.
    if (typeof value === "number") return `n${value + 0}`;
    if (value === null || value === undefined) return "_";
    return typeof value === "object" ? this.#ofObject(value) : String(value);
  }

  /** What the handler of an instance writes for it, asked once. */
  writeOnce(value: object, handler: Handler): unknown {
    this.#written ??= new Map();
    if (this.#written.has(value)) return this.#written.get(value);
    const written = handler.write(value as never);
    this.#written.set(value, written);
    return written;
  }

  #ofObject(value: object): string {
    const kind = kindOf(value);
    if (kind === "double") return this.of((value as Double).value);
    const type = scalarType(value, kind);
    if (type !== undefined) {
      const text = scalarText(value, kind);
      return addSize(type, type === "f" && isDecimal(text) ? normaliseDecimal(text) : text);
    }
    this.#known ??= new Map();
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const found = this.#ofComposite(value, kind);
    this.#known.set(value, found);
    return found;
  }

  #ofComposite(value: object, kind: string): string {
    switch (kind) {
      case "array":
        return this.#number(this.#ofItems(value as unknown[]));
      case "object":
      case "map":
        return this.#number(`{${Array.from(this.entries(value), ([key, item]) => key + this.of(item)).sort()}}`);
      case "set":
        return this.#number(`#${Array.from(value as Set<unknown>, (item) => this.of(item)).sort()}#`);
      case "tagged": {
        const ratio = ratioOf(value as Tagged);
        if (ratio !== undefined && !Array.isArray(ratio)) return this.of(ratio);
        return this.#number(addSize("#", (value as Tagged).tag) + this.of(ratio ?? (value as Tagged).value));
      }
      default: {
        const handler = this.handlers.find((candidate) => candidate.is(value));
        if (handler === undefined) return `o${this.#known?.size}`;
        return this.#number(addSize("#", handler.tag) + this.of(this.writeOnce(value, handler)));
      }
    }
  }

  #ofItems(items: readonly unknown[]): string {
    let text = "[";
    for (let i = 0; i < items.length; i++) text += `${this.of(items[i])},`;
    return text;
  }

  /** The number of a description; `@` ends what stands before it. */
  #number(description: string): string {
    this.#descriptions ??= new Map();
    const known = this.#descriptions.get(description);
    if (known !== undefined) return known;
    const made = `@${this.#descriptions.size}`;
    this.#descriptions.set(description, made);
    return made;
  }

  /** A map's entries, each with the text of its key; an object's keys are keywords, and undefined is left out there. */
  entries(value: object): Map<string, unknown> {
    const found = new Map<string, unknown>();
    if (kindOf(value) === "map") {
      for (const [key, item] of value as Map<unknown, unknown>) found.set(this.of(key), item);
    } else {
      for (const [key, item] of Object.entries(value)) if (item !== undefined) found.set(addSize(":", key), item);
    }
    return found;
  }

  /**
   * Are two of these keys or members equal? JavaScript keeps primitives apart by itself, except that null and undefined
   * both are nil, and that a bigint or a Double may equal a number.
   */
  areEqualIn(keys: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>): boolean {
    if (keys.size < 2) return false;
    if (keys.has(undefined) && keys.has(null)) return true;
    let names: Set<string> | undefined;
    let isSimple = true;
    for (const key of keys.keys()) {
      if (isKw(key)) {
        names ??= new Set();
        const name = tableKey(key.fqn);
        if (names.has(name)) return true;
        names.add(name);
      } else if ((typeof key === "object" && key !== null) || typeof key === "bigint") {
        isSimple = false;
      }
    }
    return !isSimple && this.#areEqualAmong(keys);
  }

  /** Compares only those that look alike: see `#outsideOf`. */
  #areEqualAmong(keys: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>): boolean {
    const firsts = new Map<string, unknown>();
    const found = new Set<string>();
    for (const key of keys.keys()) {
      const outside = this.#outsideOf(key);
      if (!firsts.has(outside)) {
        firsts.set(outside, key);
        continue;
      }
      found.add(this.of(firsts.get(outside)));
      const size = found.size;
      if (found.add(this.of(key)).size === size) return true;
    }
    return false;
  }

  /** A text that is quickly made, and the same for equal values: of a scalar its own, of all else its kind and size. */
  #outsideOf(value: unknown): string {
    if (typeof value !== "object" || value === null) return this.of(value);
    const kind = kindOf(value);
    switch (kind) {
      case "array":
        return `[${(value as unknown[]).length}`;
      case "set":
        return `#${(value as Set<unknown>).size}`;
      case "object":
      case "map":
        return "{";
      default:
        return this.#ofObject(value);
    }
  }
}

// The length before the text keeps any text from being read as several; the type, never a digit, ends what is before it.
function addSize(type: string, text: string): string {
  return `${type}${text.length}:${text}`;
}
