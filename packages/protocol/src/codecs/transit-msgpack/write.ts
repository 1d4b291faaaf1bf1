import { type Kind, kindOf } from "../../values/brand.ts";
import { hasTooManyDigits, type Integer } from "../../values/numbers.ts";
import { isSendable, scalarText, scalarType } from "../../values/scalars.ts";
import { isDouble, type Uuid } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import type { Dialect } from "../msgpack/packer.ts";
import { type BinaryWrite, Writer, writeWith } from "../msgpack/writer.ts";
import { refuse } from "../refuse.ts";
import { toHighDigit, toLowDigit } from "../transit/cache-code.ts";
import { escapeText, isScalar, printSpecial } from "../transit/scalars.ts";
import { WriteCache } from "../transit/write-cache.ts";

// As transit-java writes, which uses the MessagePack of before 2013.
const dialect: Dialect = { str8: false, uint64: true };

const CARET = 0x5e;
const FIXED_STRING = 0xa0;

class TransitWriter extends Writer {
  readonly #cache = new WriteCache();

  constructor() {
    super(dialect);
  }

  override begin(handlers: readonly Handler[]): void {
    super.begin(handlers);
    this.#cache.clear();
  }

  /** Writes the whole message. A scalar does not stand alone, but in a quote. */
  top(value: unknown, depth: number): void {
    if (isScalar(value)) this.#tagHead("'");
    this.value(value, depth);
  }

  protected writePlainText(value: string): void {
    this.string(escapeText(value));
  }

  protected float(value: number): void {
    this.#float(value, false);
  }

  #float(value: number, isKey: boolean): void {
    if (Number.isFinite(value)) this.double(value);
    else this.#text(printSpecial(value), isKey);
  }

  protected writeLargeInteger(value: bigint): void {
    this.string(printLarge(value));
  }

  /** Writes a text; one that is a key may be referred to later. */
  #text(text: string, isKey: boolean): void {
    if (isKey) this.#writeCacheable(text);
    else this.string(text);
  }

  protected set(members: Set<unknown>, depth: number): void {
    this.#tagHead("set");
    this.items(Array.from(members), depth);
  }

  protected map(map: Map<unknown, unknown>, depth: number): void {
    if (!Array.from(map.keys()).every(isScalar)) {
      this.#tagHead("cmap");
      this.items(Array.from(map).flat(), depth);
      return;
    }
    this.mapHead(map.size);
    for (const [key, item] of map) {
      this.#key(key);
      this.value(item, depth - 1);
    }
  }

  #key(key: unknown): void {
    if (typeof key === "string") this.#writeCacheable(escapeText(key));
    else if (typeof key === "bigint") {
      if (BigInt.asIntN(64, key) === key) this.integerOfAnySize(key);
      else this.#writeCacheable(printLarge(key));
    } else if (isDouble(key) || (typeof key === "number" && !Number.isFinite(key))) this.#float(Number(key), true);
    else if (typeof key !== "object" || key === null) this.value(key, 0);
    else this.#scalar(key, kindOf(key), true);
  }

  protected scalar(value: object, kind: Kind): void {
    this.#scalar(value, kind, false);
  }

  /** Writes a scalar as a text; but a date or a UUID that is no key as tagged numbers. */
  #scalar(value: object, kind: Kind, isKey: boolean): void {
    if (kind === "keyword") {
      this.keyword(scalarText(value, kind));
      return;
    }
    if (!isSendable(value, kind)) refuse();
    if (kind === "date" && !isKey) {
      this.#tagHead("m");
      this.int((value as Date).getTime());
    } else if (kind === "uuid" && !isKey) {
      this.#uuid((value as Uuid).value);
    } else {
      this.#text(`~${scalarType(value, kind)}${scalarText(value, kind)}`, isKey || kind === "symbol");
    }
  }

  /** Writes a UUID as two integers of 64 bits. */
  #uuid(text: string): void {
    this.#tagHead("u");
    this.arrayHead(2);
    this.long(parseInt(text.slice(0, 8), 16), parseInt(text.slice(9, 13) + text.slice(14, 18), 16));
    this.long(parseInt(text.slice(19, 23) + text.slice(24, 28), 16), parseInt(text.slice(28), 16));
  }

  protected keyword(name: string, place?: number): void {
    const index = this.#cache.keyword(name, place);
    if (index === undefined) this.string(`~:${name}`);
    else this.#code(index);
  }

  #writeCacheable(text: string): void {
    const index = this.#cache.text(text);
    if (index === undefined) this.string(text);
    else this.#code(index);
  }

  #code(index: number): void {
    this.byte(FIXED_STRING | (index < 44 ? 2 : 3));
    this.byte(CARET);
    if (index >= 44) this.byte(toHighDigit(index));
    this.byte(toLowDigit(index));
  }

  /** Writes what stands before the value of a tag. */
  #tagHead(tag: string): void {
    this.arrayHead(2);
    this.#writeCacheable(`~#${tag}`);
  }

  protected writeTaggedValue(tag: string, value: unknown, depth: number): void {
    this.#tagHead(tag);
    this.value(value, depth - 1);
  }

  protected ratio(parts: readonly Integer[]): void {
    this.#tagHead("ratio");
    this.arrayHead(2);
    for (const part of parts) this.string(`~n${part}`);
  }
}

function printLarge(value: bigint): string {
  return `~n${hasTooManyDigits(value) ? refuse() : value}`;
}

/** Writes Transit over MessagePack. Throws `EncodeError`. */
export const writeTransit: BinaryWrite = /* @__PURE__ */ writeWith(() => new TransitWriter());
