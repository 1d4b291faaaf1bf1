/** What a client says to log in anew: parameters of its query, by name (PROTOCOL.md section 1.9). */
export type LoginParams = readonly (readonly [name: string, value: string])[];

/** As a query, so many characters: runtimes take no larger head of a request. */
const MAX_QUERY_LENGTH = 16_384;

/** Reads them; undefined for what is not of their shape, or too much for a query. */
export function readLoginParams(value: unknown): LoginParams | undefined {
  if (!Array.isArray(value) || !value.every(isPair)) return undefined;
  let length = 0;
  // Each has a "=" and an "&", too.
  for (const [name, text] of value as LoginParams) length += name.length + text.length + 2;
  return length <= MAX_QUERY_LENGTH ? value : undefined;
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "string");
}
