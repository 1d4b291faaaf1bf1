import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError } from "../../errors.ts";
import { kindOf } from "../../values/brand.ts";
import { equal } from "../../values/equal.ts";
import { areIdentical } from "../../values/identical.test-support.ts";
import { dict, double, kw, print, sym, tagged, uri, uuid } from "../../values/index.ts";
import type { Codec, Encoded } from "../codec.ts";
import { bytesOf } from "../hex.test-support.ts";
import { transitMsgpack } from "../transit-msgpack/index.ts";
import { transitJson } from "./index.ts";

const id = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

describe("transit-json writes", () => {
  it.each<[unknown, string]>([
    [[null, undefined, true, false], "[null,null,true,false]"],
    [[1, -1, 2 ** 53 - 1, 5n], "[1,-1,9007199254740991,5]"],
    [[2n ** 53n, -(2n ** 63n), 2n ** 63n], '["~i9007199254740992","~i-9223372036854775808","~n9223372036854775808"]'],
    [[0.5, 1e21, 1e20, -2.5e-7, double(1), -0, double(-0)], "[0.5,1.0E21,1.0E20,-2.5E-7,1.0,-0.0,-0.0]"],
    [[Number.NaN, 1 / 0, -1 / 0, double(1 / 0)], '["~zNaN","~zINF","~z-INF","~zINF"]'],
    [["", "a", "~a", "^a", "`a", "a~", "#a", "^ "], '["","a","~~a","~^a","~`a","a~","#a","~^ "]'],
    ['"\\\n\u0000\u007fé\u2028😀'.split("¦"), `["\\"\\\\\\n\\u0000\u007fé\u2028😀"]`],
    [[kw("a/b"), sym("c/d"), uuid(id), uri("http://a")], `["~:a/b","~$c/d","~u${id}","~rhttp://a"]`],
    [[new Date(1767323045678), new Date(-1)], '["~m1767323045678","~m-1"]'],
    [[new Uint8Array([1, 2, 255]), new Uint8Array()], '["~bAQL/","~b"]'],
    [
      [tagged("bigdec", "1.50"), tagged("ratio", [22, 7]), tagged("ratio", [4, 2])],
      '["~f1.50",["~#ratio",["~n22","~n7"]],2]',
    ],
    [[[], {}, new Map(), new Set()], '[[],["^ "],["^ "],["~#set",[]]]'],
    [{ a: 1, "b/c": undefined, "d/e": [2] }, '["^ ","~:a",1,"~:d/e",[2]]'],
    [new Map([[kw("a"), 1]]), '["^ ","~:a",1]'],
    [dict({ a: 1, "~b": 2 }), '["^ ","a",1,"~~b",2]'],
    [
      new Map<unknown, unknown>([
        [1, 1],
        [1.5, 2],
        [true, 3],
        [null, 4],
        [2n ** 53n, 5],
        [Number.NaN, 6],
        [double(2), 7],
      ]),
      '["^ ","~i1",1,"~d1.5",2,"~?t",3,"~_",4,"~i9007199254740992",5,"~zNaN",6,"~d2.0",7]',
    ],
    [
      new Map<unknown, unknown>([
        [uuid(id), 1],
        [new Date(5), 2],
        [sym("s"), 3],
        [tagged("bigdec", "1.5"), 4],
      ]),
      `["^ ","~u${id}",1,"~m5",2,"~$s",3,"~f1.5",4]`,
    ],
    [
      new Map<unknown, unknown>([
        [[1], 1],
        ["abcd", 2],
        [1, 3],
      ]),
      '["~#cmap",[[1],1,"abcd",2,1,3]]',
    ],
    [new Map([[tagged("ratio", [1, 2]), 1]]), '["~#cmap",[["~#ratio",["~n1","~n2"]],1]]'],
    [new Set([1, kw("a")]), '["~#set",[1,"~:a"]]'],
    [
      [tagged("point", [1, 2]), tagged("link", dict({ href: uri("http://a") }))],
      '[["~#point",[1,2]],["~#link",["^ ","href","~rhttp://a"]]]',
    ],
  ])("%o", (value, text) => {
    expect(transitJson.encode(value)).toBe(text);
  });

  it.each<[unknown, string]>([
    [null, `["~#'",null]`],
    [undefined, `["~#'",null]`],
    [1, `["~#'",1]`],
    ["a", `["~#'","a"]`],
    [kw("a"), `["~#'","~:a"]`],
    [double(1), `["~#'",1.0]`],
    [new Date(5), `["~#'","~m5"]`],
    [new Uint8Array([1]), `["~#'","~bAQ=="]`],
    [tagged("bigdec", "1"), `["~#'","~f1"]`],
    [tagged("ratio", [1, 2]), '["~#ratio",["~n1","~n2"]]'],
  ])("the scalar %o in a quote, where it stands alone", (value, text) => {
    expect(transitJson.encode(value)).toBe(text);
    const [inArray] = transitJson.decode(transitJson.encode([value])) as unknown[];
    expect(areIdentical(transitJson.decode(text), inArray)).toBe(true);
  });
});

describe("a keyword in a quote", () => {
  it.each<[Codec, Encoded]>([
    [transitJson, `["^ ",["~#'","~:a"],1,"~:b",2]`],
    [transitJson, `["^ ","~:b",2,["~#'","~:a"],1]`],
    [transitMsgpack, bytesOf("8292a37e2327a37e3a6101a37e3a6202")],
    [transitMsgpack, bytesOf("82a37e3a620292a37e2327a37e3a6101")],
  ])("is a key like any other: %#", (codec, frame) => {
    expect(equal(codec.decode(frame), { a: 1, b: 2 })).toBe(true);
    expect(kindOf(codec.decode(frame) as object)).toBe("object");
  });
});

describe("transit-json's cache", () => {
  it("has a code for what was written before, of more than three characters", () => {
    expect(transitJson.encode([kw("ab"), kw("ab"), kw("a"), kw("a")])).toBe('["~:ab","^0","~:a","~:a"]');
    expect(transitJson.encode([{ ab: 1 }, { ab: kw("ab") }])).toBe('[["^ ","~:ab",1],["^ ","^0","^0"]]');
    expect(transitJson.encode([sym("ab"), sym("ab")])).toBe('["~$ab","^0"]');
    expect(transitJson.encode([tagged("ab", 1), tagged("ab", 2)])).toBe('[["~#ab",1],["^0",2]]');
    // Strings as keys only, and there all that is written as a text.
    expect(transitJson.encode([dict({ abcd: "abcd" }), "abcd", dict({ abcd: 1 })])).toBe(
      '[["^ ","abcd","abcd"],"abcd",["^ ","^0",1]]',
    );
    expect(transitJson.encode([new Map([[1234, 1]]), new Map([[1234, 1]])])).toBe('[["^ ","~i1234",1],["^ ","^0",1]]');
    expect(transitJson.encode([new Map([[new Date(1234), 1]]), new Date(1234)])).toBe('[["^ ","~m1234",1],"~m1234"]');
  });

  it("counts from 0 to z in two digits of 44 numerals", () => {
    const keywords = Array.from({ length: 100 }, (_, i) => kw(`key${i}`));
    const text = String(transitJson.encode([keywords, keywords]));
    const codes = JSON.parse(text)[1];
    expect([codes[0], codes[43], codes[44], codes[88], codes[99]]).toEqual(["^0", "^[", "^10", "^20", "^2;"]);
    expect(transitJson.decode(text)).toEqual([keywords, keywords]);
  });

  it.each([1935, 1936, 1937, 4000])("begins anew when it is full: %i names, twice", (count) => {
    const value = [0, 1].map(() => Array.from({ length: count }, (_, i) => kw(`key${i}`)));
    const decoded = transitJson.decode(transitJson.encode(value));
    expect(areIdentical(decoded, value)).toBe(true);
  });

  it("is one for objects, Maps, values and tags", () => {
    const names = (i: number) => [
      kw(`k${i}`),
      { [`o${i}`]: sym(`s${i}`) },
      dict({ [`dict${i}`]: 1 }),
      tagged(`tag${i}`, 1),
    ];
    const value = [0, 1].map(() => Array.from({ length: 600 }, (_, i) => names(i)));
    expect(areIdentical(transitJson.decode(transitJson.encode(value)), value)).toBe(true);
  });

  it("is empty for every message", () => {
    const text = transitJson.encode([kw("name")]);
    expect(transitJson.encode([kw("name")])).toBe(text);
    transitJson.decode(text);
    expect(() => transitJson.decode('["^0"]')).toThrow("unknown code");
  });
});

describe("transit-json reads", () => {
  it.each<[string, unknown]>([
    ["1", 1],
    ['"a"', "a"],
    [" [ 1 , 2 ]\n", [1, 2]],
    ["[-0,-0.0,1E3,1e+3,0.1e-2]", [0, -0, 1000, 1000, 0.001]],
    ["[9007199254740992,9007199254740993,-9223372036854775808]", [2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n)]],
    ["[9007199254740992.0,1e20]", [2 ** 53, 1e20]],
    ['["~i5","~n5","~i9007199254740993","~n-12345678901234567890"]', [5, 5, 2n ** 53n + 1n, -12345678901234567890n]],
    ['["~d1.5","~d1","~dNaN","~zINF","~z-INF","~zNaN"]', [1.5, 1, Number.NaN, 1 / 0, -1 / 0, Number.NaN]],
    ['["~f1.50","~f1E+3"]', [tagged("bigdec", "1.50"), tagged("bigdec", "1E+3")]],
    ['["~?t","~?f","~_"]', [true, false, null]],
    ['["~ca","~c\\n","~c😀","~sabc"]', ["a", "\n", "😀", "abc"]],
    ['["~t2026-01-02T03:04:05.678Z","~m5"]', [new Date("2026-01-02T03:04:05.678Z"), new Date(5)]],
    [`["~u${id.toUpperCase()}","~rhttp://a"]`, [uuid(id), uri("http://a")]],
    ['["~~a","~^a","~`a","~^ "]', ["~a", "^a", "`a", "^ "]],
    ['["\\u007e:a","\\u0061","\\ud83d\\ude00"]', [kw("a"), "a", "😀"]],
    ['["~xabc",["~#x","abc"]]', [tagged("x", "abc"), tagged("x", "abc")]],
    ['["^ "]', {}],
    ['["^ ","~:a",["^ ","~:b/c",1]]', { a: { "b/c": 1 } }],
    [
      '["^ ","~:a",1,"b",2,"~:c",3]',
      new Map<unknown, unknown>([
        [kw("a"), 1],
        ["b", 2],
        [kw("c"), 3],
      ]),
    ],
    [
      '["^ ","~i1","one","~?t",2,"~_",3]',
      new Map<unknown, unknown>([
        [1, "one"],
        [true, 2],
        [null, 3],
      ]),
    ],
    ['["^ ",[1],2]', new Map([[[1], 2]])],
    [
      '["~#cmap",[[1,2],"v","~:a",1]]',
      new Map<unknown, unknown>([
        [[1, 2], "v"],
        [kw("a"), 1],
      ]),
    ],
    ['["~#cmap",["~:a",1]]', { a: 1 }],
    ['["~#set",[1,["~#set",[]]]]', new Set([1, new Set()])],
    ['["~#list",[["~#list",[]],1]]', [[], 1]],
    ['["~#list",["~:a","~$b"]]', [kw("a"), sym("b")]],
    ['["~#ratio",["~n22","~n7"]]', tagged("ratio", [22, 7])],
    ['["~#ratio",[2, "~i-4"]]', tagged("ratio", [-1, 2])],
    ['["~#ratio",[4,2]]', 2],
    ['["~#link",["^ ","href","~rhttp://a"]]', tagged("link", new Map([["href", uri("http://a")]]))],
    ['[["~#point",[1,2]],["^0",{"~:a":1}]]', [tagged("point", [1, 2]), tagged("point", { a: 1 })]],
    ['["~#foo",["~#bar",1]]', tagged("foo", tagged("bar", 1))],
    [`["~#'",1]`, 1],
    [`["~#'","~:a"]`, kw("a")],
    ['["~#m",5]', new Date(5)],
    ['["~#i","5"]', 5],
    ['["~#:","abc"]', kw("abc")],
    // Verbose mode.
    ['{"~:a":1,"~:b/c":{"~:d":[]}}', { a: 1, "b/c": { d: [] } }],
    [
      '{"a":1,"~i2":2}',
      new Map<unknown, unknown>([
        ["a", 1],
        [2, 2],
      ]),
    ],
    ["{}", {}],
    ['{"~#set":[1,{"~#list":[2]}]}', new Set([1, [2]])],
    ['{"~#cmap":[[1],{"~#point":[1,2]}]}', new Map([[[1], tagged("point", [1, 2])]])],
    [`{"~#'":"~t2000-01-01T12:00:00.000Z"}`, new Date("2000-01-01T12:00:00Z")],
    ['{"~#point":1}', tagged("point", 1)],
  ])("%s", (text, value) => {
    const read = transitJson.decode(text);
    expect([areIdentical(read, value), print(read)]).toEqual([true, print(value)]);
  });

  it.each([
    ...[
      "nul",
      "tru",
      "True",
      "NaN",
      "01",
      "1.",
      ".5",
      "+1",
      "-",
      "1e",
      "[1 2]",
      "[1,]",
      "[,1]",
      "[",
      '["a]',
      "'a'",
      '"\\q"',
    ],
    ...[
      '{"a"}',
      '{"a":1,}',
      "{a:1}",
      "{,}",
      '{"a":1 "b":2}',
      '["^ ",]',
      '["^ ","~:a"]',
      '["^ ","~:a",1,]',
      '["^ ","~:a":1]',
    ],
    ...['["^0"]', '["~:abcd","^1"]', '["^"]', '["^",1]', '["^abc"]', '["~:abcd","^ "]', '["\\u005e0"]', '["^é"]'],
    ...[
      '"~"',
      '"~ix"',
      '"~i"',
      '"~nx"',
      '"~n1.5"',
      '"~mfoo"',
      '"~m9999999999999999999"',
      '"~zfoo"',
      '"~?x"',
      '"~dfoo"',
      '"~fx"',
    ],
    ...[
      '"~u123"',
      '"~tfoo"',
      '"~b="',
      '"~bA"',
      '"~$"',
      '"~#foo"',
      '[1,"~#foo"]',
      '["~#foo"]',
      '["~#foo",1,2]',
      '["~#foo" 1]',
    ],
    ...[
      '["~#set",1]',
      '["~#set",{"~:a":1}]',
      '["~#set",["^ "]]',
      '["~#list","a"]',
      '["~#cmap",[1]]',
      '["~#cmap",["^ ","~:a"]]',
    ],
    ...[
      '["~#ratio",[1,0]]',
      '["~#ratio",[1]]',
      '["~#ratio",[1,2,3]]',
      '["~#ratio",[1.5,2]]',
      '["~#ratio",["~:a",2]]',
      '["~#ratio",1]',
    ],
    ...['["~#m",[]]', '["~#m","x"]', '["^ ","~#a",1]', '{"~#foo":1,"a":2}', '{"~#foo"}', '[{"~#a":1},"^0",[]'],
  ])("refuses %s", (text) => {
    expect(() => transitJson.decode(text)).toThrow(expect.objectContaining({ name: "DecodeError", code: "malformed" }));
  });

  it("reads no string with a control character, as JSON has none", () => {
    for (const [text, offset] of [
      ['["a\tb"]', 3],
      ['["a\nb"]', 3],
      ['["\0"]', 2],
      [`["${"x".repeat(100)}\u001f"]`, 102],
      ['["~:a\tb"]', 5],
      ['["^ ","a\rb",1]', 8],
    ] as const) {
      expect(() => transitJson.decode(text)).toThrow(expect.objectContaining({ name: "DecodeError", offset }));
    }
    expect(() => transitJson.decode('["\\n\t"]')).toThrow(DecodeError);
  });

  it("reads what is spelt with escapes as what it means", () => {
    for (const [text, plain] of [
      ['["\\u005e ","~:a",1]', '["^ ","~:a",1]'],
      ['["^\\u0020","~:a",1]', '["^ ","~:a",1]'],
      ['["~:abcd","\\u005e0","^\\u0030"]', '["~:abcd","^0","^0"]'],
      ['[["^ ","~:abcd",1],["^ ","\\u005e0",2]]', '[["^ ","~:abcd",1],["^ ","^0",2]]'],
      ['["\\u007e:a","~\\u003ab"]', '["~:a","~:b"]'],
      ['["\\u007e#set",[1]]', '["~#set",[1]]'],
      ['{"\\u007e#set":[1]}', '{"~#set":[1]}'],
      ['{"\\u0061":1}', '{"a":1}'],
      ['["\\u007e~a","\\u0061^"]', '["~~a","a^"]'],
      ['["~#set",["^\\"",1]]', '["~#set",["~^\\"",1]]'],
    ] as const) {
      const read = (source: string) => {
        try {
          return print(transitJson.decode(source));
        } catch {
          return "refused";
        }
      };
      // The last one is no code of the cache.
      expect([text, read(text)]).toEqual([text, text.includes('^\\"') ? "refused" : read(plain)]);
    }
  });

  it("reads numbers as keys of a map as transit-js writes them", () => {
    for (const [key, value] of [
      ["~i0.5", 0.5],
      ["~i-1.5e-7", -1.5e-7],
      ["~i1e+21", 1e21],
      ["~d0.5", 0.5],
      ["~iNaN", Number.NaN],
      ["~i7", 7],
    ] as const) {
      expect(transitJson.decode(`["^ ","${key}",1]`)).toEqual(new Map([[value, 1]]));
    }
  });

  it("refuses a number of too many digits", () => {
    for (const text of ["1".repeat(1001), `"~n${"1".repeat(1001)}"`]) {
      expect(() => transitJson.decode(text)).toThrow(expect.objectContaining({ name: "DecodeError" }));
    }
    expect(transitJson.decode("1".repeat(1000))).toBe(BigInt("1".repeat(1000)));
  });

  it("is JSON.parse for what means nothing to Transit, and refuses what that refuses", () => {
    const plain = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, false),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
        fc.maxSafeInteger(),
        fc.string({ unit: "binary" }).filter((value) => !/^[~^]/.test(value)),
        fc.array(tie("json")),
      ),
    })).json;
    fc.assert(
      fc.property(plain, fc.constantFrom(undefined, 1, "\t"), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(transitJson.decode(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
    const piece = fc.constantFrom(...'[]{},:"\\ \n-+.eE0123nutrlfas/', "null", "true", "false", '"a"', "\\u0041");
    let agreed = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join("");
        let expected: unknown;
        try {
          expected = JSON.parse(text);
          // Objects are maps, and an integer has no -0.
          if (/[{]|-0(?![.\d])/.test(text)) return;
        } catch {
          // Only a line break inside a string is let through.
          if (!/"[^"]*\n[^"]*"/.test(text)) expect(() => transitJson.decode(text)).toThrow(DecodeError);
          return;
        }
        agreed++;
        expect(transitJson.decode(text)).toEqual(expected);
      }),
      { numRuns: 20_000 },
    );
    expect(agreed).toBeGreaterThan(100);
  }, 30_000);

  it("writes back what it does not know", () => {
    for (const text of [
      '["~#point",[1,2]]',
      '["~#link",["^ ","href","~rhttp://a","rel","a"]]',
      '["~#my/t",["~#set",[1]]]',
    ]) {
      expect(transitJson.encode(transitJson.decode(text))).toBe(text);
    }
  });
});
