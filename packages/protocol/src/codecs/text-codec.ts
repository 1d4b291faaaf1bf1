import { DecodeError, UsageError } from "../errors.ts";
import { checkOptions, type OptionKind } from "../known-options.ts";
import { MAX_DEPTH } from "../limits.ts";
import { isTagName } from "../values/keyword-name.ts";
import { print } from "../values/print.ts";
import type { Codec, CodecOptions, Encoded, Handler } from "./codec.ts";

/** A text codec's two halves; both take how deep values may nest and the handlers. */
export interface TextFormat<Name extends string = string> {
  readonly name: Name;
  readonly stringIds: boolean;
  write(value: unknown, maxDepth: number, handlers: readonly Handler[]): string;
  read(text: string, maxDepth: number, handlers: readonly Handler[]): unknown;
}

const kinds = { handlers: "object", maxDepth: "number" } satisfies Record<keyof CodecOptions, OptionKind>;

/**
 * Makes the codec, so that all of them treat options, frame kinds and errors alike.
 * @throws {UsageError} `bad-handler` for a handler whose tag is no name, taken, or given twice; `unknown-option`,
 * `bad-option` and `bad-limit` for options that cannot be meant.
 */
export function createTextCodec<Name extends string>(format: TextFormat<Name>, options: CodecOptions): Codec<Name> {
  const { handlers, maxDepth } = readCodecOptions(format.name, options);
  return {
    name: format.name,
    binary: false,
    stringIds: format.stringIds,
    handlers,
    encode: (value) => format.write(value, maxDepth, handlers),
    decode: (data) => decode(format, data, maxDepth, handlers),
  };
}

/** The options of a codec with their defaults; throws as `createTextCodec` does. */
export function readCodecOptions(name: string, options: CodecOptions): Required<CodecOptions> {
  checkOptions(`the codec ${name}`, options, kinds);
  const { handlers = [], maxDepth = MAX_DEPTH } = options;
  if (!Array.isArray(handlers))
    throw new UsageError("bad-option", `the codec ${name}: the option handlers is an array`);
  if (!(maxDepth >= 1)) throw new UsageError("bad-limit", `maxDepth is a number of at least 1, not ${maxDepth}`);
  const tags = new Set<string>();
  for (const handler of handlers as readonly (Handler | null | undefined)[]) {
    const tag = handler?.tag;
    if (tag === undefined || !isTagName(tag) || tag === "ratio" || tag === "bigdec" || tags.has(tag)) {
      throw new UsageError("bad-handler", `${JSON.stringify(tag)} is no tag for a handler`);
    }
    tags.add(tag);
  }
  return { handlers, maxDepth };
}

function decode(format: TextFormat, data: Encoded, maxDepth: number, handlers: readonly Handler[]): unknown {
  if (typeof data !== "string") {
    throw new DecodeError("wrong-frame-kind", `${format.name} travels in text frames, this was a binary one`);
  }
  try {
    return format.read(data, maxDepth, handlers);
  } catch (cause) {
    if (cause instanceof DecodeError) throw cause;
    throw new DecodeError("malformed", `no ${format.name}: ${print(cause)}`, { cause });
  }
}

/** Has a handler read a tagged value, which ends at that place. */
export function readWithHandler(handler: Handler, value: unknown, offset?: number): unknown {
  try {
    return handler.read(value);
  } catch (cause) {
    throw new DecodeError("handler-failed", `the handler of #${handler.tag} threw: ${print(cause)}`, {
      cause,
      ...(offset === undefined ? {} : { offset }),
    });
  }
}
