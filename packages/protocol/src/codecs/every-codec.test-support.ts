import transit from "transit-js";
import type { Codec, CodecOptions } from "./codec.ts";
import { createEdn } from "./edn/index.ts";
import { createJson } from "./json/index.ts";
import { createSenteMsgpack } from "./sente-msgpack/index.ts";
import { createTransitJs } from "./transit-js/index.ts";
import { createTransitJson } from "./transit-json/index.ts";
import { createTransitMsgpack } from "./transit-msgpack/index.ts";

/** Makers of all codecs but json, which has its own idea of values: the suites of this folder run for each. */
export const makers: readonly ((options?: CodecOptions) => Codec)[] = [
  createEdn,
  createTransitJson,
  createTransitMsgpack,
  createSenteMsgpack,
];

/** The codecs that keep Clojure's values; the adapter of transit-js is a transit-json. */
export const valueCodecs: readonly Codec[] = [...makers.map((create) => create()), createTransitJs(transit)];

/** Every codec. */
export const everyCodec: readonly Codec[] = [createJson(), ...valueCodecs];
