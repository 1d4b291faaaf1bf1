import { describe, expect, it } from "vitest";
import { edn } from "../codecs/edn/index.ts";
import { json } from "../codecs/json/index.ts";
import { transitJson } from "../codecs/transit-json/index.ts";
import { weightOf } from "./weight.ts";

describe("what a value weighs", () => {
  // Measured on Node 20 with forced collections: bytes of heap for each part.
  it.each([
    [json, "[]", ",", 38],
    [json, "{}", ",", 64],
    [json, "1.5", ",", 24],
    [edn, "#{}", " ", 161],
    [edn, "{1 2}", " ", 192],
    [edn, '#inst "2020-01-01"', " ", 121],
    [edn, "#foo/bar []", " ", 105],
    [transitJson, '"~bAA=="', ",", 217],
    [transitJson, '"~m0"', ",", 105],
  ] as const)("is near to what it takes in memory: %o %s", (codec, part, separator, measured) => {
    const count = 1_000;
    const weight = weightOf(codec.decode(`[${Array(count).fill(part).join(separator)}]`), 1e6) / count;
    expect(weight).toBeGreaterThan(measured * 0.9);
    expect(weight).toBeLessThan(measured * 1.5);
  });

  it("is little more than the length of a text", () => {
    expect(weightOf("x".repeat(1_000_000), 1e6)).toBeLessThan(1_000_100);
  });

  it("ends for a value that holds itself, which a codec of one's own may make", () => {
    const endless: unknown[] = [];
    endless.push(endless, endless);
    expect(weightOf(endless, 1_000)).toBeLessThan(1_000_000);
  });

  it("looks into no class of the application's", () => {
    class Money {
      get amount(): never {
        throw new Error("a getter was called");
      }
    }
    expect(weightOf([new Money()], 100)).toBeGreaterThan(0);
  });
});
