/** A frame as a server sent it: its first byte, which has the opcode and the bits beside it, and what it holds. */
export interface ServerFrame {
  readonly first: number;
  readonly payload: Buffer;
}

/** The complete frames that a server sent after the head of its answer; `text` is what a `RawSocket` shows. */
export function framesIn(text: string): readonly ServerFrame[] {
  const bytes = Buffer.from(text, "latin1");
  const frames: ServerFrame[] = [];
  let at = bytes.indexOf("\r\n\r\n") + 4;
  while (at + 2 <= bytes.length) {
    const short = bytes.readUInt8(at + 1);
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + head > bytes.length) break;
    const length = head === 2 ? short : head === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const end = at + head + length;
    if (end > bytes.length) break;
    frames.push({ first: bytes.readUInt8(at), payload: bytes.subarray(at + head, end) });
    at = end;
  }
  return frames;
}
