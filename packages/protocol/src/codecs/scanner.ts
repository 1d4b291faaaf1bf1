import { DecodeError } from "../errors.ts";

const QUOTE = 34;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const BACKSLASH = 92;

// Engines let a slice keep the text alive that it was cut from. So a larger text is cut from copies of parts of it of
// this size: else a peer could make an application that remembers a name hold a whole frame.
const PART = 4096;

const powersOfTen = /* @__PURE__ */ Array.from({ length: 16 }, (_, power) => 10 ** power);

/** Goes through a text; what the readers of EDN and of Transit share. */
export class Scanner {
  readonly text: string;
  /** The next unit to be read. */
  at = 0;
  // A part of the text in memory of its own, and where it lies; all of it, where that is no larger.
  #part: string;
  #partFrom = 0;
  #partTo: number;
  /** Where the next backslash is that may matter. */
  #backslash = -1;

  constructor(text: string) {
    this.text = text;
    this.#part = text;
    this.#partTo = text.length > PART ? 0 : text.length;
  }

  fail(message: string, code = "malformed"): never {
    throw new DecodeError(code, message, { offset: this.at });
  }

  /** Fails where no level may be opened any more. */
  checkDepth(depth: number): void {
    if (depth < 1) this.fail("nested too deeply", "too-deep");
  }

  slice(from: number, to: number): string {
    if (from < this.#partFrom || to > this.#partTo) this.#copyPart(from, to);
    return this.#part.slice(from - this.#partFrom, to - this.#partFrom);
  }

  #copyPart(from: number, to: number): void {
    this.#partFrom = from;
    this.#partTo = Math.max(to, from + PART);
    // Putting a character before it makes the engine write a new string.
    this.#part = ` ${this.text.slice(from, this.#partTo)}`.slice(1);
  }

  /**
   * Reads a string in quotes, without the first `skipped` units between them. Where it has a backslash, `resolve` gets
   * what is left, in quotes, and returns what it means.
   */
  string(resolve: (quoted: string) => string | undefined, skipped = 0): string {
    const { text } = this;
    const from = this.at + 1 + skipped;
    this.at = from;
    // Most strings are short; a long one is left to the engine's search.
    let at = from;
    let unit = text.charCodeAt(at);
    for (; unit !== QUOTE && unit !== BACKSLASH && at < from + 32; unit = text.charCodeAt(at)) at++;
    if (unit !== QUOTE) {
      at = this.#end(at);
      if (this.#backslash < at) {
        this.at = at + 1;
        const quoted = skipped === 0 ? text.slice(from - 1, at + 1) : `"${text.slice(from, at)}"`;
        return resolve(quoted) ?? this.fail("an unknown escape");
      }
    }
    this.at = at + 1;
    return this.slice(from, at);
  }

  /** The closing quote of a string from within it; afterwards `#backslash` is its first one, or beyond it. */
  #end(from: number): number {
    let end = this.#indexOf('"', from) ?? this.fail("a string without end");
    if (this.#backslash < from) this.#backslash = this.#indexOf("\\", from) ?? this.text.length;
    for (let at = this.#backslash; at < end; at = this.#indexOf("\\", at + 2) ?? end) {
      if (at + 1 === end) end = this.#indexOf('"', end + 1) ?? this.fail("a string without end");
    }
    return end;
  }

  #indexOf(unit: string, from: number): number | undefined {
    const index = this.text.indexOf(unit, from);
    return index < 0 ? undefined : index;
  }

  /**
   * Reads a number as most are: perhaps a minus, digits, perhaps a point among them. NaN, and nothing read, where it is
   * another one, an integer of more than 15 digits, or none. An integer -0 is 0.
   */
  plainNumber(): number {
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
