import type { Path } from "../errors.ts";
import { intern } from "./keyword.ts";
import { dict } from "./maps.ts";
import { Sym, tagged, Uri } from "./types.ts";

// What no codec sends, for tests: what it is, the value, and the code and path that every codec must give.

export class Money {
  readonly cents: number = 5;
}

const cyclic: { inner: unknown[] } = { inner: [] };
cyclic.inner.push({ back: cyclic });

/** So many levels of arrays. */
export function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

export const faulty: readonly (readonly [string, unknown, string, Path])[] = [
  ["a function", { a: [() => 1] }, "not-a-value", ["a", 0]],
  ["a symbol of JavaScript", [Symbol("x")], "not-a-value", [0]],
  ["an instance of a class", { price: new Money() }, "class-instance", ["price"]],
  ["an error", new Error("x"), "class-instance", []],
  ["an instance whose prototype has no prototype", Object.create(Object.create(null)), "class-instance", []],
  ["an object whose prototype is an object", Object.create({ a: 1 }), "class-instance", []],
  ["another kind of bytes", new Uint16Array(1), "class-instance", []],
  ["a value that contains itself", { data: cyclic }, "cycle", ["data"]],
  ["a Map that contains itself", selfContaining(), "cycle", ["m"]],
  ["a sparse array", { list: Object.assign(Array(3), { 0: 1, 2: 2 }) }, "sparse-array", ["list", 1]],
  ["an invalid date", [new Date(Number.NaN)], "bad-date", [0]],
  ["a date before the year 0", new Date(-62_167_219_200_001), "bad-date", []],
  ["a date after the year 9999", new Date(253_402_300_800_000), "bad-date", []],
  ["half a surrogate pair", { text: "a\ud800" }, "lone-surrogate", ["text"]],
  ["the other half", "\udc00", "lone-surrogate", []],
  ["half a surrogate pair as a key of a Map", dict({ "\ud800": 1 }), "lone-surrogate", ["<key>"]],
  ["a key that is no keyword", { users: { "ann@b.c": 1 } }, "bad-key", ["users", "ann@b.c"]],
  ["an empty key", { "": 1 }, "bad-key", [""]],
  ["a keyword of a name that only some peers read", [intern("a b").keyword], "bad-keyword", [0]],
  ["such a keyword as a key", new Map([[intern("a b").keyword, 1]]), "bad-keyword", ["<key>"]],
  ["a symbol that reads as a number", new Sym("1"), "bad-symbol", []],
  ["a URI with half a surrogate pair", new Uri("\ud800"), "bad-uri", []],
  ["a tag that is no name", { t: tagged("a b", 1) }, "bad-tag", ["t"]],
  ["a tag that Transit has", tagged("set", [1]), "bad-tag", []],
  ["a fault inside a tagged value", { t: tagged("point", [() => 1]) }, "not-a-value", ["t", "#point", 0]],
  ["a bigdec that is none", tagged("bigdec", "1.5M"), "bad-bigdec", []],
  ["a bigdec that is a number", tagged("bigdec", 1.5), "bad-bigdec", []],
  ["a ratio over zero", tagged("ratio", [1, 0]), "bad-ratio", []],
  ["a ratio of doubles", tagged("ratio", [1.5, 2]), "bad-ratio", []],
  ["a ratio of three", tagged("ratio", [1, 2, 3]), "bad-ratio", []],
  ["a bigint of 1001 digits", [10n ** 1000n], "too-many-digits", [0]],
  [
    "equal keys",
    {
      m: new Map([
        [[1], 1],
        [[1], 2],
      ]),
    },
    "duplicate-key",
    ["m"],
  ],
  ["equal numbers of two kinds as members", new Set([1, 1n]), "duplicate-member", []],
  [
    "equal members in another order",
    new Set([
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ]),
    "duplicate-member",
    [],
  ],
  ["null and undefined as members", new Set([null, undefined]), "duplicate-member", []],
  ["a fault in a member", new Set([[Symbol.iterator]]), "not-a-value", [0, 0]],
  ["a fault under a key of a Map", new Map([["k", { a: Symbol.iterator }]]), "not-a-value", ["k", "a"]],
  ["a fault under a composite key", new Map([[[1], Symbol.iterator]]), "not-a-value", ["<key>"]],
  ["101 levels", nested(101), "too-deep", Array(100).fill(0)],
];

function selfContaining(): { m: Map<unknown, unknown> } {
  const m = new Map<unknown, unknown>();
  m.set(1, new Set([[m]]));
  return { m };
}
