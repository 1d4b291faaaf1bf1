import { type Kind, kindOf } from "../../values/brand.ts";
import { hasEqualKeys } from "../../values/identity.ts";
import { isKeywordName, isTagName } from "../../values/keyword-name.ts";
import { hasTooManyDigits, isLong, isRatio, isSafe, reduceRatio } from "../../values/numbers.ts";
import { isSendable, scalarText, scalarType } from "../../values/scalars.ts";
import { type Double, isDouble, type Tagged } from "../../values/types.ts";
import { isWellFormed } from "../../values/well-formed.ts";
import type { Handler } from "../codec.ts";
import { doubleText } from "../double-text.ts";
import { explained, handlerOf, refuse } from "../refuse.ts";
import { CACHE_SIZE, isCacheable, toCode } from "./cache-code.ts";

/** Writes Transit JSON. Throws `EncodeError`. */
export function writeTransit(value: unknown, maxDepth: number, handlers: readonly Handler[]): string {
  return explained(() => new Writer(handlers).top(value, maxDepth), value, maxDepth, handlers);
}

class Writer {
  readonly #handlers: readonly Handler[];
  // The codes of what was written before, in quotes: of keywords by their name, since that is what objects have, of
  // everything else by what was written.
  readonly #keywords = new Map<string, string>();
  readonly #others = new Map<string, string>();
  #cached = 0;

  constructor(handlers: readonly Handler[]) {
    this.#handlers = handlers;
  }

  /** A scalar does not stand alone, but in a quote. */
  top(value: unknown, depth: number): string {
    const text = this.#value(value, depth);
    return isScalar(value) ? `["~#'",${text}]` : text;
  }

  #value(value: unknown, depth: number): string {
    switch (typeof value) {
      case "string":
        return quoted(escaped(value));
      case "number":
        return numberText(value);
      case "boolean":
        return value ? "true" : "false";
      case "bigint":
        return isSafe(value) ? String(value) : quoted(keyText(value));
      case "object":
        return value === null ? "null" : this.#object(value, kindOf(value), depth);
      case "undefined":
        return "null";
      default:
        return refuse();
    }
  }

  #object(value: object, kind: Kind, depth: number): string {
    switch (kind) {
      case "array":
        return this.#items(value as unknown[], depth);
      case "object":
        return this.#record(value as Record<string, unknown>, depth);
      case "map":
        return this.#map(value as Map<unknown, unknown>, depth);
      case "set":
        if (hasEqualKeys(value as Set<unknown>)) refuse();
        return `[${this.#tag("set")},${this.#items(Array.from(value as Set<unknown>), depth)}]`;
      case "double":
        return numberText((value as Double).value, true);
      case "instance": {
        const handler = handlerOf(value, this.#handlers);
        return this.#tagged(handler.tag, handler.write(value as never), depth);
      }
      default:
        if (scalarType(value, kind) !== undefined) return this.#scalar(value, kind);
        return (value as Tagged).tag === "ratio"
          ? this.#ratio((value as Tagged).value)
          : this.#tagged((value as Tagged).tag, (value as Tagged).value, depth);
    }
  }

  #items(items: readonly unknown[], depth: number): string {
    if (depth < 1) refuse();
    let text = "[";
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (item === undefined && !(i in items)) refuse();
      if (i > 0) text += ",";
      text += this.#value(item, depth - 1);
    }
    return `${text}]`;
  }

  #record(record: Record<string, unknown>, depth: number): string {
    if (depth < 1) refuse();
    let text = '["^ "';
    for (const key of Object.keys(record)) {
      const item = record[key];
      if (item !== undefined) text += `,${this.#keyword(key)},${this.#value(item, depth - 1)}`;
    }
    return `${text}]`;
  }

  /** Keys that are scalars are written as texts; with any other key all are written as values. */
  #map(map: Map<unknown, unknown>, depth: number): string {
    if (depth < 1 || hasEqualKeys(map)) refuse();
    if (!Array.from(map.keys()).every(isScalar)) {
      return `[${this.#tag("cmap")},${this.#items(Array.from(map).flat(), depth)}]`;
    }
    let text = '["^ "';
    for (const [key, item] of map) text += `,${this.#key(key)},${this.#value(item, depth - 1)}`;
    return `${text}]`;
  }

  #key(key: unknown): string {
    if (typeof key !== "object" || key === null || isDouble(key)) return this.#cacheable(keyText(key));
    return this.#scalar(key, kindOf(key), true);
  }

  #scalar(value: object, kind: Kind, isKey = false): string {
    if (!isSendable(value, kind)) refuse();
    const text = scalarText(value, kind);
    if (kind === "keyword") return this.#keyword(text);
    const typed = `~${scalarType(value, kind)}${text}`;
    if (isKey || kind === "symbol") return this.#cacheable(typed);
    // Of the others only a URI may have what JSON would escape.
    return kind === "uri" ? quoted(typed) : `"${typed}"`;
  }

  #keyword(name: string): string {
    const code = this.#keywords.get(name);
    if (code !== undefined) return code;
    if (!isKeywordName(name)) refuse();
    if (isCacheable(name.length + 2)) this.#remember(this.#keywords, name);
    // A name of our grammar has nothing that JSON would escape.
    return `"~:${name}"`;
  }

  #cacheable(text: string): string {
    const code = this.#others.get(text);
    if (code === undefined && isCacheable(text.length)) this.#remember(this.#others, text);
    return code ?? quoted(text);
  }

  #remember(codes: Map<string, string>, key: string): void {
    if (this.#cached === CACHE_SIZE) {
      this.#cached = 0;
      this.#keywords.clear();
      this.#others.clear();
    }
    codes.set(key, toCode(this.#cached++));
  }

  #tag(tag: string): string {
    return this.#cacheable(`~#${tag}`);
  }

  #tagged(tag: string, value: unknown, depth: number): string {
    if (depth < 1 || !isTagName(tag)) refuse();
    return `[${this.#tag(tag)},${this.#value(value, depth - 1)}]`;
  }

  #ratio(value: unknown): string {
    const reduced = isRatio(value) ? reduceRatio(value[0], value[1]) : refuse();
    return Array.isArray(reduced)
      ? `[${this.#tag("ratio")},["~n${reduced[0]}","~n${reduced[1]}"]]`
      : this.#value(reduced, 0);
  }
}

/** What Transit writes as one text, so that it can be a key, and stands in a quote at the top. */
function isScalar(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  const kind = kindOf(value);
  return kind === "double" || scalarType(value, kind) !== undefined;
}

/** A primitive or a Double as the text that it is as a key. */
function keyText(key: unknown): string {
  switch (typeof key) {
    case "string":
      return escaped(key);
    case "number":
    case "object": {
      if (key === null) return "~_";
      const text = numberText(Number(key), typeof key === "object");
      return text.startsWith('"') ? text.slice(1, -1) : `~${text.includes(".") ? "d" : "i"}${text}`;
    }
    case "bigint":
      return `~${isLong(key) ? "i" : "n"}${hasTooManyDigits(key) ? refuse() : key}`;
    case "boolean":
      return key ? "~?t" : "~?f";
    default:
      return key === undefined ? "~_" : refuse();
  }
}

function escaped(text: string): string {
  const first = text.charCodeAt(0);
  return first === 126 || first === 94 || first === 96 ? `~${text}` : text;
}

// What a JSON string cannot hold as it is: quotes, backslashes, control characters; and what may be half a pair.
const special = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

function quoted(text: string): string {
  if (!special.test(text)) return `"${text}"`;
  return isWellFormed(text) ? JSON.stringify(text) : refuse();
}

function numberText(value: number, isDouble = false): string {
  if (!isDouble && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  if (Number.isFinite(value)) return doubleText(value);
  return Number.isNaN(value) ? '"~zNaN"' : value > 0 ? '"~zINF"' : '"~z-INF"';
}
