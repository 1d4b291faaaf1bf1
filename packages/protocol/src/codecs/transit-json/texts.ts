import { Interned, intern, type Keyword, recall, remember } from "../../values/keyword.ts";
import { readInteger } from "../../values/numbers.ts";
import { Scanner } from "../scanner.ts";
import { isCacheable, toIndex } from "../transit/cache-code.ts";
import { readGround } from "../transit/ground.ts";
import { ReadCache } from "../transit/read-cache.ts";

const SPACE = 32;
const QUOTE = 34;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const BACKSLASH = 92;
const CARET = 94;
const SMALL_M = 109;
const TILDE = 126;
const jsonNumber = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;

/** What a text `~#tag` is: it makes a tagged value of what follows. */
export class Tag {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * Reads what has no parts in Transit, directly from the text. That is faster than to walk through what JSON.parse makes,
 * since codes and keywords never become strings; and it tells 1e20 from the integer.
 */
export class Texts extends Scanner {
  /** What each code stands for: keywords as `Interned`, all else as itself. */
  readonly #cache = new ReadCache();
  /** The key that the last text is in an object; undefined where it is none. */
  name: string | undefined;

  constructor(text: string) {
    super(text, true);
  }

  /** Goes to the next unit that is no space, and returns it; -1 at the end. */
  next(): number {
    const unit = this.text.charCodeAt(this.at);
    return unit > 32 ? unit : this.#skipSpace(unit);
  }

  #skipSpace(first: number): number {
    let unit = first;
    while (unit === 32 || unit === 10 || unit === 13 || unit === 9) unit = this.text.charCodeAt(++this.at);
    return Number.isNaN(unit) ? -1 : unit;
  }

  expect(unit: number): void {
    if (this.text.charCodeAt(this.at) !== unit && this.next() !== unit)
      this.fail(`no ${String.fromCharCode(unit)} where it belongs`);
    this.at++;
  }

  literal(first: number): boolean | null {
    const literal = first === 116 ? "true" : first === 102 ? "false" : "null";
    if (!this.text.startsWith(literal, this.at)) this.fail("no value");
    this.at += literal.length;
    return first === 110 ? null : first === 116;
  }

  number(): number | bigint {
    const value = this.readPlainNumber();
    if (!Number.isNaN(value)) return value;
    const from = this.at;
    jsonNumber.lastIndex = from;
    if (!jsonNumber.test(this.text)) this.fail("no value");
    this.at = jsonNumber.lastIndex;
    const token = this.text.slice(from, this.at);
    if (/[.eE]/.test(token)) return Number(token);
    return readInteger(token) ?? this.fail("a number of too many digits", "too-many-digits");
  }

  /** Reads a text in quotes: it means itself, what its code stands for, or what it says after a `~`. */
  readQuotedText(isKey: boolean): unknown {
    const { text, at } = this;
    const first = text.charCodeAt(at + 1);
    if (first === CARET) return this.readCoded();
    const type = first === TILDE ? text.charCodeAt(at + 2) : 0;
    if (type === COLON) return this.#keywordInPlace();
    this.name = undefined;
    if (type === SMALL_M && !isKey) return this.#date() ?? this.#meaning(this.string(fromJson), false);
    const found = this.string(fromJson);
    // Most texts mean themselves.
    return first === TILDE || first === BACKSLASH || isKey ? this.#meaning(found, isKey) : found;
  }

  #meaning(text: string, isKey: boolean): unknown {
    const first = text.charCodeAt(0);
    if (first === CARET) return this.#readSpelt(text);
    let value: unknown = text;
    let isCached = isKey;
    if (first === TILDE) {
      const type = text.charAt(1);
      if (type === ":") return this.#keyword(intern(text.slice(2)));
      isCached ||= type === "#" || type === "$";
      value = this.requireKnown(type === "#" ? new Tag(text.slice(2)) : readGround(type, text.slice(2)));
    }
    if (isCached && isCacheable(text.length)) this.#cache.add(value, text.length);
    return value;
  }

  /** Reads a keyword, mostly without a copy of its name. */
  #keywordInPlace(): Keyword {
    const { text } = this;
    const from = this.at + 3;
    let at = from;
    let hash = 0;
    let unit = text.charCodeAt(at);
    for (; isPlain(unit); unit = text.charCodeAt(++at)) hash = (hash * 31 + unit) | 0;
    if (unit !== QUOTE) return this.#keyword(intern(this.string(fromJson, 2)));
    const found = recall(hash, text, from, at) ?? remember(hash, intern(this.slice(from, at)));
    this.at = at + 1;
    return this.#keyword(found);
  }

  #keyword(found: Interned): Keyword {
    const { length } = found.keyword.fqn;
    if (isCacheable(length + 2)) this.#cache.add(found, length);
    this.name = found.key;
    return found.keyword;
  }

  /** Reads a date in its usual form, of up to 15 digits; undefined, and nothing read, for any other form. */
  #date(): Date | undefined {
    const { text } = this;
    let at = this.at + 3;
    const isNegative = text.charCodeAt(at) === MINUS;
    if (isNegative) at++;
    const from = at;
    let ms = 0;
    let unit = text.charCodeAt(at);
    for (; unit >= ZERO && unit <= NINE; unit = text.charCodeAt(++at)) ms = ms * 10 + unit - ZERO;
    if (unit !== QUOTE || at === from || at > from + 15) return undefined;
    this.at = at + 1;
    return new Date(isNegative ? -ms : ms);
  }

  readCoded(): unknown {
    const { text } = this;
    const from = this.at + 2;
    const first = text.charCodeAt(from);
    const second = text.charCodeAt(from + 1);
    const to = second === QUOTE ? from + 1 : from + 2;
    if (first === BACKSLASH || second === BACKSLASH || text.charCodeAt(to) !== QUOTE) {
      return this.#readSpelt(this.string(fromJson));
    }
    this.at = to + 1;
    return this.#readCached(toIndex(first, to === from + 1 ? undefined : second));
  }

  /** Reads a code in which some units were escapes. */
  #readSpelt(code: string): unknown {
    if (code.length < 2 || code.length > 3) this.fail("an unknown code");
    return this.#readCached(toIndex(code.charCodeAt(1), code.length === 2 ? undefined : code.charCodeAt(2)));
  }

  #readCached(index: number): unknown {
    const found = this.#cache.get(index) ?? this.fail("an unknown code");
    this.repeat(this.#cache.lengthOf(index));
    if (!(found instanceof Interned)) {
      this.name = undefined;
      return found;
    }
    this.name = found.key;
    return found.keyword;
  }

  requireKnown(value: unknown): unknown {
    return value === undefined ? this.fail("a text that is not of its type") : value;
  }

  refuseTag(value: unknown): unknown {
    return value instanceof Tag ? this.fail("a tag in the wrong place") : value;
  }
}

/** True for a unit of ASCII that stands for itself in a string. */
function isPlain(unit: number): boolean {
  return unit >= SPACE && unit < 127 && unit !== QUOTE && unit !== BACKSLASH;
}

export function fromJson(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}
