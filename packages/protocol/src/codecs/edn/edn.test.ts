import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { text as anyText } from "../../values/arbitrary.test-support.ts";
import { equal } from "../../values/equal.ts";
import { areIdentical } from "../../values/identical.test-support.ts";
import { dict, double, kw, print, sym, tagged, uri, uuid } from "../../values/index.ts";
import { printEdn, readEdn } from "./index.ts";

const id = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

describe("readEdn", () => {
  it.each<[string, unknown]>([
    ["nil", null],
    ["true", true],
    ["false", false],
    ["0", 0],
    ["-0", 0],
    ["+1", 1],
    ["-12", -12],
    ["1N", 1],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["-9223372036854775809N", -9223372036854775809n],
    ["0x1F", 31],
    ["-0Xff", -255],
    ["017", 15],
    ["2r101", 5],
    ["36rZz", 1295],
    ["0xFFFFFFFFFFFFFFFF", 18446744073709551615n],
    ["1.0", 1],
    ["-0.0", -0],
    ["1.", 1],
    ["1e3", 1000],
    ["1.0E21", 1e21],
    ["12345678901234567890.5", Number("12345678901234567890.5")],
    ["0.1234567890123456789", Number("0.1234567890123456789")],
    ["1.5M", tagged("bigdec", "1.5")],
    ["1M", tagged("bigdec", "1")],
    ["1E+3M", tagged("bigdec", "1E+3")],
    ["22/7", tagged("ratio", [22, 7])],
    ["-2/4", tagged("ratio", [-1, 2])],
    ["4/2", 2],
    ["##NaN", Number.NaN],
    ["##Inf", Number.POSITIVE_INFINITY],
    ["##-Inf", Number.NEGATIVE_INFINITY],
    ['"a\\n\\t\\r\\b\\f\\"\\\\"', 'a\n\t\r\b\f"\\'],
    ['"\\u00e9\\101\\0\\377"', "éA\0ÿ"],
    ['"\\uD83D\\uDE00"', "😀"],
    ['"a\nb\u0000"', "a\nb\0"],
    [`"${"long ".repeat(20)}\\"${"long ".repeat(20)}"`, `${"long ".repeat(20)}"${"long ".repeat(20)}`],
    [`["${"x".repeat(40)}\\\\" "a" "\\\\"]`, [`${"x".repeat(40)}\\`, "a", "\\"]],
    ["\\a", "a"],
    ["\\newline", "\n"],
    ["\\space", " "],
    ["\\tab", "\t"],
    ["\\return", "\r"],
    ["\\backspace", "\b"],
    ["\\formfeed", "\f"],
    ["\\u0041", "A"],
    ["\\o101", "A"],
    ["\\é", "é"],
    ["[\\( \\\\ \\[ \\,]", ["(", "\\", "[", ","]],
    [":a/b", kw("a/b")],
    [":1", kw("1")],
    ["a/b", sym("a/b")],
    ["/", sym("/")],
    ["+", sym("+")],
    ["-a", sym("-a")],
    ["nilly", sym("nilly")],
    ["'a", sym("'a")],
    ["[1,2 , 3]", [1, 2, 3]],
    ['[1"a":b{}c[]]', [1, "a", kw("b"), {}, sym("c"), []]],
    ["(1 (2) ())", [1, [2], []]],
    ["#{1 :a}", new Set<unknown>([1, kw("a")])],
    ["{:a 1 :b/c nil}", { a: 1, "b/c": null }],
    ["{}", {}],
    ['{"a" 1}', dict({ a: 1 })],
    [
      "{:a 1 b 2}",
      new Map<unknown, unknown>([
        [kw("a"), 1],
        [sym("b"), 2],
      ]),
    ],
    [
      "{a 1 :b 2}",
      new Map<unknown, unknown>([
        [sym("a"), 1],
        [kw("b"), 2],
      ]),
    ],
    [
      "{[1] 2 nil 3}",
      new Map<unknown, unknown>([
        [[1], 2],
        [null, 3],
      ]),
    ],
    ["#:a{:x 1, :_/y 2, :b/z 3}", { "a/x": 1, y: 2, "b/z": 3 }],
    [
      '#:a {x 1 "s" 2}',
      new Map<unknown, unknown>([
        [sym("a/x"), 1],
        ["s", 2],
      ]),
    ],
    ["[1 #_2 #_ #_ 3 4 5 #_6]", [1, 5]],
    ["{:a #_1 2 #_:b}", { a: 2 }],
    ["{#_:old :text 1}", { text: 1 }],
    ["{#_#_:old 1 :text 1 #_#_ :a 2}", { text: 1 }],
    ["{:a 1 #_:old #_ [] :text 2}", { a: 1, text: 2 }],
    ["{#_:only}", {}],
    ["{_a 1}", new Map([[sym("_a"), 1]])],
    ["#:a{#_:old :text 1, ^:m :b 2}", { "a/text": 1, "a/b": 2 }],
    ["{^:a :text 1}", { text: 1 }],
    ["#^:a #^{:b 1} [1]", [1]],
    ["{#^:a :text 1}", { text: 1 }],
    ["[## NaN ##;c\nInf]", [Number.NaN, Number.POSITIVE_INFINITY]],
    ["clojure.core//", sym("clojure.core//")],
    ["; first\n1 ; last", 1],
    ["[1;c\r2]", [1, 2]],
    ['^:a ^{:b 1} ^"c" [1]', [1]],
    ['#inst "2026-01-02T03:04:05.678-00:00"', new Date("2026-01-02T03:04:05.678Z")],
    ['#inst "2026-01-02T03:04:05.678901Z"', new Date("2026-01-02T03:04:05.678Z")],
    ['#inst "2026-01-02T03:04:05.6+02:30"', new Date("2026-01-02T00:34:05.600Z")],
    ['#inst "2026-01-02T23:04:05-02:00"', new Date("2026-01-03T01:04:05Z")],
    ['#inst "2026-01-02T03:04"', new Date("2026-01-02T03:04:00Z")],
    ['#inst "2026-01-02T03"', new Date("2026-01-02T03:00:00Z")],
    ['#inst "2024-02-29"', new Date("2024-02-29T00:00:00Z")],
    ['#inst "2026-03"', new Date("2026-03-01T00:00:00Z")],
    ['#inst "0099"', new Date("0099-01-01T00:00:00Z")],
    ['#inst "2016-12-31T23:59:60Z"', new Date("2017-01-01T00:00:00Z")],
    [`#uuid "${id.toUpperCase()}"`, uuid(id)],
    ['#sente-lite/bytes "AQL/"', new Uint8Array([1, 2, 255])],
    ['#sente-lite/uri "http://a"', uri("http://a")],
    ["#foo/bar [1]", tagged("foo/bar", [1])],
    ["#foo #bar 1", tagged("foo", tagged("bar", 1))],
    ['#object[java.lang.Object 0x6e "x"]', tagged("object", [sym("java.lang.Object"), 110, "x"])],
  ])("reads %s", (text, value) => {
    const read = readEdn(text);
    expect([areIdentical(read, value), print(read)]).toEqual([true, print(value)]);
  });

  it.each([
    ...["08", "0x", "1r0", "37r1", "2r3", "1/0", "1/2/3", "1a", "1.5.5", "1e", "1@", "0x1G", "+1x", "1/-2", "01.5N"],
    ...["::a", ":", ":a:", ":a/", ":/a", "a:", "a/", "/a", "a@b", "`a", "~a", "@a"],
    ...['"\\q"', '"a', '"\\', '"\\u12"', '"\\u12g4"', "\\", "\\abc", "\\u12", "\\uD800", "\\o400", "\\o8"],
    ...["[1", "(1]", "{:a 1)", "#{1", "{:a}", "{1 2 3}", "]", "[#_]", "#_", "^a", "[^a]", "{:a ^b}"],
    ...["{^b}", "{:a 1 ^b}", "{#_}", "{#_#_:a}", "#^a", "[#^a]", "//", ":a///", "///", "#nil 1", "#true 1", "#𝒳a 1"],
    ...["1E99999999999M", "1E-2147483648M"],
    ...["##Foo", "##", '#"re"', "#(a)", "#=1", "#<a>", "#'a", "# a", "#1 2", "#a", "#::a{}", "#:a/b{:c 1}", "#:a [1]"],
    ...['#inst "2026-02-30"', '#inst "2026-13"', '#inst "2026-01-02T24"', '#inst "2026-01-01T00:60"', '#inst "26"'],
    ...['#inst "2026-01-02T00:00:60Z"', '#inst "2025-02-29"', '#inst "2026-01-02T00:00+24:00"', "#inst 1", '#inst ""'],
    ...['#uuid "1"', "#uuid :a", '#sente-lite/bytes "A"', '#sente-lite/bytes "A==="', '#sente-lite/bytes "AQ=A"'],
  ])("refuses %s", (text) => {
    expect(() => readEdn(text)).toThrow(expect.objectContaining({ name: "DecodeError", code: "malformed" }));
  });

  it("says where it stopped", () => {
    expect(() => readEdn('{:a "b" :c ]')).toThrow(expect.objectContaining({ offset: 11 }));
  });

  it("reads a number as JavaScript does, however it is written", () => {
    const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 20 });
    const exponent = fc.oneof(
      fc.constant(""),
      fc.integer({ min: -330, max: 310 }).map((n) => `e${n}`),
    );
    fc.assert(
      fc.property(fc.constantFrom("", "-", "+"), digits, digits, exponent, (sign, whole, fraction, power) => {
        const text = `${sign}${whole}.${fraction}${power}`;
        expect(readEdn(text)).toBe(Number(text));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (value) => {
        expect(BigInt(readEdn(String(value)) as number)).toBe(value);
      }),
    );
  });

  it("reads names that only some peers have, but does not send them", () => {
    for (const text of [":a/b/c", ":1/a", "a/b/c"]) {
      const read = readEdn(`[${text}]`);
      expect(String((read as unknown[])[0])).toBe(text);
      expect(() => printEdn(read)).toThrow(expect.objectContaining({ path: [0] }));
    }
    expect(readEdn("{:a/b/c 1}")).toBeInstanceOf(Map);
  });

  it("lets the last of equal keys and members count", () => {
    expect(readEdn("{:a 1 :a 2}")).toEqual({ a: 2 });
    expect(readEdn('{"a" 1 "a" 2}')).toEqual(dict({ a: 2 }));
    expect(readEdn("#{1 1}")).toEqual(new Set([1]));
  });

  it("cuts what it keeps out of a large text without keeping that", () => {
    // Not to be seen from here but in what is read: the copies must be right.
    const text = `[${'"a text of some length" :some-keyword/of-length a-symbol/of-length '.repeat(200)}]`;
    expect(
      equal(
        readEdn(text),
        Array(200)
          .fill(["a text of some length", kw("some-keyword/of-length"), sym("a-symbol/of-length")])
          .flat(),
      ),
    ).toBe(true);
  });
});

describe("printEdn", () => {
  it.each<[unknown, string]>([
    [[null, undefined, true, false], "[nil nil true false]"],
    [
      [1, -1, 2 ** 53 - 1, 5n, 2n ** 53n, 2n ** 63n - 1n],
      "[1 -1 9007199254740991 5 9007199254740992 9223372036854775807]",
    ],
    [[2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n], "[9223372036854775808N -9223372036854775808 -9223372036854775809N]"],
    [
      [0.5, -2.5e-7, 1e21, 1e20, 123456789.5, 1e7 + 0.5, 0.001, 0.00012],
      "[0.5 -2.5E-7 1.0E21 1.0E20 1.234567895E8 1.00000005E7 0.001 1.2E-4]",
    ],
    [[double(1), double(-5), double(0), -0, double(1e7), double(100)], "[1.0 -5.0 0.0 -0.0 1.0E7 100.0]"],
    [[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], "[##NaN ##Inf ##-Inf]"],
    [[Number.MIN_VALUE, Number.MAX_VALUE], "[5.0E-324 1.7976931348623157E308]"],
    ['a"b\\c\n\t\r\b\fé\u0000😀', '"a\\"b\\\\c\\n\\t\\r\\b\\fé\u0000😀"'],
    [[kw("a/b"), sym("c"), uuid(id)], `[:a/b c #uuid "${id}"]`],
    [new Date("2026-01-02T03:04:05.678Z"), '#inst "2026-01-02T03:04:05.678-00:00"'],
    [new Date("0099-01-02T03:04:05Z"), '#inst "0099-01-02T03:04:05.000-00:00"'],
    [
      [tagged("bigdec", "1.50"), tagged("ratio", [22, 7]), tagged("ratio", [2, -4]), tagged("ratio", [4, 2])],
      "[1.50M 22/7 -1/2 2]",
    ],
    [[new Uint8Array([1, 2, 255]), uri("http://a")], '[#sente-lite/bytes "AQL/" #sente-lite/uri "http://a"]'],
    [{ a: 1, "b/c": undefined, "d/e": 2, "d/f": {} }, "{:a 1, :d/e 2, :d/f {}}"],
    [
      new Map<unknown, unknown>([
        ["a", 1],
        [[1], undefined],
      ]),
      '{"a" 1, [1] nil}',
    ],
    [[new Map(), new Set(), []], "[{} #{} []]"],
    [new Set([1, "a"]), '#{1 "a"}'],
    [tagged("foo/bar", { a: 1 }), "#foo/bar {:a 1}"],
  ])("prints as Clojure does: %o", (value, text) => {
    expect(printEdn(value)).toBe(text);
  });

  it("prints strings that are read as they were", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(readEdn(printEdn(text))).toBe(text);
      }),
    );
  });
});
