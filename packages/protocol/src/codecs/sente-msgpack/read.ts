import type { Interned, Keyword } from "../../values/keyword.ts";
import { isInteger, reduceRatio } from "../../values/numbers.ts";
import { readUuid, Sym, Tagged } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { makeDistinctSet } from "../msgpack/distinct.ts";
import { type BinaryRead, Reader, readWith } from "../msgpack/reader.ts";
import { readGround } from "../transit/ground.ts";
import {
  CACHE_SIZE,
  CACHED_KEY,
  CHARACTER,
  DOUBLES,
  FLOATS,
  INTS,
  KEYWORD,
  RATIO,
  SET,
  SYMBOL,
  TAGGED,
  TIME,
  UUID,
} from "./extensions.ts";

const LAST_LONG = 2n ** 63n;
const LAST_DATE = 8.64e15;

class SenteReader extends Reader {
  /** The keys that have a number: strings, and keywords as `Interned`. */
  readonly #keys: (string | Interned | undefined)[] = [];
  #size = 0;

  override begin(bytes: Uint8Array | undefined, handlers: readonly Handler[]): void {
    super.begin(bytes, handlers);
    while (this.#size > 0) this.#keys[--this.#size] = undefined;
  }

  protected textValue(length: number): string {
    return this.text(length);
  }

  protected array(count: number, depth: number): unknown[] {
    return this.items([], count, depth);
  }

  protected readOther(type: number, depth: number): unknown {
    const extension = this.extensionSize(type);
    return extension === undefined ? this.#failUnknown(this.at - 1) : this.#extension(extension, depth);
  }

  /** Sente has no integers beyond Java's long. */
  protected override readUnsignedLong(): unknown {
    const from = this.at - 1;
    const value = this.long(false);
    return typeof value === "bigint" && value >= LAST_LONG ? this.#failUnknown(from) : value;
  }

  #failUnknown(from: number): never {
    this.at = from;
    return this.fail("a type or an integer that Sente does not have");
  }

  /** Reads a key. A string or keyword gets a number, as long as there are any. */
  protected key(depth: number): unknown {
    this.found = undefined;
    const size = this.textSize();
    if (size >= 0) return this.#giveNumber(this.text(size));
    const from = this.at;
    const extension = this.extensionSize(this.byte());
    if (extension !== undefined) {
      const type = this.byte();
      if (type === CACHED_KEY && extension === 1) return this.#readCached(this.byte());
      if (type === KEYWORD) return this.#keyword(this.#giveNumber(this.keywordOf(extension)));
    }
    this.at = from;
    return this.valueAsKey(depth);
  }

  #keyword(found: Interned): Keyword {
    this.found = found;
    return found.keyword;
  }

  /** Reads a key that was sent before, by its number. As in Sente, a number that stands for nothing is nil. */
  #readCached(number: number): string | Keyword | null {
    const found = this.#keys[number] ?? null;
    if (found === null) return null;
    const isText = typeof found === "string";
    this.repeat(isText ? found.length : found.keyword.fqn.length);
    return isText ? found : this.#keyword(found);
  }

  #giveNumber<Key extends string | Interned>(key: Key): Key {
    if (this.#size < CACHE_SIZE) this.#keys[this.#size++] = key;
    return key;
  }

  #extension(length: number, depth: number): unknown {
    const from = this.at - 1;
    const type = this.byte();
    const end = this.at + length;
    if (end > this.end) this.fail("it ends too early");
    const value = this.#ofType(type, length, depth);
    if (value === undefined || this.at !== end) {
      this.at = from;
      this.fail("an extension that Sente does not have, or with a wrong value");
    }
    return value;
  }

  /** Reads the rest of an extension of that type; undefined where there is no such type, or the value is wrong. */
  #ofType(type: number, length: number, depth: number): unknown {
    switch (type) {
      case KEYWORD:
        return this.keywordOf(length).keyword;
      case SYMBOL:
        return length === 0 ? undefined : new Sym(this.text(length));
      case CHARACTER:
        return this.text(length);
      case UUID:
        return length === 36 ? readUuid(this.text(length)) : undefined;
      case TIME:
        return length === 12 ? this.#time() : undefined;
      case INTS:
        return length % 4 === 0 ? Array.from({ length: length / 4 }, () => this.int(4)) : undefined;
      case FLOATS:
        return length % 4 === 0 ? Array.from({ length: length / 4 }, () => this.float(4)) : undefined;
      case DOUBLES:
        return length % 8 === 0 ? Array.from({ length: length / 8 }, () => this.float(8)) : undefined;
      case SET:
      case RATIO:
      case TAGGED:
        return this.#readWithin(length, () => this.#readComposite(type, depth));
      default:
        return undefined;
    }
  }

  /** Reads the content of an extension, and not beyond its end. */
  #readWithin<Value>(length: number, read: () => Value): Value {
    const { end } = this;
    this.end = this.at + length;
    const value = read();
    this.end = end;
    return value;
  }

  #readComposite(type: number, depth: number): unknown {
    if (type === RATIO) return this.#ratio();
    return type === SET ? this.#set(depth) : this.#readTagged(depth);
  }

  #time(): Date | undefined {
    const nanoseconds = this.uint(4);
    const ms = Number(this.long(true)) * 1000 + Math.floor(nanoseconds / 1_000_000);
    return nanoseconds < 1_000_000_000 && Math.abs(ms) <= LAST_DATE ? new Date(ms) : undefined;
  }

  #set(depth: number): Set<unknown> | undefined {
    const items = this.value(depth);
    return Array.isArray(items) ? makeDistinctSet(items, this.identities, this.refuse) : undefined;
  }

  #ratio(): unknown {
    const numerator = this.value(0);
    const denominator = this.value(0);
    if (!isInteger(numerator) || !isInteger(denominator)) return undefined;
    const reduced = reduceRatio(numerator, denominator);
    return Array.isArray(reduced) ? new Tagged("ratio", reduced) : reduced;
  }

  #readTagged(depth: number): unknown {
    const tag = this.value(0);
    if (typeof tag !== "string" || tag === "") return undefined;
    // A letter of Transit's is followed by a text.
    if (tag.length === 1 && "nfr".includes(tag)) return readGround(tag, String(this.value(0)));
    this.checkDepth(depth);
    return this.makeTagged(tag, this.value(depth - 1));
  }
}

/** Reads MessagePack as Sente's packer does. Throws `DecodeError`. */
export const readSente: BinaryRead = /* @__PURE__ */ readWith(() => new SenteReader());
