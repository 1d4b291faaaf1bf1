// The messages that the benchmarks of codecs send, and what they are to other libraries. Runs on every runtime.
import transit from "transit-js";
import { isKw, kw, uuid } from "../../packages/protocol/dist/index.js";
import { json } from "../../packages/protocol/dist/json.js";

const person = (i) => ({
  "user/id": 1000 + i,
  "user/name": `Name ${i}`,
  email: `person${i}@example.com`,
  active: i % 3 !== 0,
  score: i * 1.25,
  role: kw(i % 2 === 0 ? "role/admin" : "role/user"),
});
const tree = (depth, i) => ({
  id: i,
  label: `node ${i} of the tree, with a text about it`,
  weight: i / 8,
  tags: [kw("leaf"), kw(`color/c${i % 7}`)],
  children: depth === 0 ? [] : Array.from({ length: 4 }, (_, n) => tree(depth - 1, i * 4 + n)),
});
export const messages = {
  "60 B event": [[kw("chat/message"), { text: "Hello, world", room: 7, at: 1767323045678 }], null],
  "1 KB mixed map": {
    id: uuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    at: new Date(1767323045678),
    title: "A mixed map, as an application sends it",
    text: 'It says "quoted" and\nbreaks a line; ünïcode ☃ too. '.repeat(4),
    tags: new Set([kw("a"), kw("tag/b"), kw("tag/long-name")]),
    counts: [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233],
    ratios: [0.5, 1.25, Math.PI, -2.5e-7],
    nested: { a: { b: { c: [null, true, false, { d: "deep" }] } } },
    people: [person(1), person(2)],
    big: 12345678901234567890n,
    none: null,
  },
  "100 maps": Array.from({ length: 100 }, (_, i) => person(i)),
  "50 KB tree": tree(4, 1),
};

/** The same for transit-js, in its own types. */
export function toTransitJs(value) {
  if (isKw(value)) return transit.keyword(value.fqn);
  if (typeof value === "bigint") return transit.integer(String(value));
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(toTransitJs);
  if (value instanceof Set) return transit.set([...value].map(toTransitJs));
  if (Object.prototype.toString.call(value) === "[object Uuid]") return transit.uuid(value.value);
  return transit.map(Object.entries(value).flatMap(([key, item]) => [transit.keyword(key), toTransitJs(item)]));
}

/** The same as JSON.stringify has it anyway. */
export const toPlain = (value) => JSON.parse(json.encode(removeBigints(value)));
/** A message as json can carry it, which has no integers of any size. */
export const removeBigints = (value) => ("big" in value ? { ...value, big: 1 } : value);

/** The same with strings for keywords and the like, for those that know MessagePack's own types alone. */
export function toStringKeyed(value) {
  if (isKw(value)) return value.fqn;
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(toStringKeyed);
  if (value instanceof Set) return [...value].map(toStringKeyed);
  if (Object.prototype.toString.call(value) === "[object Uuid]") return value.value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toStringKeyed(item)]));
}
