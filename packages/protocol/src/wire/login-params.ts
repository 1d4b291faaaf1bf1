/** What a client says to log in anew: parameters of its query, by name (PROTOCOL.md section 1.9). */
export type LoginParams = readonly (readonly [name: string, value: string])[];

/** Reads them; undefined for what is not of their shape. */
export function readLoginParams(value: unknown): LoginParams | undefined {
  return Array.isArray(value) && value.every(isPair) ? value : undefined;
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "string");
}
