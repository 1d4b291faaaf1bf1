import { DecodeError, UsageError } from "../../errors.ts";
import { kindOf } from "../../values/brand.ts";
import type { Handler } from "../../values/handler.ts";
import { isSafe } from "../../values/numbers.ts";
import { print } from "../../values/print.ts";
import { scalarText, scalarType } from "../../values/scalars.ts";
import type { Tagged } from "../../values/types.ts";
import { refuse } from "../refuse.ts";
import type { TransitReadHandler } from "./library.ts";
import type { ToLibrary } from "./to-library.ts";

/** Types of Transit's own that an application may read as something else. */
const ownTypes: ReadonlySet<string> = new Set(["$", "u", "r", "n", "f", "m", "b", "set", "ratio"]);
/** Types that only this library reads: frames cannot be read without them, or nothing of them is left afterwards. */
const fixedTypes: ReadonlySet<string> = new Set([..."_s?i'd:ctz", "array", "map", "list", "cmap", "bigdec"]);

/** Calls an application's read handlers of transit-js, each with what transit-js would give it. */
export class Readers {
  readonly #library: ToLibrary;
  readonly #ofOwnTypes = new Map<string, TransitReadHandler>();
  readonly #readUnknown: ((tag: string, rep: unknown) => unknown) | undefined;
  /** The handlers of the application's own tags. */
  readonly handlers: readonly Handler[];

  /** @throws {UsageError} `bad-handler` for what is no function, or of a type that is not the application's to read. */
  constructor(
    library: ToLibrary,
    given: Readonly<Record<string, TransitReadHandler>>,
    readUnknown: ((tag: string, rep: unknown) => unknown) | undefined,
  ) {
    this.#library = library;
    this.#readUnknown = readUnknown;
    const handlers: Handler[] = [];
    for (const [tag, read] of Object.entries(given)) {
      if (typeof read !== "function")
        throw new UsageError("bad-handler", `the read handler of "${tag}" is no function`);
      if (fixedTypes.has(tag)) {
        throw new UsageError("bad-handler", `"${tag}" is read by this library alone: leave its read handler out`);
      }
      if (ownTypes.has(tag)) this.#ofOwnTypes.set(tag, read);
      else handlers.push(handlerOf(tag, (rep) => read(library.value(rep) as never)));
    }
    this.handlers = handlers;
  }

  /** Converts a decoded value: the application reads what is of Transit's own types, or has an unknown tag. */
  value(value: unknown): unknown {
    return this.#ofOwnTypes.size === 0 && this.#readUnknown === undefined ? value : this.#value(value);
  }

  #value(value: unknown): unknown {
    if (typeof value === "bigint") return isSafe(value) ? value : this.#read("n", String(value), value);
    if (typeof value !== "object" || value === null) return value;
    const kind = kindOf(value);
    switch (kind) {
      case "array":
        return (value as unknown[]).map((item) => this.#value(item));
      case "object":
        return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.#value(item)]));
      case "map": {
        const entries = Array.from(value as Map<unknown, unknown>, ([key, item]): [unknown, unknown] => [
          this.#value(key),
          this.#value(item),
        ]);
        return requireAll(new Map(entries), entries.length);
      }
      case "set": {
        const members = Array.from(value as Set<unknown>, (member) => this.#value(member));
        return this.#ofOwnTypes.has("set")
          ? this.#read("set", members, value)
          : requireAll(new Set(members), members.length);
      }
      case "date":
        return this.#read("m", (value as Date).getTime(), value);
      default: {
        const type = scalarType(value, kind);
        if (type !== undefined) return this.#read(type, scalarText(value, kind), value);
        return kind === "tagged" ? this.#readTagged(value as Tagged) : value;
      }
    }
  }

  #readTagged(value: Tagged): unknown {
    const { tag } = value;
    if (tag === "ratio") return this.#read("ratio", this.#library.value(value.value), value);
    const readUnknown = this.#readUnknown;
    if (readUnknown === undefined) return value;
    return attempt(tag, () => readUnknown(tag, this.#library.value(this.#value(value.value))));
  }

  #read(tag: string, rep: unknown, value: unknown): unknown {
    const read = this.#ofOwnTypes.get(tag);
    return read === undefined ? value : attempt(tag, () => read(rep as never));
  }
}

function handlerOf(tag: string, read: (rep: unknown) => unknown): Handler {
  return { tag, is: () => false, write: refuse, read: (rep) => read(rep) as never };
}

function attempt(tag: string, read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    throw new DecodeError("handler-failed", `the handler of #${tag} threw: ${print(cause)}`, { cause });
  }
}

/** Returns what was made; fails where handlers made one of two keys or members. */
function requireAll<Kept extends { readonly size: number }>(kept: Kept, size: number): Kept {
  if (kept.size < size) throw new DecodeError("duplicate-key", "handlers read two keys or members as one");
  return kept;
}
