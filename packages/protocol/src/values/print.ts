import { kindOf } from "./brand.ts";
import { bytesOf } from "./bytes.ts";
import type { Keyword } from "./keyword.ts";
import { hasTooManyDigits } from "./numbers.ts";
import type { Double, Sym, Tagged, Uri, Uuid } from "./types.ts";

/** Options of `print`. */
export interface PrintOptions {
  /** How many UTF-16 units the text may have, nearly. Default 2000. */
  readonly maxLength?: number;
  /** How many levels are shown. Default 8. */
  readonly maxDepth?: number;
}

/**
 * A readable text for logs, much like EDN, of anything: what is no data is shown as `#<...>`, what is too long, too deep
 * or contains itself is cut with `...`. Never throws. Not for the wire: see `printEdn`.
 */
export function print(value: unknown, options: PrintOptions = {}): string {
  const printer = new Printer(options.maxLength ?? 2000);
  printer.print(value, options.maxDepth ?? 8);
  return printer.text;
}

class Printer {
  readonly #parts: string[] = [];
  #length = 0;
  readonly #maxLength: number;
  readonly #ancestors = new Set<object>();

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  get text(): string {
    return this.#parts.join("");
  }

  #write(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
  }

  print(value: unknown, depth: number): void {
    const parts = this.#parts.length;
    const length = this.#length;
    try {
      // In two steps: containers write their own text while this is evaluated.
      const own =
        typeof value === "object" && value !== null ? this.#object(value, depth) : primitive(value, this.#room());
      this.#write(own);
    } catch {
      // A getter or a proxy of the user's threw.
      this.#parts.length = parts;
      this.#length = length;
      this.#write("#<unprintable>");
    }
  }

  #room(): number {
    return Math.max(0, this.#maxLength - this.#length);
  }

  #object(value: object, depth: number): string {
    const kind = kindOf(value);
    switch (kind) {
      case "keyword":
        return `:${cut((value as Keyword).fqn, this.#room())}`;
      case "symbol":
        return cut((value as Sym).fqn, this.#room());
      case "uuid":
        return `#uuid "${(value as Uuid).value}"`;
      case "uri":
        return `#uri ${quoteCut((value as Uri).value, this.#room())}`;
      case "date":
        return Number.isNaN((value as Date).getTime()) ? "#<Invalid Date>" : `#inst "${(value as Date).toISOString()}"`;
      case "double": {
        const number = (value as Double).value;
        return Number.isInteger(number) ? `${number}.0` : primitive(number, 0);
      }
      case "bytes":
        return `#<${bytesOf(value).length} bytes>`;
      case "instance":
        return instance(value, this.#room());
      default:
    }
    if (depth < 1 || this.#ancestors.has(value)) return "...";
    this.#ancestors.add(value);
    try {
      this.#container(value, kind, depth - 1);
    } finally {
      this.#ancestors.delete(value);
    }
    return "";
  }

  #container(value: object, kind: string, depth: number): void {
    switch (kind) {
      case "array":
        this.#items("[", value as unknown[], "]", " ", (item) => this.print(item, depth));
        break;
      case "set":
        this.#items("#{", value as Set<unknown>, "}", " ", (item) => this.print(item, depth));
        break;
      case "tagged":
        this.#write(`#${cut((value as Tagged).tag, this.#room())} `);
        this.print((value as Tagged).value, depth);
        break;
      case "map":
        this.#items("{", value as Map<unknown, unknown>, "}", ", ", ([key, item]) => {
          this.print(key, depth);
          this.#write(" ");
          this.print(item, depth);
        });
        break;
      default:
        this.#items("{", Object.keys(value), "}", ", ", (key) => {
          this.#write(`:${cut(key, this.#room())} `);
          this.print((value as Record<string, unknown>)[key], depth);
        });
    }
  }

  #items<T>(open: string, items: Iterable<T>, close: string, separator: string, each: (item: T) => void): void {
    this.#write(open);
    let first = true;
    for (const item of items) {
      if (!first) this.#write(separator);
      first = false;
      if (this.#room() === 0) {
        this.#write("...");
        break;
      }
      each(item);
    }
    this.#write(close);
  }
}

function primitive(value: unknown, room: number): string {
  switch (typeof value) {
    case "string":
      return quoteCut(value, room);
    case "number":
      if (Number.isFinite(value)) return Object.is(value, -0) ? "-0.0" : String(value);
      return Number.isNaN(value) ? "##NaN" : value > 0 ? "##Inf" : "##-Inf";
    case "bigint":
      return hasTooManyDigits(value) ? "#<bigint>" : `${value}N`;
    case "function":
      return `#<function ${cut(value.name, room)}>`;
    case "symbol":
      return `#<${cut(String(value), room)}>`;
    case "boolean":
      return String(value);
    default:
      return "nil";
  }
}

function instance(value: object, room: number): string {
  if (value instanceof Error) return `#<${cut(`${value.name}: ${value.message}`, room)}>`;
  return `#<${cut(String(value.constructor?.name), room)}>`;
}

function quoteCut(text: string, room: number): string {
  return JSON.stringify(cut(text, room));
}

function cut(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, room)}...` : text;
}
