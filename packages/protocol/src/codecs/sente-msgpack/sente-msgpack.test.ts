import { describe, expect, it } from "vitest";
import { DecodeError } from "../../errors.ts";
import { equal } from "../../values/equal.ts";
import { kw } from "../../values/keyword.ts";
import { dict } from "../../values/maps.ts";
import { double, sym, tagged, uuid } from "../../values/types.ts";
import { senteMsgpack } from "./index.ts";

// Section 5.4 of PROTOCOL.md. The first table is what a real Sente sent and was sent.

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hexOf = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString("hex");

const recorded: readonly (readonly [string, unknown, string])[] = [
  [
    "a handshake",
    [[kw("chsk/handshake"), ["cap-1", null, { server: "sente", n: 1 }]], null],
    "9292c70e006368736b2f68616e647368616b6593a56361702d31c082c70600736572766572a573656e7465d4006e01c0",
  ],
  ["a request", [[kw("test/echo"), { a: 1 }], "abc123"], "9292c70900746573742f6563686f81d4006101a6616263313233"],
  ["a reply", [{ a: 1 }, "abc123"], "9281d4006101a6616263313233"],
  ["a ping", [kw("chsk/ws-ping"), null], "92c70c006368736b2f77732d70696e67c0"],
  ["a pong", [[kw("chsk/ws-pong")], null], "9291c70c006368736b2f77732d706f6e67c0"],
  [
    "three events, of which the second and third refer to the first one's key",
    [[0, 1, 2].map((i) => [kw("test/item"), { i }]), null],
    "929392c70900746573742f6974656d81d400690092c70900746573742f6974656d81d408000192c70900746573742f6974656d81d4080002c0",
  ],
];

const written: readonly (readonly [string, unknown, string])[] = [
  ["integers by their size", [127, 128, 65_535, 65_536, -32, -33, -129], "977fcc80cdffffce00010000e0d0dfd1ff7f"],
  ["positive integers above 32 bits as signed", 2 ** 32, "d30000000100000000"],
  ["the largest integers of Java", [2n ** 63n - 1n, -(2n ** 63n)], "92d37fffffffffffffffd38000000000000000"],
  ["doubles in eight bytes", [1.5, double(1), -0], "93cb3ff8000000000000cb3ff0000000000000cb8000000000000000"],
  ["strings by their size", "x".repeat(32), `d920${"78".repeat(32)}`],
  ["a string of few units and many bytes", "é".repeat(20), `d928${"c3a9".repeat(20)}`],
  ["bytes", new Uint8Array([1, 2]), "c4020102"],
  ["a keyword of sixteen bytes", kw("abcdefgh/abcdefg"), `d800${Buffer.from("abcdefgh/abcdefg").toString("hex")}`],
  ["a symbol", sym("a/b"), "c70301612f62"],
  ["a set", new Set([kw("a"), 1]), "c7050492d4006101"],
  ["a ratio", tagged("ratio", [22, 7]), "d5031607"],
  [
    "a UUID as text",
    uuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    `c72409${Buffer.from("f81d4fae-7dec-11d0-a765-00a0c91e6bf6").toString("hex")}`,
  ],
  ["a time", new Date(1_500), "c70cff1dcd65000000000000000001"],
  ["a time before 1970", new Date(-1), "c70cff3b8b87c0ffffffffffffffff"],
  [
    "keys that are strings and keywords, each with a number",
    [dict({ a: 1 }), { a: 1 }, dict({ a: 2 }), { a: 2 }],
    "9481a1610181d400610181d408000281d4080102",
  ],
];

describe("what Sente's packer writes", () => {
  it.each(recorded)("%s is written byte for byte, and read", (_, value, hex) => {
    expect(hexOf(senteMsgpack.encode(value))).toBe(hex);
    expect(equal(senteMsgpack.decode(bytesOf(hex)), value)).toBe(true);
  });

  it.each(written)("has %s", (_, value, hex) => {
    expect(hexOf(senteMsgpack.encode(value))).toBe(hex);
    expect(equal(senteMsgpack.decode(bytesOf(hex)), value)).toBe(true);
  });

  it("is read where we would write it in another way", () => {
    for (const [hex, value] of [
      ["d40261", "a"],
      ["ca3fc00000", 1.5],
      ["cf0000000100000000", 2 ** 32],
      ["dc0001 01", [1]],
      ["de0001 d40061 01", { a: 1 }],
      ["c80001 00 61", kw("a")],
      ["d705 00000001ffffffff", [1, -1]],
      ["d606 3fc00000", [1.5]],
      ["d707 3ff8000000000000", [1.5]],
      ["c70404dc000101", new Set([1])],
    ] as const) {
      expect([hex, equal(senteMsgpack.decode(bytesOf(hex)), value)]).toEqual([hex, true]);
    }
  });
});

describe("the numbers of map keys", () => {
  it("are at most 256, and begin anew with each message", () => {
    const keys = Array.from({ length: 258 }, (_, i) => `k${i}`);
    const value = [Object.fromEntries(keys.map((key) => [key, 1])), { k255: 1 }, { k256: 1 }, { k0: 1 }];
    const hex = hexOf(senteMsgpack.encode(value));
    const k256 = Buffer.from("k256").toString("hex");
    expect(hex.endsWith(`81d408ff0181d600${k256}0181d4080001`)).toBe(true);
    expect(equal(senteMsgpack.decode(bytesOf(hex)), value)).toBe(true);
    expect(hexOf(senteMsgpack.encode({ k0: 1 }))).toBe("81d5006b3001");
  });

  it("are given in sets too, and inside of a map that is a key", () => {
    const value = [new Set([{ a: 1 }]), new Map([[{ a: 1 }, { a: 2 }]])];
    const hex = hexOf(senteMsgpack.encode(value));
    expect(hex).toBe("92c706049181d40061018181d408000181d4080002");
    expect(equal(senteMsgpack.decode(bytesOf(hex)), value)).toBe(true);
  });

  it("that stand for nothing are nil, as in Sente", () => {
    expect(senteMsgpack.decode(bytesOf("81d4080501"))).toEqual(new Map([[null, 1]]));
  });
});

describe("what Sente refuses", () => {
  it.each([
    ["a cached key as a value", "9281d4006101d40800"],
    ["a timestamp of 32 bits", "d6ff00000001"],
    ["a timestamp of 64 bits", "d7ff0000000000000001"],
    ["a UUID of 16 bytes", `d809${"00".repeat(16)}`],
    ["an integer above the longs", "cf8000000000000000"],
    ["an extension that nobody knows", "d42a00"],
    ["a byte that begins nothing", "c1"],
    ["a set of no array", "d40401"],
    ["an extension with more than its value", "c703049101ff"],
    ["an extension that reaches beyond its end", "c70204920102"],
    ["a ratio over zero", "d5030100"],
    ["a time that is none", "c70cffffffffff0000000000000001"],
    ["nanoseconds of more than a second", "c70cff3b9aca000000000000000001"],
  ])("%s is refused, and where it is said", (_, hex) => {
    let error: unknown;
    try {
      senteMsgpack.decode(bytesOf(hex));
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(DecodeError);
    expect((error as DecodeError).offset).toBeGreaterThanOrEqual(0);
  });
});
