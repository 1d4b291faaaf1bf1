import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyValue } from "./arbitrary.test-support.ts";
import { equal, mapGet, setHas } from "./equal.ts";
import { Identities } from "./identity.ts";
import { kw } from "./keyword.ts";
import { normalise } from "./normalise.ts";
import { double, sym, tagged, uri, uuid } from "./types.ts";

const id = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

describe("equal", () => {
  it.each<[string, unknown, unknown]>([
    ["numbers of any kind", [1, 1n, double(1)], [1n, double(1), 1]],
    ["NaN and itself", Number.NaN, double(Number.NaN)],
    ["0 and -0", 0, -0],
    ["null and undefined", [null], [undefined]],
    ["keywords", kw("a/b"), kw("a/b")],
    ["symbols", sym("a"), sym("a")],
    ["UUIDs, in either case", uuid(id), uuid(id.toUpperCase())],
    ["URIs", uri("http://a"), uri("http://a")],
    ["dates", new Date(5), new Date(5)],
    ["invalid dates", new Date(Number.NaN), new Date(Number.NaN)],
    ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    ["tagged values", tagged("a", [1]), tagged("a", [1])],
    ["ratios of numbers and of bigints", tagged("ratio", [22, 7]), tagged("ratio", [22n, 7n])],
    [
      "ratios in any terms",
      [tagged("ratio", [2, 4]), tagged("ratio", [-3, -6])],
      [tagged("ratio", [1, 2]), tagged("ratio", [1, 2n])],
    ],
    ["a whole ratio and a number", [tagged("ratio", [4, 2]), tagged("ratio", [10n ** 20n, 1])], [2, 10n ** 20n]],
    [
      "decimals of any scale",
      ["1.50", "1.5E1", "0.00", "-0", "+1", "100", "0.10E-1"].map((digits) => tagged("bigdec", digits)),
      ["1.5", "15.", "0", "0E5", "1.0", "1e2", "1E-2"].map((digits) => tagged("bigdec", digits)),
    ],
    [
      "ratios and decimals in sets",
      new Set([tagged("ratio", [2, 4]), tagged("bigdec", "1.50")]),
      new Set([tagged("bigdec", "1.5"), tagged("ratio", [1, 2])]),
    ],
    ["objects, in any order, without what is undefined", { a: 1, b: 2, c: undefined }, { b: 2, a: 1 }],
    ["an object and a Map with keyword keys", { a: { b: 1 } }, new Map([[kw("a"), new Map([[kw("b"), 1n]])]])],
    ["an empty object and an empty Map", {}, new Map()],
    [
      "Maps with composite keys, in any order",
      new Map([
        [[1], 1],
        [[2], 2],
      ]),
      new Map([
        [[2], 2],
        [[1], 1],
      ]),
    ],
    ["sets with composite members, in any order", new Set([[1], { a: 1 }]), new Set([{ a: 1 }, [1]])],
    ["sets of sets", new Set([new Set([1, 2]), new Set([3])]), new Set([new Set([3]), new Set([2, 1])])],
  ])("holds for %s", (_, a, b) => {
    expect([equal(a, b), equal(b, a)]).toEqual([true, true]);
  });

  it.each<[string, unknown, unknown]>([
    ["a number and its text", 1, "1"],
    ["a double and an integer beyond the safe range", 1e20, 10n ** 20n],
    ["a keyword and a string", kw("a"), "a"],
    ["a keyword and a symbol", kw("a"), sym("a")],
    ["a UUID and a URI of the same text", uuid(id), uri(id)],
    ["arrays of different order", [1, 2], [2, 1]],
    ["an array and a set", [1], new Set([1])],
    ["an object and a Map with string keys", { a: 1 }, new Map([["a", 1]])],
    ["a missing and a null entry of an object", { a: null }, {}],
    ["a missing and a null entry of a Map", new Map([["a", null]]), new Map()],
    ["decimals of different size", tagged("bigdec", "1.5"), tagged("bigdec", "15")],
    ["a decimal and a number", tagged("bigdec", "1"), 1],
    ["a decimal and its negative", tagged("bigdec", "1"), tagged("bigdec", "-1")],
    ["different ratios", tagged("ratio", [1, 2]), tagged("ratio", [-1, 2])],
    ["different tags", tagged("a", 1), tagged("b", 1)],
    ["texts that only run together the same way", ["a,s1:b"], ["a", "b"]],
    ["sets whose members run together the same way", new Set(["a", "bc"]), new Set(["ab", "c"])],
    ["false and null", false, null],
    ["instances of a class", new (class A {})(), new (class A {})()],
    ["a date and its number", new Date(5), 5],
  ])("does not hold for %s", (_, a, b) => {
    expect([equal(a, b), equal(b, a)]).toEqual([false, false]);
  });

  it("holds for an instance of a class and itself, inside sets too", () => {
    const instance = new (class A {})();
    expect(equal([instance], [instance])).toBe(true);
    expect(equal(new Set([instance, [1]]), new Set([[1], instance]))).toBe(true);
    expect(equal(new Set([instance]), new Set([new (class A {})()]))).toBe(false);
  });

  it("agrees with the texts by which keys and members are looked up", () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        for (const [left, right] of [
          [a, b],
          [a, normalise(a)],
        ]) {
          const identities = new Identities();
          expect(identities.of(left) === identities.of(right)).toBe(equal(left, right));
        }
        expect(equal(a, normalise(a))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("looking up", () => {
  const map = new Map<unknown, number>([
    [[1, 2], 1],
    [kw("a"), 2],
    ["a", 3],
    [1, 4],
    [null, 5],
  ]);

  it("finds keys by what they hold", () => {
    expect([[1, 2], kw("a"), "a", 1, 1n, double(1), null, undefined].map((key) => mapGet(map, key))).toEqual([
      1, 2, 3, 4, 4, 4, 5, 5,
    ]);
    expect([[2, 1], kw("b"), "b", 2, true].map((key) => mapGet(map, key))).toEqual(Array(5).fill(undefined));
  });

  it("finds members by what they hold", () => {
    const set = new Set<unknown>([[1], uuid(id), "a", 2, tagged("bigdec", "1.50")]);
    expect(setHas(set, tagged("bigdec", "1.5"))).toBe(true);
    expect(setHas(set, tagged("ratio", [4, 2]))).toBe(true);
    expect([[1], uuid(id), "a", 2n].map((member) => setHas(set, member))).toEqual([true, true, true, true]);
    expect([[2], kw("a"), "b", 3].map((member) => setHas(set, member))).toEqual([false, false, false, false]);
  });
});
