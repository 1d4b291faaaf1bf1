import { EncodeError } from "../errors.ts";
import { MAX_DEPTH } from "../limits.ts";
import { type Kind, kindOf } from "./brand.ts";
import { haveCollisions } from "./collisions.ts";
import type { Handler } from "./handler.ts";
import { Identities } from "./identity.ts";
import { isKeywordName, isObjectKeyAt, isTagName } from "./keyword-name.ts";
import { hasTooManyDigits, isRatio } from "./numbers.ts";
import { print } from "./print.ts";
import { quote } from "./quote.ts";
import { isLinkOrOther, isSendable, scalarText, scalarType } from "./scalars.ts";
import type { Double, Tagged } from "./types.ts";
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
  new Check(handlers, false).checkAll(value, maxDepth);
}

/** The same for json, where an object may have any keys. */
export function checkForJson(value: unknown, maxDepth: number, handlers: readonly Handler[]): void {
  new Check(handlers, true).checkAll(value, maxDepth);
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

class Check {
  readonly #identities: Identities;
  readonly #takesAnyKey: boolean;

  constructor(handlers: readonly Handler[], takesAnyKey: boolean) {
    this.#identities = new Identities(handlers);
    this.#takesAnyKey = takesAnyKey;
  }

  checkAll(value: unknown, depth: number): void {
    const found = this.#value(value, depth);
    if (found !== undefined) throw new EncodeError(found.code, found.message, found);
  }

  #value(value: unknown, depth: number): Fault | undefined {
    switch (typeof value) {
      case "string":
        return isWellFormed(value) ? undefined : fault("lone-surrogate", "half a surrogate pair: use toWellFormed()");
      case "bigint":
        return hasTooManyDigits(value) ? fault("too-many-digits", "more than 1000 digits: send a string") : undefined;
      case "object":
        return value === null ? undefined : this.#object(value, depth);
      case "function":
      case "symbol":
        return fault("not-a-value", `a ${typeof value} is no data`);
      default:
        return undefined;
    }
  }

  #object(value: object, depth: number): Fault | undefined {
    try {
      return this.#checkKnown(value, kindOf(value), depth);
    } catch (cause) {
      // A proxy, or a built-in class's method on what is none.
      return faultOfRead(cause);
    }
  }

  #checkKnown(value: object, kind: Kind, depth: number): Fault | undefined {
    if (kind === "double") {
      return typeof (value as Double).value === "number" ? undefined : fault("bad-double", "a double of no number");
    }
    if (scalarType(value, kind) !== undefined) return isSendable(value, kind) ? undefined : faultOfScalar(value, kind);
    if (kind === "tagged" && (value as Tagged).tag === "ratio") {
      return isRatio((value as Tagged).value)
        ? undefined
        : fault("bad-ratio", "a ratio is two integers, the second not 0");
    }
    if (depth < 1) {
      return { ...fault("too-deep", "too deep: flatten it, or raise maxDepth on both sides"), bottom: value };
    }
    const found = this.#container(value, kind, depth - 1);
    if (found?.bottom === value) Object.assign(found, fault("cycle", "it contains itself: send ids, not references"));
    return found;
  }

  #container(value: object, kind: Kind, depth: number): Fault | undefined {
    switch (kind) {
      case "array":
        return this.#items(value as unknown[], depth);
      case "object":
        return this.#record(value as Record<string, unknown>, depth);
      case "map":
        return this.#map(value as Map<unknown, unknown>, depth);
      case "set":
        // Its members first: only what does not contain itself can be compared.
        return (
          this.#items(Array.from(value as Set<unknown>), depth) ??
          this.#checkDistinct(
            value as Set<unknown>,
            "duplicate-member",
            "two members are equal: Clojure would refuse the set",
          )
        );
      case "tagged": {
        const { tag, value: inner } = value as Tagged;
        if (!isTagName(tag)) return fault("bad-tag", `${quote(tag)} is no tag, or one that Transit or EDN has`);
        if (!isLinkOrOther(tag, inner)) return fault("bad-link", "a link of Transit is a map");
        return addStep(`#${tag}`, this.#value(inner, depth));
      }
      default:
        return this.#instance(value, depth);
    }
  }

  #items(items: readonly unknown[], depth: number): Fault | undefined {
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      const found =
        item === undefined && !(i in items)
          ? fault("sparse-array", "a hole in an array: put null there")
          : this.#value(item, depth);
      if (found !== undefined) return addStep(i, found);
    }
    return undefined;
  }

  #record(record: Record<string, unknown>, depth: number): Fault | undefined {
    let place = depth << 5;
    for (const key of Object.keys(record)) {
      let item: unknown;
      try {
        item = record[key];
      } catch (cause) {
        return addStep(key, faultOfRead(cause));
      }
      if (item === undefined) continue;
      const found =
        this.#takesAnyKey || isObjectKeyAt(place++, key) || isKeywordName(key)
          ? this.#value(item, depth)
          : fault("bad-key", `the key ${quote(key)} is no keyword: use a Map, or dict({ ... }), for free keys`);
      if (found !== undefined) return addStep(key, found);
      if (this.#takesAnyKey && !isWellFormed(key)) return addStep("<key>", this.#value(key, depth));
    }
    return undefined;
  }

  #map(map: Map<unknown, unknown>, depth: number): Fault | undefined {
    for (const [key, item] of map) {
      const found = addStep("<key>", this.#value(key, depth)) ?? addStep(step(key), this.#value(item, depth));
      if (found !== undefined) return found;
    }
    return this.#checkDistinct(map, "duplicate-key", "two keys are equal: Clojure would refuse the map");
  }

  #checkDistinct(keys: Map<unknown, unknown> | Set<unknown>, code: string, message: string): Fault | undefined {
    if (this.#identities.areEqualIn(keys)) return fault(code, message);
    return haveCollisions(keys)
      ? fault("colliding-keys", "too many numbers that engines cannot tell apart fast: send an array")
      : undefined;
  }

  #instance(value: object, depth: number): Fault | undefined {
    const handler = this.#identities.handlers.find((candidate) => candidate.is(value));
    if (handler === undefined) return faultOfInstance(value);
    let written: unknown;
    try {
      written = this.#identities.writeOnce(value, handler);
    } catch (cause) {
      return { ...fault("handler-failed", `the handler of #${handler.tag} threw: ${print(cause)}`), cause };
    }
    return addStep(`#${handler.tag}`, this.#value(written, depth));
  }
}

function faultOfRead(cause: unknown): Fault {
  return { ...fault("unreadable", `reading it threw ${print(cause)}: send plain data`), cause };
}

function faultOfScalar(value: object, kind: Kind): Fault {
  const name = kind === "tagged" ? "bigdec" : kind;
  return fault(`bad-${name}`, `${quote(scalarText(value, kind))} is no ${name} in every codec: send a string or null`);
}

/** What is read asynchronously is refused with the line that reads it: an event is sent as it is at the call. */
function faultOfInstance(value: object): Fault {
  const name = classNameOf(value);
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (tag === "Blob" || tag === "File") {
    const line = `await ${tag.toLowerCase()}.arrayBuffer()`;
    const rest = tag === "File" ? ", and what you need of its name and type beside it" : "";
    return fault("blob", `a ${tag} has to be read first: send ${line}${rest}`);
  }
  const cure =
    tag === "Promise" ? "await it, and send what it resolves to" : "send plain data, or give the codec a handler";
  return fault("class-instance", `an instance of ${name}: ${cure}`);
}

function classNameOf(value: object): string {
  try {
    return String(value.constructor?.name);
  } catch {
    return "a class";
  }
}

function addStep(step: string | number, found: Fault | undefined): Fault | undefined {
  found?.path.unshift(step);
  return found;
}

/** A Map's key as a step of the path. */
function step(key: unknown): string | number {
  if (typeof key === "number") return key;
  if (typeof key === "string") return key;
  return typeof key === "object" && key !== null && kindOf(key) === "keyword" ? scalarText(key, "keyword") : "<key>";
}
