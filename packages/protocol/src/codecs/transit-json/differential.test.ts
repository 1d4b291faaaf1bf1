import fc from "fast-check";
import transit from "transit-js";
import { describe, expect, it } from "vitest";
import { keywordName, text } from "../../values/arbitrary.test-support.ts";
import { equal } from "../../values/equal.ts";
import { isKw, kw } from "../../values/keyword.ts";
import { isSymbolName } from "../../values/keyword-name.ts";
import { print } from "../../values/print.ts";
import { isSym, isTagged, isUri, isUuid, sym, Tagged, uri, uuid } from "../../values/types.ts";
import { transitJson } from "./index.ts";

// transit-js, Cognitect's own, as the oracle: the same values must become the same text, and the same text the same
// values.

/** Our value in the types of transit-js. */
function toTheirs(value: unknown): unknown {
  if (typeof value === "bigint") return transit.integer(String(value));
  if (isKw(value)) return transit.keyword(value.fqn);
  if (isSym(value)) return transit.symbol(value.fqn);
  if (isUuid(value)) return transit.uuid(value.value);
  if (isUri(value)) return transit.uri(value.value);
  if (isTagged(value)) return transit.tagged(value.tag, toTheirs(value.value));
  if (Array.isArray(value)) return value.map(toTheirs);
  if (value instanceof Set) return transit.set([...value].map(toTheirs));
  if (value instanceof Map) return transit.map([...value].flat().map(toTheirs));
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  return transit.map(Object.entries(value).flatMap(([key, item]) => [transit.keyword(key), toTheirs(item)]));
}

// What both write alike: numbers that need no exponent and no ".0"; keys that transit-js does not write wrongly (it
// writes 1.5 as ~i1.5); integers up to 64 bits, as it has them.
// Names of Object.prototype confuse its cache.
const isInherited = (candidate: string) => candidate.replace(/^~/, "") in {};
const name = keywordName.filter((candidate) => !isInherited(candidate));
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc
    .integer({ min: -1e7, max: 1e7 })
    .map((n) => n + 0.5)
    .filter((n) => Math.abs(n) < 1e7),
  fc.double({ min: 0.001, max: 9_999_999, noNaN: true }).filter((n) => !Number.isInteger(n)),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const long = fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 63n - 1n });
const key = fc.oneof(
  text.filter((candidate) => !isInherited(candidate)),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  name.map(kw),
  fc.uuid().map(uuid),
);
const scalar = fc.oneof(
  ...[fc.constantFrom(null, true, false), text, number, long, name.map(kw), name.filter(isSymbolName).map(sym)],
  ...[
    fc.uuid().map(uuid),
    fc.webUrl().map(uri),
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
  ],
  fc.uint8Array({ maxLength: 20 }),
);
const mapOf = <K, V>(keys: fc.Arbitrary<K>, values: fc.Arbitrary<V>) =>
  fc
    .uniqueArray(fc.tuple(keys, values), { maxLength: 5, selector: ([k]) => k, comparator: equal })
    .map((entries) => new Map(entries));

/** Sets of transit-js have an order of their own: where that matters they have one member at most. */
function valueWithSetsOf(maxMembers: number): fc.Arbitrary<unknown> {
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      { arbitrary: scalar, weight: 5 },
      { arbitrary: fc.array(tie("value")), weight: 2 },
      { arbitrary: fc.dictionary(name, tie("value"), { noNullPrototype: true }), weight: 2 },
      { arbitrary: mapOf(key, tie("value")), weight: 2 },
      { arbitrary: mapOf(fc.array(key, { maxLength: 3 }), tie("value")), weight: 1 },
      {
        arbitrary: fc
          .uniqueArray(scalar, { comparator: equal, maxLength: maxMembers })
          .map((members) => new Set(members)),
        weight: 1,
      },
      {
        arbitrary: fc
          .tuple(fc.constantFrom("foo", "my.app/point"), tie("value"))
          .map(([tag, inner]) => new Tagged(tag, inner)),
        weight: 1,
      },
    ),
  })).value;
}

describe("transit-json and transit-js", () => {
  it("write the same text for the same value, and read each other's", () => {
    fc.assert(
      fc.property(valueWithSetsOf(1), (value) => {
        const text = transitJson.encode(value) as string;
        expect(text).toBe(transit.writer("json").write(toTheirs(value)));
        expect(transit.writer("json").write(transit.reader("json").read(text))).toBe(text);
      }),
      { numRuns: 1500 },
    );
  }, 30_000);

  it("read the same value from the same text, in both modes", () => {
    fc.assert(
      fc.property(valueWithSetsOf(4), fc.constantFrom("json" as const, "json-verbose" as const), (value, mode) => {
        const text = transit.writer(mode).write(toTheirs(value));
        const read = transitJson.decode(text);
        if (!equal(read, value)) expect.fail(`${text} was read as ${print(read)}`);
      }),
      { numRuns: 1000 },
    );
  }, 30_000);

  it("read the same where keys are any numbers, and no text that is no JSON", () => {
    const anyNumber = fc
      .oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        number.filter(Number.isFinite),
        fc.constantFrom(1e21, -1e21, 0.5, 1e-7),
      )
      // Integers that are not exact are bigints.
      .filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n) || Math.abs(n) >= 1e21);
    fc.assert(
      fc.property(mapOf(anyNumber, fc.nat()), (map) => {
        const text = transit.writer("json").write(toTheirs(map));
        if (!equal(transitJson.decode(text), map))
          expect.fail(`${text} was read as ${print(transitJson.decode(text))}`);
      }),
    );
    const piece = fc.constantFrom(
      '"',
      "\\",
      "\t",
      "\0",
      "^",
      "~",
      ":",
      "#",
      "[",
      "]",
      ",",
      "a",
      " ",
      "1",
      "\\u005e",
      "0",
    );
    fc.assert(
      fc.property(valueWithSetsOf(4), fc.nat(), fc.nat(2), piece, (value, at, length, inserted) => {
        const whole = transit.writer("json").write(toTheirs(value));
        const from = at % (whole.length + 1);
        const text = whole.slice(0, from) + inserted + whole.slice(from + length);
        try {
          transitJson.decode(text);
        } catch {
          return;
        }
        JSON.parse(text);
      }),
      { numRuns: 3000 },
    );
  }, 30_000);

  it("agree about more names than the cache holds", () => {
    for (const count of [1934, 1935, 1936, 1937, 3872, 5000]) {
      const names = Array.from({ length: count }, (_, i) => kw(`key${i}`));
      const value = [names, names.slice(0, 10), names.slice(-10), { key0: 1, [`key${count - 1}`]: 2 }];
      const theirs = transit.writer("json").write(toTheirs(value));
      const ours = transitJson.encode(value) as string;
      // When the cache is full, transit-js forgets it at the next name, transit-java and we at the next new one.
      if (count < 1936) expect(ours).toBe(theirs);
      expect(equal(transitJson.decode(theirs), value)).toBe(true);
      expect(transit.equals(transit.reader("json").read(ours), transit.reader("json").read(theirs))).toBe(true);
    }
  });
});
