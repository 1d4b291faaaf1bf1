import type { Handler } from "../values/handler.ts";

export type { Handler } from "../values/handler.ts";

/** What a codec makes of a value: text codecs make strings, binary codecs bytes. */
export type Encoded = string | Uint8Array;

/**
 * Turns values into WebSocket messages and back (PROTOCOL.md section 5). `decode(encode(v))` equals `normalise(v)`
 * for every accepted value; the json codec, which is lossy, has a `normaliseJson` of its own.
 */
export interface Codec<Name extends string = string> {
  /** What `?codec=` names: `transit-json`, `edn`, `json`. */
  readonly name: Name;
  /** Binary codecs travel in binary frames, the others in text frames. */
  readonly binary: boolean;
  /** True for codecs without keywords: event ids arrive as strings. */
  readonly stringIds: boolean;
  /** Those that it was made with: `checkEncodable` takes them, so that a value can be checked before it is encoded. */
  readonly handlers?: readonly Handler[];
  /** Throws `EncodeError`, with the path to the part at fault. */
  encode(value: unknown): Encoded;
  /** Throws `DecodeError`, never anything else, whatever the peer sent. */
  decode(data: Encoded): unknown;
}

/** Options that every codec takes. */
export interface CodecOptions {
  readonly handlers?: readonly Handler[];
  /** How deep values may nest, both ways. Default 100 (PROTOCOL.md section 9). */
  readonly maxDepth?: number;
}
