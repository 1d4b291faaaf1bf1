import { intern, isKw } from "../../values/keyword.ts";
import { type Integer, isInteger, reduceRatio } from "../../values/numbers.ts";
import { Tagged } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { MapBuilder, setOf } from "../collections.ts";
import { fromPairs, toKeywordMap } from "../record.ts";
import { readWithHandler } from "../text-codec.ts";
import { isGround, readGround } from "../transit/ground.ts";
import { fromJson, Tag, Texts } from "./texts.ts";

/** Reads Transit JSON, of both modes. Throws `DecodeError`. */
export function readTransit(text: string, maxDepth: number, handlers: readonly Handler[]): unknown {
  const reader = new Reader(text, handlers);
  const value = reader.value(maxDepth);
  reader.end();
  return value;
}

const SPACE = 32;
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

class Reader extends Texts {
  readonly #handlers: readonly Handler[];
  constructor(text: string, handlers: readonly Handler[]) {
    super(text);
    this.#handlers = handlers;
  }

  end(): void {
    if (this.next() !== -1) this.fail("more than one value");
  }

  value(depth: number): unknown {
    const unit = this.next();
    if (unit === QUOTE) return this.refuseTag(this.readQuotedText(false));
    if (unit === BRACKET) return this.#array(depth);
    if (unit === BRACE) return this.#readVerbose(depth);
    return unit > NINE ? this.literal(unit) : this.number();
  }

  #array(depth: number): unknown {
    this.at++;
    if (this.next() !== QUOTE) return this.#items([], depth);
    if (this.#marksMap()) return this.#map(depth, COMMA, CLOSE_BRACKET);
    const first = this.readQuotedText(false);
    return first instanceof Tag ? this.#readTagged(first, depth, COMMA, CLOSE_BRACKET) : this.#items([first], depth);
  }

  /** Reads `"^ "`, which makes a map of an array, if it is next. */
  #marksMap(): boolean {
    const { text, at } = this;
    if (text.charCodeAt(at + 1) === CARET && text.charCodeAt(at + 2) === SPACE && text.charCodeAt(at + 3) === QUOTE) {
      this.at += 4;
      return true;
    }
    if (text.charCodeAt(at + 1) !== BACKSLASH && text.charCodeAt(at + 2) !== BACKSLASH) return false;
    if (text.charCodeAt(at) === QUOTE && this.string(fromJson) === "^ ") return true;
    this.at = at;
    return false;
  }

  /** Reads the rest of an array, whose first item may have been read before. */
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
    if (this.next() !== close) return false;
    this.at++;
    return true;
  }

  /** Reads a comma, and returns true; or the closing mark, and returns false. */
  #goesOn(close: number): boolean {
    let unit = this.text.charCodeAt(this.at);
    if (unit !== COMMA && unit !== close) unit = this.next();
    if (unit !== COMMA && unit !== close) this.fail("neither a comma nor the end");
    this.at++;
    return unit === COMMA;
  }

  /** Reads an array that may be neither a map nor a tagged value. */
  #list(depth: number): unknown[] {
    this.expect(BRACKET);
    if (this.next() === QUOTE && this.#marksMap()) this.fail("a tag with a wrong value");
    return this.#items([], depth);
  }

  /**
   * Reads the rest of `["^ ", key, value, ...]`, or of JSON's own `{key: value, ...}`: a plain object as long as its keys
   * are keywords, from the first other key on a Map.
   */
  #map(depth: number, separator: number, close: number): unknown {
    this.checkDepth(depth);
    const record: Record<string, unknown> = {};
    let builder: MapBuilder | undefined;
    // A comma stands before each entry, but for the first one of an object.
    let goesOn = close === CLOSE_BRACE ? !this.#closes(close) : this.#goesOn(close);
    for (; goesOn; goesOn = this.#goesOn(close)) {
      const key = this.#mapKey(depth);
      const name = this.name;
      this.expect(separator);
      const value = this.value(depth - 1);
      if (name !== undefined && builder === undefined) {
        record[name] = value;
        continue;
      }
      builder ??= new MapBuilder(toKeywordMap(record), this.refuse);
      builder.set(key, value);
    }
    return builder?.map ?? record;
  }

  #mapKey(depth: number): unknown {
    // Most keys are codes, which are read the fastest.
    if (this.text.charCodeAt(this.at) === QUOTE && this.text.charCodeAt(this.at + 1) === CARET) {
      const found = this.readCoded();
      return this.name === undefined ? this.refuseTag(found) : found;
    }
    if (this.next() === QUOTE) return this.refuseTag(this.readQuotedText(true));
    const key = this.value(depth - 1);
    // In a quote, or made by a handler.
    this.name = isKw(key) ? intern(key.fqn).key : undefined;
    return key;
  }

  /** Reads an object of JSON: in verbose mode it is a map, or a tag with its value. */
  #readVerbose(depth: number): unknown {
    this.at++;
    this.next();
    const tag = this.#isTagNext() ? this.readQuotedText(false) : undefined;
    return tag instanceof Tag ? this.#readTagged(tag, depth, COLON, CLOSE_BRACE) : this.#map(depth, COLON, CLOSE_BRACE);
  }

  #isTagNext(): boolean {
    const { text, at } = this;
    if (text.startsWith('"~#', at)) return true;
    if (text.charCodeAt(at + 1) !== BACKSLASH && text.charCodeAt(at + 2) !== BACKSLASH) return false;
    const found = text.charCodeAt(at) === QUOTE ? this.string(fromJson) : "";
    this.at = at;
    return found.startsWith("~#");
  }

  #readTagged({ name }: Tag, depth: number, separator: number, close: number): unknown {
    this.expect(separator);
    const value = this.#readTaggedValue(name, depth);
    this.expect(close);
    return value;
  }

  #readTaggedValue(tag: string, depth: number): unknown {
    if (tag === "ratio") return this.#ratio();
    this.checkDepth(depth);
    if (tag === "set") return setOf(this.#list(depth), this.refuse);
    if (tag === "list") return this.#list(depth);
    if (tag === "cmap") return fromPairs(this.#list(depth), this.refuse);
    const value = this.value(depth - 1);
    if (tag === "'") return value;
    if (isGround(tag)) return this.requireKnown(typeof value === "object" ? undefined : readGround(tag, String(value)));
    const handler = this.#handlers.find((candidate) => candidate.tag === tag);
    return handler === undefined ? new Tagged(tag, value) : readWithHandler(handler, value, this.at);
  }

  /** Reads a ratio. It is a number, and so no level of depth. */
  #ratio(): unknown {
    this.expect(BRACKET);
    const numerator = this.#integer();
    this.expect(COMMA);
    const denominator = this.#integer();
    this.expect(CLOSE_BRACKET);
    const reduced = reduceRatio(numerator, denominator) ?? this.fail("a ratio that is none");
    return Array.isArray(reduced) ? new Tagged("ratio", reduced) : reduced;
  }

  #integer(): Integer {
    const value = this.next() === QUOTE ? this.readQuotedText(false) : this.number();
    return isInteger(value) ? value : this.fail("a ratio that is none");
  }
}
