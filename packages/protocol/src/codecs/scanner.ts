import { DecodeError } from "../errors.ts";
import { copyText } from "../values/copy-text.ts";
import { LONG_NAME, RepeatedNames } from "./repeated-names.ts";

const QUOTE = 34;
const SPACE = 32;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const BACKSLASH = 92;

// In engines a slice keeps the whole text alive that it was cut from. So of a larger text, parts of this size are copied,
// and slices are cut from those: else an application that remembers one name would hold a whole frame.
const PART = 4096;

// Up to so many units a loop is faster than the engine's searches: by an eighth for a tree with labels of 40 units.
const SHORT = 64;

const powersOfTen = /* @__PURE__ */ Array.from({ length: 16 }, (_, power) => 10 ** power);

/** Goes through a text; what the readers of EDN and of Transit share. */
export class Scanner {
  readonly text: string;
  /** The next unit to be read. */
  at = 0;
  // A copied part of the text, and where it lies; the text itself, where that is no larger than a part.
  #part: string;
  #partFrom = 0;
  #partTo: number;
  /** Where the next backslash is that may matter. */
  #backslash = -1;
  readonly #isJson: boolean;
  #repeated: RepeatedNames | undefined;

  /** @param isJson Whether strings are JSON's, which have no control characters as they are. */
  constructor(text: string, isJson = false) {
    this.text = text;
    this.#isJson = isJson;
    this.#part = text;
    this.#partTo = text.length > PART ? 0 : text.length;
  }

  fail(message: string, code = "malformed"): never {
    throw new DecodeError(code, message, { offset: this.at });
  }

  /** `fail`, for those that call it without the scanner. */
  get refuse(): (message: string, code: string) => never {
    return (message, code) => this.fail(message, code);
  }

  /** Fails where the value nests too deeply. */
  checkDepth(depth: number): void {
    if (depth < 1) this.fail("nested too deeply", "too-deep");
  }

  /** Counts a name of that length for which only a few units were sent; fails where there are too many such names. */
  repeat(length: number): void {
    if (length <= LONG_NAME) return;
    this.#repeated ??= new RepeatedNames(this.text.length);
    if (!this.#repeated.accept(length)) this.fail("long names that are repeated too often", "too-large");
  }

  slice(from: number, to: number): string {
    if (from < this.#partFrom || to > this.#partTo) this.#copyPart(from, to);
    return this.#part.slice(from - this.#partFrom, to - this.#partFrom);
  }

  #copyPart(from: number, to: number): void {
    this.#partFrom = from;
    this.#partTo = Math.max(to, from + PART);
    this.#part = copyText(this.text.slice(from, this.#partTo));
  }

  /**
   * Reads a string in quotes, and leaves out its first `skipped` units. Where the rest has a backslash, `resolve` gets it,
   * in quotes, and returns what it means.
   */
  string(resolve: (quoted: string) => string | undefined, skipped = 0): string {
    const { text } = this;
    const from = this.at + 1 + skipped;
    this.at = from;
    // Most strings are short; a long one is left to the engine's search.
    let at = from;
    let unit = text.charCodeAt(at);
    for (; unit !== QUOTE && unit !== BACKSLASH && unit >= SPACE && at < from + SHORT; unit = text.charCodeAt(at)) at++;
    if (unit !== QUOTE) {
      at = this.#end(at);
      if (this.#isJson) this.#refuseControls(from, at);
      if (this.#backslash < at) {
        this.at = at + 1;
        const quoted = skipped === 0 ? text.slice(from - 1, at + 1) : `"${text.slice(from, at)}"`;
        return resolve(copyText(quoted)) ?? this.fail("an unknown escape");
      }
    }
    this.at = at + 1;
    return this.slice(from, at);
  }

  /** Finds the closing quote of the string that `from` is in. Then `#backslash` is the first one in it, or lies behind it. */
  #end(from: number): number {
    let end = this.#indexOf('"', from) ?? this.fail("a string without end");
    if (this.#backslash < from) this.#backslash = this.#indexOf("\\", from) ?? this.text.length;
    for (let at = this.#backslash; at < end; at = this.#indexOf("\\", at + 2) ?? end) {
      if (at + 1 === end) end = this.#indexOf('"', end + 1) ?? this.fail("a string without end");
    }
    return end;
  }

  #refuseControls(from: number, to: number): void {
    const found = this.text.slice(from, to).search(/[^ -\uffff]/);
    if (found < 0) return;
    this.at = from + found;
    this.fail("a control character in a string");
  }

  #indexOf(unit: string, from: number): number | undefined {
    const index = this.text.indexOf(unit, from);
    return index < 0 ? undefined : index;
  }

  /**
   * Reads a number in its usual form: digits, perhaps a minus before them, perhaps a point among them. Returns NaN, and reads
   * nothing, for any other number, for an integer of more than 15 digits, and for what is no number. An integer -0 is 0.
   */
  readPlainNumber(): number {
    const { text } = this;
    let at = this.at;
    const isNegative = text.charCodeAt(at) === MINUS;
    if (isNegative) at++;
    const from = at;
    let value = 0;
    let unit = text.charCodeAt(at);
    for (; unit >= ZERO && unit <= NINE; unit = text.charCodeAt(++at)) value = value * 10 + unit - ZERO;
    let digits = at - from;
    if (digits === 0 || (digits > 1 && text.charCodeAt(from) === ZERO)) return Number.NaN;
    let decimals = 0;
    if (unit === POINT) {
      const first = ++at;
      unit = text.charCodeAt(at);
      for (; unit >= ZERO && unit <= NINE; unit = text.charCodeAt(++at)) value = value * 10 + unit - ZERO;
      decimals = at - first;
      digits += decimals;
      if (decimals === 0) return Number.NaN;
    }
    // An exponent, or too many digits for an integer to be exact.
    if (unit === 101 || unit === 69 || (digits > 15 && decimals === 0)) return Number.NaN;
    if (decimals === 0) {
      this.at = at;
      return isNegative ? 0 - value : value;
    }
    // Where both are integers that a double holds, the division rounds once, as it must.
    if (digits > 15) value = Number(text.slice(from, at));
    else value /= powersOfTen[decimals] ?? 1;
    this.at = at;
    return isNegative ? -value : value;
  }
}
