import { UsageError } from "../errors.ts";
import { Bounded, ownCopy } from "./bounded.ts";
import { brand, isBranded } from "./brand.ts";
import { isKeywordName, isNewObjectKey } from "./keyword-name.ts";

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
  return fqn.slice(slash(fqn) + 1);
}

export function namespaceOf(fqn: string): string | undefined {
  const at = slash(fqn);
  return at < 0 ? undefined : fqn.slice(0, at);
}

function slash(fqn: string): number {
  return fqn === "/" ? -1 : fqn.indexOf("/");
}

/** A keyword, and the key that it is in an object; a map that has one without such a key is a Map. */
export class Interned {
  readonly keyword: Keyword;
  readonly key: string | undefined;

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
  const copy = ownCopy(fqn);
  const made = new Interned(copy);
  interned.set(copy, made);
  return made;
}

/** How many keywords are held for reuse; for tests of the bound. */
export function internedKeywords(): number {
  return interned.size;
}

/**
 * A keyword: `kw("a/b")` is Clojure's `:a/b`.
 * @throws {UsageError} `bad-keyword` for a name that not every codec can carry (see `isKeywordName`).
 */
export function kw(fqn: string): Keyword {
  if (!isKeywordName(fqn)) throw new UsageError("bad-keyword", `${JSON.stringify(fqn)} is no name for a keyword`);
  return intern(fqn).keyword;
}

/** Is it a keyword, and, where a name is given, that one? `isKw(x, "a/b")`. */
export function isKw(value: unknown, fqn?: string): value is Keyword {
  return isBranded(value, "keyword") && (fqn === undefined || (value as Keyword).fqn === fqn);
}
