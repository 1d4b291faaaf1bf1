/** The bytes that hexadecimal digits say, with or without spaces. */
export function bytesOf(hex: string): Uint8Array {
  const digits = hex.replaceAll(" ", "");
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = 16 * digitAt(digits, 2 * i) + digitAt(digits, 2 * i + 1);
  }
  return bytes;
}

/** Many megabytes go through here, and `parseInt` would want a string for each byte. */
function digitAt(digits: string, at: number): number {
  const code = digits.charCodeAt(at);
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
}

const utf8 = new TextEncoder();
const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The hexadecimal digits of bytes, or of a text in UTF-8. */
export function hexOf(what: string | Uint8Array): string {
  const bytes = typeof what === "string" ? utf8.encode(what) : what;
  let digits = "";
  for (const byte of bytes) digits += pairs[byte];
  return digits;
}
