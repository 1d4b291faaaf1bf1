import type { Kind } from "../../values/brand.ts";
import { bytesOf } from "../../values/bytes.ts";
import { isKw, type Keyword } from "../../values/keyword.ts";
import { hasTooManyDigits, type Integer } from "../../values/numbers.ts";
import { isSendable, scalarText, scalarType } from "../../values/scalars.ts";
import type { Handler } from "../codec.ts";
import type { Dialect } from "../msgpack/packer.ts";
import { type BinaryWrite, Writer, writeWith } from "../msgpack/writer.ts";
import { NumberedNames } from "../numbered-names.ts";
import { refuse } from "../refuse.ts";
import { CACHE_SIZE, CACHED_KEY, KEYWORD, RATIO, SET, SYMBOL, TAGGED, TIME, UUID } from "./extensions.ts";

const dialect: Dialect = { str8: true, uint64: false };

const FIXED_EXTENSION_1 = 0xd4;
const EXTENSION_8 = 0xc7;

class SenteWriter extends Writer {
  /** The numbers of the map keys that were written. */
  readonly #keys = new NumberedNames();

  constructor() {
    super(dialect);
  }

  override begin(handlers: readonly Handler[]): void {
    super.begin(handlers);
    this.#keys.clear();
  }

  top(value: unknown, depth: number): void {
    this.value(value, depth);
  }

  protected writePlainText(value: string): void {
    this.string(value);
  }

  protected float(value: number): void {
    // A Double might hold anything.
    this.double(typeof value === "number" ? value : refuse());
  }

  protected writeLargeInteger(value: bigint): void {
    this.#writeTyped("n", hasTooManyDigits(value) ? refuse() : String(value));
  }

  protected scalar(value: object, kind: Kind): void {
    if (!isSendable(value, kind)) refuse();
    if (kind === "keyword") this.textExtension(KEYWORD, (value as Keyword).fqn);
    else if (kind === "bytes") this.bytes(bytesOf(value));
    else if (kind === "date") this.#time((value as Date).getTime());
    else if (kind === "symbol") this.textExtension(SYMBOL, scalarText(value, kind));
    else if (kind === "uuid") this.textExtension(UUID, scalarText(value, kind));
    else this.#writeTyped(scalarType(value, kind) ?? refuse(), scalarText(value, kind));
  }

  /** Writes a time: the nanoseconds of its second, then its seconds. */
  #time(ms: number): void {
    const seconds = Math.floor(ms / 1000);
    this.byte(EXTENSION_8);
    this.byte(12);
    this.byte(TIME);
    this.integer((ms - seconds * 1000) * 1_000_000, 4);
    this.integer(Math.floor(seconds / 0x100000000), 4);
    this.integer(seconds, 4);
  }

  protected set(members: Set<unknown>, depth: number): void {
    const from = this.at;
    this.items(Array.from(members), depth);
    this.extension(SET, from);
  }

  protected map(map: Map<unknown, unknown>, depth: number): void {
    this.mapHead(map.size);
    for (const [key, item] of map) {
      if (typeof key === "string") {
        const number = this.#keys.text(key, CACHE_SIZE);
        if (number === undefined) this.string(key);
        else this.#writeCached(number);
      } else if (isKw(key)) this.keyword(key.fqn, depth << 5);
      else this.value(key, depth - 1);
      this.value(item, depth - 1);
    }
  }

  /** Writes a keyword that is a key. */
  protected keyword(name: string, place: number): void {
    const number = this.#keys.keyword(name, CACHE_SIZE, place);
    if (number === undefined) this.textExtension(KEYWORD, name);
    else this.#writeCached(number);
  }

  #writeCached(number: number): void {
    this.byte(FIXED_EXTENSION_1);
    this.byte(CACHED_KEY);
    this.byte(number);
  }

  protected writeTaggedValue(tag: string, value: unknown, depth: number): void {
    const from = this.at;
    this.string(tag);
    this.value(value, depth - 1);
    this.extension(TAGGED, from);
  }

  /** Writes a text of a type that Sente does not have, after Transit's letter for that type. */
  #writeTyped(type: string, text: string): void {
    const from = this.at;
    this.string(type);
    this.string(text);
    this.extension(TAGGED, from);
  }

  protected ratio(parts: readonly Integer[]): void {
    const from = this.at;
    for (const part of parts) this.value(part, 0);
    this.extension(RATIO, from);
  }
}

/** Writes MessagePack as Sente's packer does. Throws `EncodeError`. */
export const writeSente: BinaryWrite = /* @__PURE__ */ writeWith(() => new SenteWriter());
