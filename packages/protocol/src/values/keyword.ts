import { UsageError } from "../errors.ts";
import { Bounded } from "./bounded.ts";
import { brand, isBranded } from "./brand.ts";
import { copyText } from "./copy-text.ts";
import { isKeywordName, isNewObjectKey } from "./keyword-name.ts";
import { quote } from "./quote.ts";

/** A Clojure keyword, made with `kw`. Compare with `equal` or `isKw`, not with `===`: interning is bounded. */
export class Keyword {
  static {
    brand(Keyword.prototype, "keyword");
  }

  /** Namespace and name, without the colon: `"a/b"`. */
  readonly fqn: string;

  /** @internal Checks nothing; use `kw`. */
  constructor(fqn: string) {
    this.fqn = fqn;
  }

  /** What follows the first `/`; without one, all of it. */
  get name(): string {
    return nameOf(this.fqn);
  }

  /** What precedes the first `/`. */
  get namespace(): string | undefined {
    return namespaceOf(this.fqn);
  }

  toString(): string {
    return `:${this.fqn}`;
  }

  get [Symbol.toStringTag](): "Keyword" {
    return "Keyword";
  }
}

/** Clojure splits at the first slash, and `/` alone is a name. */
export function nameOf(fqn: string): string {
  return fqn.slice(findSlash(fqn) + 1);
}

export function namespaceOf(fqn: string): string | undefined {
  const at = findSlash(fqn);
  return at < 0 ? undefined : fqn.slice(0, at);
}

function findSlash(fqn: string): number {
  return fqn === "/" ? -1 : fqn.indexOf("/");
}

let maps = 0;

/** A number for a map that is read next, above those of all maps before it. */
export function nextMap(): number {
  return ++maps;
}

/** A keyword, and the key that it is in an object; a map that has one without such a key is a Map. */
export class Interned {
  readonly keyword: Keyword;
  readonly key: string | undefined;
  /** The last map that was read with this key, or that had been begun when this was made. */
  map: number = maps;

  constructor(fqn: string) {
    this.keyword = new Keyword(fqn);
    this.key = isNewObjectKey(fqn) ? fqn : undefined;
  }
}

const interned = new Bounded<Interned>(2048);

/** The keyword of that name, whatever the name: peers may know keywords that our grammar refuses. */
export function intern(fqn: string): Interned {
  const found = interned.get(fqn);
  if (found !== undefined) return found;
  const copy = copyText(fqn);
  const made = new Interned(copy);
  interned.set(copy, made);
  return made;
}

// The last keyword of each hash, so that a name in a text needs neither to be cut out nor to be looked up.
const recent: (Interned | undefined)[] = /* @__PURE__ */ Array.from({ length: 2048 }, () => undefined);

/** The keyword whose name is that part of a text, if it is the last one that was remembered by that hash. */
export function recall(hash: number, text: string, from: number, to: number): Interned | undefined {
  const found = recent[hash & 2047];
  if (found === undefined) return undefined;
  const { fqn } = found.keyword;
  return fqn.length === to - from && text.startsWith(fqn, from) ? found : undefined;
}

/** The same for a name of ASCII that lies in bytes. */
export function recallBytes(hash: number, bytes: Uint8Array, from: number, to: number): Interned | undefined {
  const found = recent[hash & 2047];
  if (found === undefined) return undefined;
  const { fqn } = found.keyword;
  if (fqn.length !== to - from) return undefined;
  for (let i = 0; i < fqn.length; i++) {
    const byte = bytes[from + i] ?? 0;
    if (byte > 0x7f || byte !== fqn.charCodeAt(i)) return undefined;
  }
  return found;
}

/** Keeps a keyword by any number that is made of its name, and returns it. */
export function remember(hash: number, found: Interned): Interned {
  if (found.keyword.fqn.length <= 128) recent[hash & 2047] = found;
  return found;
}

/** How many keywords are held for reuse; for tests of the bound. */
export function countInterned(): number {
  return interned.size;
}

/**
 * A keyword: `kw("a/b")` is Clojure's `:a/b`.
 * @throws {UsageError} `bad-keyword` for a name that not every codec can carry (see `isKeywordName`).
 */
export function kw(fqn: string): Keyword {
  if (!isKeywordName(fqn)) throw new UsageError("bad-keyword", `${quote(fqn)} is no name for a keyword`);
  return intern(fqn).keyword;
}

/** Is it a keyword, and, where a name is given, that one? `isKw(x, "a/b")`. */
export function isKw(value: unknown, fqn?: string): value is Keyword {
  return isBranded(value, "keyword") && (fqn === undefined || (value as Keyword).fqn === fqn);
}
