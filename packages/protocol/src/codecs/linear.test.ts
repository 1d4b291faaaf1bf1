import transit from "transit-js";
import { describe, expect, it } from "vitest";
import { DecodeError, EncodeError } from "../errors.ts";
import { checkEncodable } from "../values/check.ts";
import { equal, mapGet, setHas } from "../values/equal.ts";
import { kw } from "../values/keyword.ts";
import { normalise } from "../values/normalise.ts";
import { print } from "../values/print.ts";
import { cases } from "./cases.test-support.ts";
import type { Codec, Encoded } from "./codec.ts";
import { edn } from "./edn/index.ts";
import { gzip } from "./gzip/index.ts";
import { json, normaliseJson } from "./json/index.ts";
import { senteMsgpack } from "./sente-msgpack/index.ts";
import * as shapes from "./shapes.test-support.ts";
import { createTransitJs } from "./transit-js/index.ts";
import { transitJson } from "./transit-json/index.ts";
import { transitMsgpack } from "./transit-msgpack/index.ts";

// Twice the input takes at most three times the time, so four times the input at most nine times; what takes the square
// takes sixteen times. What counts is the time that the process had a processor, where the runtime knows it. In a page it is
// the time that went by, and a machine that does something else meanwhile only ever adds to that, and adds more to a long one:
// so the least of several counts, and where that seems to fail, a run of the large size is compared with sixteen of the small
// one, which take as long as it where it takes the square.

/** Above a thousand, where engines begin to keep the keys of an object in another way. */
const SMALL = 1_100;
const MOST = 9;
/** Quick enough for anything of four times that size: the square of it takes more. */
const QUICK_MS = 7;
/** By so much the clock of a page may be wrong. */
const CLOCK_MS = 0.1;
const SMALL_RUNS = 3;
/** So often both sizes are run once more before it seems to fail: until then the engine still compiles, and makes room. */
const PAIRS = 4;
/** So many runs of the small size take as long as one of the large size where that takes the square. */
const SQUARE_RUNS = 16;

function msOf(run: () => void, clock = processorTime ?? now): number {
  const before = clock();
  run();
  return clock() - before;
}

function now(): number {
  return performance.now();
}

/** Undefined in a page. */
const processorTime = typeof globalThis.process?.cpuUsage === "function" ? countProcessorTime : undefined;

function countProcessorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Runs it; what cannot be is refused, by errors of ours only. */
function attempt(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof EncodeError)) throw error;
  }
}

/** A value of any size, made when it is needed, and once. */
type Sized<T> = (size: number) => T;

function sizesOf<T>(make: Sized<T>): Sized<T> {
  const made = new Map<number, T>();
  return (size) => {
    const known = made.get(size) ?? make(size);
    made.set(size, known);
    return known;
  };
}

function mapped<T, U>(sizes: Sized<T>, to: (value: T) => U): Sized<U> {
  return sizesOf((size) => to(sizes(size)));
}

interface Counting {
  readonly size: number;
  readonly rounds: number;
  readonly quickMs: number;
  /** Is run before each count. */
  readonly before: () => void;
  /** In milliseconds; by default that of the processor, or else of the machine. */
  readonly clock?: () => number;
}

/** The best times of a size and of four times as much, and whether these are the times of something linear. */
function growth<T>(sizes: Sized<T>, use: (made: T) => unknown, { size, rounds, quickMs, before, clock }: Counting) {
  const time = (value: T) => {
    before();
    return msOf(() => attempt(() => use(value)), clock);
  };
  const large = sizes(4 * size);
  let most = time(large);
  if (most <= quickMs) return { isLinear: true, told: "" };
  const small = sizes(size);
  /** The mean of some runs of the small size. */
  const mean = (runs: number) => {
    let sum = 0;
    for (let run = 0; run < runs; run++) sum += time(small);
    return sum / runs;
  };
  let least = Math.min(...Array.from({ length: SMALL_RUNS }, () => time(small)));
  const isLinear = () => most <= quickMs || most <= (least + CLOCK_MS) * MOST;
  for (let pair = 0; pair < PAIRS && !isLinear(); pair++) {
    most = Math.min(most, time(large));
    least = Math.min(least, time(small));
  }
  for (let round = 0; round < rounds && !isLinear(); round++) {
    const fair = mean(SQUARE_RUNS);
    least = round === 0 ? fair : Math.min(least, fair);
    most = Math.min(most, time(large));
  }
  return isLinear()
    ? { isLinear: true, told: "" }
    : { isLinear: false, told: `${size}: ${least.toFixed(2)} ms, ${4 * size}: ${most.toFixed(2)} ms` };
}

const first: Counting = { size: SMALL, rounds: 12, quickMs: QUICK_MS, before: () => {} };
const second: Counting = { size: 4 * SMALL, rounds: 5, quickMs: 0, before: forgetNames };

/** Does it read JSON, and is that no more than what JSON.parse takes, which some engines make longer by their hashes? */
function isTheEngines<T>(sizes: Sized<T>, use: (made: T) => unknown): boolean {
  // At the larger size, where what grows too fast is most of it.
  const text = sizes(4 * second.size);
  if (use !== decodeJson || typeof text !== "string") return false;
  const times = [0, 1, 2, 3, 4, 5].map(() => [msOf(() => use(text)), msOf(() => JSON.parse(text))] as const);
  return Math.min(...times.map(([ours]) => ours)) <= 1.5 * Math.min(...times.map(([, theirs]) => theirs));
}

const decodeJson = (frame: unknown): unknown => json.decode(frame as Encoded);

let forgotten = 0;
/** Fills the caches of names with others. */
function forgetNames(): void {
  forgotten++;
  transitJson.encode(Array.from({ length: 4_200 }, (_, i) => kw(`forgotten-${forgotten}/name-${i}`)));
}

/**
 * What takes the square takes sixteen times from any size to four times as much. A cache that holds the one and not the
 * other makes a step between two sizes only: so what seems to fail between the first two has to fail between the next,
 * too, and where the caches of names hold others.
 */
function expectLinear<T>(
  what: string,
  sizes: Sized<T>,
  use: (made: T) => unknown,
  { once, again }: Readonly<Record<"once" | "again", Counting>> = { once: first, again: second },
): void {
  const found = growth(sizes, use, once);
  if (found.isLinear) return;
  const repeated = growth(sizes, use, again);
  if (!repeated.isLinear && !isTheEngines(sizes, use)) expect.fail(`${what}: ${found.told}; ${repeated.told}`);
}

/** What it writes, or nothing where it refuses. */
function encodedOr(codec: Codec): (value: unknown) => Encoded {
  return (value) => {
    let written: Encoded = codec.binary ? new Uint8Array() : "";
    attempt(() => {
      written = codec.encode(value);
    });
    return written;
  };
}

/** What a server does with what came: it reads it, judges it, and sends it on with any codec. */
function relay(codec: Codec): (frame: Encoded) => void {
  return (frame) => {
    const value = codec.decode(frame);
    for (const run of [
      () => checkEncodable(value),
      () => print(value),
      ...codecs.map((to) => () => to.encode(value)),
    ]) {
      attempt(run);
    }
  };
}

/** With a handler, so that it walks through all that it has read once more. */
const transitJs = createTransitJs(transit, { readerOptions: { handlers: { r: (text) => text } } });
/** What a frame is sent on with. */
const codecs: readonly Codec[] = [edn, transitJson, json, transitMsgpack, senteMsgpack];
/** It sees only bytes, and so has shapes of its own. */
const zipped = gzip(edn, { minBytes: 0, maxInflatedBytes: 64_000_000 });

/**
 * All, or half of the share that is tried here, as these take long: every so manieth, so that all containers and many
 * members are among them.
 */
function some<Shape>(all: readonly Shape[]): readonly Shape[] {
  const ofShare = Math.floor(all.length / cases(all.length));
  const step = ofShare === 1 ? 1 : 2 * ofShare + 1;
  return all.filter((_, index) => index % step === 0);
}

/** By which codecs the value at that place goes. Those over MessagePack share a base, and transit-js that of transit-json. */
function codecsFor(index: number): readonly Codec[] {
  return [
    edn,
    transitJson,
    json,
    index % 2 === 0 ? transitMsgpack : senteMsgpack,
    ...(index % 4 === 0 ? [transitJs] : []),
  ];
}

describe("four times the input takes at most nine times the time", () => {
  it.each(some(shapes.values.map(([name, make], index) => [name, make, index] as const)))(
    "with %s",
    (_, make, index) => {
      const sizes = sizesOf(make);
      for (const codec of codecsFor(index)) {
        expectLinear(`${codec.name} encodes`, sizes, (value) => codec.encode(value));
        const decode = codec === json ? decodeJson : (frame: Encoded) => codec.decode(frame);
        expectLinear(`${codec.name} decodes`, mapped(sizes, encodedOr(codec)), decode);
      }
      expectLinear("is checked", sizes, (value) => checkEncodable(value));
      expectLinear("is normalised", sizes, normalise);
      expectLinear("is normalised for json", sizes, normaliseJson);
      expectLinear("is printed", sizes, (value) => print(value, { maxLength: 1e9, maxDepth: 1e9 }));
      const others = sizesOf(make);
      const pairs: Sized<readonly [unknown, unknown]> = (size) => [sizes(size), others(size)];
      expectLinear("is compared", pairs, ([a, b]) => equal(a, b));
      expectLinear("is compared in a set", pairs, ([a, b]) => equal(new Set([a]), new Set([b])));
      expectLinear("is looked up", pairs, ([a, b]) => mapGet(new Map([[[a], 1]]), [b]));
      expectLinear("is searched for a key", sizes, (value) => {
        if (value instanceof Map) mapGet(value, [["none"]]);
        if (value instanceof Set) setHas(value, new Set(["none"]));
      });
    },
    120_000,
  );

  it.each<readonly [string, Codec, readonly (readonly [string, Sized<Encoded>])[]]>([
    ["EDN", edn, shapes.edn],
    ["Transit", transitJson, shapes.transit],
    ["transit-js", transitJs, shapes.transit],
    ["JSON", json, shapes.json],
    ["Transit over MessagePack", transitMsgpack, shapes.transitMsgpack],
    ["Sente's MessagePack", senteMsgpack, shapes.senteMsgpack],
  ])(
    "where %s has any of its own texts and bytes",
    (_, codec, all) => {
      for (const [name, make] of some(all)) expectLinear(`${name}, relayed`, sizesOf(make), relay(codec));
    },
    60_000,
  );

  it("where gzip has texts and bytes that are alike, or not", () => {
    for (const [name, make] of some(shapes.zipped)) {
      const sizes = sizesOf(make);
      expectLinear(`${name}, zipped`, sizes, (value) => zipped.encode(value));
      expectLinear(`${name}, unzipped`, mapped(sizes, encodedOr(zipped)), (frame) => zipped.decode(frame));
    }
  }, 60_000);

  it("or is noticed", () => {
    const numbers = sizesOf((size) => Array.from({ length: size }, (_, index) => index));
    const notice = (stepsOf: (size: number) => number, lateness: (run: number) => number) => {
      let ms = 0;
      let run = 0;
      const clock = () => ms;
      const use = ({ length }: readonly number[]) => {
        ms += stepsOf(length) / 1e4 + lateness(++run);
      };
      const once = { ...first, clock };
      return () => expectLinear("it", numbers, use, { once, again: { ...second, clock, before: () => {} } });
    };
    const punctual = () => 0;
    // Every third run is interrupted for as long as a machine under load may take.
    const interrupted = (run: number) => (run % 3 === 0 ? 40 : 0);
    expect(notice((size) => size ** 1.7, punctual)).toThrow("it: 1100: ");
    for (const lateness of [punctual, interrupted]) {
      expect(notice((size) => size ** 2, lateness)).toThrow("it: 1100: ");
      expect(notice((size) => 40 * size * Math.log2(size), lateness)).not.toThrow();
    }
  });

  it("with more than two hundred and fifty shapes", () => {
    const all = [shapes.edn, shapes.transit, shapes.json, shapes.transitMsgpack, shapes.senteMsgpack, shapes.zipped];
    expect([shapes.values, ...all].flat().length).toBeGreaterThan(250);
  });
});
