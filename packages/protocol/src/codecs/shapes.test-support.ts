import { hashOfDouble, hashOfSmall } from "../values/engine-hashes.ts";
import { makeColliding } from "../values/faulty.test-support.ts";
import { kw } from "../values/keyword.ts";
import { double, sym, Tagged, tagged, uri, uuid } from "../values/types.ts";

// Values and texts that grow with `n`: what they are is the same, so what is done with them should take n times as long.

type Shape<T> = readonly [name: string, make: (n: number) => T];

/** The first of these numbers whose hashes end in the same bits. */
function inOneBucket(numberAt: (i: number) => number, hash: (key: number) => number): (n: number) => number[] {
  const found: number[] = [];
  let next = 1;
  return (n) => {
    for (; found.length < n; next++) if ((hash(numberAt(next)) & 4095) === 0) found.push(numberAt(next));
    return found.slice(0, n);
  };
}

const smallInOneBucket = inOneBucket((i) => i, hashOfSmall);
const doubleInOneBucket = inOneBucket((i) => i + 0.3, hashOfDouble);

function list<T>(make: (i: number) => T): (n: number) => T[] {
  return (n) => Array.from({ length: n }, (_, i) => make(i));
}

const prefix = "a long beginning that all of them have ".repeat(4);

/** `n` different members. */
const members: readonly Shape<unknown[]>[] = [
  ["integers", list((i) => i)],
  ["integers far apart", list((i) => i * 2 ** 30)],
  ["integers in one bucket", smallInOneBucket],
  ["doubles", list((i) => i + 0.5)],
  ["doubles in one bucket", doubleInOneBucket],
  ["large integers", list((i) => 2n ** 70n + BigInt(i))],
  ["large integers in one bucket", makeColliding],
  ["negative ones in one bucket", (n) => makeColliding(n).map((value) => -value)],
  ["small bigints", list((i) => BigInt(i))],
  ["Doubles", list((i) => double(i))],
  ["texts", list((i) => `text ${i}`)],
  ["texts with a long beginning", list((i) => prefix + i)],
  ["texts of digits", list((i) => String(i * 65_536))],
  ["texts with escapes", list((i) => `"${i}\n\\`)],
  ["keywords", list((i) => kw(`ns/k${i}`))],
  ["keywords of digits", list((i) => kw(String(i * 65_536)))],
  ["symbols", list((i) => sym(`s${i}`))],
  ["UUIDs", list((i) => uuid(`00000000-0000-4000-8000-${String(i).padStart(12, "0")}`))],
  ["URIs", list((i) => uri(`http://a/${i}`))],
  ["dates", list((i) => new Date(i * 86_400_000))],
  ["bytes", list((i) => new Uint8Array([i, i >> 8, 1, 2]))],
  ["decimals", list((i) => tagged("bigdec", `${i}.50`))],
  ["ratios", list((i) => tagged("ratio", [i * 2 + 1, 4]))],
  ["arrays", list((i) => [i])],
  ["arrays of bigints", list((i) => [(1n << 70n) + (BigInt(i) << 64n)])],
  ["objects", list((i) => ({ a: i, b: { c: i } }))],
  ["sets", list((i) => new Set([i, "x"]))],
  ["sets of sets", list((i) => new Set([new Set([i]), new Set(["x"])]))],
  ["maps", list((i) => new Map<unknown, unknown>([[[i], i]]))],
  ["tagged values", list((i) => tagged("app/id", i))],
];

/** What is made of members. */
const containers: readonly (readonly [string, (items: unknown[]) => unknown])[] = [
  ["an array of", (items) => items],
  ["a set of", (items) => new Set(items)],
  ["a map with keys that are", (items) => new Map(items.map((item) => [item, 1]))],
  ["an object of", (items) => Object.fromEntries(items.map((item, i) => [`k${i}`, item]))],
  ["a set of arrays of", (items) => new Set(items.map((item) => [[item]]))],
  ["sets of two, nested in each other, of", nestSets],
];

function nestSets(items: unknown[]): unknown {
  // As deep as a codec takes it, and as wide as there are members.
  const levels = Math.min(90, Math.floor(items.length / 48));
  let value: unknown = items;
  for (let level = 0; level < levels; level++) value = new Set([value, [items[level]]]);
  return value;
}

function chain(wrap: (inner: unknown, level: number) => unknown): (n: number) => unknown {
  return (n) => {
    let value: unknown = Array.from({ length: n }, (_, i) => i);
    for (let level = 0; level < Math.min(90, n / 48); level++) value = wrap(value, level);
    return value;
  };
}

const chains: readonly Shape<unknown>[] = [
  ["sets that look alike, in each other", chain((inner) => new Set([[inner], [1]]))],
  [
    "composite keys in each other",
    chain(
      (inner) =>
        new Map<unknown, unknown>([
          [inner, 1],
          [[1], 2],
        ]),
    ),
  ],
  [
    "maps as keys in each other",
    chain(
      (inner) =>
        new Map<unknown, unknown>([
          [new Map([[inner, 1]]), 1],
          [{ a: 1 }, 2],
        ]),
    ),
  ],
  ["objects in each other", chain((inner, level) => ({ inner, level }))],
  ["tagged values in each other", chain((inner) => new Set([tagged("t", inner), tagged("t", 1)]))],
  ["sets and objects in each other", chain((inner) => new Set([{ inner }, { a: 1 }]))],
  ["a text", (n) => "x".repeat(n * 8)],
  ["a text of escapes", (n) => '"\n'.repeat(n * 4)],
  ["a text of zeros as a decimal", (n) => tagged("bigdec", `1.${"0".repeat(n * 8)}1${"0".repeat(n * 8)}`)],
  ["bytes", (n) => new Uint8Array(n * 8)],
  ["an unknown tag on every member", (n) => list((i) => new Tagged(`t${i}`, i))(n)],
];

export const values: readonly Shape<unknown>[] = [
  ...containers.flatMap(([container, contain]) =>
    members.map(([name, make]): Shape<unknown> => [`${container} ${name}`, (n) => contain(make(n))]),
  ),
  ...chains,
];

const repeat = (text: string) => (n: number) => text.repeat(n);
const join = (open: string, make: (i: number) => string, separator: string, close: string) => (n: number) =>
  open + list(make)(n).join(separator) + close;
/** `n` levels at most, and what else is in them. */
const levels = (open: string, inner: string, close: string) => (n: number) =>
  open.repeat(Math.min(90, n / 48)) + inner.repeat(n) + close.repeat(Math.min(90, n / 48));

export const edn: readonly Shape<string>[] = [
  ["equal members", join("#{", () => "1", " ", "}")],
  ["equal keys", join("{", () => "1 2", " ", "}")],
  ["equal keyword keys", join("{", () => ":a 2", " ", "}")],
  ["equal composite keys", join("{", () => "[1] 2", " ", "}")],
  ["integers in one bucket", (n) => `#{${smallInOneBucket(n).join(" ")}}`],
  ["doubles in one bucket", (n) => `{${doubleInOneBucket(n).join(" 1 ")} 1}`],
  ["large integers in one bucket", (n) => `#{${makeColliding(n).join(" ")}}`],
  ["sets in each other", levels("#{1 ", "[1] ", "}")],
  ["maps as keys", levels("{{1 2} 1 [", "1 ", "] 2}")],
  ["metadata", (n) => `${"^a ".repeat(n)}1`],
  ["old metadata", (n) => `${"#^a ".repeat(n)}1`],
  ["metadata in each other", levels("^{:a ", "1 ", "} [1]")],
  ["discards before a key", (n) => `{${"#_ a ".repeat(n)}:a 1}`],
  ["discards in a row", (n) => `[${"#_ #_ a b ".repeat(n)}]`],
  ["open discards", repeat("#_ ")],
  ["comments", repeat(";\n")],
  ["commas", repeat(",")],
  ["tags", join("[", (i) => `#t${i} 1`, " ", "]")],
  ["open tags", repeat("#t ")],
  ["a namespace for many keys", (n) => `#:${"n".repeat(n)}{${join("", (i) => `:k${i} 1`, " ", "")(n)}}`],
  ["a namespace for many symbols", (n) => `#:${"n".repeat(n)}{${join("", (i) => `k${i} 1`, " ", "")(n)}}`],
  ["namespaced maps", join("[", (i) => `#:n${i}{:a 1}`, " ", "]")],
  ["namespaced maps in each other", levels("#:a{:b [", "1 ", "]}")],
  ["characters", join("[", () => "\\newline \\u0041", " ", "]")],
  ["escapes", (n) => `"${"\\n\\101\\u0041".repeat(n)}"`],
  ["strings with a backslash at the end", (n) => `${'"a" '.repeat(n)}"\\`],
  ["a long keyword again and again", (n) => `[${`:${"k".repeat(n)} `.repeat(8)}]`],
  ["zeros of a decimal", (n) => `#{1.${"0".repeat(n)}M 1.${"0".repeat(n)}1${"0".repeat(n)}M}`],
  ["zeros of a double", (n) => `0.${"0".repeat(n)}1`],
  ["ratios of long numbers", (n) => `[${`${"9".repeat(500)}/${"7".repeat(499)} `.repeat(n / 64)}]`],
  ["radix numbers", (n) => `[${`36r${"z".repeat(600)} `.repeat(n / 64)}]`],
  ["instants", (n) => `#inst "2020-01-01T00:00:00.${"1".repeat(n)}Z"`],
  ["a symbol of slashes", repeat("a/")],
  ["a name of colons", (n) => `:${"a:".repeat(n)}`],
];

const codes = (first: string, code: string) => (n: number) => `[${first},${Array(n).fill(code).join()}]`;

export const transit: readonly Shape<string>[] = [
  ["equal members", join('["~#set",[', () => "1", ",", "]]")],
  ["equal keys", join('["^ ",', () => '"~i1",2', ",", "]")],
  ["equal composite keys", join('["~#cmap",[', () => "[1],2", ",", "]]")],
  ["integers in one bucket", (n) => `["~#set",[${smallInOneBucket(n)}]]`],
  ["large integers in one bucket", (n) => `["^ ",${makeColliding(n).map((value) => `"~n${value}",1`)}]`],
  ["composite keys beside integers in one bucket", (n) => `["~#cmap",[[1],1,${smallInOneBucket(n).join(",1,")},1]]`],
  ["sets in each other", (n) => `${'["~#set",[1,'.repeat(90)}[${Array(n).fill("1").join()}]${"]]".repeat(90)}`],
  ["a long keyword and its codes", (n) => codes(`"~:${"k".repeat(n)}"`, '"^0"')(n)],
  ["a long symbol and its codes", (n) => codes(`"~$${"k".repeat(n)}"`, '"^0"')(n)],
  ["a long tag and its codes", (n) => codes(`["~#${"k".repeat(n)}",1]`, '["^0",1]')(n)],
  ["a long key and its codes", (n) => codes(`["^ ","${"é".repeat(n)}",1]`, '["^ ","^0",1]')(n)],
  ["a wide key and its codes", (n) => codes(`["^ ","${"漢".repeat(n)}",1]`, '["^ ","^0",1]')(n)],
  ["a long decimal key and its codes", (n) => codes(`["^ ","~f${"1".repeat(n)}",1]`, '["^ ","^0",1]')(n)],
  ["more names than the cache holds", join("[", (i) => `"~:name${i % 3000}"`, ",", "]")],
  ["codes with escapes", codes('"~:abcd"', '"\\u005e0"')],
  ["maps with escapes", join("[", () => '["\\u005e ","~:a",1]', ",", "]")],
  ["tags", join("[", (i) => `["~#t${i}",1]`, ",", "]")],
  ["tags in verbose mode", join("[", (i) => `{"~#t${i}":1}`, ",", "]")],
  ["quotes", join("[", () => `["~#'",1]`, ",", "]")],
  ["a string with a control character", (n) => `["${"x".repeat(n * 8)}\t"]`],
  ["strings with control characters", join("[", () => '"a\tb"', ",", "]")],
  ["base64", (n) => `"~b${"A".repeat(n * 8)}"`],
  ["spaces", repeat(" ")],
  ["texts of digits as keys", join('["^ ",', (i) => `"${i * 65_536}",1`, ",", "]")],
];

export const json: readonly Shape<string>[] = [
  ["keys", join("{", (i) => `"k${i}":1`, ",", "}")],
  ["equal keys", join("{", () => '"a":1', ",", "}")],
  ["keys of digits", join("{", (i) => `"${i * 65_536}":1`, ",", "}")],
  ["objects", join("[", (i) => `{"a b":${i}}`, ",", "]")],
  ["open arrays", repeat("[")],
  ["a deep array", (n) => "[".repeat(n) + "]".repeat(n)],
  ["escapes", (n) => `"${"\\u00e9".repeat(n)}"`],
  ["a number of many digits", (n) => "9".repeat(n * 8)],
];

const bytes = (hex: string): number[] => Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
const ascii = (text: string): number[] => Array.from(text, (unit) => unit.charCodeAt(0));
const size16 = (n: number): number[] => [n >> 8, n & 255];
const size32 = (n: number): number[] => [(n >> 24) & 255, (n >> 16) & 255, (n >> 8) & 255, n & 255];

/** An array or a map of MessagePack, by its first byte, with `n` times these bytes. */
const pack =
  (type: number, item: (i: number) => readonly number[], before: readonly number[] = []) =>
  (n: number) =>
    Uint8Array.from([...before, type, ...size32(n), ...list(item)(n).flat()]);
const str16 = (text: string): number[] => [0xda, ...size16(text.length), ...ascii(text)];
const ARRAY = 0xdd;
const MAP = 0xdf;
/** An extension of Sente's, whose header says as much as there is. */
const extension = (type: number, inner: readonly number[]): number[] => [0xc9, ...size32(inner.length), type, ...inner];
const wrapIn = (type: number, make: (n: number) => Uint8Array) => (n: number) =>
  Uint8Array.from(extension(type, Array.from(make(n))));
const integer = (value: number): number[] => [0xd2, ...size32(value)];

/** Both codecs read these. */
const msgpack: readonly Shape<Uint8Array>[] = [
  ["integers", pack(ARRAY, integer)],
  ["longs", pack(ARRAY, () => bytes("d37fffffffffffffff"))],
  ["doubles", pack(ARRAY, () => bytes("cb3ff8000000000000"))],
  ["short texts", pack(ARRAY, (i) => [0xa8, ...ascii(String(i).padStart(8, "x"))])],
  ["texts", pack(ARRAY, () => str16("x".repeat(100)))],
  ["texts that are no UTF-8, at the end", (n) => Uint8Array.from([...pack(ARRAY, () => [0xa2, 0xc3, 0xa9])(n), 0xff])],
  ["bytes", pack(ARRAY, () => [0xc4, 4, 1, 2, 3, 4])],
  ["integers as keys", pack(MAP, (i) => [...integer(i), 1])],
  ["integers in one bucket as keys", (n) => pack(MAP, (i) => [...integer(smallInOneBucket(n)[i] ?? 0), 1])(n)],
  ["arrays as keys", pack(MAP, (i) => [0x91, ...integer(i), 1])],
  ["equal arrays as keys", pack(MAP, () => [0x91, 1, 1])],
  ["what claims more than there is", (n) => Uint8Array.from({ length: n * 5 }, (_, i) => (i % 5 === 0 ? ARRAY : 0))],
  ["open arrays", (n) => new Uint8Array(n).fill(0x91)],
  ["open maps", (n) => new Uint8Array(n).fill(0x81)],
];

export const transitMsgpack: readonly Shape<Uint8Array>[] = [
  ...msgpack,
  ["keywords as keys", pack(MAP, (i) => [0xab, ...ascii(`~:${String(i).padStart(9, "k")}`), 1])],
  [
    "a long name and its codes",
    (n) => pack(ARRAY, (i) => (i === 0 ? str16(`~:${"k".repeat(n)}`) : bytes("a25e30")))(n),
  ],
  ["tags", pack(ARRAY, (i) => [0x92, 0xab, ...ascii(`~#${String(i).padStart(9, "t")}`), 1])],
  ["maps with one name", pack(ARRAY, () => [0x81, 0xa6, ...ascii("~:name"), 1])],
  ["a set", pack(ARRAY, integer, [0x92, 0xa5, ...ascii("~#set")])],
  [
    "UUIDs",
    pack(ARRAY, (i) => [0x92, 0xa3, ...ascii("~#u"), 0x92, 0xcf, ...size32(i), ...bytes("00000000cf0000000000000000")]),
  ],
];

export const senteMsgpack: readonly Shape<Uint8Array>[] = [
  ...msgpack,
  ["keywords as keys", pack(MAP, (i) => [0xc7, 9, 0, ...ascii(String(i).padStart(9, "k")), 1])],
  ["numbers of a long key", pack(ARRAY, (i) => (i === 0 ? [0x81, ...str16("k".repeat(900)), 1] : bytes("81d4080001")))],
  ["a set", wrapIn(4, pack(ARRAY, integer))],
  ["ints", wrapIn(5, (n) => new Uint8Array(n * 4))],
  ["floats", wrapIn(6, (n) => new Uint8Array(n * 4))],
  ["doubles in an extension", wrapIn(7, (n) => new Uint8Array(n * 8))],
  ["a keyword again and again", pack(ARRAY, () => [0xd6, 0, ...ascii("name")])],
  [
    "extensions in each other",
    (n) => {
      let inner: number[] = [0xdd, ...size32(n), ...Array<number>(n).fill(1)];
      for (let level = 0; level < 45; level++) inner = extension(4, [0x91, ...inner]);
      return Uint8Array.from(inner);
    },
  ],
];

/** Of what gzip sees: bytes that are alike, or not. */
export const zipped: readonly Shape<unknown>[] = [
  ["one unit", (n) => "x".repeat(n * 8)],
  ["words", (n) => list((i) => `word ${i % 100}`)(n).join(" ")],
  ["all different", (n) => list((i) => Math.imul(i + 1, 0x9e3779b1).toString(36))(n).join("")],
  ["almost alike", (n) => list((i) => (i % 97 === 0 ? "b" : "aaaaaaa"))(n).join("")],
];
