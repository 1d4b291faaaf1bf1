import { DecodeError } from "../../errors.ts";
import { kindOf } from "../../values/brand.ts";
import { bytesOf } from "../../values/bytes.ts";
import { WATCHED_FROM } from "../../values/collisions.ts";
import { isLong, isSafe } from "../../values/numbers.ts";
import { scalarText, scalarType } from "../../values/scalars.ts";
import type { Double, Tagged } from "../../values/types.ts";
import type { TransitJs } from "./library.ts";

/** transit-js compares all keys that have one hash, and a peer can foresee its hashes. */
const MOST_OF_A_HASH = 64;

/** Makes transit-js's values of ours; instances of other classes stay as they are. Does not bound how deep a value is. */
export class ToLibrary {
  readonly #transit: TransitJs;

  constructor(transit: TransitJs) {
    this.#transit = transit;
  }

  value(value: unknown): unknown {
    if (typeof value === "bigint") return this.#integer(value);
    if (typeof value !== "object" || value === null) return value;
    const kind = kindOf(value);
    switch (kind) {
      case "array":
        return (value as unknown[]).map((item) => this.value(item));
      case "object":
        return this.#transit.map(
          Object.entries(value).flatMap(([name, item]) =>
            item === undefined ? [] : [this.#transit.keyword(name), this.value(item)],
          ),
        );
      case "map":
        return this.#map(value as Map<unknown, unknown>);
      case "set":
        return this.#set(Array.from(value as Set<unknown>, (member) => this.value(member)));
      case "double":
        return (value as Double).value;
      default: {
        const type = scalarType(value, kind);
        if (type !== undefined) return this.#scalar(type, scalarText(value, kind), value);
        if (kind !== "tagged") return value;
        const { tag, value: inner } = value as Tagged;
        return this.#transit.tagged(tag, this.value(inner));
      }
    }
  }

  #integer(value: bigint): unknown {
    if (isSafe(value)) return Number(value);
    return isLong(value) ? this.#transit.integer(String(value)) : this.#transit.bigInt(String(value));
  }

  #map(map: ReadonlyMap<unknown, unknown>): unknown {
    const keys = this.#refuseCollisions(Array.from(map.keys(), (key) => this.value(key)));
    const items = Array.from(map.values(), (item) => this.value(item));
    return requireAll(this.#transit.map(keys.flatMap((key, i) => [key, items[i]])), keys.length);
  }

  #set(members: unknown[]): unknown {
    return requireAll(this.#transit.set(this.#refuseCollisions(members)), members.length);
  }

  #scalar(type: string, text: string, value: object): unknown {
    switch (type) {
      case ":":
        return this.#transit.keyword(text);
      case "$":
        return this.#transit.symbol(text);
      case "u":
        return this.#transit.uuid(text);
      case "r":
        return this.#transit.uri(text);
      case "f":
        return this.#transit.bigDec(text);
      case "b":
        return bytesOf(value);
      default:
        return value;
    }
  }

  /** Returns the same keys. Refuses keys that a peer chose to make a look-up slow. */
  #refuseCollisions(keys: unknown[]): unknown[] {
    if (keys.length < WATCHED_FROM) return keys;
    const counts = new Map<number, number>();
    for (const key of keys) {
      const hash = this.#transit.hash(key);
      const count = (counts.get(hash) ?? 0) + 1;
      if (count > MOST_OF_A_HASH) {
        throw new DecodeError("colliding-keys", "too many keys that transit-js cannot tell apart fast");
      }
      counts.set(hash, count);
    }
    return keys;
  }
}

/** Fails where something was lost: transit-js takes some values for equal that are not, as a date and an empty map. */
function requireAll(made: unknown, size: number): unknown {
  if ((made as { readonly size: number }).size === size) return made;
  throw new DecodeError("duplicate-key", "transit-js takes two of these keys or members for one");
}
