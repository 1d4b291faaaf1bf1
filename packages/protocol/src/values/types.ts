import { UsageError } from "../errors.ts";
import { brand, isBranded } from "./brand.ts";
import { nameOf, namespaceOf } from "./keyword.ts";
import { isSymbolName } from "./keyword-name.ts";
import { quote } from "./quote.ts";

/** A Clojure symbol, made with `sym`. */
export class Sym {
  static {
    brand(Sym.prototype, "symbol");
  }

  /** Namespace and name: `"a/b"`. */
  readonly fqn: string;

  /** @internal Checks nothing; use `sym`. */
  constructor(fqn: string) {
    this.fqn = fqn;
  }

  get name(): string {
    return nameOf(this.fqn);
  }

  get namespace(): string | undefined {
    return namespaceOf(this.fqn);
  }

  toString(): string {
    return this.fqn;
  }

  get [Symbol.toStringTag](): "Sym" {
    return "Sym";
  }
}

/**
 * A symbol: `sym("a/b")`.
 * @throws {UsageError} `bad-symbol` for a name that not every codec can carry.
 */
export function sym(fqn: string): Sym {
  if (!isSymbolName(fqn)) throw new UsageError("bad-symbol", `${quote(fqn)} is no name for a symbol`);
  return new Sym(fqn);
}

/** True for a Clojure symbol. */
export function isSym(value: unknown, fqn?: string): value is Sym {
  return isBranded(value, "symbol") && (fqn === undefined || (value as Sym).fqn === fqn);
}

/** A UUID, made with `uuid`. */
export class Uuid {
  static {
    brand(Uuid.prototype, "uuid");
  }

  /** 36 characters, lower case. */
  readonly value: string;

  /** @internal Checks nothing; use `uuid`. */
  constructor(value: string) {
    this.value = value;
  }

  toString(): string {
    return this.value;
  }

  get [Symbol.toStringTag](): "Uuid" {
    return "Uuid";
  }
}

const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The UUID in a text of 36 characters, in either case; undefined where it is none. */
export function readUuid(text: string): Uuid | undefined {
  if (uuidText.test(text)) return new Uuid(text);
  const lower = text.toLowerCase();
  return uuidText.test(lower) ? new Uuid(lower) : undefined;
}

/**
 * A UUID from its text, in either case.
 * @throws {UsageError} `bad-uuid`
 */
export function uuid(text: string): Uuid {
  const made = typeof text === "string" ? readUuid(text) : undefined;
  if (made === undefined) throw new UsageError("bad-uuid", `${quote(text)} is no UUID`);
  return made;
}

/** True for a `Uuid`. */
export function isUuid(value: unknown): value is Uuid {
  return isBranded(value, "uuid");
}

/** A URI, made with `uri`. It is kept as it was written: nothing is resolved or escaped. */
export class Uri {
  static {
    brand(Uri.prototype, "uri");
  }

  readonly value: string;

  /** @internal Checks nothing; use `uri`. */
  constructor(value: string) {
    this.value = value;
  }

  toString(): string {
    return this.value;
  }

  get [Symbol.toStringTag](): "Uri" {
    return "Uri";
  }
}

/**
 * A URI from its text.
 * @throws {UsageError} `bad-uri` for what is no text, and for characters that no URI has (RFC 3986), which a JVM peer would choke on.
 */
export function uri(text: string): Uri {
  if (typeof text !== "string" || /[\s\p{Cc}\p{Cs}"<>\\^`{|}]/u.test(text))
    throw new UsageError("bad-uri", `${quote(text)} is no URI`);
  return new Uri(text);
}

/** True for a `Uri`. */
export function isUri(value: unknown): value is Uri {
  return isBranded(value, "uri");
}

/** A number that travels as a double even where it is an integer, made with `double`. It arrives as a number. */
export class Double {
  static {
    brand(Double.prototype, "double");
  }

  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  valueOf(): number {
    return this.value;
  }

  toString(): string {
    return String(this.value);
  }

  get [Symbol.toStringTag](): "Double" {
    return "Double";
  }
}

/**
 * `double(1)` is Clojure's `1.0`, where 1 is its `1`.
 * @throws {UsageError} `bad-double` for what is no number.
 */
export function double(value: number): Double {
  if (typeof value !== "number") throw new UsageError("bad-double", `${quote(value)} is no number`);
  return new Double(value);
}

/** True for what `double` made: a number that is written as a double also where it is whole. */
export function isDouble(value: unknown): value is Double {
  return isBranded(value, "double");
}

/**
 * A tagged value that no handler knows: EDN's `#tag value`, Transit's `["~#tag", value]`. It is written back as it came.
 * Two tags are ours: `tagged("bigdec", "1.50")` is Clojure's `1.50M`, and `tagged("ratio", [22, 7])` its `22/7`, with
 * bigints where numbers are not exact.
 */
export class Tagged {
  static {
    brand(Tagged.prototype, "tagged");
  }

  readonly tag: string;
  readonly value: unknown;

  constructor(tag: string, value: unknown) {
    this.tag = tag;
    this.value = value;
  }

  get [Symbol.toStringTag](): "Tagged" {
    return "Tagged";
  }
}

/**
 * Makes a `Tagged`: a value under a tag that this library does not interpret. Whether it can be sent says `checkEncodable`,
 * since peers may send tags that we do not.
 * @throws {UsageError} `bad-tag` for a tag that is no text.
 */
export function tagged(tag: string, value: unknown): Tagged {
  if (typeof tag !== "string") throw new UsageError("bad-tag", `${quote(tag)} is no tag`);
  return new Tagged(tag, value);
}

/** Is it a tagged value, and, where a tag is given, one with that tag? */
export function isTagged(value: unknown, tag?: string): value is Tagged {
  return isBranded(value, "tagged") && (tag === undefined || (value as Tagged).tag === tag);
}
