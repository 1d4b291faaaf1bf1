import { type Pairs, UsageError } from "@sente-lite/protocol";
import { isThenable } from "@sente-lite/protocol/calls";
import { showValue } from "@sente-lite/protocol/options";

// What a user says of the upgrade request, given at once or for one attempt. Each check throws `UsageError` `bad-option`.

/** RFC 9110 sections 5.1 and 5.5: the name of a header, which a subprotocol is spelt like, and the value of one. */
export const HEADER_NAME: RegExp = /^[!#$%&'*+.^_`|~\w-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Parameters of the address. */
export function checkParams(params: Pairs): void {
  for (const [name, value] of readPairs("params", params)) {
    // What JavaScript makes text of without loss is meant.
    if (["string", "number", "boolean"].includes(typeof value)) continue;
    throw createOptionError(`params: ${showValue(name)} is a string, not ${showValue(value)}`);
  }
}

/** Headers of the request. */
export function checkHeaders(headers: Pairs): void {
  for (const [name, value] of readPairs("headers", headers)) {
    if (!HEADER_NAME.test(name)) throw createOptionError(`headers: ${showValue(name)} is no name of a header`);
    if (typeof value === "string" && HEADER_VALUE.test(value)) continue;
    // It may be a secret.
    const what = typeof value === "string" ? "a string with other characters" : showValue(value);
    throw createOptionError(`headers: the value of ${name} is a string of printable Latin characters, not ${what}`);
  }
}

/** Subprotocols that are offered. */
export function checkProtocols(protocols: readonly string[] | undefined): void {
  if (protocols === undefined) return;
  if (!Array.isArray(protocols)) throw createOptionError(`protocols is an array of names, not ${showValue(protocols)}`);
  const wrong = protocols.findIndex((name) => typeof name !== "string" || !HEADER_NAME.test(name));
  if (wrong >= 0) throw createOptionError(`protocols: ${showValue(protocols[wrong])} is no name of a subprotocol`);
}

/** Names and values: of an object its own, of a Map, `URLSearchParams` or `Headers` what it goes through. */
export function pairsOf(given: Pairs): readonly (readonly [string, string])[] {
  if (given === null || given === undefined) return [];
  return Symbol.iterator in given ? [...given] : Object.entries(given);
}

function readPairs(option: string, given: Pairs): ReturnType<typeof pairsOf> {
  if (given !== null && given !== undefined && typeof given !== "object") {
    throw createOptionError(`${option} is an object, or pairs of names and values, not ${showValue(given)}`);
  }
  if (isThenable(given)) throw createOptionError(`${option} is an object, or a function that promises one`);
  const pairs = pairsOf(given);
  for (const pair of pairs) {
    const isPair = Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string";
    if (!isPair)
      throw createOptionError(`${option} goes through pairs of a name and a value, not through ${showValue(pair)}`);
  }
  return pairs;
}

function createOptionError(message: string): UsageError {
  return new UsageError("bad-option", `makeChannelSocketClient: ${message}`);
}
