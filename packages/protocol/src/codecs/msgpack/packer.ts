import { isWellFormed } from "../../values/well-formed.ts";
import { refuse } from "../refuse.ts";
import { utf8Encoder } from "../utf8.ts";

/** Choices that MessagePack leaves to its writers, and in which ours differ. */
export interface Dialect {
  /** Whether strings of 32 to 255 bytes have the short header that MessagePack has had since 2013. */
  readonly str8: boolean;
  /** Whether integers above 32 bits that are not negative are written as unsigned. */
  readonly uint64: boolean;
}

// Up to so many units a loop is faster than a call of an encoder.
const SHORT = 40;

const FIRST_SIZE = 1024;
const LARGEST_KEPT = 65_536;

/** Writes MessagePack into memory that grows, which the next message uses again. */
export class Packer {
  readonly #dialect: Dialect;
  #bytes: Uint8Array = new Uint8Array(FIRST_SIZE);
  #numbers: DataView = new DataView(this.#bytes.buffer);
  /** Where the next byte goes. */
  at = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** Returns a copy of what was written, and makes room for the next message. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.at);
    this.at = 0;
    if (this.#bytes.length > LARGEST_KEPT) this.#use(new Uint8Array(FIRST_SIZE));
    return written;
  }

  byte(value: number): void {
    if (this.at === this.#bytes.length) this.#grow(1);
    this.#bytes[this.at++] = value;
  }

  /** An integer that a number holds exactly. */
  int(value: number): void {
    if (value >= 0) {
      if (value < 0x80) this.byte(value);
      else if (value < 0x100) this.#head(0xcc, value, 1);
      else if (value < 0x10000) this.#head(0xcd, value, 2);
      else if (value < 0x100000000) this.#head(0xce, value, 4);
      else this.#int64(this.#dialect.uint64 ? 0xcf : 0xd3, value);
    } else if (value >= -0x20) this.byte(value);
    else if (value >= -0x80) this.#head(0xd0, value, 1);
    else if (value >= -0x8000) this.#head(0xd1, value, 2);
    else if (value >= -0x80000000) this.#head(0xd2, value, 4);
    else this.#int64(0xd3, value);
  }

  #int64(type: number, value: number): void {
    this.byte(type);
    this.integer(Math.floor(value / 0x100000000), 4);
    this.integer(value, 4);
  }

  /** Writes a signed integer of up to 64 bits. */
  bigint(value: bigint): void {
    this.long(Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asUintN(32, value)));
  }

  /** The signed integer of these two halves, in as few bytes as it needs. */
  long(high: number, low: number): void {
    const signed = high | 0;
    const value = signed * 0x100000000 + low;
    if (Number.isSafeInteger(value)) {
      this.int(value);
      return;
    }
    this.byte(signed >= 0 && this.#dialect.uint64 ? 0xcf : 0xd3);
    this.integer(signed, 4);
    this.integer(low, 4);
  }

  double(value: number): void {
    this.#ensure(9);
    this.#bytes[this.at] = 0xcb;
    this.#numbers.setFloat64(this.at + 1, value);
    this.at += 9;
  }

  /** A string; one with half a surrogate pair is refused. */
  string(text: string): void {
    const { length } = text;
    this.#ensure(5 + 3 * length);
    const head = this.at;
    const from = head + this.#stringHeadSize(length);
    const to = this.#textAt(text, from);
    if (to - from === length && length < 32) {
      this.#bytes[head] = 0xa0 | length;
      this.at = to;
    } else this.#stringHead(head, from, to);
  }

  /** The text in UTF-8, without a header. */
  text(text: string): void {
    this.#ensure(3 * text.length);
    this.at = this.#textAt(text, this.at);
  }

  /** Writes the text at that place, where there is room already, and returns where it ends. */
  #textAt(text: string, from: number): number {
    const { length } = text;
    if (length > SHORT) return this.#writeLongText(text, from);
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return this.#writeLongText(text, from);
      bytes[from + i] = unit;
    }
    return from + length;
  }

  #writeLongText(text: string, from: number): number {
    if (!isWellFormed(text)) refuse();
    return from + utf8Encoder.encodeInto(text, this.#bytes.subarray(from)).written;
  }

  #stringHeadSize(length: number): number {
    if (length < 32) return 1;
    if (length < 0x100 && this.#dialect.str8) return 2;
    return length < 0x10000 ? 3 : 5;
  }

  /** Writes the header before a string that was written at `from`; moves the string where the header needs another size. */
  #stringHead(head: number, from: number, to: number): void {
    const length = to - from;
    const size = this.#stringHeadSize(length);
    if (head + size !== from) this.#bytes.copyWithin(head + size, from, to);
    this.at = head;
    if (size === 1) this.byte(0xa0 | length);
    else this.#head(size === 2 ? 0xd9 : size === 3 ? 0xda : 0xdb, length, size - 1);
    this.at += length;
  }

  bytes(value: Uint8Array): void {
    const { length } = value;
    if (length < 0x100) this.#head(0xc4, length, 1);
    else if (length < 0x10000) this.#head(0xc5, length, 2);
    else this.#head(0xc6, length, 4);
    this.#ensure(length);
    this.#bytes.set(value, this.at);
    this.at += length;
  }

  arrayHead(length: number): void {
    if (length < 16) this.byte(0x90 | length);
    else if (length < 0x10000) this.#head(0xdc, length, 2);
    else this.#head(0xdd, length, 4);
  }

  mapHead(length: number): void {
    if (length < 16) this.byte(0x80 | length);
    else if (length < 0x10000) this.#head(0xde, length, 2);
    else this.#head(0xdf, length, 4);
  }

  /** Writes the header of a map again, where the one that is there says `before` entries. */
  correctMapHead(at: number, before: number, length: number): void {
    const from = at + mapHeadSize(before);
    const end = this.at;
    const to = at + mapHeadSize(length);
    this.#bytes.copyWithin(to, from, end);
    this.at = at;
    this.mapHead(length);
    this.at = end + to - from;
  }

  /** An extension that is a text. */
  textExtension(type: number, text: string): void {
    const { length } = text;
    const head = this.at;
    this.#ensure(6 + 3 * length);
    const size = extensionHeadSize(length);
    const to = this.#textAt(text, head + size);
    if (to - head - size === length) {
      this.#extensionHead(type, length, size);
      this.at = to;
    } else {
      this.#bytes.copyWithin(head, head + size, to);
      this.at = to - size;
      this.extension(type, head);
    }
  }

  /** Puts the header of an extension before what was written since that place. */
  extension(type: number, from: number): void {
    const length = this.at - from;
    const size = extensionHeadSize(length);
    this.#ensure(size);
    this.#bytes.copyWithin(from + size, from, this.at);
    this.at = from;
    this.#extensionHead(type, length, size);
    this.at += length;
  }

  #extensionHead(type: number, length: number, size: number): void {
    if (size === 2) this.byte(0xd4 + 31 - Math.clz32(length));
    else this.#head(size === 3 ? 0xc7 : size === 4 ? 0xc8 : 0xc9, length, size - 2);
    this.byte(type);
  }

  #head(type: number, value: number, size: number): void {
    this.byte(type);
    this.integer(value, size);
  }

  /** Writes the lowest `size` bytes of a number, the highest of these first, and no type. */
  integer(value: number, size: number): void {
    this.#ensure(size);
    const bytes = this.#bytes;
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes[this.at++] = value >>> shift;
  }

  #ensure(more: number): void {
    if (this.at + more > this.#bytes.length) this.#grow(more);
  }

  #grow(more: number): void {
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.at + more));
    larger.set(this.#bytes.subarray(0, this.at));
    this.#use(larger);
  }

  #use(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#numbers = new DataView(bytes.buffer);
  }
}

function mapHeadSize(length: number): number {
  return length < 16 ? 1 : length < 0x10000 ? 3 : 5;
}

function extensionHeadSize(length: number): number {
  if (length > 0xff) return length > 0xffff ? 6 : 4;
  return length === 1 || length === 2 || length === 4 || length === 8 || length === 16 ? 2 : 3;
}
