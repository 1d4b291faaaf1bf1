import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dict, double, kw, sym, tagged, uri, uuid } from "../../values/index.ts";
import { json, normaliseJson } from "./index.ts";

const id = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

describe("json", () => {
  it.each<[string, unknown, string, unknown]>([
    [
      "null, booleans, strings, numbers",
      [null, true, "a", 1, 0.5, 1e21],
      '[null,true,"a",1,0.5,1e+21]',
      [null, true, "a", 1, 0.5, 1e21],
    ],
    ["undefined", [undefined, { a: undefined }], "[null,{}]", [null, {}]],
    ["undefined alone", undefined, "null", null],
    ["a Double", double(1), "1", 1],
    ["a small bigint", 5n, "5", 5],
    ["a keyword and a symbol", [kw("a/b"), sym("c")], '["a/b","c"]', ["a/b", "c"]],
    ["a UUID and a URI", [uuid(id), uri("http://a")], `["${id}","http://a"]`, [id, "http://a"]],
    ["a date", new Date(0), '"1970-01-01T00:00:00.000Z"', "1970-01-01T00:00:00.000Z"],
    ["bytes", new Uint8Array([1, 2, 255]), '"AQL/"', "AQL/"],
    ["a set", new Set([1, kw("a")]), '[1,"a"]', [1, "a"]],
    ["an object", { a: { "b/c": [] } }, '{"a":{"b/c":[]}}', { a: { "b/c": [] } }],
    [
      "a Map with names as keys",
      new Map<unknown, unknown>([
        ["a", 1],
        [kw("b/c"), undefined],
      ]),
      '{"a":1,"b/c":null}',
      { a: 1, "b/c": null },
    ],
    ["a Map with any strings as keys", dict({ "ann@b.c": 1, a: 2 }), '{"ann@b.c":1,"a":2}', { "ann@b.c": 1, a: 2 }],
    ["an object with any keys", { "ann@b.c": { "": 1 } }, '{"ann@b.c":{"":1}}', { "ann@b.c": { "": 1 } }],
    ["such an object beside what JSON has no type for", [{ "a b": -0 }, 1n], '[{"a b":0},1]', [{ "a b": 0 }, 1]],
    ["-0", [-0, double(-0), { a: -0 }], '[0,0,{"a":0}]', [0, 0, { a: 0 }]],
    [
      "an object with an own __proto__",
      JSON.parse('{"__proto__":1}'),
      '{"__proto__":1}',
      JSON.parse('{"__proto__":1}'),
    ],
  ])("writes %s", (_, value, text, arrives) => {
    expect(json.encode(value)).toBe(text);
    expect(json.decode(text)).toEqual(arrives);
    expect(normaliseJson(value)).toEqual(arrives);
  });

  it.each<[string, unknown, string, readonly (string | number)[]]>([
    ["half a surrogate pair in a key", { m: { "\ud800": 1 } }, "lone-surrogate", ["m", "<key>"]],
    ["NaN", [Number.NaN], "json-number", [0]],
    ["an infinity", double(Number.POSITIVE_INFINITY), "json-number", []],
    ["a bigint beyond the safe range", { id: 2n ** 53n }, "json-number", ["id"]],
    ["a Map with numbers as keys", { m: new Map([[1, 1]]) }, "json-key", ["m"]],
    [
      "a Map with a keyword and a string of one name",
      new Map<unknown, unknown>([
        ["a", 1],
        [kw("a"), 2],
      ]),
      "json-key",
      [],
    ],
    ["a tagged value", [tagged("x", 1)], "json-tagged", [0]],
    ["a ratio in a set in a Map", dict({ m: new Set([tagged("ratio", [1, 2])]) }), "json-tagged", ["m", "<member>"]],
  ])("refuses %s", (_, value, code, path) => {
    expect(() => json.encode(value)).toThrow(expect.objectContaining({ name: "EncodeError", code, path }));
    expect(() => normaliseJson(value)).toThrow(expect.objectContaining({ name: "EncodeError", code, path }));
  });

  it("is JSON.stringify and JSON.parse, for what JSON has", () => {
    const plain = fc.jsonValue({ noUnicodeString: false });
    fc.assert(
      fc.property(plain, (value) => {
        const text = json.encode(value) as string;
        expect(text).toBe(JSON.stringify(value));
        expect(json.decode(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("gives ids of events as strings", () => {
    expect([json.stringIds, json.binary, json.name]).toEqual([true, false, "json"]);
  });

  it("says where a text is no JSON, where the engine knows, and where one is too deep", () => {
    const faultOf = (text: string) => {
      try {
        json.decode(text);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(faultOf('{"a":[1,2,}')).toMatchObject({ name: "DecodeError", code: "malformed" });
    const deep = `["[[\\"[",{},${"[".repeat(100)}${"]".repeat(100)}]`;
    expect(faultOf(deep)).toMatchObject({ name: "DecodeError", code: "too-deep", offset: deep.indexOf("[[[") + 99 });
  });

  it("is not fooled by texts that look like escapes of half a pair", () => {
    for (const text of ["\\ud800", "\\\\ud8", "😀 \\ud83d"]) expect(json.decode(json.encode([text]))).toEqual([text]);
    expect(() => json.encode(["\\ud800", "\ud800"])).toThrow(
      expect.objectContaining({ code: "lone-surrogate", path: [1] }),
    );
  });

  it("ignores toJSON of plain objects, and takes a date's time itself", () => {
    expect(json.encode({ toJSON: 1 })).toBe('{"toJSON":1}');
    const list = class extends Array {
      toJSON() {
        return "no";
      }
    };
    for (const [value, text] of [
      [Object.assign([1, 2], { toJSON: () => "no" }), "[1,2]"],
      [[list.from([1])], "[[1]]"],
      [[list.from([kw("a")])], '[["a"]]'],
      [Object.defineProperty({ a: 1 }, "toJSON", { value: () => "no" }), '{"a":1}'],
      [{ a: Object.defineProperty([1n], "toJSON", { value: () => "no" }) }, '{"a":[1]}'],
    ]) {
      expect(json.encode(value)).toBe(text);
    }
    const date = Object.assign(new Date(0), { toJSON: () => "no" });
    expect(json.encode([date])).toBe('["1970-01-01T00:00:00.000Z"]');
  });
});
