import type { Path } from "../errors.ts";
import { intern } from "./keyword.ts";
import { dict } from "./maps.ts";
import { Double, Sym, Tagged, tagged, Uri } from "./types.ts";

// What no codec sends, for tests: what it is, the value, and the code and path that every codec must give.

export class Money {
  readonly cents: number = 5;
}

const cyclic: { inner: unknown[] } = { inner: [] };
cyclic.inner.push({ back: cyclic });

/** Integers that V8 puts into one bucket: it looks at their lowest 64 bits. */
export function makeColliding(count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => (1n << 70n) + (BigInt(i) << 64n));
}

function throwMine(): never {
  throw new RangeError("mine");
}

function makeRevoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function giveAway<View extends ArrayBufferView>(view: View): View {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

class Nameless {}
Object.defineProperty(Nameless, "name", { get: throwMine });

/** So many levels of arrays. */
export function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

export const faulty: readonly (readonly [string, unknown, string, Path])[] = [
  ["a function", { a: [() => 1] }, "not-a-value", ["a", 0]],
  ["a symbol of JavaScript", [Symbol("x")], "not-a-value", [0]],
  ["an instance of a class", { price: new Money() }, "class-instance", ["price"]],
  ["an error", new Error("x"), "class-instance", []],
  ["an instance whose prototype has no prototype", Object.create(Object.create(null)), "class-instance", []],
  ["an object whose prototype is an object", Object.create({ a: 1 }), "class-instance", []],
  ["a blob", { picture: new Blob(["x"]) }, "blob", ["picture"]],
  ["a file", [new File(["x"], "a.png")], "blob", [0]],
  ["a promise", { bytes: Promise.resolve(1) }, "class-instance", ["bytes"]],
  ["bytes that were given away", { bytes: giveAway(new Uint8Array(3)) }, "unreadable", ["bytes"]],
  ["a view of bytes that were given away", [giveAway(new DataView(new ArrayBuffer(3)))], "unreadable", [0]],
  [
    "an object that only says that it is a buffer",
    [Object.create({ [Symbol.toStringTag]: "ArrayBuffer" })],
    "class-instance",
    [0],
  ],
  ["a value that contains itself", { data: cyclic }, "cycle", ["data"]],
  ["a Map that contains itself", makeSelfContaining(), "cycle", ["m"]],
  ["a sparse array", { list: Object.assign(Array(3), { 0: 1, 2: 2 }) }, "sparse-array", ["list", 1]],
  ["an invalid date", [new Date(Number.NaN)], "bad-date", [0]],
  ["a date before the year 0", new Date(-62_167_219_200_001), "bad-date", []],
  ["a date after the year 9999", new Date(253_402_300_800_000), "bad-date", []],
  ["half a surrogate pair", { text: "a\ud800" }, "lone-surrogate", ["text"]],
  ["the other half", "\udc00", "lone-surrogate", []],
  ["half a surrogate pair as a key of a Map", dict({ "\ud800": 1 }), "lone-surrogate", ["<key>"]],
  ["a key that is no keyword", { users: { "ann@b.c": 1 } }, "bad-key", ["users", "ann@b.c"]],
  ["an empty key", { "": 1 }, "bad-key", [""]],
  ["a keyword of a name that only some peers read", [intern("a b").keyword], "bad-keyword", [0]],
  ["such a keyword as a key", new Map([[intern("a b").keyword, 1]]), "bad-keyword", ["<key>"]],
  ["a symbol that reads as a number", new Sym("1"), "bad-symbol", []],
  ["a URI with half a surrogate pair", new Uri("\ud800"), "bad-uri", []],
  ["a tag that is no name", { t: tagged("a b", 1) }, "bad-tag", ["t"]],
  ["a tag that Transit has", tagged("set", [1]), "bad-tag", []],
  ["a fault inside a tagged value", { t: tagged("point", [() => 1]) }, "not-a-value", ["t", "#point", 0]],
  ["a tag that Clojure reads as a value", [tagged("nil", 1)], "bad-tag", [0]],
  ["a tag that begins outside of the basic plane", tagged("𝒳a", 1), "bad-tag", []],
  ["a tag of no name", new Tagged(5 as unknown as string, 1), "bad-tag", []],
  ["a link that is no map", { at: tagged("link", 5) }, "bad-link", ["at"]],
  ["a double of no number", [new Double("1.5" as unknown as number)], "bad-double", [0]],
  ["a bigdec with an exponent beyond Java's", tagged("bigdec", "1E99999999999"), "bad-bigdec", []],
  ["a bigdec with a scale beyond Java's", tagged("bigdec", "1.55E-2147483647"), "bad-bigdec", []],
  ["equal decimals as members", new Set([tagged("bigdec", "1.50"), tagged("bigdec", "1.5")]), "duplicate-member", []],
  ["equal ratios as members", [new Set([tagged("ratio", [1, 2]), tagged("ratio", [2, 4])])], "duplicate-member", [0]],
  ["a whole ratio and its number as members", new Set([tagged("ratio", [4, 2]), 2]), "duplicate-member", []],
  [
    "equal decimals as keys",
    new Map([
      [tagged("bigdec", "1.50"), 1],
      [tagged("bigdec", "1.5"), 2],
    ]),
    "duplicate-key",
    [],
  ],
  ["numbers that fall into one bucket", { ids: new Set(makeColliding(1000)) }, "colliding-keys", ["ids"]],
  ["keys that fall into one bucket", new Map(makeColliding(1000).map((key) => [key, 1])), "colliding-keys", []],
  [
    "a getter that throws",
    { at: Object.defineProperty({}, "b", { enumerable: true, get: throwMine }) },
    "unreadable",
    ["at", "b"],
  ],
  ["a proxy of a Map", [new Proxy(new Map([[1, 2]]), {})], "unreadable", [0]],
  ["a proxy of a Set", [new Proxy(new Set([1]), {})], "unreadable", [0]],
  ["a proxy of a Date", { at: new Proxy(new Date(), {}) }, "unreadable", ["at"]],
  ["a revoked proxy", [makeRevoked()], "unreadable", [0]],
  ["an object that only says that it is a Map", [Object.create({ [Symbol.toStringTag]: "Map" })], "unreadable", [0]],
  ["a class whose name throws", [new Nameless()], "class-instance", [0]],
  ["a bigdec that is none", tagged("bigdec", "1.5M"), "bad-bigdec", []],
  ["a bigdec that is a number", tagged("bigdec", 1.5), "bad-bigdec", []],
  ["a ratio over zero", tagged("ratio", [1, 0]), "bad-ratio", []],
  ["a ratio of doubles", tagged("ratio", [1.5, 2]), "bad-ratio", []],
  ["a ratio of three", tagged("ratio", [1, 2, 3]), "bad-ratio", []],
  ["a bigint of 1001 digits", [10n ** 1000n], "too-many-digits", [0]],
  [
    "equal keys",
    {
      m: new Map([
        [[1], 1],
        [[1], 2],
      ]),
    },
    "duplicate-key",
    ["m"],
  ],
  ["equal numbers of two kinds as members", new Set([1, 1n]), "duplicate-member", []],
  [
    "equal members in another order",
    new Set([
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ]),
    "duplicate-member",
    [],
  ],
  ["null and undefined as members", new Set([null, undefined]), "duplicate-member", []],
  ["a fault in a member", new Set([[Symbol.iterator]]), "not-a-value", [0, 0]],
  ["a fault under a key of a Map", new Map([["k", { a: Symbol.iterator }]]), "not-a-value", ["k", "a"]],
  ["a fault under a composite key", new Map([[[1], Symbol.iterator]]), "not-a-value", ["<key>"]],
  ["101 levels", nest(101), "too-deep", Array(100).fill(0)],
];

function makeSelfContaining(): { m: Map<unknown, unknown> } {
  const m = new Map<unknown, unknown>();
  m.set(1, new Set([[m]]));
  return { m };
}
