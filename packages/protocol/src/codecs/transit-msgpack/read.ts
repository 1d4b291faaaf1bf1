import { Interned, type Keyword } from "../../values/keyword.ts";
import { type Integer, isInteger, reduceRatio } from "../../values/numbers.ts";
import { readUuid, Tagged } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { makeDistinctSet, refuseDuplicate, requireDistinctKeys } from "../msgpack/distinct.ts";
import { type BinaryRead, Reader, readWith } from "../msgpack/reader.ts";
import { fromPairs } from "../record.ts";
import { isCacheable, toIndex } from "../transit/cache-code.ts";
import { isGround, readGround } from "../transit/ground.ts";
import { ReadCache } from "../transit/read-cache.ts";

const HASH = 0x23;
const COLON = 0x3a;
const CARET = 0x5e;
const TILDE = 0x7e;
const PAIR = 0x92;
const LAST_DATE = 8.64e15;

/** What a text `~#tag` is: it makes a tagged value of what follows. */
class Tag {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

class TransitReader extends Reader {
  /** What each code stands for: keywords as `Interned`, all else as itself. */
  readonly #cache = new ReadCache();

  override begin(bytes: Uint8Array | undefined, handlers: readonly Handler[]): void {
    super.begin(bytes, handlers);
    this.#cache.clear();
  }

  protected textValue(length: number): unknown {
    return this.#refuseTag(this.#text(length, false));
  }

  protected readOther(): never {
    this.at--;
    return this.fail("a type that Transit does not have");
  }

  #text(length: number, isKey: boolean): unknown {
    const first = length === 0 ? 0 : this.bytes[this.at];
    if (first === CARET) return this.#readCoded(length);
    if (first === TILDE) return this.#readTyped(length, isKey);
    this.found = undefined;
    const text = this.text(length);
    if (isKey && isCacheable(text.length)) this.#cache.add(text, text.length);
    return text;
  }

  #readCoded(length: number): unknown {
    const from = this.skip(length);
    const second = length === 2 ? undefined : this.bytes[from + 2];
    const index = length === 2 || length === 3 ? toIndex(this.bytes[from + 1] ?? 0, second) : -1;
    const found = this.#cache.get(index);
    if (found === undefined) {
      this.at = from;
      this.fail("an unknown code");
    }
    this.repeat(this.#cache.lengthOf(index));
    if (!(found instanceof Interned)) {
      this.found = undefined;
      return found;
    }
    return this.#keyword(found);
  }

  #keyword(found: Interned): Keyword {
    this.found = found;
    return found.keyword;
  }

  /** Reads a text that begins with a tilde; its second character says of which type it is. */
  #readTyped(length: number, isKey: boolean): unknown {
    const from = this.at;
    const type = length === 1 ? undefined : this.bytes[from + 1];
    if (type === COLON) {
      this.skip(2);
      const found = this.keywordOf(length - 2);
      const { fqn } = found.keyword;
      if (isCacheable(fqn.length + 2)) this.#cache.add(found, fqn.length);
      return this.#keyword(found);
    }
    this.found = undefined;
    const text = this.text(length);
    const value = type === HASH ? new Tag(text.slice(2)) : readGround(text.charAt(1), text.slice(2));
    if (value === undefined) {
      this.at = from;
      this.fail("a text that is not of its type");
    }
    if ((isKey || type === HASH || text.charAt(1) === "$") && isCacheable(text.length))
      this.#cache.add(value, text.length);
    return value;
  }

  #refuseTag(value: unknown): unknown {
    return value instanceof Tag ? this.fail("a tag in the wrong place") : value;
  }

  protected array(count: number, depth: number): unknown {
    const size = count === 0 ? -1 : this.textSize();
    if (size < 0) return this.items([], count, depth);
    const first = this.#text(size, false);
    if (!(first instanceof Tag)) return this.items([first], count, depth);
    return count === 2 ? this.#readTagged(first.name, depth) : this.#refuseTag(first);
  }

  /** Reads an array that may be no tagged value. */
  #list(depth: number): unknown[] {
    const type = this.byte();
    if (type >= 0x90 && type < 0xa0) return this.items([], this.count(type & 0xf, 1), depth);
    if (type === 0xdc) return this.items([], this.count(this.uint(2), 1), depth);
    if (type === 0xdd) return this.items([], this.count(this.uint(4), 1), depth);
    this.at--;
    return this.fail("a tag with a wrong value");
  }

  /** Reads a key. Only a map of one entry may have a tag for its key: it is a value with that tag. */
  protected key(depth: number, count: number): unknown {
    const size = this.textSize();
    if (size < 0) {
      return this.valueAsKey(depth);
    }
    const key = this.#text(size, true);
    return count === 1 ? key : this.#refuseTag(key);
  }

  protected override mapFrom(record: Record<string, unknown>, first: unknown, count: number, depth: number): unknown {
    return first instanceof Tag ? this.#readTagged(first.name, depth) : super.mapFrom(record, first, count, depth);
  }

  #readTagged(tag: string, depth: number): unknown {
    if (tag === "ratio") return this.#ratio();
    this.checkDepth(depth);
    if (tag === "set") return makeDistinctSet(this.#list(depth), this.identities, this.refuse);
    if (tag === "list") return this.#list(depth);
    if (tag === "cmap") return this.#readComposite(depth);
    if (tag === "u" && this.#isUuidOfLongs()) return this.#uuidOfLongs();
    const value = this.value(depth - 1);
    if (tag === "'") return value;
    if (tag === "m" && typeof value === "number" && Math.abs(value) <= LAST_DATE && Number.isInteger(value)) {
      return new Date(value);
    }
    if (isGround(tag)) return this.#ground(tag, value);
    return this.makeTagged(tag, value);
  }

  #readComposite(depth: number): unknown {
    const items = this.#list(depth);
    const map = fromPairs(items, this.refuse);
    if (!(map instanceof Map)) {
      return Object.keys(map).length * 2 < items.length ? refuseDuplicate(this.refuse) : map;
    }
    return map.size * 2 < items.length
      ? refuseDuplicate(this.refuse)
      : requireDistinctKeys(map, this.identities, this.refuse);
  }

  /** Reads a value with the tag of a type of texts as that text; but a UUID may be two numbers, and bytes are bytes. */
  #ground(tag: string, value: unknown): unknown {
    if (tag === "u" && Array.isArray(value)) return this.#uuid(value);
    if (tag === "b" && value instanceof Uint8Array) return value;
    const found = typeof value === "object" ? undefined : readGround(tag, String(value));
    return found === undefined ? this.fail("a value that is not of its type") : found;
  }

  #isUuidOfLongs(): boolean {
    const { bytes, at } = this;
    return bytes[at] === PAIR && isLong(bytes[at + 1]) && isLong(bytes[at + 10]) && at + 19 <= this.end;
  }

  /** Reads a UUID in its usual form, two integers of 64 bits. */
  #uuidOfLongs(): unknown {
    const { bytes } = this;
    const high = this.skip(19) + 2;
    const low = high + 9;
    let text = "";
    for (let at = high; at < low + 8; at++) {
      if (at === high + 8) at = low;
      if (at === high + 4 || at === high + 6 || at === low || at === low + 2) text += "-";
      text += hexPairs[bytes[at] ?? 0];
    }
    return readUuid(text);
  }

  #uuid(halves: readonly unknown[]): unknown {
    if (halves.length !== 2 || !halves.every(isInteger)) this.fail("a UUID that is none");
    const digits = halves.map((half) =>
      BigInt.asUintN(64, BigInt(half as Integer))
        .toString(16)
        .padStart(16, "0"),
    );
    return readUuid(digits.join("").replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
  }

  /** Reads a ratio. It is a number, and so no level of depth. */
  #ratio(): unknown {
    const parts = this.#list(1);
    const [numerator, denominator] = parts;
    const reduced =
      parts.length === 2 && isInteger(numerator) && isInteger(denominator)
        ? reduceRatio(numerator, denominator)
        : undefined;
    if (reduced === undefined) this.fail("a ratio that is none");
    return Array.isArray(reduced) ? new Tagged("ratio", reduced) : reduced;
  }
}

const isLong = (type: number | undefined): boolean => type === 0xd3 || type === 0xcf;

/** Each byte in two digits. With `toString` each time, a kilobyte with one UUID was read an eighth slower. */
const hexPairs: readonly string[] = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

/** Reads Transit over MessagePack. Throws `DecodeError`. */
export const readTransit: BinaryRead = /* @__PURE__ */ readWith(() => new TransitReader());
