import { native } from "./native.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  const { toBase64: own } = native.Uint8Array.prototype;
  if (own !== undefined) return own.call(bytes);
  const { Buffer } = native;
  if (Buffer !== undefined) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  return encodeBase64(bytes);
}

/** The bytes of a base64 text, undefined where it is none. Padding is required, white space is not accepted. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = decodeLoosely(text);
  // Runtimes differ in what else they accept. Where the bytes give the same text again, there was nothing of that in it.
  return bytes !== undefined && toBase64(bytes) === text ? bytes : decodeBase64(text);
}

function decodeLoosely(text: string): Uint8Array | undefined {
  const { Uint8Array: Bytes, Buffer } = native;
  try {
    if (Bytes.fromBase64 !== undefined) return Bytes.fromBase64(text);
  } catch {
    return undefined;
  }
  // Copied: Node cuts small buffers out of one that many share.
  return Buffer === undefined ? undefined : new Uint8Array(Buffer.from(text, "base64"));
}

/** For the runtimes that have neither. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i] ?? 0;
    const b = bytes[i + 1];
    const c = bytes[i + 2];
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += `${alphabet[bits >> 18]}${alphabet[(bits >> 12) & 63]}`;
    text += b === undefined ? "=" : alphabet[(bits >> 6) & 63];
    text += c === undefined ? "=" : alphabet[bits & 63];
  }
  return text;
}

export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let at = 0;
  for (let i = 0; i < text.length; i += 4) {
    let bits = 0;
    for (let j = i; j < i + 4; j++) {
      const digit = j >= text.length - padding ? 0 : digitOf(text.charCodeAt(j));
      if (digit === undefined) return undefined;
      bits = (bits << 6) | digit;
    }
    bytes[at++] = bits >> 16;
    bytes[at++] = bits >> 8;
    bytes[at++] = bits;
  }
  return bytes;
}

function digitOf(unit: number): number | undefined {
  if (unit >= 65 && unit <= 90) return unit - 65;
  if (unit >= 97 && unit <= 122) return unit - 71;
  if (unit >= 48 && unit <= 57) return unit + 4;
  return unit === 43 ? 62 : unit === 47 ? 63 : undefined;
}
