import { UsageError } from "./errors.ts";

/** Of a longer name only the beginning is compared and shown: it is no misspelt option. */
const MAX_SHOWN = 60;

/** What may be said of the names that an object of options can have. */
export interface KnownOptions {
  /** Whose options they are, as the message begins: "makeChannelSocketServer". */
  readonly of: string;
  readonly names: readonly string[];
  /** Other words for some of the names, where counting letters would not find the name: `{ reason: "body" }`. */
  readonly meant?: Readonly<Record<string, string>>;
}

/**
 * Throws `UsageError` `unknown-option` where an object has a key of its own that is none of the names; the message says
 * which of them is the nearest, and all of them where none is near.
 */
export function checkKnownOptions(given: object, { of, names, meant = {} }: KnownOptions): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const nearest = Object.hasOwn(meant, unknown) ? meant[unknown] : findNearestName(unknown, names);
  const shown = JSON.stringify(unknown.slice(0, MAX_SHOWN));
  const hint = nearest === undefined ? `it takes: ${[...names].sort().join(", ")}` : `did you mean "${nearest}"?`;
  throw new UsageError("unknown-option", `${of} has no option ${shown}; ${hint}`);
}

/**
 * What an option may be: one of the `typeof`s in the text (`"string|function"`, where null is `null`), or one of the
 * values of a list. A number, as the default of a limit, stands for what is checked elsewhere.
 */
export type OptionKind = string | number | readonly unknown[];

/** The options of one function by name, each with its kind. */
export type OptionKinds = Readonly<Record<string, OptionKind>>;

/**
 * Throws `UsageError` where the options that `of` was given cannot be meant: `unknown-option` for a misspelt one, also
 * where its value is `undefined`; `bad-option` for one of another kind, and for options that are no object.
 */
export function checkOptions(of: string, given: unknown, kinds: OptionKinds, meant: KnownOptions["meant"] = {}): void {
  if (given === undefined) return;
  // A Map, an array or a promise has no options among its own keys.
  if (typeof given !== "object" || given === null || Symbol.iterator in given || "then" in given) {
    throw new UsageError("bad-option", `${of} takes an object of options, not ${showValue(given)}`);
  }
  const names = Object.keys(given);
  if (!names.every((name) => Object.hasOwn(kinds, name))) {
    checkKnownOptions(given, { of, names: Object.keys(kinds), meant });
  }
  for (const name of names) {
    const kind = kinds[name];
    const value = (given as Readonly<Record<string, unknown>>)[name];
    // Most are right at the first look.
    if (
      (typeof value === kind && value !== null) ||
      value === undefined ||
      kind === undefined ||
      typeof kind === "number"
    )
      continue;
    const isText = typeof kind === "string";
    // No name of a type is a part of another.
    if (isText ? kind.includes(value === null ? "null" : typeof value) : kind.includes(value)) continue;
    const wanted = (isText ? kind.split("|") : kind.map((one) => JSON.stringify(one))).join(" or ");
    throw new UsageError("bad-option", `${of}: the option ${name} is ${wanted}, not ${showValue(value)}`);
  }
}

/** Throws `UsageError` `bad-argument` for what is no function; `taker` is the call that it was given to, as `on(fn)`. */
export function checkFunction(taker: string, given: unknown): void {
  if (typeof given === "function") return;
  throw new UsageError("bad-argument", `${taker} takes a function, not ${showValue(given)}`);
}

/** Shows a value in a message; of an object it says only what kind it is. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, MAX_SHOWN));
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  return /^[A-Z]\w*$/.test(kind) && kind !== "Object" && kind !== "Error" ? `a ${kind}` : "an object";
}

/** Finds the name that takes the fewest edits, where they are fewer than half of its letters. Case does not count. */
export function findNearestName(given: string, names: readonly string[]): string | undefined {
  const wanted = given.slice(0, MAX_SHOWN).toLowerCase();
  let nearest: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const edits = editDistance(wanted, name.toLowerCase());
    if (edits < fewest && edits * 2 < Math.max(name.length, wanted.length)) {
      nearest = name;
      fewest = edits;
    }
  }
  return nearest;
}

/** Letters to add, leave out, replace or swap with their neighbour: the optimal string alignment distance. */
function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const edits = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(isSwap ? Math.min(edits, (beforeLast[j - 2] ?? 0) + 1) : edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}
