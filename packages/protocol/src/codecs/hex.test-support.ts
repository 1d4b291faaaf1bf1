/** The bytes that hexadecimal digits say, with or without spaces. */
export function bytesOf(hex: string): Uint8Array {
  const digits = hex.replaceAll(" ", "");
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The hexadecimal digits of bytes, or of a text in UTF-8. */
export function hexOf(what: string | Uint8Array): string {
  const bytes = typeof what === "string" ? new TextEncoder().encode(what) : what;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
