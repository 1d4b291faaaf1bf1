import { kindOf } from "./brand.ts";
import { Identities } from "./identity.ts";
import { ratioOf, toExact } from "./numbers.ts";
import { isDouble, isTagged } from "./types.ts";

/**
 * Deep equality in Clojure's sense: maps and sets without order, a plain object like a Map with the same keyword keys,
 * keywords, UUIDs, dates, bytes and tagged values by what they hold. As in Clojure 0 equals -0. Where JavaScript cannot
 * tell integers from doubles, neither does this: 1, 1n and `double(1)` are equal; a bigint beyond the safe range equals
 * no number. Ratios are equal in any terms (`2/4` and `1/2`, `4/2` and 2), decimals with any zeros at their end. Unlike in Clojure, NaN equals NaN, as in JavaScript's own maps and sets; and undefined equals null.
 * Instances of unknown classes equal themselves only. Neither value may contain itself.
 */
export function equal(a: unknown, b: unknown): boolean {
  return areSame(a, b, new Identities());
}

/** Numbers of all four kinds as one, and undefined as null. */
function unwrapScalar(value: unknown): unknown {
  if (typeof value === "bigint") return toExact(value);
  if (typeof value !== "object" || value === null) return value ?? null;
  if (isDouble(value)) return value.value;
  const ratio = isTagged(value, "ratio") ? ratioOf(value) : undefined;
  return ratio === undefined || Array.isArray(ratio) ? value : ratio;
}

function areSame(left: unknown, right: unknown, identities: Identities): boolean {
  if (left === right) return true;
  const a = unwrapScalar(left);
  const b = unwrapScalar(right);
  if (a === b) return true;
  // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself
  if (a !== a && b !== b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const kind = kindOf(a);
  const other = kindOf(b);
  if (kind === "array" && other === "array") return areSameItems(a as unknown[], b as unknown[], identities);
  if ((kind === "object" || kind === "map") && (other === "object" || other === "map")) {
    return areSameMaps(a, b, identities);
  }
  return kind === other && kind !== "instance" && identities.of(a) === identities.of(b);
}

function areSameItems(a: readonly unknown[], b: readonly unknown[], identities: Identities): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!areSame(a[i], b[i], identities)) return false;
  return true;
}

function areSameMaps(a: object, b: object, identities: Identities): boolean {
  const left = identities.entries(a);
  const right = identities.entries(b);
  if (left.size !== right.size) return false;
  for (const [key, value] of left) {
    if (!right.has(key) || !areSame(value, right.get(key), identities)) return false;
  }
  return true;
}

/** The value under a key that is `equal` to this one. Composite keys are searched for one by one. */
export function mapGet<K, V>(map: ReadonlyMap<K, V>, key: unknown): V | undefined {
  const found = map.get(key as K);
  if (found !== undefined || isText(key)) return found;
  const isSame = compareWith(key);
  for (const [candidate, value] of map) if (isSame(candidate)) return value;
  return undefined;
}

/** Has the set a member that is `equal` to this one? Composite members are searched for one by one. */
export function setHas<T>(set: ReadonlySet<T>, member: unknown): boolean {
  if (set.has(member as T)) return true;
  if (isText(member)) return false;
  const isSame = compareWith(member);
  for (const candidate of set) if (isSame(candidate)) return true;
  return false;
}

/** Compares with one value, at which it looks once. */
function compareWith(value: unknown): (candidate: unknown) => boolean {
  const identities = new Identities();
  const wanted = identities.of(value);
  return (candidate) => !isText(candidate) && identities.of(candidate) === wanted;
}

// What equals nothing but itself.
function isText(key: unknown): boolean {
  return typeof key === "string" || typeof key === "boolean";
}
