import { codecs as named } from "@sente-lite/engine/codecs";
import type { Codec } from "@sente-lite/protocol";
import { gzip } from "@sente-lite/protocol/gzip";
import { createTransitJs } from "@sente-lite/protocol/transit-js";
import transit from "transit-js";

/** Those of the engine's table, in its order. */
export const namedCodecs: readonly Codec[] = Object.values(named);

/** Every codec, once, a wrapped one too: the fixtures hold them, and the suites run for each. */
export const codecs = { ...named, "edn-gzip": gzip(named.edn) } as const satisfies Readonly<Record<string, Codec>>;

/** Other codecs of the same wire, each by a name of its own: the pairs run for them too. */
export const adapters = { "transit-js": createTransitJs(transit) } as const satisfies Readonly<Record<string, Codec>>;
export type AdapterName = keyof typeof adapters;

export const adapterNames: readonly AdapterName[] = Object.keys(adapters) as AdapterName[];

export type CodecName = keyof typeof codecs;
/** Those of text: their frames are written out in the suites; those of the others in suites/server/binary-codecs.ts. */
export type TextCodecName = "edn" | "json" | "transit-json";
export type BinaryCodecName = Exclude<CodecName, TextCodecName>;

const isText = (name: CodecName): name is TextCodecName => !codecs[name].binary;
const isBinary = (name: CodecName): name is BinaryCodecName => codecs[name].binary;

export const codecNames: readonly CodecName[] = Object.keys(codecs) as CodecName[];
export const textCodecNames: readonly TextCodecName[] = codecNames.filter(isText);
export const binaryCodecNames: readonly BinaryCodecName[] = codecNames.filter(isBinary);
