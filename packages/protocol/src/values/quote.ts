/** What was given where a text should be, for a message: a text in quotes, not all of it, or what else it is. */
export function quote(given: unknown): string {
  if (typeof given !== "string") return given === null ? "null" : `a value of type ${typeof given}`;
  return JSON.stringify(given.length > 80 ? `${given.slice(0, 80)}…` : given);
}
