import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EncodeError } from "../errors.ts";
import { anyValue } from "../values/arbitrary.test-support.ts";
import { checkEncodable } from "../values/check.ts";
import { equal } from "../values/equal.ts";
import { areIdentical } from "../values/identical.test-support.ts";
import { normalise } from "../values/normalise.ts";
import { print } from "../values/print.ts";
import { cases } from "./cases.test-support.ts";
import { valueCodecs } from "./every-codec.test-support.ts";
import { json, normaliseJson } from "./json/index.ts";

function expectIdentical(actual: unknown, expected: unknown): void {
  if (!areIdentical(actual, expected)) expect.fail(`${print(actual)} is not identical to ${print(expected)}`);
}

describe.each(valueCodecs)("what $name encodes", (codec) => {
  it("is decoded as normalise says, for every value that is accepted", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        checkEncodable(value);
        const expected = normalise(value);
        const decoded = codec.decode(codec.encode(value));
        expectIdentical(decoded, expected);
        expect(equal(decoded, expected)).toBe(true);
      }),
      { numRuns: cases(1000) },
    );
  }, 30_000);

  it("is the same for a value and for what it is normalised to, so that nothing changes a second time", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const decoded = codec.decode(codec.encode(value));
        expectIdentical(codec.decode(codec.encode(decoded)), decoded);
      }),
      { numRuns: cases(300) },
    );
  }, 30_000);
});

describe("what json encodes", () => {
  it("is decoded as normaliseJson says, and refused where that refuses", () => {
    let accepted = 0;
    fc.assert(
      fc.property(anyValue, (value) => {
        let text: unknown;
        try {
          text = json.encode(value);
        } catch (error) {
          expect(error).toBeInstanceOf(EncodeError);
          const { code, path } = error as EncodeError;
          expect(code).toMatch(/^json-/);
          expect(() => normaliseJson(value)).toThrow(expect.objectContaining({ code, path }));
          return;
        }
        accepted++;
        expectIdentical(json.decode(text as string), normaliseJson(value));
      }),
      { numRuns: cases(1500) },
    );
    expect(accepted).toBeGreaterThan(cases(300));
  }, 30_000);
});
