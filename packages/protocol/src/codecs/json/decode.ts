import { DecodeError } from "../../errors.ts";
import { isObjectKeyAt } from "../../values/keyword-name.ts";

/** Reads JSON: objects with a key that is no keyword's name, or is `__proto__`, become Maps with string keys. */
export function decodeJson(text: string, maxDepth: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DecodeError("malformed", "not JSON", { cause });
  }
  return typeof value === "object" && value !== null ? revive(value, maxDepth) : value;
}

// Changes arrays and objects in place, since nobody else holds them, and returns another object only for a Map.
function revive(value: object, depth: number): object {
  if (depth < 1) throw new DecodeError("too-deep", "nested too deeply");
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item !== "object" || item === null) continue;
      const revived = revive(item, depth - 1);
      if (revived !== item) value[i] = revived;
    }
    return value;
  }
  const record = value as Record<string, unknown>;
  let isPlain = true;
  let place = depth << 5;
  for (const key in record) {
    if (!isObjectKeyAt(place++, key)) isPlain = false;
    const item = record[key];
    if (typeof item !== "object" || item === null) continue;
    const revived = revive(item, depth - 1);
    // Defining it anew, since assigning to an own __proto__ is safe but to an inherited one is not.
    if (revived !== item) Object.defineProperty(record, key, { value: revived });
  }
  return isPlain ? record : new Map(Object.entries(record));
}
