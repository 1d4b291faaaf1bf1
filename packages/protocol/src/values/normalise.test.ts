import { describe, expect, it } from "vitest";
import { EncodeError } from "../errors.ts";
import { areIdentical } from "./identical.test-support.ts";
import { kw } from "./keyword.ts";
import { asDict, asMap, dict } from "./maps.ts";
import { normalise } from "./normalise.ts";
import { print } from "./print.ts";
import { double, tagged } from "./types.ts";

describe("normalise", () => {
  it.each<[string, unknown, unknown]>([
    ["a Double a number", [double(1), double(0.5), double(-0)], [1, 0.5, -0]],
    ["a bigint a number where that is exact", [1n, 2n ** 53n - 1n, 2n ** 53n], [1, 2 ** 53 - 1, 2n ** 53n]],
    ["undefined null, but in objects nothing", { a: undefined, b: [undefined] }, { b: [null] }],
    ["undefined null in Maps and sets, as a key too", new Map([[undefined, undefined]]), new Map([[null, null]])],
    ["a Map of keywords an object", new Map([[kw("a"), new Map()]]), { a: {} }],
    ["no other Map", dict({ a: 1 }), new Map([["a", 1]])],
    [
      "no Map of mixed keys",
      new Map<unknown, unknown>([
        [kw("a"), 1],
        [1n, 2],
      ]),
      new Map<unknown, unknown>([
        [kw("a"), 1],
        [1, 2],
      ]),
    ],
    [
      "an own __proto__ a Map",
      JSON.parse('{"__proto__": 1, "a": 2}'),
      new Map([
        [kw("__proto__"), 1],
        [kw("a"), 2],
      ]),
    ],
    ["a Map with the keyword __proto__ no object", new Map([[kw("__proto__"), 1]]), new Map([[kw("__proto__"), 1]])],
    ["an object without prototype a plain one", Object.create(null), {}],
    ["a key of Object.prototype an own one", { constructor: 1, toString: 2 }, { constructor: 1, toString: 2 }],
    ["a ratio one in lowest terms", tagged("ratio", [4, -6n]), tagged("ratio", [-2, 3])],
    ["a whole ratio an integer", [tagged("ratio", [4, 2]), tagged("ratio", [2n ** 60n, 1])], [2, 2n ** 60n]],
    ["what is tagged normal inside", tagged("a", [1n]), tagged("a", [1])],
    ["a subclass of bytes plain bytes", Buffer.from([1]), new Uint8Array([1])],
  ])("makes %s", (_, value, expected) => {
    const actual = normalise(value);
    expect([areIdentical(actual, expected), print(actual)]).toEqual([true, print(expected)]);
  });

  it("refuses what cannot be sent", () => {
    expect(() => normalise({ "a b": 1 })).toThrow(EncodeError);
  });

  it("gives away nothing that it was given", () => {
    const given = { list: [1], bytes: new Uint8Array([1]), at: new Date(5) };
    const result = normalise(given) as typeof given;
    result.list.push(2);
    result.bytes[0] = 9;
    result.at.setTime(9);
    expect(given).toEqual({ list: [1], bytes: new Uint8Array([1]), at: new Date(5) });
  });
});

describe("the maps that arrive in two forms", () => {
  it("are one with asMap", () => {
    expect(asMap({})).toEqual(new Map());
    expect(asMap({ a: 1, "b/c": 2 })).toEqual(
      new Map([
        [kw("a"), 1],
        [kw("b/c"), 2],
      ]),
    );
    const map = new Map([[1, 2]]);
    expect(asMap(map)).toBe(map);
    for (const value of [[], null, "a", kw("a"), new Set()]) {
      expect(() => asMap(value)).toThrow(expect.objectContaining({ code: "not-a-map" }));
    }
  });

  it("have string keys with asDict", () => {
    expect(asDict({ a: 1 })).toEqual(new Map([["a", 1]]));
    expect(
      asDict(
        new Map<unknown, number>([
          [kw("a"), 1],
          ["b c", 2],
        ]),
      ),
    ).toEqual(
      new Map([
        ["a", 1],
        ["b c", 2],
      ]),
    );
    expect(() => asDict(new Map([[1, 1]]))).toThrow(expect.objectContaining({ code: "not-a-map" }));
  });

  it("are made by dict from any keys, an own __proto__ too", () => {
    expect(dict(JSON.parse('{"__proto__": 1, "a b": 2}'))).toEqual(
      new Map([
        ["__proto__", 1],
        ["a b", 2],
      ]),
    );
  });
});
