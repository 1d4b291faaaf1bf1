/**
 * The bytes of what is of kind `bytes`, as the memory has them, without a copy: of a buffer, or of the part of one that a
 * typed array or a DataView shows. Throws `TypeError` where the buffer was given away (`structuredClone`, `postMessage`).
 */
export function bytesOf(value: object): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return new Uint8Array(value as ArrayBufferLike);
}

/** True for all that holds bytes, also of another realm: buffers, typed arrays, DataView, and Node's Buffer. */
export function holdsBytes(value: object): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || isForeignBuffer(value);
}

/** Of another realm, or shared, which not every page knows. Its tag alone says little: anybody may have it. */
function isForeignBuffer(value: object): boolean {
  const tag = Object.prototype.toString.call(value);
  if (tag !== "[object ArrayBuffer]" && tag !== "[object SharedArrayBuffer]") return false;
  const { prototype } = tag === "[object ArrayBuffer]" ? ArrayBuffer : SharedArrayBuffer;
  try {
    return Reflect.get(prototype, "byteLength", value) >= 0;
  } catch {
    return false;
  }
}
