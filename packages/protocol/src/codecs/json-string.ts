import { isWellFormed } from "../values/well-formed.ts";
import { refuse } from "./refuse.ts";

// What a JSON string cannot hold as it is: quotes, backslashes, control characters; and what may be half a pair.
const special = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** Writes a text as a string of JSON, in quotes. Refuses half a surrogate pair. */
export function jsonString(text: string): string {
  if (!special.test(text)) return `"${text}"`;
  return isWellFormed(text) ? JSON.stringify(text) : refuse();
}
