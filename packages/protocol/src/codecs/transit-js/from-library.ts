import { EncodeError } from "../../errors.ts";
import { kindOf } from "../../values/brand.ts";
import type { Handler } from "../../values/handler.ts";
import { intern } from "../../values/keyword.ts";
import { readInteger } from "../../values/numbers.ts";
import { readUuid, Sym, Tagged } from "../../values/types.ts";
import { setOf as collectionOf, MapBuilder } from "../collections.ts";
import { refuse } from "../refuse.ts";
import { isGround, readGround } from "../transit/ground.ts";
import type { TransitCollection, TransitJs, TransitWriteHandler } from "./library.ts";

/** Makes our values of those of transit-js, and of instances that have a write handler, at any place of a value. */
export class FromLibrary {
  readonly #transit: TransitJs;
  readonly #writers: ReadonlyMap<unknown, TransitWriteHandler>;
  /** With this handler, values that only this codec can send pass `checkEncodable`. */
  readonly handler: Handler;

  constructor(transit: TransitJs, writers: ReadonlyMap<unknown, TransitWriteHandler>) {
    this.#transit = transit;
    this.#writers = writers;
    this.handler = {
      tag: "transit-js",
      is: (value) => this.#isKnown(value),
      // What is in it is checked by itself.
      write: (value: object) => this.#instance(value, (inner) => inner),
      read: refuse,
    };
  }

  /** Converts a value; returns the same one where nothing in it is transit-js's. Throws where it nests deeper than `depth`. */
  value(value: unknown, depth: number): unknown {
    if (typeof value !== "object" || value === null) return value;
    switch (kindOf(value)) {
      case "array":
        return this.#array(value as unknown[], descend(depth));
      case "object":
        return this.#object(value as Record<string, unknown>, descend(depth));
      case "map":
        return this.#map(value as Map<unknown, unknown>, descend(depth));
      case "set":
        return this.#set(value as Set<unknown>, descend(depth));
      case "tagged": {
        const { tag, value: before } = value as Tagged;
        const after = this.value(before, descend(depth));
        return after === before ? value : new Tagged(tag, after);
      }
      case "instance":
        return this.#isKnown(value) ? this.#instance(value, (inner) => this.value(inner, descend(depth))) : value;
      default:
        return value;
    }
  }

  #array(items: readonly unknown[], depth: number): readonly unknown[] {
    let made: unknown[] | undefined;
    for (let i = 0; i < items.length; i++) {
      const before = items[i];
      const after = this.value(before, depth);
      if (after === before) continue;
      // `slice` keeps the holes of an array.
      made ??= items.slice();
      made[i] = after;
    }
    return made ?? items;
  }

  #object(record: Readonly<Record<string, unknown>>, depth: number): Readonly<Record<string, unknown>> {
    const entries = Object.entries(record);
    const made = entries.map(([name, item]): [string, unknown] => [name, this.value(item, depth)]);
    return made.some(([, item], i) => item !== entries[i]?.[1]) ? Object.fromEntries(made) : record;
  }

  #map(map: ReadonlyMap<unknown, unknown>, depth: number): ReadonlyMap<unknown, unknown> {
    const before = Array.from(map).flat();
    const after = this.#array(before, depth);
    if (after === before) return map;
    const made = makeMap();
    for (let i = 0; i < after.length; i += 2) addTo(made, after[i], after[i + 1]);
    return made.map;
  }

  #set(set: ReadonlySet<unknown>, depth: number): ReadonlySet<unknown> {
    const members = Array.from(set);
    const made = this.#array(members, depth);
    return made === members ? set : setOf(made, (member) => member);
  }

  #isKnown(value: unknown): boolean {
    if (typeof value !== "object" || value === null || kindOf(value) !== "instance") return false;
    const { isKeyword, isSymbol, isUUID, isMap, isSet, isTaggedValue, isInteger } = this.#transit;
    return (
      this.#writerOf(value) !== undefined ||
      [isKeyword, isSymbol, isUUID, isMap, isSet, isTaggedValue, isInteger].some((is) => is(value))
    );
  }

  #writerOf(value: object): TransitWriteHandler | undefined {
    // transit-js looks for it in the same way: by the constructor, or by a name that the object has.
    const { constructor: by, transitTag } = value as { readonly constructor: unknown; readonly transitTag?: unknown };
    return this.#writers.get(by) ?? (transitTag === undefined ? undefined : this.#writers.get(transitTag));
  }

  /** Makes our value of an instance; `convert` does the same for what is in it. */
  #instance(value: object, convert: (inner: unknown) => unknown): unknown {
    const transit = this.#transit;
    const writer = this.#writerOf(value);
    if (writer !== undefined)
      return this.#convertWritten(writer.tag(value as never), writer.rep(value as never), convert);
    if (transit.isKeyword(value)) return intern(String(value).slice(1)).keyword;
    if (transit.isSymbol(value)) return new Sym(String(value));
    if (transit.isUUID(value)) return readUuid(String(value)) ?? refuse();
    if (transit.isMap(value)) {
      const made = makeMap();
      (value as TransitCollection).forEach((item, key) => {
        addTo(made, convert(key), convert(item));
      });
      return made.map;
    }
    if (transit.isSet(value)) return setOf(membersOf(value as TransitCollection), convert);
    if (!transit.isTaggedValue(value)) return readInteger(String(value));
    const { tag, rep } = value as { readonly tag: string; readonly rep: unknown };
    return this.#convertTagged(tag, rep, convert);
  }

  /** Converts what a write handler gave, which may also be an array or a map without a tag. */
  #convertWritten(tag: unknown, rep: unknown, convert: (inner: unknown) => unknown): unknown {
    if (tag === "array" || tag === "map") return convert(rep);
    return typeof tag === "string" ? this.#convertTagged(tag, rep, convert) : refuse();
  }

  /** Converts a tagged value; under a tag of Transit's own it is a value of that type. */
  #convertTagged(tag: string, rep: unknown, convert: (inner: unknown) => unknown): unknown {
    if (tag === "'" || tag === "list") return convert(rep);
    if (tag === "set") {
      // A handler may give the members as transit-js does itself: as a value that is tagged as an array.
      const members = this.#transit.isTaggedValue(rep) ? (rep as { readonly rep: unknown }).rep : rep;
      return Array.isArray(members) ? setOf(members, convert) : refuse();
    }
    if (!isGround(tag)) return new Tagged(tag, convert(rep));
    if (tag === "_") return null;
    if ((tag === "b" && rep instanceof Uint8Array) || (tag === "?" && typeof rep === "boolean")) return rep;
    const found = typeof rep === "object" && rep !== null ? undefined : readGround(tag, String(rep));
    return found === undefined ? refuse() : found;
  }
}

function membersOf(set: TransitCollection): unknown[] {
  const members: unknown[] = [];
  set.forEach((member) => {
    members.push(member);
  });
  return members;
}

// Two keys or members may become one: a keyword of transit-js and ours, say. Nothing is lost silently.
function setOf(members: readonly unknown[], convert: (inner: unknown) => unknown): Set<unknown> {
  const set = collectionOf(members.map(convert), refuse);
  if (set.size < members.length) throw new EncodeError("duplicate-member", "two members are equal");
  return set;
}

const makeMap = () => new MapBuilder(new Map(), refuse);

function addTo(made: MapBuilder, key: unknown, value: unknown): void {
  if (made.map.has(key)) throw new EncodeError("duplicate-key", "two keys are equal");
  made.set(key, value);
}

/** Returns the depth that is left one level below. Refuses where there is none: a value that contains itself ends so. */
function descend(depth: number): number {
  return depth < 1 ? refuse() : depth - 1;
}
