import fc from "fast-check";
import { equal } from "./equal.ts";
import { intern } from "./keyword.ts";
import { isKeywordName, isSymbolName, isTagName } from "./keyword-name.ts";
import { isRatio } from "./numbers.ts";
import { double, Sym, Tagged, uri, uuid } from "./types.ts";
import type { Value } from "./value.ts";
import { isWellFormed } from "./well-formed.ts";

// Every value that all codecs but json accept, for property tests.

const unit = fc.constantFrom(..."abzAZ019-_.*+!?$%&=<>'#|:/éß漢", "𝒳", "😀");
const nameText = fc.oneof(
  fc.string({ unit, minLength: 1, maxLength: 8 }),
  fc.constantFrom("constructor", "toString", "hasOwnProperty", "user/id", "a.b/c.d", "1", "12", "nil", "a:b"),
);
/** Names of keywords, `__proto__` among them. */
export const keywordName: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: nameText.filter(isKeywordName), weight: 20 },
  { arbitrary: fc.constant("__proto__"), weight: 1 },
);
const tagName = fc.oneof(
  fc.constantFrom("foo", "my.app/point", "array", "ints", "x"),
  nameText.filter((name) => isTagName(name) && name !== "link"),
);

/** Strings with what the formats treat specially at their beginning, and inside. */
export const text: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: "grapheme", maxLength: 12 }),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc
      .tuple(fc.constantFrom("~", "^", "`", "~#", "~:", "^ ", "^0", "#", ":"), fc.string())
      .map((parts) => parts.join("")),
    fc.string({
      unit: fc.constantFrom('"', "\\", "\n", "\t", "\0", "\u007f", "\u2028", "u", "x", "😀"),
      maxLength: 60,
    }),
  )
  .filter(isWellFormed);

const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1), 999999999999999, 1000000000000000),
);
const big = fc.oneof(
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), 10n ** 1000n - 1n),
);
const float = fc.oneof(
  fc.double(),
  fc.double({ min: -1e8, max: 1e8 }),
  fc.double({ min: -1, max: 1 }),
  fc.integer().map((n) => n / 8),
  fc.constantFrom(-0, 1e21, 1e-7, 0.001, 1e7, 1e22, 123456789.125, Number.MIN_VALUE, Number.MAX_VALUE),
);
const ratio = fc
  .tuple(fc.oneof(integer, big), fc.oneof(integer, big))
  .filter((pair) => isRatio(pair))
  .map((pair) => new Tagged("ratio", pair));
const bigdec = fc
  .tuple(fc.constantFrom("", "-", "+"), fc.nat(), fc.constantFrom("", ".", ".50", ".5E10", "e-7", "E+3"))
  .map((parts) => new Tagged("bigdec", parts.join("")));

/** Numbers that no codec refuses but json. */
export const number: fc.Arbitrary<number | bigint> = fc.oneof(integer, float, big);

/** All that holds bytes; views begin within what they are of. */
const bytes: fc.Arbitrary<Value> = fc.oneof(
  fc.uint8Array({ maxLength: 10 }),
  fc.uint8Array({ maxLength: 10 }).map((array) => array.slice().buffer),
  fc
    .uint8Array({ minLength: 2, maxLength: 10 })
    .map((array) => new DataView(array.slice().buffer, 1, array.length - 2)),
  fc.oneof(fc.uint16Array({ maxLength: 4 }), fc.float32Array({ maxLength: 4 }), fc.bigInt64Array({ maxLength: 2 })),
);

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom(null, undefined, true, false),
  text,
  number,
  fc.oneof(integer, float).map(double),
  fc.date({ min: new Date(-62_167_219_200_000), max: new Date(253_402_300_799_999), noInvalidDate: true }),
  bytes,
  keywordName.map((name) => intern(name).keyword),
  fc
    .oneof(nameText, fc.constantFrom("/", "clojure.core//"))
    .filter(isSymbolName)
    .map((name) => new Sym(name)),
  fc.uuid().map(uuid),
  fc.webUrl().map(uri),
  bigdec,
  ratio,
);

/** An object of these entries, which may have an own `__proto__`, or no prototype. */
function toObject(entries: readonly (readonly [string, Value])[], hasPrototype: boolean): { [key: string]: Value } {
  const object: { [key: string]: Value } = hasPrototype ? {} : Object.create(null);
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    { arbitrary: scalar, weight: 6 },
    { arbitrary: fc.array(tie("value"), { maxLength: 6 }), weight: 2 },
    {
      arbitrary: fc
        .tuple(fc.array(fc.tuple(keywordName, tie("value")), { maxLength: 6 }), fc.boolean())
        .map(([entries, hasPrototype]) => toObject(entries, hasPrototype)),
      weight: 3,
    },
    {
      arbitrary: fc
        .uniqueArray(fc.tuple(tie("value"), tie("value")), {
          maxLength: 6,
          comparator: equal,
          selector: ([key]) => key,
        })
        .map((entries) => new Map(entries)),
      weight: 1,
    },
    {
      arbitrary: fc
        .dictionary(keywordName, tie("value"), { maxKeys: 4 })
        .map((record) => new Map(Object.entries(record).map(([name, item]) => [intern(name).keyword, item]))),
      weight: 1,
    },
    {
      arbitrary: fc
        .uniqueArray(tie("value"), { maxLength: 6, comparator: equal })
        .map((members) => new Set<Value>(members)),
      weight: 1,
    },
    { arbitrary: fc.tuple(tagName, tie("value")).map(([tag, inner]) => new Tagged(tag, inner)), weight: 1 },
    {
      arbitrary: fc.dictionary(keywordName, tie("value"), { maxKeys: 2 }).map((link) => new Tagged("link", link)),
      weight: 1,
    },
  ),
}));

/** Any value that every codec but json accepts. */
export const anyValue: fc.Arbitrary<Value> = value;
