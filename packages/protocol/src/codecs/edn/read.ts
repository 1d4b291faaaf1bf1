import { fromBase64 } from "../../values/base64.ts";
import { type Interned, intern, isKw } from "../../values/keyword.ts";
import { isSym, readUuid, Sym, Tagged, Uri } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { MapBuilder, setOf } from "../collections.ts";
import { readInstant } from "../instant.ts";
import { toKeywordMap } from "../record.ts";
import { readWithHandler } from "../text-codec.ts";
import { resolveEscapes } from "./strings.ts";
import { isReadable, Tokens } from "./tokens.ts";

/** Reads the one EDN value of a text. Throws `DecodeError`. */
export function readText(text: string, maxDepth: number, handlers: readonly Handler[]): unknown {
  const reader = new Reader(text, handlers);
  const value = reader.value(maxDepth);
  if (value === END) reader.fail("no value");
  if (reader.value(maxDepth) !== END || reader.at < text.length) reader.fail("more than one value");
  return value;
}

/** What `value` returns at the end of the text, and before a closing mark, which it does not read. */
const END: unique symbol = Symbol("end");

const QUOTE = 34;
const HASH = 35;
const PAREN = 40;
const CLOSE_PAREN = 41;
const COLON = 58;
const BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const CARET = 94;
const UNDERSCORE = 95;
const BRACE = 123;
const CLOSE_BRACE = 125;
const INSTANT = 'inst "';

class Reader extends Tokens {
  readonly #handlers: readonly Handler[];
  /** True while it reads a value after `#_` or `^`, which is dropped: no handler may run for it. */
  #isDiscarding = false;

  constructor(text: string, handlers: readonly Handler[]) {
    super(text);
    this.#handlers = handlers;
  }

  /** The next value, or `END`. `depth` is how many levels may still be opened. */
  value(depth: number): unknown {
    for (let hasMetadata = false; ; ) {
      const unit = this.skipSpace();
      switch (unit) {
        case QUOTE:
          return this.string(resolveEscapes);
        case COLON:
          return this.keyword().keyword;
        case BRACKET:
          return this.#items(CLOSE_BRACKET, depth);
        case PAREN:
          return this.#items(CLOSE_PAREN, depth);
        case BRACE:
          return this.#map(depth, undefined);
        case HASH: {
          if (this.#skipsOldMetadata(depth)) {
            hasMetadata = true;
            continue;
          }
          const found = this.#dispatch(depth);
          if (found === END) continue;
          return found;
        }
        case BACKSLASH:
          return this.character();
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
          return this.symbolOrNumber(unit);
      }
    }
  }

  /** Reads a value, and fails where there is none. */
  #readInner(depth: number): unknown {
    const value = this.value(depth);
    return value === END ? this.fail("a value is missing") : value;
  }

  /** Skips the next unit, and the value after it. */
  #discard(depth: number): void {
    this.checkDepth(depth);
    this.at++;
    const outer = this.#isDiscarding;
    this.#isDiscarding = true;
    this.#readInner(depth - 1);
    this.#isDiscarding = outer;
  }

  /** Skips metadata in their old form, `#^:a`. False where there are none. */
  #skipsOldMetadata(depth: number): boolean {
    if (this.text.charCodeAt(this.at + 1) !== CARET) return false;
    this.at++;
    this.#discard(depth);
    return true;
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

  /** Reads a map: a plain object as long as its keys are keywords, from the first other key on a Map. */
  #map(depth: number, namespace: string | undefined): unknown {
    this.checkDepth(depth);
    this.at++;
    const record: Record<string, unknown> = {};
    let builder: MapBuilder | undefined;
    for (;;) {
      let key: unknown;
      let found: Interned | undefined;
      if (this.#toKey(depth - 1) === COLON) found = this.keyword();
      else {
        key = this.value(depth - 1);
        if (key === END) break;
        // A handler may have made one.
        if (isKw(key)) found = intern(key.fqn);
      }
      if (namespace !== undefined) {
        if (found === undefined) key = this.#symbolWithin(key, namespace);
        else found = intern(this.#withNamespace(found.keyword.fqn, namespace));
      }
      if (found !== undefined) {
        if (found.key !== undefined && builder === undefined) {
          record[found.key] = this.#readInner(depth - 1);
          continue;
        }
        key = found.keyword;
      }
      builder ??= new MapBuilder(toKeywordMap(record), this.refuse);
      builder.set(key, this.#readInner(depth - 1));
    }
    this.#close(CLOSE_BRACE);
    return builder?.map ?? record;
  }

  /** Goes to the next key, or to the closing mark, and returns its first unit. Skips what is dropped, which is no key. */
  #toKey(depth: number): number {
    for (let hasMetadata = false; ; ) {
      const unit = this.skipSpace();
      const next = unit === HASH ? this.text.charCodeAt(this.at + 1) : -1;
      if (unit === CARET || next === CARET) hasMetadata = true;
      else if (unit === CLOSE_BRACE && hasMetadata) this.fail("metadata of nothing");
      else if (next !== UNDERSCORE) return unit;
      if (unit === HASH) this.at++;
      this.#discard(depth);
    }
  }

  /** In `#:a{:x 1, :_/y 2}` the first key is `:a/x`, the second `:y`. */
  #withNamespace(fqn: string, namespace: string): string {
    if (fqn.startsWith("_/")) return fqn.slice(2);
    if (fqn.includes("/")) return fqn;
    this.repeat(namespace.length);
    return `${namespace}/${fqn}`;
  }

  #symbolWithin(key: unknown, namespace: string): unknown {
    return isSym(key) ? new Sym(this.#withNamespace(key.fqn, namespace)) : key;
  }

  /** Reads what begins with `#`; `END` for what is no value. */
  #dispatch(depth: number): unknown {
    this.at++;
    switch (this.text.charCodeAt(this.at)) {
      case BRACE:
        return setOf(this.#items(CLOSE_BRACE, depth), this.refuse);
      case UNDERSCORE:
        this.#discard(depth);
        return END;
      case HASH:
        return this.symbolicNumber();
      case COLON: {
        const { fqn } = this.keyword().keyword;
        if (fqn.includes("/") || this.skipSpace() !== BRACE) this.fail("no map with a namespace");
        return this.#map(depth, fqn);
      }
      default:
        return this.#readTagged(depth);
    }
  }

  #readTagged(depth: number): unknown {
    this.checkDepth(depth);
    const instant = this.text.startsWith(INSTANT, this.at) ? this.#instant() : undefined;
    if (instant !== undefined) return instant;
    const tag = this.token(0);
    const read = builtIn.get(tag);
    if (read !== undefined) return this.#readBuiltIn(read, depth - 1);
    if (!/^(?![\u{10000}-\u{10ffff}])\p{L}/u.test(tag) || /^(?:nil|true|false)$/.test(tag) || !isReadable(tag))
      this.fail("no tag");
    const value = this.#readInner(depth - 1);
    const handler = this.#isDiscarding ? undefined : this.#handlers.find((candidate) => candidate.tag === tag);
    return handler === undefined ? new Tagged(tag, value) : readWithHandler(handler, value, this.at);
  }

  /** Reads an instant in its usual form, without a copy of its text; undefined, and nothing read, for any other form. */
  #instant(): Date | undefined {
    const from = this.at + INSTANT.length;
    const to = this.text.indexOf('"', from);
    const instant = readInstant(this.text, from, to);
    if (instant !== undefined) this.at = to + 1;
    return instant;
  }

  #readBuiltIn(read: (text: string) => unknown, depth: number): unknown {
    const value = this.#readInner(depth);
    return (typeof value === "string" ? read(value) : undefined) ?? this.fail("a tag with a wrong value");
  }
}

const builtIn: ReadonlyMap<string, (text: string) => unknown> = new Map<string, (text: string) => unknown>([
  ["inst", readInstant],
  ["uuid", readUuid],
  ["sente-lite/bytes", fromBase64],
  ["sente-lite/uri", (text) => new Uri(text)],
]);
