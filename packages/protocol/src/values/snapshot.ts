import { kindOf } from "./brand.ts";
import { bytesOf } from "./bytes.ts";
import { type Tagged, tagged } from "./types.ts";

/** A value as it is now. */
export interface Snapshot {
  readonly value: unknown;
  /** True where it holds instances of classes that only a codec's handler knows: those are not copied. */
  readonly hasInstances: boolean;
}

/**
 * Copies a value that passed `checkEncodable`, so that what becomes of the original never changes what is sent
 * (PROTOCOL.md section 6.6). What cannot change is shared, and a part that occurs often is copied once.
 */
export function snapshot(value: unknown): Snapshot {
  if (typeof value !== "object" || value === null) return { value, hasInstances: false };
  const copies = new Copies();
  return { value: copies.of(value), hasInstances: copies.hasInstances };
}

class Copies {
  hasInstances = false;
  readonly #known = new Map<object, unknown>();

  of(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const copy = this.#copy(value);
    this.#known.set(value, copy);
    return copy;
  }

  #copy(value: object): unknown {
    const kind = kindOf(value);
    switch (kind) {
      case "array":
        return Array.from(value as unknown[], (item) => this.of(item));
      case "object":
        return this.#record(value as Record<string, unknown>);
      case "map":
        return new Map(Array.from(value as Map<unknown, unknown>, ([key, item]) => [this.of(key), this.of(item)]));
      case "set":
        return new Set(Array.from(value as Set<unknown>, (item) => this.of(item)));
      case "tagged":
        return tagged((value as Tagged).tag, this.of((value as Tagged).value));
      case "date":
        return new Date((value as Date).getTime());
      case "bytes":
        return new Uint8Array(bytesOf(value));
      case "instance":
        this.hasInstances = true;
        return value;
      default:
        return value;
    }
  }

  #record(record: Record<string, unknown>): Record<string, unknown> {
    // A spread makes own properties of all keys, whatever they are called.
    const copy = { ...record };
    for (const key of Object.keys(copy)) {
      const item = copy[key];
      if (typeof item === "object" && item !== null) copy[key] = this.of(item);
    }
    return copy;
  }
}
