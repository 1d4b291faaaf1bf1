import { UsageError } from "../../errors.ts";
import { checkOptions, type OptionKind } from "../../known-options.ts";
import { MAX_DEPTH } from "../../limits.ts";
import { checkEncodable } from "../../values/check.ts";
import { print } from "../../values/print.ts";
import type { Codec, Handler } from "../codec.ts";
import { refuse, writeOrExplain } from "../refuse.ts";
import { createTransitJson } from "../transit-json/index.ts";
import { FromLibrary } from "./from-library.ts";
import type { TransitJs, TransitReadHandler, TransitWriteHandler, TransitWriteHandlers } from "./library.ts";
import { Readers } from "./readers.ts";
import { ToLibrary } from "./to-library.ts";

export type {
  TransitCollection,
  TransitJs,
  TransitReadHandler,
  TransitWriteHandler,
  TransitWriteHandlers,
} from "./library.ts";

/** Options of `createTransitJs`: what an application gives `transit.reader` and `transit.writer`. */
export interface TransitJsOptions {
  readonly readerOptions?: {
    /** By tag. Each is given what transit-js would give it: maps are `transit.map`s, keywords `transit.keyword`s. */
    readonly handlers?: Readonly<Record<string, TransitReadHandler>>;
    /** Reads what has a tag without handler. By default it is a `Tagged`. */
    readonly defaultHandler?: (tag: string, rep: unknown) => unknown;
  };
  readonly writerOptions?: {
    /** A Map or a `transit.map` from constructors to handlers made by `transit.makeWriteHandler`. */
    readonly handlers?: TransitWriteHandlers;
  };
  /** How deep values may nest, both ways. Default 100 (PROTOCOL.md section 9). */
  readonly maxDepth?: number;
}

/** A transit-json codec that knows an application's handlers and values of transit-js. */
export interface TransitJsCodec extends Codec<"transit-json"> {
  /**
   * The value, of an event's data say, as transit-js has it: a `transit.map` of keywords for a plain object, and so on.
   * Instances of other classes stay as they are.
   * @throws {EncodeError} for what no codec can send; {DecodeError} `colliding-keys` for maps and sets that a peer made
   * so that transit-js would be slow with them.
   */
  toTransit(value: unknown): unknown;
}

const kinds = {
  readerOptions: "object",
  writerOptions: "object",
  maxDepth: "number",
} satisfies Record<keyof TransitJsOptions, OptionKind>;

/**
 * Transit over JSON for an application that has handlers and values of the library transit-js, which is given to it: the
 * codec `transit-json` that knows both. Maps, keywords and the like of transit-js may stand anywhere in what is sent, and
 * `toTransit` makes them of what has come. Frames are written and read by this library's own writer and reader.
 *
 * @throws {UsageError} `bad-handler` for handlers of types that this library reads and writes alone; `unknown-option`,
 * `bad-option` and `bad-limit` for options that cannot be meant.
 */
export function createTransitJs(transit: TransitJs, options: TransitJsOptions = {}): TransitJsCodec {
  checkOptions("createTransitJs", options, kinds);
  const { readerOptions = {}, writerOptions = {}, maxDepth = MAX_DEPTH } = options;
  checkOptions("readerOptions", readerOptions, { handlers: "object", defaultHandler: "function" });
  checkOptions("writerOptions", writerOptions, { handlers: "object" });
  const toLibrary = new ToLibrary(transit);
  const readers = new Readers(toLibrary, readerOptions.handlers ?? {}, readerOptions.defaultHandler);
  const codec = createTransitJson({ handlers: readers.handlers, maxDepth });
  const fromLibrary = new FromLibrary(transit, writersOf(writerOptions.handlers));
  const handlers = [fromLibrary.handler];
  const toOurs = (value: unknown) =>
    writeOrExplain(() => fromLibrary.value(value, maxDepth), value, maxDepth, handlers);
  return {
    ...codec,
    handlers,
    encode: (value) => codec.encode(toOurs(value)),
    decode: (data) => readers.value(codec.decode(data)),
    toTransit: (value) => {
      checkEncodable(value, maxDepth, [...handlers, anyInstance]);
      return toLibrary.value(value);
    },
  };
}

/** Lets instances of any class pass the check. */
const anyInstance: Handler = { tag: "any", is: () => true, write: () => null, read: refuse };

// Values of these are written by their kind, so that a handler would never be asked.
const builtIn: ReadonlySet<unknown> = /* @__PURE__ */ new Set([
  null,
  ...[Object, Array, String, Number, Boolean, BigInt, Date, Map, Set],
  ...[
    ArrayBuffer,
    DataView,
    Uint8Array,
    Uint8ClampedArray,
    Int8Array,
    Uint16Array,
    Int16Array,
    Uint32Array,
    Int32Array,
  ],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
]);

function writersOf(given: TransitWriteHandlers | undefined): ReadonlyMap<unknown, TransitWriteHandler> {
  const writers = new Map<unknown, TransitWriteHandler>();
  if (given !== undefined && (Array.isArray(given) || typeof given.forEach !== "function")) {
    throw new UsageError("bad-handler", "the write handlers are a Map or a transit.map");
  }
  given?.forEach((handler, by) => {
    if (builtIn.has(by)) {
      throw new UsageError("bad-handler", `${print(by)} is written by this library alone`);
    }
    if (typeof handler?.tag !== "function" || typeof handler.rep !== "function") {
      throw new UsageError("bad-handler", "a write handler has the functions tag and rep");
    }
    writers.set(by, handler);
  });
  return writers;
}
