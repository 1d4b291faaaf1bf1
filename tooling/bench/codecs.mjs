// How fast our codecs are, as ratios to their peers in the same run: JSON, transit-js, msgpackr (without records: its
// messages are to be read by others), @msgpack/msgpack and, where EDN_DATA names the folder of an installed edn-data,
// that. Build first: (cd packages/protocol && node ../../tooling/build/build.mjs)
//   node tooling/bench/codecs.mjs [json|transit|msgpack|edn|sizes]
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { decode as decodeMsgpack, encode as encodeMsgpack } from "@msgpack/msgpack";
import { Packr } from "msgpackr";
import { namedCodecs } from "../../packages/conformance/dist/codecs.js";
import { edn } from "../../packages/protocol/dist/edn.js";
import { json } from "../../packages/protocol/dist/json.js";
import { transitJson } from "../../packages/protocol/dist/transit-json.js";
import { messages, toPlain, toStringKeyed, toTransitJs } from "./codec-messages.mjs";

const require = createRequire(import.meta.url);
const transit = require("transit-js");
const ROUNDS = Number(process.env.ROUNDS ?? 200);
const SLICE_MS = 1;
// The engine compiles beside other work of the machine, and what it has not compiled yet takes five times as long.
const WARM_UP_MS = 150;

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
    for (const until = performance.now() + WARM_UP_MS; performance.now() < until; ) run();
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
const finish = (text) => {
  sink += text.charCodeAt(text.length >> 1);
};
const keep = (value) => {
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

/** The same for bytes. */
const fill = (bytes) => {
  sink += bytes[bytes.length >> 1];
};

/** A text as a socket gives it: in one piece. */
const receive = (text) => Buffer.from(text).toString();

const mapMessages = (make) => Object.fromEntries(Object.entries(messages).map(([name, value]) => [name, make(value)]));
const only = process.argv[2];

if (only === undefined || only === "json") {
  compare(
    "json / JSON",
    mapMessages((value) => {
      const plain = toPlain(value);
      const text = JSON.stringify(plain);
      return {
        size: text.length,
        encode: [() => finish(json.encode(plain)), () => finish(JSON.stringify(plain))],
        decode: [() => keep(json.decode(text)), () => keep(JSON.parse(text))],
      };
    }),
  );
}

if (only === undefined || only === "transit") {
  const writer = transit.writer("json");
  const reader = transit.reader("json");
  compare(
    "transit-json / transit-js",
    mapMessages((value) => {
      const theirs = toTransitJs(value);
      const text = receive(transitJson.encode(value));
      return {
        size: text.length,
        encode: [() => finish(transitJson.encode(value)), () => finish(writer.write(theirs))],
        decode: [() => keep(transitJson.decode(text)), () => keep(reader.read(text))],
      };
    }),
  );
}

if (only === undefined || only === "msgpack") {
  const packr = new Packr({ useRecords: false });
  const peers = {
    msgpackr: [(value) => packr.pack(value), (bytes) => packr.unpack(bytes)],
    "@msgpack": [encodeMsgpack, decodeMsgpack],
  };
  for (const codec of namedCodecs.filter(({ binary }) => binary)) {
    for (const [peer, [encode, decode]] of Object.entries(peers)) {
      compare(
        `${codec.name} / ${peer}`,
        mapMessages((value) => {
          const theirs = toStringKeyed(value);
          const bytes = codec.encode(value);
          const packed = new Uint8Array(encode(theirs));
          return {
            size: bytes.length,
            encode: [() => fill(codec.encode(value)), () => fill(encode(theirs))],
            decode: [() => keep(codec.decode(bytes)), () => keep(decode(packed))],
          };
        }),
      );
    }
  }
}

if (only === undefined || only === "sizes") {
  const plain = (value) => JSON.stringify(toPlain(value));
  const codecs = {
    json: plain,
    ...Object.fromEntries(namedCodecs.filter(({ name }) => name !== "json").map((codec) => [codec.name, codec.encode])),
  };
  for (const [name, value] of Object.entries(messages)) {
    const sizes = Object.entries(codecs).map(([codec, encode]) => {
      const bytes = Buffer.from(encode(value));
      return `${codec} ${bytes.length} (${gzipSync(bytes).length})`;
    });
    console.log(`${name.padEnd(15)} bytes (gzipped): ${sizes.join("  ")}`);
  }
}

if ((only === undefined || only === "edn") && process.env.EDN_DATA) {
  const { parseEDNString, toEDNString } = require(process.env.EDN_DATA);
  const options = { mapAs: "object", keywordAs: "string", setAs: "set", listAs: "array" };
  compare(
    "edn / edn-data",
    mapMessages((value) => {
      const text = receive(edn.encode(value));
      const theirs = parseEDNString(text);
      return {
        size: text.length,
        encode: [() => finish(edn.encode(value)), () => finish(toEDNString(theirs))],
        decode: [() => keep(edn.decode(text)), () => keep(parseEDNString(text, options))],
      };
    }),
  );
}
if (sink < 0) console.log(sink);
