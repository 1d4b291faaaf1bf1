import { DecodeError, EncodeError, UsageError } from "../../errors.ts";
import { checkOptions, type OptionKind } from "../../known-options.ts";
import type { Codec, Encoded } from "../codec.ts";
import { utf8Decoder, utf8Encoder } from "../utf8.ts";
import { deflate, inflate } from "./stream.ts";

/** Options of `gzip`. */
export interface GzipOptions {
  /** Messages below so many bytes are not compressed. Default 1,024, as in Sente. */
  readonly minBytes?: number;
  /** The largest message without compression, sent or received; a larger one is refused, by `EncodeError` or unread. Default 1 MiB. */
  readonly maxInflatedBytes?: number;
}

const MIN_BYTES = 1_024;
const MAX_INFLATED_BYTES = 1_048_576;

const kinds = { minBytes: "number", maxInflatedBytes: "number" } satisfies Record<keyof GzipOptions, OptionKind>;

const RAW = 0;
const GZIP = 1;

/**
 * Sente's gzip wrapper around a codec (PROTOCOL.md section 5.5): the same values in binary messages, compressed where
 * they are large. Its name is that of the codec and `-gzip`: `edn-gzip`.
 *
 * Each message is compressed by itself. Where server and client are ours and the runtime has it, permessage-deflate
 * compresses better; this is for peers of Sente's that have the wrapper, and for runtimes without it.
 *
 * @throws {UsageError} `bad-codec`, `unknown-option`, `bad-option` and `bad-limit` for options that cannot be meant.
 */
export function gzip<Name extends string>(codec: Codec<Name>, options: GzipOptions = {}): Codec<`${Name}-gzip`> {
  if (typeof codec !== "object" || codec === null || typeof codec.encode !== "function") {
    throw new UsageError("bad-codec", "gzip takes a codec: an object such as edn, or what createEdn() returned");
  }
  checkOptions("gzip", options, kinds);
  const { minBytes = MIN_BYTES, maxInflatedBytes = MAX_INFLATED_BYTES } = options;
  for (const [option, value] of Object.entries({ minBytes, maxInflatedBytes })) {
    if (!(value >= 0)) throw new UsageError("bad-limit", `${option} is a number of bytes, not ${value}`);
  }
  const { stringIds, handlers = [] } = codec;
  return {
    name: `${codec.name}-gzip`,
    binary: true,
    stringIds,
    handlers,
    encode: (value) => wrap(codec.encode(value), minBytes, maxInflatedBytes),
    decode: (data) => codec.decode(unwrap(data, codec, maxInflatedBytes)),
  };
}

function wrap(encoded: Encoded, minBytes: number, maxInflatedBytes: number): Uint8Array {
  const payload = typeof encoded === "string" ? utf8Encoder.encode(encoded) : encoded;
  // The other side would refuse it; a batch of events is split.
  if (payload.length > maxInflatedBytes) {
    throw new EncodeError(
      "too-large",
      `a message of ${payload.length} bytes is over the limit of ${maxInflatedBytes} (maxInflatedBytes)`,
    );
  }
  const isSmall = payload.length < minBytes;
  const content = isSmall ? payload : deflate(payload);
  const message = new Uint8Array(1 + content.length);
  message[0] = isSmall ? RAW : GZIP;
  message.set(content, 1);
  return message;
}

function unwrap(data: Encoded, { name, binary }: Codec, maxInflatedBytes: number): Encoded {
  if (typeof data === "string") {
    throw new DecodeError("wrong-frame-kind", `${name}-gzip travels in binary frames, this was a text one`);
  }
  const [flag] = data;
  if (flag !== RAW && flag !== GZIP) throw new DecodeError("malformed", "no flag of gzip", { offset: 0 });
  const content = data.subarray(1);
  const payload = flag === RAW ? content : inflate(content, maxInflatedBytes);
  if (binary) return payload;
  try {
    return utf8Decoder.decode(payload);
  } catch (cause) {
    throw new DecodeError("malformed", "a text that is no UTF-8", { cause });
  }
}
