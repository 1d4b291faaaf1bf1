import type { Encoded } from "@sente-lite/protocol";

const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;

let lastData: Encoded | undefined;
let lastFrame: Buffer | undefined;

/**
 * A message as one unmasked WebSocket frame (RFC 6455 section 5.2), in one buffer: `ws` would encode a broadcast anew
 * for each of its receivers, and write it in two parts. The frame of the last message is kept, and so a message that
 * goes to many is framed once.
 */
export function framed(data: Encoded): Buffer {
  if (data === lastData && lastFrame !== undefined) return lastFrame;
  const isText = typeof data === "string";
  const length = isText ? Buffer.byteLength(data) : data.byteLength;
  const headLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headLength + length);
  frame[0] = isText ? FINAL_TEXT : FINAL_BINARY;
  if (headLength === 2) frame[1] = length;
  else if (headLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  if (isText) frame.write(data, headLength, "utf8");
  else frame.set(data, headLength);
  lastData = data;
  lastFrame = frame;
  return frame;
}
