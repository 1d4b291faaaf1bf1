import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError, EncodeError } from "../errors.ts";
import { anyValue } from "../values/arbitrary.test-support.ts";
import { areIdentical } from "../values/identical.test-support.ts";
import { print } from "../values/print.ts";
import { weightOf } from "../values/weight.ts";
import type { Codec, Encoded } from "./codec.ts";
import { edn } from "./edn/index.ts";
import { everyCodec } from "./every-codec.test-support.ts";
import { gzip } from "./gzip/index.ts";
import { normaliseJson } from "./json/index.ts";

// `pnpm fuzz SECONDS` runs this for longer, with other seeds each time: frames of any values, and what becomes of them
// when pieces are cut out, doubled, moved, or put in.

const seconds = Number(process.env.FUZZ_SECONDS ?? 4);
/** What a decoded value may weigh, for each unit of its frame. */
const MOST_PER_UNIT = 200;

const codecs: readonly Codec[] = [...everyCodec, gzip(edn, { minBytes: 0 })];

interface Damage {
  readonly kind: "cut" | "double" | "move" | "put" | "flip" | "end";
  /** Where it begins, as a share of the frame. */
  readonly at: number;
  readonly length: number;
  readonly to: number;
  readonly piece: string;
  readonly unit: number;
}

const pieces = [
  ...[
    '"',
    "\\",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "#",
    "^",
    "~",
    ":",
    ",",
    " ",
    "-",
    "0",
    "1",
    "e",
    "N",
    "M",
    "/",
    "\n",
    "\u2028",
  ],
  ...[
    '"^ "',
    '"~#set"',
    '"~#cmap"',
    '"~:"',
    '"^0"',
    '"~m1"',
    '"~i',
    '["~#\'",',
    "#_ ",
    "#inst ",
    "#:a{",
    "##NaN",
    "\\u",
    "nil ",
  ],
  ...["__proto__", "toJSON", "\ud800", "\0", "99999999999999999999", "1e999", ":a/b/c", "\\\\"],
];
const share = fc.double({ min: 0, max: 1, noNaN: true });
const damages: fc.Arbitrary<readonly Damage[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("cut", "double", "move", "put", "flip", "end"),
    at: share,
    length: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 200 })),
    to: share,
    piece: fc.constantFrom(...pieces),
    unit: fc.nat(255),
  }),
  { maxLength: 4 },
);

/** The frame in units that can be moved about: of text, or bytes. */
function damaged(frame: Encoded, damage: readonly Damage[]): Encoded {
  let units: readonly number[] =
    typeof frame === "string" ? Array.from(frame, (_, i) => frame.charCodeAt(i)) : Array.from(frame);
  for (const one of damage) units = damagedOnce(units, one, typeof frame === "string");
  return typeof frame === "string" ? units.map((unit) => String.fromCharCode(unit)).join("") : Uint8Array.from(units);
}

function damagedOnce(units: readonly number[], damage: Damage, isText: boolean): readonly number[] {
  const from = Math.floor(damage.at * units.length);
  const to = Math.min(units.length, from + damage.length);
  const part = units.slice(from, to);
  switch (damage.kind) {
    case "cut":
      return [...units.slice(0, from), ...units.slice(to)];
    case "double":
      return [...units.slice(0, to), ...units.slice(from)];
    case "move": {
      const rest = [...units.slice(0, from), ...units.slice(to)];
      const place = Math.floor(damage.to * rest.length);
      return [...rest.slice(0, place), ...part, ...rest.slice(place)];
    }
    case "put": {
      const put = isText ? Array.from(damage.piece, (unit) => unit.charCodeAt(0)) : [damage.unit];
      return [...units.slice(0, from), ...put, ...units.slice(from)];
    }
    case "flip":
      return units.map((unit, i) => (i === from ? unit ^ (1 << (damage.unit % 8)) : unit));
    case "end":
      return units.slice(0, from);
  }
}

/** What `run` returns; undefined where it throws what it may. */
function orRefused<T>(
  run: () => T,
  Refusal: typeof DecodeError | typeof EncodeError,
): { readonly value: T } | undefined {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function judge(codec: Codec, frame: Encoded): void {
  const decoded = orRefused(() => codec.decode(frame), DecodeError);
  if (decoded === undefined) return;
  const most = (frame.length + 64) * MOST_PER_UNIT;
  if (weightOf(decoded.value, 1e6) > most) expect.fail(`a frame of ${frame.length} weighs more than ${most}`);
  // What peers may send and we do not is refused; all else comes back as it is.
  const encoded = orRefused(() => codec.encode(decoded.value), EncodeError);
  if (encoded === undefined) return;
  // JSON.parse reads -0, which json writes as 0.
  const expected = codec.name === "json" ? normaliseJson(decoded.value) : decoded.value;
  const again = codec.decode(encoded.value);
  if (!areIdentical(again, expected)) expect.fail(`${print(decoded.value)} came back as ${print(again)}`);
}

describe.each(codecs)("any frame of $name", (codec) => {
  it(
    "is refused by a DecodeError or decoded, to no more than it may mean, and what was decoded comes back as it is",
    () => {
      let judged = 0;
      fc.assert(
        fc.property(anyValue, damages, (value, damage) => {
          const frame = orRefused(() => codec.encode(value), EncodeError);
          if (frame === undefined) return;
          judged++;
          judge(codec, damaged(frame.value, damage));
        }),
        { numRuns: 1e9, interruptAfterTimeLimit: (seconds * 1000) / codecs.length, markInterruptAsFailure: false },
      );
      expect(judged).toBeGreaterThan(20);
    },
    seconds * 1000 + 60_000,
  );
});
