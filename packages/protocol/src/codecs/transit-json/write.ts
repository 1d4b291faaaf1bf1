import { type Kind, kindOf } from "../../values/brand.ts";
import { Identities } from "../../values/identity.ts";
import { isTagName } from "../../values/keyword-name.ts";
import { hasTooManyDigits, isLong, isRatio, isSafe, reduceRatio } from "../../values/numbers.ts";
import { isLinkOrOther, isSendable, scalarText, scalarType } from "../../values/scalars.ts";
import { type Double, isDouble, type Tagged } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { doubleText } from "../double-text.ts";
import { jsonString } from "../json-string.ts";
import { handlerOf, refuse, refuseKeys, writeOrExplain } from "../refuse.ts";
import { toCode } from "../transit/cache-code.ts";
import { escapeText, isScalar, printSpecial } from "../transit/scalars.ts";
import { WriteCache } from "../transit/write-cache.ts";

/** Writes Transit JSON. Throws `EncodeError`. */
export function writeTransit(value: unknown, maxDepth: number, handlers: readonly Handler[]): string {
  return writeOrExplain(() => new Writer(handlers).top(value, maxDepth), value, maxDepth, handlers);
}

class Writer {
  readonly #identities: Identities;
  readonly #cache = new WriteCache();

  constructor(handlers: readonly Handler[]) {
    this.#identities = new Identities(handlers);
  }

  /** Writes the whole message. A scalar does not stand alone, but in a quote. */
  top(value: unknown, depth: number): string {
    const text = this.#value(value, depth);
    return isScalar(value) ? `["~#'",${text}]` : text;
  }

  #value(value: unknown, depth: number): string {
    switch (typeof value) {
      case "string":
        return jsonString(escapeText(value));
      case "number":
        return numberText(value);
      case "boolean":
        return value ? "true" : "false";
      case "bigint":
        return isSafe(value) ? String(value) : jsonString(keyText(value));
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
        refuseKeys(value as Set<unknown>, this.#identities);
        return `[${this.#tag("set")},${this.#items(Array.from(value as Set<unknown>), depth)}]`;
      case "double":
        return numberText((value as Double).value, true);
      case "instance": {
        const handler = handlerOf(value, this.#identities.handlers);
        return this.#writeTagged(handler.tag, this.#identities.writeOnce(value, handler), depth);
      }
      default:
        if (scalarType(value, kind) !== undefined) return this.#scalar(value, kind);
        return (value as Tagged).tag === "ratio"
          ? this.#ratio((value as Tagged).value)
          : this.#writeTagged((value as Tagged).tag, (value as Tagged).value, depth);
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
    const first = depth << 5;
    let count = 0;
    for (const key of Object.keys(record)) {
      const item = record[key];
      if (item !== undefined)
        text += `,${this.#keyword(key, first + Math.min(count++, 31))},${this.#value(item, depth - 1)}`;
    }
    return `${text}]`;
  }

  /** Writes a map. Its keys are texts where all of them are scalars; else all are written as values. */
  #map(map: Map<unknown, unknown>, depth: number): string {
    if (depth < 1) refuse();
    refuseKeys(map, this.#identities);
    if (!Array.from(map.keys()).every(isScalar)) {
      return `[${this.#tag("cmap")},${this.#items(Array.from(map).flat(), depth)}]`;
    }
    let text = '["^ "';
    for (const [key, item] of map) text += `,${this.#key(key)},${this.#value(item, depth - 1)}`;
    return `${text}]`;
  }

  #key(key: unknown): string {
    if (typeof key !== "object" || key === null || isDouble(key)) return this.#writeCacheable(keyText(key));
    return this.#scalar(key, kindOf(key), true);
  }

  #scalar(value: object, kind: Kind, isKey = false): string {
    const text = scalarText(value, kind);
    if (kind === "keyword") return this.#keyword(text);
    if (!isSendable(value, kind)) refuse();
    const typed = `~${scalarType(value, kind)}${text}`;
    if (isKey || kind === "symbol") return this.#writeCacheable(typed);
    // Of all other scalars only a URI may have what JSON would escape.
    return kind === "uri" ? jsonString(typed) : `"${typed}"`;
  }

  #keyword(name: string, place?: number): string {
    const index = this.#cache.keyword(name, place);
    // A name of our grammar has nothing that JSON would escape.
    return index === undefined ? `"~:${name}"` : toCode(index);
  }

  #writeCacheable(text: string): string {
    const index = this.#cache.text(text);
    return index === undefined ? jsonString(text) : toCode(index);
  }

  #tag(tag: string): string {
    return this.#writeCacheable(`~#${tag}`);
  }

  #writeTagged(tag: string, value: unknown, depth: number): string {
    if (depth < 1 || !isTagName(tag) || !isLinkOrOther(tag, value)) refuse();
    return `[${this.#tag(tag)},${this.#value(value, depth - 1)}]`;
  }

  #ratio(value: unknown): string {
    const reduced = isRatio(value) ? reduceRatio(value[0], value[1]) : refuse();
    return Array.isArray(reduced)
      ? `[${this.#tag("ratio")},["~n${reduced[0]}","~n${reduced[1]}"]]`
      : this.#value(reduced, 0);
  }
}

/** The text of a primitive or a Double where it is a key. */
function keyText(key: unknown): string {
  switch (typeof key) {
    case "string":
      return escapeText(key);
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

function numberText(value: number, isDouble = false): string {
  if (!isDouble && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  if (Number.isFinite(value)) return doubleText(value);
  return `"${printSpecial(value)}"`;
}
