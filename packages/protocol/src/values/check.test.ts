import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EncodeError } from "../errors.ts";
import { anyValue } from "./arbitrary.test-support.ts";
import { checkEncodable } from "./check.ts";
import { faulty, Money, nest } from "./faulty.test-support.ts";
import { tagged } from "./types.ts";

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("checkEncodable", () => {
  it.each(faulty)("refuses %s, with code and path", (_, value, code, path) => {
    const error = errorOf(() => checkEncodable(value));
    expect(error).toBeInstanceOf(EncodeError);
    expect(error).toMatchObject({ code, path });
  });

  it("says in the message where a bad key is, which one, and what to do", () => {
    expect(() => checkEncodable({ users: { "ann@b.c": 1 } })).toThrow(
      'the key "ann@b.c" is no keyword: use a Map, or dict({ ... }), for free keys (at users.ann@b.c)',
    );
  });

  it("says of what has to be read or awaited first which line does it", () => {
    expect(() => checkEncodable({ a: new Blob(["x"]) })).toThrow(
      "a Blob has to be read first: send await blob.arrayBuffer() (at a)",
    );
    expect(() => checkEncodable(new File(["x"], "x.png"))).toThrow("send await file.arrayBuffer(), and what you need");
    expect(() => checkEncodable(new Blob(["x"]).arrayBuffer())).toThrow("an instance of Promise: await it");
  });

  it("accepts every value of the generator, and any part of one", () => {
    fc.assert(
      fc.property(anyValue, (value) => checkEncodable(value)),
      { numRuns: 300 },
    );
  });

  it("accepts what is on the edge", () => {
    checkEncodable([
      nest(99),
      new Date(-62_167_219_200_000),
      new Date(253_402_300_799_999),
      10n ** 1000n - 1n,
      -(10n ** 1000n) + 1n,
      tagged("ratio", [1n, -1n]),
      new Set([1, "1", true, null]),
      { "a/b": 1, "no value, no key": undefined },
      "😀\0",
    ]);
    expect(() => checkEncodable(nest(6), 5)).toThrow("too deep");
    checkEncodable(nest(5), 5);
    // Numbers are no levels, though they are tagged.
    checkEncodable([tagged("ratio", [1, 2]), tagged("bigdec", "1.5"), new Date(5)], 1);
    expect(() => checkEncodable([tagged("x", 1)], 1)).toThrow("too deep");
  });

  it("reads what is own and enumerable only, an own __proto__ too", () => {
    const hidden = Object.defineProperty({ a: 1 }, "secret", { value: () => 1 });
    checkEncodable(Object.assign(hidden, { [Symbol("s")]: () => 1 }));
    expect(errorOf(() => checkEncodable(JSON.parse('{"__proto__": {"a b": 1}}')))).toMatchObject({
      code: "bad-key",
      path: ["__proto__", "a b"],
    });
  });

  it("ignores toJSON", () => {
    expect(errorOf(() => checkEncodable({ toJSON: () => 1 }))).toMatchObject({ code: "not-a-value", path: ["toJSON"] });
    checkEncodable({ toJSON: 1 });
  });

  it("accepts objects, Maps, sets, dates and bytes of another realm", () => {
    checkEncodable(
      runInNewContext(
        "[{a: 1}, Object.create(null), new Map([[[1], 1]]), new Set([1]), new Date(5), new Uint8Array(2)]",
      ),
    );
    expect(errorOf(() => checkEncodable(runInNewContext("new (class A {})")))).toMatchObject({
      code: "class-instance",
    });
    expect(errorOf(() => checkEncodable(runInNewContext("new Date(NaN)")))).toMatchObject({ code: "bad-date" });
  });

  it("takes what a handler knows, and judges what it writes", () => {
    const handler = { tag: "money", is: (value: unknown) => value instanceof Money, write: written, read: unused };
    checkEncodable([new Money()], 100, [handler]);
    const bad = { ...handler, write: () => [() => 1] };
    expect(errorOf(() => checkEncodable([new Money()], 100, [bad]))).toMatchObject({
      code: "not-a-value",
      path: [0, "#money", 0],
    });
    const cause = new TypeError("no");
    const failing = {
      ...handler,
      write: () => {
        throw cause;
      },
    };
    expect(errorOf(() => checkEncodable({ m: new Money() }, 100, [failing]))).toMatchObject({
      code: "handler-failed",
      path: ["m"],
      cause,
    });
  });
});

function written(value: never): unknown {
  return (value as Money).cents;
}

function unused(): never {
  throw new Error("nothing is read here");
}
