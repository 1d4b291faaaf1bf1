import { holdsBytes } from "./bytes.ts";

/**
 * What an object is to the codecs. Our own classes carry their kind under a `Symbol.for`, so that two copies of the
 * library understand each other; built-in classes are recognised across realms.
 */
export type Kind =
  | "array"
  | "object"
  | "map"
  | "set"
  | "date"
  | "bytes"
  | "keyword"
  | "symbol"
  | "uuid"
  | "uri"
  | "double"
  | "tagged"
  | "instance";

const KIND = Symbol.for("sente-lite/kind");

/** Marks a class of ours; to be called in its static block, so that the mark is no part of the published type. */
export function brand(prototype: object, kind: Kind): void {
  Object.defineProperty(prototype, KIND, { value: kind });
}

export function isBranded(value: unknown, kind: Kind): boolean {
  return typeof value === "object" && value !== null && (value as { [KIND]?: unknown })[KIND] === kind;
}

const builtIn: ReadonlyMap<string, Kind> = new Map([
  ["[object Map]", "map"],
  ["[object Set]", "set"],
  ["[object Date]", "date"],
]);

/** The kind of any object; `instance` is that of a class that no codec knows. Plain objects are `object`. */
export function kindOf(value: object): Kind {
  if (Array.isArray(value)) return "array";
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return "object";
  const own = (value as { [KIND]?: Kind })[KIND];
  if (own !== undefined) return own;
  if (value instanceof Map) return "map";
  if (value instanceof Set) return "set";
  if (value instanceof Date) return "date";
  if (holdsBytes(value)) return "bytes";
  if (isRootPrototype(prototype)) return "object";
  return builtIn.get(Object.prototype.toString.call(value)) ?? "instance";
}

// The Object.prototype of another realm: it ends the chain and has what only Object.prototype defines.
function isRootPrototype(prototype: unknown): boolean {
  return (
    typeof prototype === "object" &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "isPrototypeOf")
  );
}
