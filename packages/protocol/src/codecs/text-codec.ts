import { DecodeError, UsageError } from "../errors.ts";
import { MAX_DEPTH } from "../limits.ts";
import { isTagName } from "../values/keyword-name.ts";
import type { Codec, CodecOptions, Encoded, Handler } from "./codec.ts";

/** A text codec's two halves; both take how deep values may nest and the handlers. */
export interface TextFormat<Name extends string = string> {
  readonly name: Name;
  readonly stringIds: boolean;
  write(value: unknown, maxDepth: number, handlers: readonly Handler[]): string;
  read(text: string, maxDepth: number, handlers: readonly Handler[]): unknown;
}

/**
 * Makes the codec, so that all of them treat options, frame kinds and errors alike.
 * @throws {UsageError} `bad-handler` for a handler whose tag is no name, taken, or given twice.
 */
export function createTextCodec<Name extends string>(format: TextFormat<Name>, options: CodecOptions): Codec<Name> {
  const { handlers = [], maxDepth = MAX_DEPTH } = options;
  const tags = new Set<string>();
  for (const { tag } of handlers) {
    if (!isTagName(tag) || tag === "ratio" || tag === "bigdec" || tags.has(tag)) {
      throw new UsageError("bad-handler", `${JSON.stringify(tag)} is no tag for a handler`);
    }
    tags.add(tag);
  }
  return {
    name: format.name,
    binary: false,
    stringIds: format.stringIds,
    handlers,
    encode: (value) => format.write(value, maxDepth, handlers),
    decode: (data) => decode(format, data, maxDepth, handlers),
  };
}

function decode(format: TextFormat, data: Encoded, maxDepth: number, handlers: readonly Handler[]): unknown {
  if (typeof data !== "string") {
    throw new DecodeError("wrong-frame-kind", `${format.name} travels in text frames, this was a binary one`);
  }
  try {
    return format.read(data, maxDepth, handlers);
  } catch (cause) {
    if (cause instanceof DecodeError) throw cause;
    throw new DecodeError("malformed", `no ${format.name}: ${String(cause)}`, { cause });
  }
}

/** What a handler makes of a tagged value. */
export function readWithHandler(handler: Handler, value: unknown): unknown {
  try {
    return handler.read(value);
  } catch (cause) {
    throw new DecodeError("handler-failed", `the handler of #${handler.tag} threw: ${String(cause)}`, { cause });
  }
}
