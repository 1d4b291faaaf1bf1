import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readHint, readRefusal, readUnknownCodec, writeRefusal, writeUnknownCodec } from "./close-codes.ts";
import { countBytes } from "./frames.ts";

// PROTOCOL.md sections 1.4 and 8.3.

const code = "banned";
// Made here, where no limit runs: the first takes a second, or more on a machine that is busy.
const text = fc.string({ unit: "binary", maxLength: 200 });
const names = fc.array(fc.string({ unit: "binary" }));

describe("the reason of a refusal", () => {
  it("is read as it was written, and is a hint, too", () => {
    const reason = writeRefusal({ code, message: "no", data: [1] }, { retryInMs: 5, spreadMs: 0 }) ?? "";
    expect(reason).toBe('{"code":"banned","message":"no","data":[1],"retryInMs":5,"spreadMs":0}');
    expect(readRefusal(4429, reason)).toEqual({ status: 429, code, message: "no", data: [1] });
    expect(readHint(reason)).toEqual({ retryInMs: 5, spreadMs: 0 });
  });

  it("is cut in its message alone, between characters, and always fits a close frame", () => {
    fc.assert(
      fc.property(text, fc.string({ maxLength: 20 }), (message, data) => {
        const reason = writeRefusal({ code, message, data }, {}) ?? "";
        expect(countBytes(reason)).toBeLessThanOrEqual(123);
        const read = readRefusal(4403, reason);
        expect(read).toMatchObject({ status: 403, code, data });
        expect(message.startsWith(read?.message ?? "-")).toBe(true);
      }),
    );
    const reason = writeRefusal({ code, message: "☃".repeat(100) }, {}) ?? "";
    expect(countBytes(reason)).toBeGreaterThan(120);
    expect(readRefusal(4401, reason)?.message).toMatch(/^☃+$/);
  });

  it("names the codecs of a server, and counts those for which there is no room", () => {
    const told = (names: readonly string[]) => {
      const refusal = readRefusal(4406, writeUnknownCodec(names));
      return refusal && readUnknownCodec(refusal);
    };
    const own = ["transit-json", "edn", "json", "transit-msgpack", "sente-msgpack"];
    expect(told(own)).toEqual({ codecs: own, more: 0 });
    expect(told([...own, ...own])).toEqual({ codecs: own, more: 5 });
    expect(told([...own, "nippy", "another"])).toEqual({ codecs: [...own, "nippy"], more: 1 });
    expect(told(["x".repeat(200)])).toBe(undefined);
    expect(writeUnknownCodec(["x".repeat(200)])).toBe('{"code":"unknown-codec"}');
    fc.assert(
      fc.property(names, (given) => {
        expect(countBytes(writeUnknownCodec(given))).toBeLessThanOrEqual(123);
      }),
    );
    for (const data of [undefined, null, "edn", {}, { codecs: "edn" }, { codecs: [] }, { codecs: [1] }]) {
      expect(readUnknownCodec({ status: 406, code: "unknown-codec", message: "", data })).toBe(undefined);
    }
  });

  it("is not written where code and data alone are too long", () => {
    expect(writeRefusal({ code, data: "x".repeat(120) }, {})).toBe(undefined);
  });

  it("is none that a peer made up otherwise, and never throws", () => {
    for (const reason of [
      "",
      "banned",
      "{",
      "{}",
      '{"code":5}',
      '{"code":"A b"}',
      '{"code":"a","message":1}',
      "[]",
      "null",
    ]) {
      expect(readRefusal(4403, reason), reason).toBe(undefined);
    }
    expect(readRefusal(4400, '{"code":"a"}')).toBe(undefined);
    expect(readRefusal(4403, '{"code":"a"}')).toEqual({ status: 403, code: "a", message: "", data: null });
    fc.assert(fc.property(fc.json(), (reason) => void readRefusal(4401, reason)));
  });
});
