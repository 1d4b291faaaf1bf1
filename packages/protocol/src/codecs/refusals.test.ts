import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EncodeError, type Path } from "../errors.ts";
import { keywordName, text } from "../values/arbitrary.test-support.ts";
import { faulty, Money } from "../values/faulty.test-support.ts";
import { edn } from "./edn/index.ts";
import { json } from "./json/index.ts";
import { transitJson } from "./transit-json/index.ts";

const codecs = [json, edn, transitJson];

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(codecs)("the codec $name", (codec) => {
  it.each(faulty)("refuses %s with the same code and path as all others", (_, value, code, path) => {
    const error = errorOf(() => codec.encode(value));
    expect(error).toBeInstanceOf(EncodeError);
    expect(error).toMatchObject({ code, path });
  });

  it("passes on what a getter throws", () => {
    const failing = Object.defineProperty({}, "a", {
      enumerable: true,
      get() {
        throw new RangeError("mine");
      },
    });
    expect(errorOf(() => codec.encode([failing]))).toEqual(new RangeError("mine"));
  });
});

describe("what is refused", () => {
  it("never depends on the codec, whatever surrounds it", () => {
    // A fault, and what may stand around it in every codec, json included.
    const step = fc.oneof(
      fc.constant(0),
      keywordName.filter((name) => name !== "__proto__"),
    );
    const fault = fc.constantFrom(...faulty.filter(([, , code]) => code !== "too-deep" && code !== "cycle"));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), fault, fc.anything(), (steps, [, bad, code, path], after) => {
        let value = bad;
        for (const step of steps.toReversed()) {
          value = typeof step === "string" ? { ok: 1, [step]: value, after: undefined } : [value, after];
        }
        const expected = { code, path: [...steps, ...path] as Path };
        for (const codec of codecs) expect(errorOf(() => codec.encode(value))).toMatchObject(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("is an EncodeError or nothing, for anything at all, and the same for edn and transit-json", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      withBoxedValues: true,
      key: text,
    });
    let refused = 0;
    fc.assert(
      fc.property(anything, (value) => {
        const [first, ...others] = [edn, transitJson, json].map((codec) => errorOf(() => codec.encode(value)));
        if (first !== undefined) refused++;
        for (const error of [first, ...others]) {
          if (error !== undefined) expect(error).toBeInstanceOf(EncodeError);
        }
        const comparable = (error: unknown) => error instanceof EncodeError && [error.code, error.path];
        expect(comparable(others[0])).toEqual(comparable(first));
        if (first !== undefined) expect(comparable(others[1])).toEqual(comparable(first));
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it("is an instance of a class without handler", () => {
    expect(() => transitJson.encode([new Money()])).toThrow("an instance of Money: send plain data, or give the codec");
  });
});
