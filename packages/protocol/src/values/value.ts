import type { Keyword } from "./keyword.ts";
import type { Double, Sym, Tagged, Uri, Uuid } from "./types.ts";

/**
 * Everything that can be sent: Clojure's data in JavaScript. A plain object is a map whose keys are keywords
 * (`{ text, "user/id": 1 }`); any other map is a `Map`. An `undefined` is omitted in an object and null in an array.
 * Buffers, typed arrays and DataViews are bytes, and arrive as a Uint8Array.
 */
export type Value =
  | null
  | undefined
  | boolean
  | string
  | number
  | bigint
  | Date
  | ArrayBufferView
  | ArrayBufferLike
  | Keyword
  | Sym
  | Uuid
  | Uri
  | Double
  | Tagged
  | readonly Value[]
  | ReadonlySet<Value>
  | ReadonlyMap<Value, Value>
  | { readonly [key: string]: Value };
