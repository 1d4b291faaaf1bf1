import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError } from "../errors.ts";
import { anyValue } from "../values/arbitrary.test-support.ts";
import { equal } from "../values/equal.ts";
import { kw } from "../values/keyword.ts";
import { cases } from "./cases.test-support.ts";
import type { Codec } from "./codec.ts";
import { gzip } from "./gzip/index.ts";
import { deflate } from "./gzip/stream.ts";
import { bytesOf, hexOf } from "./hex.test-support.ts";
import { senteMsgpack } from "./sente-msgpack/index.ts";
import { transitMsgpack } from "./transit-msgpack/index.ts";

// What a peer may send to the codecs of MessagePack.

const MEBI = 1 << 20;
const codecs = [transitMsgpack, senteMsgpack];

/** The error of decoding, which must be a DecodeError; undefined where it decodes. */
function errorOf(codec: Codec, data: string | Uint8Array): DecodeError | undefined {
  try {
    codec.decode(data);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return error as DecodeError;
  }
  return undefined;
}

describe.each(codecs)("decoding $name", (codec) => {
  it("throws only DecodeErrors, for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void errorOf(codec, bytes)),
      { numRuns: cases(5000) },
    );
    const piece = fc.constantFrom(
      ...[
        "90",
        "91",
        "92",
        "93",
        "80",
        "81",
        "82",
        "c0",
        "c1",
        "c2",
        "01",
        "ff",
        "cc80",
        "cd0100",
        "d3ffffffffffffffff",
      ],
      ...[
        "a0",
        "a161",
        "d90161",
        "da000161",
        "c40100",
        "dc0001",
        "dd00000001",
        "de0001",
        "df00000001",
        "cb7ff8000000000000",
      ],
      ...[
        "~:a",
        "~:abcd",
        "^0",
        "^1",
        "~#set",
        "~#cmap",
        "~#m",
        "~#u",
        "~#'",
        "~#ratio",
        "~#foo",
        "~",
        "^",
        "~n1",
        "~$a",
      ].map((text) => (0xa0 + text.length).toString(16) + hexOf(text)),
      ...[
        "d40061",
        "d40800",
        "d40801",
        "c7050492d4006101",
        "d50449",
        "d5030102",
        "c702049101",
        "c70340a16101",
        "d7ff",
        "d40161",
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => void errorOf(codec, bytesOf(pieces.join("")))),
      { numRuns: cases(5000) },
    );
  }, 30_000);

  it("throws only DecodeErrors, with an offset inside, for bytes that were damaged on their way", () => {
    let refused = 0;
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.nat(5), fc.uint8Array({ maxLength: 3 }), (value, at, length, inserted) => {
        const bytes = codec.encode(value) as Uint8Array;
        const from = at % (bytes.length + 1);
        const damaged = new Uint8Array([...bytes.subarray(0, from), ...inserted, ...bytes.subarray(from + length)]);
        const error = errorOf(codec, damaged);
        if (error === undefined) return;
        refused++;
        expect(error.offset).toBeGreaterThanOrEqual(0);
        expect(error.offset).toBeLessThanOrEqual(damaged.length);
      }),
      { numRuns: cases(1000) },
    );
    expect(refused).toBeGreaterThan(cases(100));
  }, 30_000);

  it("refuses every message that ends too early", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = codec.encode(value) as Uint8Array;
        for (let end = 0; end < bytes.length; end += 1 + (end >> 4)) {
          expect(errorOf(codec, bytes.subarray(0, end))?.code).toBe("malformed");
        }
      }),
      { numRuns: cases(200) },
    );
  }, 30_000);

  it("refuses inside gzip, compressed or not, what it refuses without", () => {
    const wrapped = gzip(codec);
    const refused = [
      "",
      "c1",
      "9201",
      "c0c0",
      "a2c328",
      "ddffffffff01",
      "dfffffffff01",
      "82a16101a16102",
      "82cb7ff800000000000001cb7ff800000000000102",
      "91".repeat(100_000),
    ];
    for (const hex of refused) {
      const bytes = bytesOf(hex);
      const code = errorOf(codec, bytes)?.code;
      expect([hex.slice(0, 60), code]).toEqual([hex.slice(0, 60), expect.any(String)]);
      expect(errorOf(wrapped, Uint8Array.from([0, ...bytes]))?.code).toBe(code);
      expect(errorOf(wrapped, Uint8Array.from([1, ...deflate(bytes)]))?.code).toBe(code);
    }
  });

  it("refuses a text frame", () => {
    expect(errorOf(codec, "[1]")?.code).toBe("wrong-frame-kind");
    expect(errorOf(codec, "")?.code).toBe("wrong-frame-kind");
  });

  it("refuses nothing, and more than one value", () => {
    for (const hex of ["", "0102", "9101c0", "c0c0"])
      expect([hex, errorOf(codec, bytesOf(hex))?.code]).toEqual([hex, "malformed"]);
  });

  it.each([
    ["a string of 4 GB", "dbffffffff61"],
    ["bytes of 4 GB", "c6ffffffff00"],
    ["an array of 4 G items", "ddffffffff01"],
    ["a map of 4 G entries", "dfffffffff0102"],
    ["an extension of 4 GB", "c9ffffffff0561"],
    ["an array that claims one item too many", "930102"],
    ["a map that claims one entry too many", "8201020304".slice(0, -2)],
    ["an array of arrays that claim all", `${"dd00ffffff".repeat(40)}01`],
    ["an unknown type", "c1"],
    ["an unknown extension", "d46300"],
    ["half a string in UTF-8", "a2c3"],
    ["a string that is no UTF-8", "a2c328"],
    ["a long string that is no UTF-8", `d940${"61".repeat(63)}ff`],
    ["half a surrogate pair in UTF-8", "a3eda080"],
    ["a text longer than the shortest way in UTF-8", "a2c080"],
  ])("refuses %s, and says where", (_, hex) => {
    const error = errorOf(codec, bytesOf(hex));
    expect(error?.code).toBe("malformed");
    expect(error?.offset).toBeLessThanOrEqual(hex.length / 2);
  });

  it.each([
    ["a number", "8201 02 01 03"],
    ["a string", "82 a161 02 a161 03"],
    ["a composite key", "82 9101 02 9101 03"],
    ["1 and 1.0", "82 01 02 cb3ff0000000000000 03"],
  ])("refuses %s that is twice a key of a map", (_, hex) => {
    expect(errorOf(codec, bytesOf(hex))?.code).toBe("duplicate-key");
  });

  it("keeps a byte order mark, and control characters", () => {
    for (const text of ["\ufeffa", "\ufeff", "a\0b", `\ufeff${"x".repeat(100)}`]) {
      expect(codec.decode(codec.encode(text))).toBe(text);
    }
  });

  it("gives bytes in memory of their own, and writes into memory of its own", () => {
    const message = codec.encode([new Uint8Array([1, 2, 3])]) as Uint8Array;
    const [bytes] = codec.decode(message) as [Uint8Array];
    message.fill(0);
    expect(bytes).toEqual(new Uint8Array([1, 2, 3]));
    expect(bytes.buffer.byteLength).toBe(3);
    const before = codec.encode([1]);
    codec.encode([2]);
    expect(before).toEqual(codec.encode([1]));
    expect((codec.encode([1]) as Uint8Array).buffer.byteLength).toBe((codec.encode([1]) as Uint8Array).length);
  });

  it("reads a view into a larger buffer", () => {
    const message = codec.encode([1.5, "text", 2n ** 62n]) as Uint8Array;
    const larger = new Uint8Array(message.length + 20).fill(0xc1);
    larger.set(message, 7);
    expect(codec.decode(larger.subarray(7, 7 + message.length))).toEqual([1.5, "text", 2n ** 62n]);
  });

  it("is not disturbed where a value encodes while it is encoded", () => {
    const value = Object.defineProperty({}, "a", {
      enumerable: true,
      get: () => (codec.encode("x".repeat(5000)) as Uint8Array).length,
    });
    const [length] = [codec.encode("x".repeat(5000)) as Uint8Array].map((bytes) => bytes.length);
    expect(codec.decode(codec.encode([value, "after"]))).toEqual([{ a: length }, "after"]);
  });

  it("writes and reads what is larger than any header's first size", () => {
    const big = {
      array: Array.from({ length: 70_000 }, (_, i) => i),
      text: "é".repeat(70_000),
      bytes: new Uint8Array(70_000).fill(7),
      map: new Map(Array.from({ length: 70_000 }, (_, i) => [i, i])),
      set: new Set(Array.from({ length: 70_000 }, (_, i) => i)),
      holes: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i % 10 === 0 ? i : undefined])),
    };
    const { holes, ...rest } = codec.decode(codec.encode(big)) as typeof big;
    expect(equal(rest, { ...big, holes: undefined })).toBe(true);
    expect(Object.keys(holes)).toHaveLength(10);
  });

  it.each([
    ["arrays", "91", ""],
    ["long arrays", "dc0001", ""],
    ["maps", "8101", ""],
    ["maps as keys", "81", "01"],
    ["Transit's tags", `92a4${hexOf("~#ab")}`, ""],
    ["Transit's sets", `92a5${hexOf("~#set")}91`, ""],
    ["Transit's quotes", `92a3${hexOf("~#'")}`, ""],
    ["Transit's composite maps", `92a6${hexOf("~#cmap")}9201`, ""],
    ["tags as maps", `81a4${hexOf("~#ab")}`, ""],
    ["Sente's sets", "c9000fffff04 91", ""],
    ["our extensions", "c9000fffff40 a161", ""],
  ])("refuses a megabyte of nested %s without overflow", (_, open, close) => {
    const levels = Math.floor((2 * MEBI) / (open.length + close.length));
    const code = errorOf(codec, bytesOf(`${open.repeat(levels)}01${close.repeat(levels)}`))?.code;
    expect(["malformed", "too-deep"]).toContain(code);
  });

  it("takes a hundred levels, and refuses one more", () => {
    expect(errorOf(codec, bytesOf(`${"91".repeat(100)}01`))).toBeUndefined();
    expect(errorOf(codec, bytesOf(`${"91".repeat(101)}01`))?.code).toBe("too-deep");
  });

  it.each([
    ["a string", `db00100000${"61".repeat(MEBI)}`],
    ["a string that is no ASCII", `db00100000${"c3a9".repeat(MEBI / 2)}`],
    ["bytes", `c600100000${"00".repeat(MEBI)}`],
    ["numbers", `dd00100000${"01".repeat(MEBI)}`],
    ["empty maps", `dd00100000${"80".repeat(MEBI)}`],
    ["short strings", `dd00080000${"a161".repeat(MEBI / 2)}`],
    [
      "keys",
      `df00020000${Array.from({ length: MEBI / 8 }, (_, i) => `ce${i.toString(16).padStart(8, "0")}01`).join("")}`,
    ],
    [
      "Transit's keywords",
      `dd00020000${Array.from({ length: MEBI / 8 }, (_, i) => `a8${hexOf(`~:${String(i).padStart(6, "k")}`)}`).join("")}`,
    ],
    [
      "Sente's keywords",
      `dd00020000${Array.from({ length: MEBI / 8 }, (_, i) => `c70600${hexOf(String(i).padStart(6, "k"))}`).join("")}`,
    ],
    [
      "Transit's integers",
      `dc03e8${Array(1000)
        .fill(`da03ea7e6e${"39".repeat(1000)}`)
        .join("")}`,
    ],
    ["Transit's UUIDs", `dd00010000${`92a3${hexOf("~#u")}92cf00112233445566770${"1"}`.repeat(65_536)}`],
    ["Sente's typed arrays", `c90010000005${"00".repeat(MEBI)}`],
    [
      "Transit's set",
      `92a5${hexOf("~#set")}dd00020000${Array.from({ length: MEBI / 8 }, (_, i) => `ce${i.toString(16).padStart(8, "0")}`).join("")}`,
    ],
    [
      "Sente's set",
      `c9000a000504dd00020000${Array.from({ length: MEBI / 8 }, (_, i) => `ce${i.toString(16).padStart(8, "0")}`).join("")}`,
    ],
  ])(
    "comes to an end with a megabyte that is %s",
    (_, hex) => {
      errorOf(codec, bytesOf(hex));
    },
    // No measure: what stands still takes far longer on any machine. linear.test.ts counts what a size costs.
    30_000,
  );
});

describe("prototypes", () => {
  it.each([
    [transitMsgpack, `81ad${hexOf("~:__proto__")}81aa${hexOf("~:polluted")}01`.replace("81ad", "81ab")],
    [transitMsgpack, `81a9${hexOf("__proto__")}81aa${hexOf("~:polluted")}01`],
    [transitMsgpack, `92a6${hexOf("~#cmap")}92ab${hexOf("~:__proto__")}81aa${hexOf("~:polluted")}01`],
    [transitMsgpack, `81ad${hexOf("~:constructor")}81ab${hexOf("~:prototype")}81aa${hexOf("~:polluted")}01`],
    [senteMsgpack, `81c70900${hexOf("__proto__")}81d700${hexOf("polluted")}01`],
    [senteMsgpack, `81a9${hexOf("__proto__")}81d700${hexOf("polluted")}01`],
    [senteMsgpack, `9281c70900${hexOf("__proto__")}0181d4080081d700${hexOf("polluted")}01`],
    [senteMsgpack, `81c70b00${hexOf("constructor")}81c70900${hexOf("prototype")}81d700${hexOf("polluted")}01`],
  ])("cannot be reached through $name %s", (codec, hex) => {
    const seen: object[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      seen.push(value);
      if (value instanceof Map) for (const [key, item] of value) [key, item].forEach(visit);
      else for (const key of Object.keys(value)) visit((value as Record<string, unknown>)[key]);
    };
    visit(codec.decode(bytesOf(hex)));
    expect(seen.length).toBeGreaterThan(1);
    for (const object of seen) {
      const allowed = [Object.prototype, Array.prototype, Map.prototype, Object.getPrototypeOf(kw("a"))];
      expect(allowed.includes(Object.getPrototypeOf(object))).toBe(true);
      expect("polluted" in object && !Object.hasOwn(object, "polluted")).toBe(false);
    }
    expect("polluted" in {}).toBe(false);
  });
});
