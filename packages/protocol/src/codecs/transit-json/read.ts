import { Interned, intern } from "../../values/keyword.ts";
import { type Integer, isInteger, readInteger, reduceRatio } from "../../values/numbers.ts";
import { Tagged } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { fromPairs, toKeywordMap } from "../record.ts";
import { Scanner } from "../scanner.ts";
import { readWithHandler } from "../text-codec.ts";
import { CACHE_SIZE, isCacheable, toIndex } from "./cache-code.ts";
import { isGround, readGround } from "./ground.ts";

/** Reads Transit JSON, of both modes. Throws `DecodeError`. */
export function readTransit(text: string, maxDepth: number, handlers: readonly Handler[]): unknown {
  const reader = new Reader(text, handlers);
  const value = reader.value(maxDepth);
  reader.end();
  return value;
}

const QUOTE = 34;
const COMMA = 44;
const NINE = 57;
const COLON = 58;
const BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const CARET = 94;
const BRACE = 123;
const CLOSE_BRACE = 125;
const TILDE = 126;
const MAP = '"^ "';
const jsonNumber = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;

/** What a text `~#tag` is: it makes a tagged value of what follows. */
class Tag {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * Reads values straight from the text: it is faster than walking over what JSON.parse makes, since codes and keywords
 * never become strings, and it tells 1e20 from the integer.
 */
class Reader extends Scanner {
  readonly #handlers: readonly Handler[];
  /** What each code stands for: keywords as `Interned`, all else as itself. */
  readonly #cache: unknown[] = [];
  /** Of the last text, the key that it is in an object. */
  #name: string | undefined;

  constructor(text: string, handlers: readonly Handler[]) {
    super(text);
    this.#handlers = handlers;
  }

  end(): void {
    if (this.#next() !== -1) this.fail("more than one value");
  }

  value(depth: number): unknown {
    const unit = this.#next();
    if (unit === QUOTE) return this.#notTag(this.#text(false));
    if (unit === BRACKET) return this.#array(depth);
    if (unit === BRACE) return this.#verbose(depth);
    return unit > NINE ? this.#literal(unit) : this.#number();
  }

  /** Goes to the next unit that is no space, and returns it; -1 at the end. */
  #next(): number {
    const unit = this.text.charCodeAt(this.at);
    return unit > 32 ? unit : this.#afterSpace(unit);
  }

  #afterSpace(first: number): number {
    let unit = first;
    while (unit === 32 || unit === 10 || unit === 13 || unit === 9) unit = this.text.charCodeAt(++this.at);
    return Number.isNaN(unit) ? -1 : unit;
  }

  #expect(unit: number): void {
    if (this.text.charCodeAt(this.at) !== unit && this.#next() !== unit)
      this.fail(`no ${String.fromCharCode(unit)} where it belongs`);
    this.at++;
  }

  #literal(first: number): boolean | null {
    const literal = first === 116 ? "true" : first === 102 ? "false" : "null";
    if (!this.text.startsWith(literal, this.at)) this.fail("no value");
    this.at += literal.length;
    return first === 110 ? null : first === 116;
  }

  #number(): number | bigint {
    const value = this.plainNumber();
    if (!Number.isNaN(value)) return value;
    const from = this.at;
    jsonNumber.lastIndex = from;
    if (!jsonNumber.test(this.text)) this.fail("no value");
    this.at = jsonNumber.lastIndex;
    const token = this.text.slice(from, this.at);
    if (/[.eE]/.test(token)) return Number(token);
    return readInteger(token) ?? this.fail("a number of too many digits", "too-many-digits");
  }

  /** A text in quotes: itself, what a code stands for, or what it says after its `~`. */
  #text(isKey: boolean): unknown {
    const { text, at } = this;
    const first = text.charCodeAt(at + 1);
    if (first === CARET) return this.#coded();
    if (first === TILDE && text.charCodeAt(at + 2) === COLON) return this.#keyword(this.string(fromJson, 2));
    this.#name = undefined;
    const found = this.string(fromJson);
    // Most texts mean themselves.
    return first === TILDE || first === BACKSLASH || isKey ? this.#meaning(found, isKey) : found;
  }

  #meaning(text: string, isKey: boolean): unknown {
    const first = text.charCodeAt(0);
    if (first === CARET) this.fail("an unknown code");
    let value: unknown = text;
    let isCached = isKey;
    if (first === TILDE) {
      const type = text.charAt(1);
      if (type === ":") return this.#keyword(text.slice(2));
      isCached ||= type === "#" || type === "$";
      value = this.#known(type === "#" ? new Tag(text.slice(2)) : readGround(type, text.slice(2)));
    }
    if (isCached && isCacheable(text.length)) this.#remember(value);
    return value;
  }

  #keyword(name: string): unknown {
    const found = intern(name);
    if (isCacheable(name.length + 2)) this.#remember(found);
    this.#name = found.key;
    return found.keyword;
  }

  #coded(): unknown {
    const { text } = this;
    const from = this.at + 2;
    const to = text.charCodeAt(from + 1) === QUOTE ? from + 1 : from + 2;
    if (text.charCodeAt(to) !== QUOTE) this.fail("an unknown code");
    this.at = to + 1;
    const index = toIndex(text.charCodeAt(from), to === from + 1 ? undefined : text.charCodeAt(from + 1));
    const found = this.#cache[index] ?? this.fail("an unknown code");
    if (!(found instanceof Interned)) {
      this.#name = undefined;
      return found;
    }
    this.#name = found.key;
    return found.keyword;
  }

  #known(value: unknown): unknown {
    return value === undefined ? this.fail("a text that is not of its type") : value;
  }

  #notTag(value: unknown): unknown {
    return value instanceof Tag ? this.fail("a tag in the wrong place") : value;
  }

  #remember(value: unknown): void {
    if (this.#cache.length === CACHE_SIZE) this.#cache.length = 0;
    this.#cache.push(value);
  }

  #array(depth: number): unknown {
    this.at++;
    if (this.#next() !== QUOTE) return this.#items([], depth);
    if (this.text.startsWith(MAP, this.at)) {
      this.at += MAP.length;
      return this.#map(depth, COMMA, CLOSE_BRACKET);
    }
    const first = this.#text(false);
    return first instanceof Tag ? this.#tagged(first, depth, COMMA, CLOSE_BRACKET) : this.#items([first], depth);
  }

  /** The rest of an array, of which the first item may have been read. */
  #items(items: unknown[], depth: number): unknown[] {
    this.checkDepth(depth);
    if (items.length === 0) {
      if (this.#closes(CLOSE_BRACKET)) return items;
      items.push(this.value(depth - 1));
    }
    while (this.#goesOn(CLOSE_BRACKET)) items.push(this.value(depth - 1));
    return items;
  }

  /** Reads the closing mark, if it is next. */
  #closes(close: number): boolean {
    if (this.#next() !== close) return false;
    this.at++;
    return true;
  }

  /** Reads the comma before a further item, or the mark that closes. */
  #goesOn(close: number): boolean {
    let unit = this.text.charCodeAt(this.at);
    if (unit !== COMMA && unit !== close) unit = this.#next();
    if (unit !== COMMA && unit !== close) this.fail("neither a comma nor the end");
    this.at++;
    return unit === COMMA;
  }

  /** An array that may be none of the special ones. */
  #list(depth: number): unknown[] {
    this.#expect(BRACKET);
    if (this.text.startsWith(MAP, this.at)) this.fail("a tag with a wrong value");
    return this.#items([], depth);
  }

  /**
   * The rest of `["^ ", key, value, ...]`, or of JSON's own `{key: value, ...}`: a plain object for as long as its keys
   * are keywords, from the first other key on a Map.
   */
  #map(depth: number, separator: number, close: number): unknown {
    this.checkDepth(depth);
    const record: Record<string, unknown> = {};
    let map: Map<unknown, unknown> | undefined;
    // Before each entry is a comma, but not before the first of an object.
    let goesOn = close === CLOSE_BRACE ? !this.#closes(close) : this.#goesOn(close);
    for (; goesOn; goesOn = this.#goesOn(close)) {
      const key = this.#mapKey(depth);
      const name = this.#name;
      this.#expect(separator);
      const value = this.value(depth - 1);
      if (map !== undefined) map.set(key, value);
      else if (name !== undefined) record[name] = value;
      else map = toKeywordMap(record).set(key, value);
    }
    return map ?? record;
  }

  #mapKey(depth: number): unknown {
    // Mostly it is a code, and those are read the fastest.
    if (this.text.charCodeAt(this.at) === QUOTE && this.text.charCodeAt(this.at + 1) === CARET) {
      return this.#notTag(this.#coded());
    }
    if (this.#next() === QUOTE) return this.#notTag(this.#text(true));
    const key = this.value(depth - 1);
    this.#name = undefined;
    return key;
  }

  /** JSON's own objects are maps in verbose mode, or a tag with its value. */
  #verbose(depth: number): unknown {
    this.at++;
    this.#next();
    const tag = this.text.startsWith('"~#', this.at) ? this.#text(false) : undefined;
    return tag instanceof Tag ? this.#tagged(tag, depth, COLON, CLOSE_BRACE) : this.#map(depth, COLON, CLOSE_BRACE);
  }

  #tagged({ name }: Tag, depth: number, separator: number, close: number): unknown {
    this.#expect(separator);
    const value = this.#taggedValue(name, depth);
    this.#expect(close);
    return value;
  }

  #taggedValue(tag: string, depth: number): unknown {
    if (tag === "ratio") return this.#ratio();
    this.checkDepth(depth);
    if (tag === "set") return new Set(this.#list(depth));
    if (tag === "list") return this.#list(depth);
    if (tag === "cmap") return fromPairs(this.#list(depth)) ?? this.fail("a key without value");
    const value = this.value(depth - 1);
    if (tag === "'") return value;
    if (isGround(tag)) return this.#known(typeof value === "object" ? undefined : readGround(tag, String(value)));
    const handler = this.#handlers.find((candidate) => candidate.tag === tag);
    return handler === undefined ? new Tagged(tag, value) : readWithHandler(handler, value);
  }

  /** A number, and so no level of depth. */
  #ratio(): unknown {
    this.#expect(BRACKET);
    const numerator = this.#integer();
    this.#expect(COMMA);
    const denominator = this.#integer();
    this.#expect(CLOSE_BRACKET);
    const reduced = reduceRatio(numerator, denominator) ?? this.fail("a ratio that is none");
    return Array.isArray(reduced) ? new Tagged("ratio", reduced) : reduced;
  }

  #integer(): Integer {
    const value = this.#next() === QUOTE ? this.#text(false) : this.#number();
    return isInteger(value) ? value : this.fail("a ratio that is none");
  }
}

function fromJson(quoted: string): string {
  return JSON.parse(quoted) as string;
}
