import { EncodeError, type Path } from "../../errors.ts";
import { kindOf } from "../../values/brand.ts";
import { isKw } from "../../values/keyword.ts";
import { toExact } from "../../values/numbers.ts";
import { scalarText } from "../../values/scalars.ts";
import type { Double } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { handlerOf } from "../refuse.ts";

/**
 * What a value becomes in JSON, as strings, numbers, arrays and objects without a prototype, so that any key is an own
 * property. The value has passed `checkForJson`. Throws `EncodeError` for what JSON cannot say.
 */
export function toTree(value: unknown, handlers: readonly Handler[], path: Path = []): unknown {
  if (typeof value === "number") return toFinite(value, path);
  if (typeof value === "bigint") return toSafe(value, path);
  if (typeof value !== "object" || value === null) return value ?? null;
  const kind = kindOf(value);
  switch (kind) {
    case "array":
      return Array.from(value as unknown[], (item, i) => toTree(item, handlers, [...path, i]));
    case "set":
      return Array.from(value as Set<unknown>, (item) => toTree(item, handlers, [...path, "<member>"]));
    case "object":
      return fromEntries(
        Object.entries(value).filter(([, item]) => item !== undefined),
        handlers,
        path,
      );
    case "map":
      return fromEntries(value as Map<unknown, unknown>, handlers, path);
    case "double":
      return toFinite((value as Double).value, path);
    case "date":
      return (value as Date).toISOString();
    case "tagged":
      throw new EncodeError("json-tagged", "JSON has no tagged values: use another codec", { path });
    case "instance":
      return toTree(handlerOf(value, handlers).write(value as never), handlers, path);
    default:
      return scalarText(value, kind);
  }
}

function fromEntries(entries: Iterable<[unknown, unknown]>, handlers: readonly Handler[], path: Path): unknown {
  const record: Record<string, unknown> = Object.create(null);
  for (const [key, item] of entries) {
    const name = isKw(key) ? key.fqn : key;
    if (typeof name !== "string" || name in record) {
      throw new EncodeError("json-key", "JSON has string keys only, each once: use another codec", { path });
    }
    record[name] = toTree(item, handlers, [...path, name]);
  }
  return record;
}

function toFinite(value: number, path: Path): number {
  // Adding 0 makes 0 of -0, as JSON has it.
  if (Number.isFinite(value)) return value + 0;
  throw new EncodeError("json-number", `JSON has no ${value}: send null, or use another codec`, { path });
}

function toSafe(value: bigint, path: Path): number {
  const number = toExact(value);
  if (typeof number === "number") return number;
  throw new EncodeError("json-number", `${value} is not exact in JSON: send a string, or use another codec`, { path });
}
