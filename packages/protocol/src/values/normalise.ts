import { kindOf } from "./brand.ts";
import { bytesOf } from "./bytes.ts";
import { checkEncodable } from "./check.ts";
import { intern, isKw, type Keyword } from "./keyword.ts";
import { isObjectKey } from "./keyword-name.ts";
import { isRatio, reduceRatio, toExact } from "./numbers.ts";
import { type Double, Tagged } from "./types.ts";
import type { Value } from "./value.ts";

/**
 * What arrives where this value was sent, with every codec but json: a bigint in the safe range and a Double are
 * numbers; a Map whose keys are all keywords is a plain object; an undefined is left out in an object and null anywhere
 * else, as a Map's key too; a ratio is in lowest terms, or an integer; an object with an own `__proto__` is a Map; what holds
 * bytes is a Uint8Array.
 * @throws {EncodeError} as `checkEncodable` does.
 */
export function normalise(value: unknown): Value {
  checkEncodable(value);
  return rebuild(value) as Value;
}

function rebuild(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return toExact(value);
  if (typeof value !== "object" || value === null) return value;
  switch (kindOf(value)) {
    case "array":
      return (value as unknown[]).map(rebuild);
    case "object":
      return fromKeywords(Object.entries(value).filter(([, item]) => item !== undefined));
    case "map": {
      const entries = Array.from(value as Map<unknown, unknown>);
      if (entries.every(([key]) => isKw(key))) {
        return fromKeywords(entries.map(([key, item]) => [(key as Keyword).fqn, item]));
      }
      return new Map(entries.map(([key, item]) => [rebuild(key), rebuild(item)]));
    }
    case "set":
      return new Set(Array.from(value as Set<unknown>, rebuild));
    case "date":
      return new Date((value as Date).getTime());
    case "bytes":
      return new Uint8Array(bytesOf(value));
    case "double":
      return (value as Double).value;
    case "tagged":
      return rebuildTagged(value as Tagged);
    default:
      return value;
  }
}

function fromKeywords(entries: [string, unknown][]): unknown {
  return entries.every(([name]) => isObjectKey(name))
    ? Object.fromEntries(entries.map(([name, item]) => [name, rebuild(item)]))
    : new Map(entries.map(([name, item]) => [intern(name).keyword, rebuild(item)]));
}

function rebuildTagged({ tag, value }: Tagged): unknown {
  if (tag !== "ratio" || !isRatio(value)) return new Tagged(tag, rebuild(value));
  const reduced = reduceRatio(value[0], value[1]);
  return Array.isArray(reduced) ? new Tagged(tag, reduced) : reduced;
}
