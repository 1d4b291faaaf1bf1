import { DecodeError } from "../errors.ts";
import { print } from "../values/print.ts";
import type { Codec, CodecOptions, Encoded, Handler } from "./codec.ts";
import { readCodecOptions } from "./text-codec.ts";

/** A binary codec's two halves; both take how deep values may nest and the handlers. */
export interface BinaryFormat<Name extends string = string> {
  readonly name: Name;
  write(value: unknown, maxDepth: number, handlers: readonly Handler[]): Uint8Array;
  read(bytes: Uint8Array, maxDepth: number, handlers: readonly Handler[]): unknown;
}

/**
 * Makes the codec, as `createTextCodec` does.
 * @throws {UsageError} for the same options as that.
 */
export function createBinaryCodec<Name extends string>(format: BinaryFormat<Name>, options: CodecOptions): Codec<Name> {
  const { handlers, maxDepth } = readCodecOptions(format.name, options);
  return {
    name: format.name,
    binary: true,
    stringIds: false,
    handlers,
    encode: (value) => format.write(value, maxDepth, handlers),
    decode: (data) => decode(format, data, maxDepth, handlers),
  };
}

function decode(format: BinaryFormat, data: Encoded, maxDepth: number, handlers: readonly Handler[]): unknown {
  if (typeof data === "string") {
    throw new DecodeError("wrong-frame-kind", `${format.name} travels in binary frames, this was a text one`);
  }
  try {
    return format.read(data, maxDepth, handlers);
  } catch (cause) {
    if (cause instanceof DecodeError) throw cause;
    throw new DecodeError("malformed", `no ${format.name}: ${print(cause)}`, { cause });
  }
}
