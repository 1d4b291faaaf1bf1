import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError } from "../errors.ts";
import { anyValue } from "../values/arbitrary.test-support.ts";
import { equal } from "../values/equal.ts";
import { kw } from "../values/keyword.ts";
import { cases } from "./cases.test-support.ts";
import { edn } from "./edn/index.ts";
import { everyCodec } from "./every-codec.test-support.ts";
import { json } from "./json/index.ts";
import { transitJson } from "./transit-json/index.ts";

const codecs = [json, edn, transitJson];
const MEBI = 1 << 20;

/** The error of decoding, which must be a DecodeError; undefined where it decodes. */
function faultOf(codec: (typeof codecs)[number], text: string | Uint8Array): string | undefined {
  try {
    codec.decode(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return (error as DecodeError).code;
  }
  return undefined;
}

describe.each(codecs)("decoding $name", (codec) => {
  it("throws only DecodeErrors, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => void faultOf(codec, text)),
      { numRuns: cases(2000) },
    );
    const piece = fc.constantFrom(
      ...[
        '"',
        "~",
        "^",
        "#",
        ":",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        ",",
        " ",
        "\\",
        "\\u00e9",
        "a",
        "0",
        "1",
        "-",
        ".",
        "e",
        "/",
      ],
      ...[
        '"^ "',
        '"^0"',
        '"~:a"',
        '"~#set"',
        '"~#cmap"',
        '"~#ratio"',
        '"~i1"',
        '"~"',
        "#_",
        "#inst",
        "##",
        "^:",
        "N",
        "M",
      ],
      ...[
        "null",
        "nil",
        "true",
        "\\newline",
        ";",
        "\n",
        '"~#\'"',
        '"~#m"',
        '"~?t"',
        "{:a 1}",
        "#:a{",
        '{"~#list":',
        "1/2",
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => void faultOf(codec, pieces.join(""))),
      { numRuns: cases(5000) },
    );
  }, 30_000);

  it("throws only DecodeErrors for a text that was damaged on its way", () => {
    let refused = 0;
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.nat(5), fc.string({ maxLength: 3 }), (value, at, length, inserted) => {
        let text: string;
        try {
          text = String(codec.encode(value));
        } catch {
          return;
        }
        const from = at % (text.length + 1);
        if (faultOf(codec, text.slice(0, from) + inserted + text.slice(from + length)) !== undefined) refused++;
      }),
      { numRuns: cases(1000) },
    );
    expect(refused).toBeGreaterThan(cases(100));
  }, 30_000);

  it("refuses a binary frame", () => {
    expect(faultOf(codec, new TextEncoder().encode("[1]"))).toBe("wrong-frame-kind");
    expect(faultOf(codec, new Uint8Array())).toBe("wrong-frame-kind");
  });

  it("refuses nothing, and more than one value", () => {
    for (const text of ["", " ", "1 2", "[1] [2]", "[1]]", '{"a":1}}', "[1", '"a', "]", "[1,,2}"]) {
      expect([text, faultOf(codec, text)]).toEqual([text, "malformed"]);
    }
  });

  it.each([
    ["brackets", "["],
    ["braces", "{"],
    ["objects", '{"a":'],
    ["closed brackets", "[", "]"],
    ["lists", "("],
    ["sets", "#{"],
    ["discards", "#_"],
    ["tags", "#a "],
    ["metadata", "^"],
    ["namespaced maps", "#:a{:b "],
    ["Transit's tags", '["~#a",', "]"],
    ["Transit's sets", '["~#set",[', "]]"],
    ["Transit's quotes", `["~#'",`, "]"],
    ["Transit's ratios", '["~#ratio",[', ",1]]"],
    ["Transit's dates", '["~#m",', "]"],
    ["Transit's maps", '["^ ","~:a",', "]"],
    ["Transit's map keys", '["^ ",', ",1]"],
    ["Transit's composite maps", '["~#cmap",[', ",1]]"],
    ["tags in verbose mode", '{"~#a":', "}"],
  ])("refuses a megabyte of nested %s without overflow", (_, open, close = "") => {
    const levels = Math.floor(MEBI / (open.length + close.length));
    const text = open.repeat(levels) + (close === "" ? "" : "1") + close.repeat(levels);
    expect(["malformed", "too-deep"]).toContain(faultOf(codec, text));
  });

  it.each([
    ["a string", `"${"x".repeat(MEBI)}"`],
    ["a string of backslashes", `"${"\\\\".repeat(MEBI / 2)}"`],
    ["a string of quotes", `"${'\\"'.repeat(MEBI / 2)}"`],
    ["a string of unknown escapes", `"${"\\q".repeat(MEBI / 2)}"`],
    [
      "strings with an escape each",
      `[${Array(MEBI / 8)
        .fill('"a\\nb"')
        .join(" ,")}]`,
    ],
    ["an open string after many", `${'"a" '.repeat(MEBI / 4)}"`],
    ["an integer", "9".repeat(MEBI)],
    ["a negative integer in an array", `[-${"9".repeat(MEBI)}]`],
    ["a fraction", `0.${"9".repeat(MEBI)}`],
    ["an exponent", `1e${"9".repeat(MEBI)}`],
    ["a bigdec", `1e${"9".repeat(MEBI)}M`],
    ["a ratio", `${"9".repeat(MEBI / 2)}/${"7".repeat(MEBI / 2)}`],
    [
      "ratios",
      `[${Array(500)
        .fill(`${"9".repeat(1000)}/${"7".repeat(1000)}`)
        .join(" ")}]`,
    ],
    ["integers of a thousand digits", `[${Array(1000).fill("9".repeat(1000)).join(" ,")}]`],
    ["a hexadecimal number", `0x${"f".repeat(MEBI)}`],
    [
      "hexadecimal numbers",
      `[${Array(1000)
        .fill(`36r${"z".repeat(640)}`)
        .join(" ")}]`,
    ],
    [
      "Transit's integers",
      `[${Array(1000)
        .fill(`"~n${"9".repeat(1000)}"`)
        .join()}]`,
    ],
    [
      "Transit's ratios",
      `[${Array(500)
        .fill(`["~#ratio",["~n${"9".repeat(1000)}","~n${"7".repeat(1000)}"]]`)
        .join()}]`,
    ],
    ["one Transit integer", `"~n${"9".repeat(MEBI)}"`],
    ["one Transit date", `"~m${"9".repeat(MEBI)}"`],
    ["a keyword", `:${"x".repeat(MEBI)}`],
    ["a Transit keyword", `"~:${"x".repeat(MEBI)}"`],
    ["keywords", `[${Array.from({ length: MEBI / 8 }, (_, i) => `:k${i}`).join(" ")}]`],
    ["Transit keywords", `[${Array.from({ length: MEBI / 12 }, (_, i) => `"~:k${i}"`).join()}]`],
    ["a symbol of slashes", "a/".repeat(MEBI / 2)],
    ["a name of colons", `:${"a:".repeat(MEBI / 2)}`],
    ["comments", ";\n".repeat(MEBI / 2)],
    ["an open comment", `;${" ".repeat(MEBI)}`],
    ["spaces", " ".repeat(MEBI)],
    ["commas", ",".repeat(MEBI)],
    ["metadata", `${"^a ".repeat(MEBI / 4)}1`],
    ["an instant", `#inst "2020-01-01T00:00:00.${"0".repeat(MEBI)}"`],
    ["base64", `"~b${"A".repeat(MEBI)}"`],
    ["sets of equal members", `#{${"1 ".repeat(MEBI / 2)}}`],
    ["sets of composite members", `#{${"[1]".repeat(MEBI / 4)}}`],
    ["keys of an object", `{${Array.from({ length: MEBI / 12 }, (_, i) => `"k${i}":1`).join()}}`],
    ["keys of a map", `["^ ",${Array.from({ length: MEBI / 12 }, (_, i) => `"~:k${i}",1`).join()}]`],
  ])(
    "comes to an end with a megabyte that is %s",
    (_, text) => {
      faultOf(codec, text);
    },
    // No measure: what stands still takes far longer on any machine. linear.test.ts counts what a size costs.
    30_000,
  );

  it("makes numbers beyond all bounds infinite, or refuses them", () => {
    for (const text of ["1e999999", "-1e999999"]) {
      const infinite = text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      expect(codec.decode(`[${text}]`)).toEqual([infinite]);
    }
  });
});

describe("prototypes", () => {
  const attacks: [string, string][] = [
    ["json", '{"__proto__":{"polluted":1},"a":1}'],
    ["json", '{"a":{"__proto__":[1]}}'],
    ["json", '{"constructor":{"prototype":{"polluted":1}}}'],
    ["edn", "{:__proto__ {:polluted 1}, :a 1}"],
    ["edn", '{"__proto__" {:polluted 1}}'],
    ["edn", "#:x{:_/__proto__ {:polluted 1}}"],
    ["edn", "{:constructor {:prototype {:polluted 1}}}"],
    ["transit-json", '["^ ","~:__proto__",["^ ","~:polluted",1],"~:a",1]'],
    ["transit-json", '["^ ","__proto__",["^ ","~:polluted",1]]'],
    ["transit-json", '[["^ ","~:__proto__",1],["^ ","^0",["^ ","~:polluted",1]]]'],
    ["transit-json", '{"__proto__":{"~:polluted":1}}'],
    ["transit-json", '{"~:__proto__":{"~:polluted":1}}'],
    ["transit-json", '["~#cmap",["~:__proto__",["^ ","~:polluted",1]]]'],
    ["transit-json", '["^ ","~:constructor",["^ ","~:prototype",["^ ","~:polluted",1]]]'],
  ];

  it.each(attacks)("cannot be reached through %s %s", (name, text) => {
    const codec = codecs.find((candidate) => candidate.name === name) ?? json;
    const seen: object[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      seen.push(value);
      if (value instanceof Map) for (const [key, item] of value) [key, item].forEach(visit);
      else for (const key of Object.keys(value)) visit((value as Record<string, unknown>)[key]);
    };
    visit(codec.decode(text));
    expect(seen.length).toBeGreaterThan(1);
    for (const object of seen) {
      const allowed = [Object.prototype, Array.prototype, Map.prototype, Object.getPrototypeOf(kw("a"))];
      expect(allowed.includes(Object.getPrototypeOf(object))).toBe(true);
      expect("polluted" in object && !Object.hasOwn(object, "polluted")).toBe(false);
    }
    expect("polluted" in {}).toBe(false);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it("leave a key __proto__ in a Map, or an own property with json, and the names of Object.prototype own properties", () => {
    const object = json.decode('{"__proto__":1,"a":{"__proto__":2}}') as Record<string, object>;
    expect(Object.entries(object)).toEqual([
      ["__proto__", 1],
      ["a", JSON.parse('{"__proto__":2}')],
    ]);
    for (const own of [object, ...Object.values(object).filter((item) => typeof item === "object")]) {
      expect(Object.hasOwn(own, "__proto__")).toBe(true);
      expect(Object.getPrototypeOf(own)).toBe(Object.prototype);
    }
    for (const [codec, text] of [
      [edn, "{:__proto__ 1, :a 2}"],
      [transitJson, '["^ ","~:a",2,"~:__proto__",1]'],
      [transitJson, '["~#cmap",["~:a",2,"~:__proto__",1]]'],
    ] as const) {
      const map = codec.decode(text);
      expect(map).toBeInstanceOf(Map);
      expect(
        equal(
          map,
          new Map([
            [kw("a"), 2],
            [kw("__proto__"), 1],
          ]),
        ),
      ).toBe(true);
    }
    for (const codec of everyCodec) {
      const object = codec.decode(codec.encode({ constructor: 1, toString: null, valueOf: [] })) as object;
      expect(Object.keys(object).sort()).toEqual(["constructor", "toString", "valueOf"]);
      expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    }
  });

  it("are not written either, where an object has an own __proto__", () => {
    const value = JSON.parse('{"a": {"__proto__": {"b": 1}}}');
    expect(json.encode(value)).toBe('{"a":{"__proto__":{"b":1}}}');
    expect(edn.encode(value)).toBe("{:a {:__proto__ {:b 1}}}");
    expect(transitJson.encode(value)).toBe('["^ ","~:a",["^ ","~:__proto__",["^ ","~:b",1]]]');
    const withoutPrototype = Object.assign(Object.create(null), { a: 1 });
    for (const codec of everyCodec) expect(codec.decode(codec.encode(withoutPrototype))).toEqual({ a: 1 });
  });
});
