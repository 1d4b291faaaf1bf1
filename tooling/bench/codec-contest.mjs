// Every codec and its peers on every message, in turn: what codec-runtimes.mjs has each runtime run. Nothing of a runtime's own.
import { decode as decodeMsgpack, encode as encodeMsgpack } from "@msgpack/msgpack";
import { parseEDNString, toEDNString } from "edn-data";
import { Packr } from "msgpackr";
import transit from "transit-js";
import { codecs, namedCodecs } from "../../packages/conformance/dist/codecs.js";
import { messages, removeBigints, toPlain, toStringKeyed, toTransitJs } from "./codec-messages.mjs";

const ROUNDS = 60;
const SLICE_MS = 3;
const WARM_UP_MS = 60;

const packr = new Packr({ useRecords: false });
const writer = transit.writer("json");
const reader = transit.reader("json");
const ednOptions = { mapAs: "object", keywordAs: "string", setAs: "set", listAs: "array" };
const ours = Object.fromEntries(
  namedCodecs.map((codec) => [
    codec.name,
    () => ({ of: codec === codecs.json ? removeBigints : undefined, encode: codec.encode, decode: codec.decode }),
  ]),
);

/** Who takes part: what makes of a message what that library sends, and how it writes and reads. */
const participants = {
  ...ours,
  JSON: () => ({ of: toPlain, encode: JSON.stringify, decode: JSON.parse }),
  "transit-js": () => ({
    of: toTransitJs,
    encode: (value) => writer.write(value),
    decode: (text) => reader.read(text),
  }),
  "edn-data": () => ({
    of: (value) => parseEDNString(codecs.edn.encode(value)),
    encode: toEDNString,
    decode: (text) => parseEDNString(text, ednOptions),
  }),
  msgpackr: () => ({ of: toStringKeyed, encode: (value) => packr.pack(value), decode: (bytes) => packr.unpack(bytes) }),
  "@msgpack/msgpack": () => ({ of: toStringKeyed, encode: encodeMsgpack, decode: decodeMsgpack }),
};

/** The names of our own codecs, and of those that they are compared with. */
export const ourNames = Object.keys(ours);
export const names = Object.keys(participants);

/** A text or bytes as a socket gives them: in one piece, and nobody else's. */
function receive(encoded) {
  const isText = typeof encoded === "string";
  const bytes = isText ? new TextEncoder().encode(encoded) : new Uint8Array(encoded);
  return isText ? new TextDecoder().decode(bytes) : bytes;
}

/** Each message as each library writes it. */
export const encodeAll = () =>
  Object.fromEntries(
    Object.entries(messages).map(([title, message]) => [
      title,
      Object.fromEntries(
        Object.entries(participants).map(([name, make]) => {
          const { of = (value) => value, encode } = make();
          return [name, receive(encode(of(message)))];
        }),
      ),
    ]),
  );

let sink = 0;
/** Makes the engine finish a text, which may still be a tree of its parts. */
const finish = (encoded) => {
  sink += typeof encoded === "string" ? encoded.charCodeAt(encoded.length >> 1) : encoded[encoded.length >> 1];
};
const keep = (value) => {
  sink += value === null ? 0 : 1;
};

function timeOf(run, times) {
  const start = performance.now();
  for (let i = 0; i < times; i++) run();
  return (performance.now() - start) / times;
}

/** How often a run fits into a slice, once the engine has compiled it. */
function timesFor(run) {
  const until = performance.now() + WARM_UP_MS;
  while (performance.now() < until) run();
  let times = 1;
  for (let took = 0; took < SLICE_MS && times < 1e7; ) {
    times *= 2;
    // Twice: what else the machine did is not taken for the run, nor a tick of a page's coarse clock.
    took = Math.min(timeOf(run, times), timeOf(run, times)) * times;
  }
  return times;
}

/** Microseconds per message: `{ [message]: { [name]: { encode, decode } } }`, the best of the rounds, all in turn. */
export function measure() {
  const results = {};
  for (const [title, message] of Object.entries(messages)) {
    const runs = Object.entries(participants).flatMap(([name, make]) => {
      const { of = (value) => value, encode, decode } = make();
      const value = of(message);
      const encoded = receive(encode(value));
      return [
        { name, kind: "encode", run: () => finish(encode(value)) },
        { name, kind: "decode", run: () => keep(decode(encoded)) },
      ];
    });
    for (const one of runs) {
      one.times = timesFor(one.run);
      one.best = Number.POSITIVE_INFINITY;
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const one of runs) {
        const time = timeOf(one.run, one.times);
        // Other work of the machine made the slice too short for the clock: this one does not count.
        if (time * one.times < SLICE_MS / 2) one.times *= 2;
        else one.best = Math.min(one.best, time);
      }
    }
    results[title] = {};
    for (const { name, kind, best } of runs) {
      results[title][name] ??= {};
      results[title][name][kind] = Number((best * 1_000).toPrecision(3));
    }
  }
  if (sink < 0) throw new Error("nothing was measured");
  return results;
}
