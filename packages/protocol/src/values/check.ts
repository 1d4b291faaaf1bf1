import type { Handler } from "../codecs/codec.ts";
import { EncodeError } from "../errors.ts";
import { MAX_DEPTH } from "../limits.ts";
import { type Kind, kindOf } from "./brand.ts";
import { hasEqualKeys } from "./identity.ts";
import { isKeywordName, isObjectKeyAt, isTagName } from "./keyword-name.ts";
import { hasTooManyDigits, isRatio } from "./numbers.ts";
import { isSendable, scalarText, scalarType } from "./scalars.ts";
import type { Tagged } from "./types.ts";
import { isWellFormed } from "./well-formed.ts";

/**
 * Throws for what no codec can send: functions, JavaScript's symbols, instances of unknown classes, cycles, invalid
 * dates and those outside the years 0 to 9999, sparse arrays, half surrogate pairs, integers of more than 1000 digits,
 * equal map keys or set members, names that are no keyword, symbol or tag, too deep nesting. Own enumerable string
 * properties count, `toJSON` does not. The json codec refuses more.
 *
 * @param maxDepth How many levels of arrays, objects, maps, sets and tagged values may nest. Default 100.
 * @param handlers Those of the codec: what one of them knows is checked as what it writes.
 * @throws {EncodeError} with the path to the fault and, in the message, the cure.
 */
export function checkEncodable(value: unknown, maxDepth: number = MAX_DEPTH, handlers: readonly Handler[] = []): void {
  const fault = check(value, maxDepth, handlers);
  if (fault !== undefined) throw new EncodeError(fault.code, fault.message, fault);
}

interface Fault {
  code: string;
  message: string;
  /** Grows at its front while the walk unwinds: a walk without a fault does not pay for it. */
  path: (string | number)[];
  cause?: unknown;
  /** Where depth ran out: an ancestor that is the same object makes it a cycle. */
  bottom?: object;
}

function fault(code: string, message: string): Fault {
  return { code, message, path: [] };
}

function check(value: unknown, depth: number, handlers: readonly Handler[]): Fault | undefined {
  switch (typeof value) {
    case "string":
      return isWellFormed(value) ? undefined : fault("lone-surrogate", "half a surrogate pair: use toWellFormed()");
    case "bigint":
      return hasTooManyDigits(value) ? fault("too-many-digits", "more than 1000 digits: send a string") : undefined;
    case "object":
      return value === null ? undefined : checkObject(value, depth, handlers);
    case "function":
    case "symbol":
      return fault("not-a-value", `a ${typeof value} is no data`);
    default:
      return undefined;
  }
}

function checkObject(value: object, depth: number, handlers: readonly Handler[]): Fault | undefined {
  const kind = kindOf(value);
  if (kind === "double") return undefined;
  if (scalarType(value, kind) !== undefined) return isSendable(value, kind) ? undefined : badScalar(value, kind);
  if (kind === "tagged" && (value as Tagged).tag === "ratio") {
    return isRatio((value as Tagged).value)
      ? undefined
      : fault("bad-ratio", "a ratio is two integers, the second not 0");
  }
  if (depth < 1) {
    return { ...fault("too-deep", "too deep: flatten it, or raise maxDepth on both sides"), bottom: value };
  }
  const found = checkContainer(value, kind, depth - 1, handlers);
  if (found?.bottom === value) Object.assign(found, fault("cycle", "it contains itself: send ids, not references"));
  return found;
}

function badScalar(value: object, kind: Kind): Fault {
  const name = kind === "tagged" ? "bigdec" : kind;
  return fault(`bad-${name}`, `${quoted(scalarText(value, kind))} is no ${name} in every codec: send a string or null`);
}

function checkContainer(value: object, kind: Kind, depth: number, handlers: readonly Handler[]): Fault | undefined {
  switch (kind) {
    case "array":
      return checkItems(value as unknown[], depth, handlers);
    case "object":
      return checkRecord(value as Record<string, unknown>, depth, handlers);
    case "map":
      return checkMap(value as Map<unknown, unknown>, depth, handlers);
    case "set": {
      // Its members first: only what does not contain itself can be compared.
      const found = checkItems(Array.from(value as Set<unknown>), depth, handlers);
      if (found !== undefined || !hasEqualKeys(value as Set<unknown>)) return found;
      return fault("duplicate-member", "two members are equal: Clojure would refuse the set");
    }
    case "tagged": {
      const { tag, value: inner } = value as Tagged;
      if (!isTagName(tag)) return fault("bad-tag", `${quoted(tag)} is no tag, or one that Transit or EDN has`);
      return within(`#${tag}`, check(inner, depth, handlers));
    }
    default:
      return checkInstance(value, depth, handlers);
  }
}

function checkItems(items: readonly unknown[], depth: number, handlers: readonly Handler[]): Fault | undefined {
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    const found =
      item === undefined && !(i in items)
        ? fault("sparse-array", "a hole in an array: put null there")
        : check(item, depth, handlers);
    if (found !== undefined) return within(i, found);
  }
  return undefined;
}

function checkRecord(record: Record<string, unknown>, depth: number, handlers: readonly Handler[]): Fault | undefined {
  let place = depth << 5;
  for (const key of Object.keys(record)) {
    const item = record[key];
    if (item === undefined) continue;
    const found =
      isObjectKeyAt(place++, key) || isKeywordName(key)
        ? check(item, depth, handlers)
        : fault("bad-key", `the key ${quoted(key)} is no keyword: use a Map, or dict({ ... }), for free keys`);
    if (found !== undefined) return within(key, found);
  }
  return undefined;
}

function checkMap(map: Map<unknown, unknown>, depth: number, handlers: readonly Handler[]): Fault | undefined {
  for (const [key, item] of map) {
    const found = within("<key>", check(key, depth, handlers)) ?? within(step(key), check(item, depth, handlers));
    if (found !== undefined) return found;
  }
  return hasEqualKeys(map) ? fault("duplicate-key", "two keys are equal: Clojure would refuse the map") : undefined;
}

function checkInstance(value: object, depth: number, handlers: readonly Handler[]): Fault | undefined {
  const handler = handlers.find((candidate) => candidate.is(value));
  if (handler === undefined) {
    const name = String(value.constructor?.name);
    return fault("class-instance", `an instance of ${name}: send plain data, or give the codec a handler`);
  }
  let written: unknown;
  try {
    written = handler.write(value as never);
  } catch (cause) {
    return { ...fault("handler-failed", `the handler of #${handler.tag} threw: ${String(cause)}`), cause };
  }
  return within(`#${handler.tag}`, check(written, depth, handlers));
}

function within(step: string | number, found: Fault | undefined): Fault | undefined {
  found?.path.unshift(step);
  return found;
}

/** A Map's key as a step of the path. */
function step(key: unknown): string | number {
  if (typeof key === "number") return key;
  if (typeof key === "string") return key;
  return typeof key === "object" && key !== null && kindOf(key) === "keyword" ? scalarText(key, "keyword") : "<key>";
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
