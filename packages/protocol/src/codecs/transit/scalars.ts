import { kindOf } from "../../values/brand.ts";
import { scalarType } from "../../values/scalars.ts";
import { refuse } from "../refuse.ts";

/** True for what Transit writes as one value: it can be a key, and stands in a quote where it is the whole message. */
export function isScalar(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  const kind = kindOf(value);
  return kind === "double" || scalarType(value, kind) !== undefined;
}

/** The text that a string is written as: where it would look like something else it gets a `~` before it. */
export function escapeText(text: string): string {
  const first = text.charCodeAt(0);
  return first === 126 || first === 94 || first === 96 ? `~${text}` : text;
}

/** Transit's text for a number that JSON cannot say. */
export function printSpecial(value: number): string {
  if (Number.isNaN(value)) return "~zNaN";
  // A Double might hold anything.
  return value === Number.POSITIVE_INFINITY ? "~zINF" : value === Number.NEGATIVE_INFINITY ? "~z-INF" : refuse();
}
