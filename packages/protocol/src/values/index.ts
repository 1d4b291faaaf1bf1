export { checkEncodable } from "./check.ts";
export { equal, mapGet, setHas } from "./equal.ts";
export { isKw, type Keyword, kw } from "./keyword.ts";
export { isKeywordName } from "./keyword-name.ts";
export { asDict, asMap, dict } from "./maps.ts";
export { normalise } from "./normalise.ts";
export { type PrintOptions, print } from "./print.ts";
export {
  type Double,
  double,
  isDouble,
  isSym,
  isTagged,
  isUri,
  isUuid,
  type Sym,
  sym,
  Tagged,
  tagged,
  type Uri,
  type Uuid,
  uri,
  uuid,
} from "./types.ts";
export type { Value } from "./value.ts";
