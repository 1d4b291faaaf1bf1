import { DecodeError } from "../../errors.ts";

/** Reads JSON, as JSON.parse does; what nests too deeply is refused. */
export function decodeJson(text: string, maxDepth: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DecodeError("malformed", "not JSON", { cause, ...placeIn(cause) });
  }
  // A level takes two units at least.
  if (text.length > maxDepth * 2 && typeof value === "object" && value !== null && isDeeper(value, maxDepth)) {
    throw new DecodeError("too-deep", "nested too deeply", { offset: placeOfLevel(text, maxDepth + 1) });
  }
  return value;
}

function isDeeper(value: object, depth: number): boolean {
  if (depth < 1) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item === "object" && item !== null && isDeeper(item, depth - 1)) return true;
    }
    return false;
  }
  const record = value as Record<string, unknown>;
  for (const key in record) {
    const item = record[key];
    if (typeof item === "object" && item !== null && isDeeper(item, depth - 1)) return true;
  }
  return false;
}

/** The place where a JSON text opens that level. */
function placeOfLevel(text: string, level: number): number {
  let open = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charAt(at);
    if (isInString && unit === "\\") at++;
    else if (unit === '"') isInString = !isInString;
    else if (!isInString && (unit === "[" || unit === "{") && ++open === level) return at;
    else if (!isInString && (unit === "]" || unit === "}")) open--;
  }
  return text.length;
}

/** The place of the fault as the engine tells it; some engines do not. */
function placeIn(cause: unknown): { readonly offset?: number } {
  const found = / at position (\d+)/.exec(String(cause));
  return found === null ? {} : { offset: Number(found[1]) };
}
