import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError, EncodeError, type Path } from "../errors.ts";
import { keywordName, text } from "../values/arbitrary.test-support.ts";
import { faulty, Money, nest } from "../values/faulty.test-support.ts";
import { kw } from "../values/keyword.ts";
import { cases } from "./cases.test-support.ts";
import { everyCodec as codecs, makers, valueCodecs } from "./every-codec.test-support.ts";
import { createJson, json } from "./json/index.ts";
import { transitJson } from "./transit-json/index.ts";

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(codecs)("the codec $name", (codec) => {
  // With json an object may have any keys.
  const refused = faulty.filter(([, , faultCode]) => codec.name !== "json" || faultCode !== "bad-key");

  it.each(refused)("refuses %s with the same code and path as all others", (_, value, code, path) => {
    const error = errorOf(() => codec.encode(value));
    expect(error).toBeInstanceOf(EncodeError);
    expect(error).toMatchObject({ code, path });
  });

  it("keeps what a getter threw as the cause", () => {
    const cause = new RangeError("mine");
    const failing = Object.defineProperty({}, "a", {
      enumerable: true,
      get() {
        throw cause;
      },
    });
    expect(errorOf(() => codec.encode([failing]))).toMatchObject({ code: "unreadable", path: [0, "a"], cause });
  });

  it("throws nothing but EncodeErrors where a value changes while it is read, or is too deep for the engine", () => {
    let reads = 0;
    const fickle = Object.defineProperty({}, "a", {
      enumerable: true,
      get() {
        if (reads++ === 0) throw new RangeError("now and then");
        return 1;
      },
    });
    expect(errorOf(() => codec.encode([kw("a"), fickle]))).toBeInstanceOf(EncodeError);
    const deep = createOther(codec.name, 1e6);
    expect(errorOf(() => deep.encode(nest(5e5)))).toBeInstanceOf(EncodeError);
    // JSON.parse has no bound of its own.
    const expected = codec.name === "json" ? undefined : expect.any(DecodeError);
    const data = codec.binary ? new Uint8Array(5e5).fill(0x91) : "[".repeat(5e5) + "]".repeat(5e5);
    expect(errorOf(() => deep.decode(data))).toEqual(expected);
  });
});

function createOther(name: string, maxDepth: number) {
  const found = [createJson, ...makers].map((create) => create({ maxDepth })).find((codec) => codec.name === name);
  if (found === undefined) throw new Error(`no codec ${name}`);
  return found;
}

describe("what is refused", () => {
  it("never depends on the codec, whatever surrounds it", () => {
    // A fault, and what may stand around it in every codec, json included.
    const step = fc.oneof(
      fc.constant(0),
      keywordName.filter((name) => name !== "__proto__"),
    );
    const fault = fc.constantFrom(...faulty.filter(([, , code]) => !["too-deep", "cycle", "bad-key"].includes(code)));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), fault, fc.anything(), (steps, [, bad, code, path], after) => {
        let value = bad;
        for (const step of steps.toReversed()) {
          value = typeof step === "string" ? { ok: 1, [step]: value, after: undefined } : [value, after];
        }
        const expected = { code, path: [...steps, ...path] as Path };
        for (const codec of codecs) expect(errorOf(() => codec.encode(value))).toMatchObject(expected);
      }),
      { numRuns: cases(500) },
    );
  });

  it("is an EncodeError or nothing, for anything at all, and the same for every codec but json", () => {
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
        const [first, ...others] = valueCodecs.map((codec) => errorOf(() => codec.encode(value)));
        const ofJson = errorOf(() => json.encode(value));
        if (first !== undefined) refused++;
        for (const error of [first, ...others, ofJson]) {
          if (error !== undefined) expect(error).toBeInstanceOf(EncodeError);
        }
        const comparable = (error: unknown) => error instanceof EncodeError && [error.code, error.path];
        for (const other of others) expect(comparable(other)).toEqual(comparable(first));
        const isKey = first instanceof EncodeError && first.code === "bad-key";
        if (first !== undefined && !isKey) expect(comparable(ofJson)).toEqual(comparable(first));
      }),
      { numRuns: cases(1000) },
    );
    expect(refused).toBeGreaterThan(cases(100));
  });

  it("is an instance of a class without handler", () => {
    expect(() => transitJson.encode([new Money()])).toThrow("an instance of Money: send plain data, or give the codec");
  });
});
