import { kindOf } from "./brand.ts";
import { bytesOf } from "./bytes.ts";
import type { Tagged } from "./types.ts";

// What the parts of a decoded value take, in bytes: measured with V8, rounded up.
const SLOT = 8;
const FRACTION = 16;
const STRING = 24;
const ARRAY = 32;
const OBJECT = 56;
const TABLE = 160;
const TABLE_ENTRY = 48;
const INSTANCE = 112;
const BUFFER = 208;

/**
 * About how many bytes of memory a decoded value takes: values of many small parts take far more than their text. Looks
 * at each part once, and at no more of them than `maxParts`: the bytes of its text bound them.
 */
export function weightOf(value: unknown, maxParts: number): number {
  const inner: object[] = [];
  let weight = 0;
  let parts = 0;
  const add = (part: unknown) => {
    parts++;
    weight += SLOT;
    if (typeof part === "string") weight += STRING + part.length;
    else if (typeof part === "number") weight += Number.isInteger(part) ? 0 : FRACTION;
    else if (typeof part === "bigint") weight += FRACTION;
    else if (typeof part === "object" && part !== null) inner.push(part);
  };
  add(value);
  for (let next = inner.pop(); next !== undefined && parts <= maxParts; next = inner.pop()) {
    switch (kindOf(next)) {
      case "array":
        weight += ARRAY;
        for (const part of next as readonly unknown[]) add(part);
        break;
      case "object":
        weight += OBJECT;
        for (const key of Object.keys(next)) add((next as Readonly<Record<string, unknown>>)[key]);
        break;
      case "map":
        weight += TABLE;
        for (const [key, held] of next as ReadonlyMap<unknown, unknown>) {
          weight += TABLE_ENTRY;
          add(key);
          add(held);
        }
        break;
      case "set":
        weight += TABLE;
        for (const part of next as ReadonlySet<unknown>) {
          weight += TABLE_ENTRY;
          add(part);
        }
        break;
      case "bytes":
        weight += BUFFER + bytesOf(next).byteLength;
        break;
      case "keyword":
        break;
      case "tagged":
        weight += OBJECT;
        add((next as Tagged).value);
        break;
      default:
        weight += INSTANCE;
    }
  }
  return weight;
}
