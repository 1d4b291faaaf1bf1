/**
 * True where a CSRF token that somebody gave is the expected one, in a time that does not tell how much of it is right. Without
 * an expected token none is valid, and what is no string is no token.
 */
export function isValidCsrfToken(given: string | null | undefined, expected: string | null | undefined): boolean {
  if (typeof given !== "string" || typeof expected !== "string" || expected === "") return false;
  let difference = expected.length ^ given.length;
  for (let i = 0; i < expected.length; i++) difference |= expected.charCodeAt(i) ^ given.charCodeAt(i);
  return difference === 0;
}
