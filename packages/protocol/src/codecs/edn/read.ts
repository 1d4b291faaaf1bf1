import { fromBase64 } from "../../values/base64.ts";
import { type Interned, intern, isKw } from "../../values/keyword.ts";
import { isSymbolName } from "../../values/keyword-name.ts";
import { isSym, readUuid, Sym, Tagged, Uri } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { readInstant } from "../instant.ts";
import { toKeywordMap } from "../record.ts";
import { Scanner } from "../scanner.ts";
import { readWithHandler } from "../text-codec.ts";
import { readNumber } from "./numbers.ts";
import { readCharacter, resolveEscapes } from "./strings.ts";

/** Reads the one EDN value of a text. Throws `DecodeError`. */
export function readText(text: string, maxDepth: number, handlers: readonly Handler[]): unknown {
  const reader = new Reader(text, handlers);
  const value = reader.value(maxDepth);
  if (value === END) reader.fail("no value");
  if (reader.value(maxDepth) !== END || reader.at < text.length) reader.fail("more than one value");
  return value;
}

/** What `value` returns at the end of the text, and at a closing mark, which it leaves. */
const END: unique symbol = Symbol("end");

// What becomes of a unit inside a token: it goes on, ends at white space or at a mark, or is wrong.
const GOES_ON = 0;
const SPACE = 1;
const MARK = 2;
const WRONG = 3;
const classes = new Uint8Array(128);
for (const unit of "\t\n\v\f\r\x1c\x1d\x1e\x1f ,") classes[unit.charCodeAt(0)] = SPACE;
for (const unit of '"();[]{}^\\') classes[unit.charCodeAt(0)] = MARK;
for (const unit of "@`~") classes[unit.charCodeAt(0)] = WRONG;

function classOf(unit: number): number {
  if (unit < 128) return classes[unit] ?? GOES_ON;
  // The end of the text is NaN.
  if (!(unit >= 0x1680)) return unit >= 128 ? GOES_ON : SPACE;
  return /\s/.test(String.fromCharCode(unit)) ? SPACE : GOES_ON;
}

const QUOTE = 34;
const HASH = 35;
const PAREN = 40;
const CLOSE_PAREN = 41;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const SEMICOLON = 59;
const BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const CARET = 94;
const UNDERSCORE = 95;
const BRACE = 123;
const CLOSE_BRACE = 125;

class Reader extends Scanner {
  readonly #handlers: readonly Handler[];
  /** Inside `#_`, where no handler may run. */
  #isDiscarding = false;

  constructor(text: string, handlers: readonly Handler[]) {
    super(text);
    this.#handlers = handlers;
  }

  /** The next value, or `END`. `depth` is how many levels may still be opened. */
  value(depth: number): unknown {
    for (let hasMetadata = false; ; ) {
      const unit = this.#skipSpace();
      switch (unit) {
        case QUOTE:
          return this.string(resolveEscapes);
        case COLON:
          return this.#keyword().keyword;
        case BRACKET:
          return this.#items(CLOSE_BRACKET, depth);
        case PAREN:
          return this.#items(CLOSE_PAREN, depth);
        case BRACE:
          return this.#map(depth, undefined);
        case HASH: {
          const found = this.#dispatch(depth);
          if (found === END) continue;
          return found;
        }
        case BACKSLASH:
          return this.#character();
        case CARET:
          // Metadata describes the next value; JavaScript's values have no place for it.
          this.#discard(depth);
          hasMetadata = true;
          continue;
        case CLOSE_PAREN:
        case CLOSE_BRACKET:
        case CLOSE_BRACE:
        case -1:
          return hasMetadata ? this.fail("metadata of nothing") : END;
        default:
          return this.#symbolOrNumber(unit);
      }
    }
  }

  /** The value that must come here. */
  #inner(depth: number): unknown {
    const value = this.value(depth);
    return value === END ? this.fail("a value is missing") : value;
  }

  /** Reads the value after the unit that is next, for nothing. */
  #discard(depth: number): void {
    this.checkDepth(depth);
    this.at++;
    const outer = this.#isDiscarding;
    this.#isDiscarding = true;
    this.#inner(depth - 1);
    this.#isDiscarding = outer;
  }

  /** Goes to the next unit that is neither space nor comment, and returns it; -1 at the end. */
  #skipSpace(): number {
    const { text } = this;
    for (let at = this.at; at < text.length; at++) {
      let unit = text.charCodeAt(at);
      if (unit === SEMICOLON) {
        while (at < text.length && unit !== 10 && unit !== 13) unit = text.charCodeAt(++at);
      } else if (classOf(unit) !== SPACE) {
        this.at = at;
        return unit;
      }
    }
    this.at = text.length;
    return -1;
  }

  /** The rest of the token from here, after `prefix` units that belong to it whatever they are. */
  #token(prefix: number): string {
    const from = this.at;
    let at = from + prefix;
    let found = classOf(this.text.charCodeAt(at));
    while (found === GOES_ON) found = classOf(this.text.charCodeAt(++at));
    if (found === WRONG) this.fail("a character that no token has");
    this.at = at;
    return this.slice(from, at);
  }

  #keyword(): Interned {
    this.at++;
    const name = this.#token(0);
    const found = intern(name);
    if (found.key === undefined && !isReadable(name)) this.fail("no keyword");
    return found;
  }

  #character(): string {
    this.at++;
    return readCharacter(this.#token(1)) ?? this.fail("no character");
  }

  #symbolOrNumber(unit: number): unknown {
    const isSigned = unit === PLUS || unit === MINUS;
    if (isDigit(isSigned ? this.text.charCodeAt(this.at + 1) : unit)) return this.#number();
    const token = this.#token(0);
    switch (token) {
      case "nil":
        return null;
      case "true":
        return true;
      case "false":
        return false;
      default:
        return isSymbolName(token) || isReadable(token) ? new Sym(token) : this.fail("no symbol");
    }
  }

  #number(): unknown {
    const from = this.at;
    if (this.text.charCodeAt(from) === PLUS) this.at++;
    const value = this.plainNumber();
    if (!Number.isNaN(value)) {
      const next = classOf(this.text.charCodeAt(this.at));
      if (next === SPACE || next === MARK) return value;
    }
    this.at = from;
    const number = readNumber(this.#token(0));
    return typeof number === "string" ? this.fail("no number, or one of too many digits", number) : number;
  }

  #items(close: number, depth: number): unknown[] {
    this.checkDepth(depth);
    this.at++;
    const items: unknown[] = [];
    for (let item = this.value(depth - 1); item !== END; item = this.value(depth - 1)) items.push(item);
    this.#close(close);
    return items;
  }

  #close(close: number): void {
    if (this.text.charCodeAt(this.at) !== close) this.fail("a bracket that nothing closes, or another one");
    this.at++;
  }

  /** A plain object for as long as its keys are keywords, from the first other key on a Map. */
  #map(depth: number, namespace: string | undefined): unknown {
    this.checkDepth(depth);
    this.at++;
    const record: Record<string, unknown> = {};
    let map: Map<unknown, unknown> | undefined;
    for (;;) {
      let key: unknown;
      if (this.#skipSpace() === COLON) {
        let found = this.#keyword();
        if (namespace !== undefined) found = intern(withNamespace(found.keyword.fqn, namespace));
        if (found.key !== undefined && map === undefined) {
          record[found.key] = this.#inner(depth - 1);
          continue;
        }
        key = found.keyword;
      } else {
        key = this.value(depth - 1);
        if (key === END) break;
        if (namespace !== undefined) key = nameWithin(key, namespace);
      }
      map ??= toKeywordMap(record);
      map.set(key, this.#inner(depth - 1));
    }
    this.#close(CLOSE_BRACE);
    return map ?? record;
  }

  /** What begins with `#`; `END` for what is no value. */
  #dispatch(depth: number): unknown {
    this.at++;
    switch (this.text.charCodeAt(this.at)) {
      case BRACE:
        return new Set(this.#items(CLOSE_BRACE, depth));
      case UNDERSCORE:
        this.#discard(depth);
        return END;
      case HASH:
        return this.#symbolicNumber();
      case COLON: {
        const { fqn } = this.#keyword().keyword;
        if (fqn.includes("/") || this.#skipSpace() !== BRACE) this.fail("no map with a namespace");
        return this.#map(depth, fqn);
      }
      default:
        return this.#tagged(depth);
    }
  }

  #symbolicNumber(): number {
    switch (this.#token(0)) {
      case "#NaN":
        return Number.NaN;
      case "#Inf":
        return Number.POSITIVE_INFINITY;
      case "#-Inf":
        return Number.NEGATIVE_INFINITY;
      default:
        return this.fail("an unknown number");
    }
  }

  #tagged(depth: number): unknown {
    const tag = this.#token(0);
    if (!/^\p{L}/u.test(tag) || !isReadable(tag)) this.fail("no tag");
    this.checkDepth(depth);
    const value = this.#inner(depth - 1);
    const read = builtIn.get(tag);
    if (read !== undefined) {
      return (typeof value === "string" ? read(value) : undefined) ?? this.fail("a tag with a wrong value");
    }
    const handler = this.#isDiscarding ? undefined : this.#handlers.find((candidate) => candidate.tag === tag);
    return handler === undefined ? new Tagged(tag, value) : readWithHandler(handler, value);
  }
}

const builtIn: ReadonlyMap<string, (text: string) => unknown> = new Map<string, (text: string) => unknown>([
  ["inst", readInstant],
  ["uuid", readUuid],
  ["sente-lite/bytes", fromBase64],
  ["sente-lite/uri", (text) => new Uri(text)],
]);

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

// What Clojure's reader lets through as a name, which is more than we write.
function isReadable(name: string): boolean {
  return name === "/" || (name !== "" && !/^[:/]|::|[:/]$/.test(name));
}

/** In `#:a{:x 1, :_/y 2}` the first key is `:a/x`, the second `:y`. */
function withNamespace(fqn: string, namespace: string): string {
  if (fqn.startsWith("_/")) return fqn.slice(2);
  return fqn.includes("/") ? fqn : `${namespace}/${fqn}`;
}

function nameWithin(key: unknown, namespace: string): unknown {
  if (isSym(key)) return new Sym(withNamespace(key.fqn, namespace));
  return isKw(key) ? intern(withNamespace(key.fqn, namespace)).keyword : key;
}
