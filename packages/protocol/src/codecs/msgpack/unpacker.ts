import { DecodeError } from "../../errors.ts";
import { type Interned, intern, recallBytes, remember } from "../../values/keyword.ts";
import { LONG_NAME, RepeatedNames } from "../repeated-names.ts";
import { utf8Decoder } from "../utf8.ts";

const { fromCharCode } = String;

// Up to so many bytes a loop is faster than the call of a decoder.
const SHORT = 24;

const TWO_TO_32 = 0x100000000;
const NOTHING = /* @__PURE__ */ new Uint8Array(0);

/** Reads the bytes of MessagePack. Believes a length only once so many bytes are known to be there. */
export class Unpacker {
  bytes: Uint8Array = NOTHING;
  /** The next byte to be read. */
  at = 0;
  /** The end of what is being read: of the message, or of the extension. */
  end = 0;
  #view: DataView | undefined;
  #repeated: RepeatedNames | undefined;
  /** `fail`, for those that call it without the reader. */
  readonly refuse: (message: string, code: string) => never = (message, code) => this.fail(message, code);

  /** Begins a message; without one it lets go of the last. */
  open(bytes: Uint8Array = NOTHING): void {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    this.#view = undefined;
    this.#repeated = undefined;
  }

  /** Made when it is first needed: many messages need none, and to make one takes as long as to read some values. */
  get #numbers(): DataView {
    const { bytes } = this;
    this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#view;
  }

  /** Counts a name of that length for which only a few bytes were sent; fails where there are too many such names. */
  repeat(length: number): void {
    if (length <= LONG_NAME) return;
    this.#repeated ??= new RepeatedNames(this.bytes.length);
    if (!this.#repeated.accept(length)) this.fail("long names that are repeated too often", "too-large");
  }

  fail(message: string, code = "malformed"): never {
    throw new DecodeError(code, message, { offset: this.at });
  }

  /** Fails where the value nests too deeply. */
  checkDepth(depth: number): void {
    if (depth < 1) this.fail("nested too deeply", "too-deep");
  }

  /** Fails where something follows the value. */
  checkEnd(): void {
    if (this.at !== this.end) this.fail("more than one value");
  }

  byte(): number {
    if (this.at >= this.end) this.#failTruncated();
    return this.bytes[this.at++] ?? 0;
  }

  #failTruncated(): never {
    return this.fail("it ends too early");
  }

  /** Goes past so many bytes, and returns where they begin. */
  skip(length: number): number {
    const from = this.at;
    if (length > this.end - from) this.#failTruncated();
    this.at = from + length;
    return from;
  }

  /** Returns how many values follow; fails where so many, of at least `size` bytes each, cannot be there. */
  count(length: number, size: number): number {
    return length * size > this.end - this.at ? this.#failTruncated() : length;
  }

  uint(size: 1 | 2 | 4): number {
    const from = this.skip(size);
    let value = 0;
    for (let at = from; at < from + size; at++) value = value * 256 + (this.bytes[at] ?? 0);
    return value;
  }

  int(size: 1 | 2 | 4): number {
    return (this.uint(size) << (32 - 8 * size)) >> (32 - 8 * size);
  }

  /** 64 bits: a bigint where a number would not be exact. */
  long(isSigned: boolean): number | bigint {
    const from = this.skip(8);
    this.at = from;
    const high = isSigned ? this.int(4) : this.uint(4);
    const value = high * TWO_TO_32 + this.uint(4);
    if (Number.isSafeInteger(value)) return value;
    return isSigned ? this.#numbers.getBigInt64(from) : this.#numbers.getBigUint64(from);
  }

  float(size: 4 | 8): number {
    const from = this.skip(size);
    return size === 4 ? this.#numbers.getFloat32(from) : this.#numbers.getFloat64(from);
  }

  /** A copy of so many bytes. */
  copy(length: number): Uint8Array {
    const from = this.skip(length);
    return new Uint8Array(this.bytes.subarray(from, from + length));
  }

  /** The length of the extension that begins with this byte; undefined where none does. */
  extensionSize(type: number): number | undefined {
    if (type >= 0xd4 && type <= 0xd8) return 1 << (type - 0xd4);
    if (type < 0xc7 || type > 0xc9) return undefined;
    return this.uint(type === 0xc7 ? 1 : type === 0xc8 ? 2 : 4);
  }

  /** Reads the keyword whose name is the next `length` bytes, mostly without making a text of them. */
  keywordOf(length: number): Interned {
    const { bytes, at } = this;
    if (length > SHORT || length > this.end - at) return intern(this.text(length));
    let hash = 0;
    for (let i = at; i < at + length; i++) hash = (hash * 31 + (bytes[i] ?? 0)) | 0;
    const found = recallBytes(hash, bytes, at, at + length);
    if (found === undefined) return remember(hash, intern(this.text(length)));
    this.at = at + length;
    return found;
  }

  /** The text in UTF-8 of so many bytes. */
  text(length: number): string {
    const from = this.skip(length);
    const short = length > SHORT ? undefined : this.#ascii(from, from + length);
    if (short !== undefined) return short;
    try {
      return utf8Decoder.decode(this.bytes.subarray(from, from + length));
    } catch {
      this.at = from;
      return this.fail("a text that is no UTF-8");
    }
  }

  // The engine makes one string of up to eight units at a time.
  #ascii(from: number, to: number): string | undefined {
    const { bytes } = this;
    let text = "";
    let at = from;
    for (; at + 8 <= to; at += 8) {
      const a = bytes[at] ?? 0;
      const b = bytes[at + 1] ?? 0;
      const c = bytes[at + 2] ?? 0;
      const d = bytes[at + 3] ?? 0;
      const e = bytes[at + 4] ?? 0;
      const f = bytes[at + 5] ?? 0;
      const g = bytes[at + 6] ?? 0;
      const h = bytes[at + 7] ?? 0;
      if ((a | b | c | d | e | f | g | h) > 0x7f) return undefined;
      text += fromCharCode(a, b, c, d, e, f, g, h);
    }
    if (at + 4 <= to) {
      const a = bytes[at] ?? 0;
      const b = bytes[at + 1] ?? 0;
      const c = bytes[at + 2] ?? 0;
      const d = bytes[at + 3] ?? 0;
      if ((a | b | c | d) > 0x7f) return undefined;
      text += fromCharCode(a, b, c, d);
      at += 4;
    }
    for (; at < to; at++) {
      const a = bytes[at] ?? 0;
      if (a > 0x7f) return undefined;
      text += fromCharCode(a);
    }
    return text;
  }
}
