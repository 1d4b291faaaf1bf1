// How fast our codecs are, as ratios to their peers in the same run: JSON, transit-js and, where EDN_DATA names the
// folder of an installed edn-data, that. Build first: (cd packages/protocol && node ../../tooling/build/build.mjs)
//   node tooling/bench/codecs.mjs [json|transit|edn]
import { createRequire } from "node:module";
import { edn } from "../../packages/protocol/dist/edn.js";
import { isKw, kw, uuid } from "../../packages/protocol/dist/index.js";
import { json } from "../../packages/protocol/dist/json.js";
import { transitJson } from "../../packages/protocol/dist/transit-json.js";

const require = createRequire(import.meta.url);
const transit = require("transit-js");
const ROUNDS = Number(process.env.ROUNDS ?? 200);
const SLICE_MS = 1;

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
const messages = {
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
function toTransitJs(value) {
  if (isKw(value)) return transit.keyword(value.fqn);
  if (typeof value === "bigint") return transit.integer(String(value));
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(toTransitJs);
  if (value instanceof Set) return transit.set([...value].map(toTransitJs));
  if (Object.prototype.toString.call(value) === "[object Uuid]") return transit.uuid(value.value);
  return transit.map(Object.entries(value).flatMap(([key, item]) => [transit.keyword(key), toTransitJs(item)]));
}

/** The same as JSON.stringify has it anyway. */
const toPlain = (value) => JSON.parse(json.encode(withoutBigints(value)));
const withoutBigints = (value) => ("big" in value ? { ...value, big: 1 } : value);

function timeOf(run, times) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) run();
  return Number(process.hrtime.bigint() - start) / times;
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

/** Nanoseconds per run of each, measured in turns, so that whatever slows the machine slows both. */
function race(ours, theirs) {
  const runs = [ours, theirs];
  const times = runs.map((run) => {
    timeOf(run, 200);
    return Math.max(1, Math.round((SLICE_MS * 1e6) / timeOf(run, 20)));
  });
  const taken = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) taken[i].push(timeOf(runs[i], times[i]));
  }
  return taken.map(median);
}

let sink = 0;
/** Makes the engine finish the text, which may still be a tree of its parts. */
const finished = (text) => {
  sink += text.charCodeAt(text.length >> 1);
};
const kept = (value) => {
  sink += value === null ? 0 : 1;
};

function compare(title, contests) {
  for (const kind of ["encode", "decode"]) {
    let product = 1;
    for (const [name, contest] of Object.entries(contests)) {
      const [ours, theirs] = race(...contest[kind]);
      product *= theirs / ours;
      const size = contest.size === undefined ? "" : `${contest.size} B`;
      console.log(
        `${title} ${kind}  ${name.padEnd(15)} ${size.padStart(8)} ours ${(ours / 1000).toFixed(2).padStart(8)} µs  ` +
          `theirs ${(theirs / 1000).toFixed(2).padStart(8)} µs  ${(theirs / ours).toFixed(2)} x`,
      );
    }
    console.log(`${title} ${kind}  geometric mean ${(product ** (1 / Object.keys(contests).length)).toFixed(2)} x\n`);
  }
}

/** A text as a socket gives it: in one piece. */
const received = (text) => Buffer.from(text).toString();

const mapped = (make) => Object.fromEntries(Object.entries(messages).map(([name, value]) => [name, make(value)]));
const only = process.argv[2];

if (only === undefined || only === "json") {
  compare(
    "json / JSON",
    mapped((value) => {
      const plain = toPlain(value);
      const text = JSON.stringify(plain);
      return {
        size: text.length,
        encode: [() => finished(json.encode(plain)), () => finished(JSON.stringify(plain))],
        decode: [() => kept(json.decode(text)), () => kept(JSON.parse(text))],
      };
    }),
  );
}

if (only === undefined || only === "transit") {
  const writer = transit.writer("json");
  const reader = transit.reader("json");
  compare(
    "transit-json / transit-js",
    mapped((value) => {
      const theirs = toTransitJs(value);
      const text = received(transitJson.encode(value));
      return {
        size: text.length,
        encode: [() => finished(transitJson.encode(value)), () => finished(writer.write(theirs))],
        decode: [() => kept(transitJson.decode(text)), () => kept(reader.read(text))],
      };
    }),
  );
}

if ((only === undefined || only === "edn") && process.env.EDN_DATA) {
  const { parseEDNString, toEDNString } = require(process.env.EDN_DATA);
  const options = { mapAs: "object", keywordAs: "string", setAs: "set", listAs: "array" };
  compare(
    "edn / edn-data",
    mapped((value) => {
      const text = received(edn.encode(value));
      const theirs = parseEDNString(text);
      return {
        size: text.length,
        encode: [() => finished(edn.encode(value)), () => finished(toEDNString(theirs))],
        decode: [() => kept(edn.decode(text)), () => kept(parseEDNString(text, options))],
      };
    }),
  );
}
if (sink < 0) console.log(sink);
