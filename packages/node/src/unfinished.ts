import type { WebSocket } from "ws";

/** What may come of frames before a message is whole, in messages of the largest size, and bytes for the headers of its fragments. */
const MESSAGES = 2;
const HEADERS_BYTES = 256 * 1_024;
/** The code of the error. */
export const UNFINISHED = "WS_ERR_UNFINISHED";
/** The header of a client's control frame, which is masked (RFC 6455 section 5.2). */
const CONTROL_HEADER_BYTES = 6;
/** A control frame that came in part: at most 125 bytes (section 5.5), and its header. */
const PART_BYTES = CONTROL_HEADER_BYTES + 125;

/**
 * Bounds what a message that is not whole yet can hold. ws keeps of each fragment the chunk in which it came, so that a peer with a
 * fragment of one byte and 64 KiB of pongs, again and again, would fill the memory below any limit of ws. Returns what is to be told
 * of the bytes of each chunk, and says whether ws may read it; where more came than a message can take, the webSocket has an
 * "error" then, once.
 */
export function limitUnfinished(webSocket: WebSocket, maxPayloadBytes: number): (bytes: number) => boolean {
  const maxBytes = MESSAGES * maxPayloadBytes + HEADERS_BYTES;
  /** Since the chunk in which the last message ended. */
  let readBytes = 0;
  let controlBytes = 0;
  let isEndInChunk = false;
  let isOver = false;
  webSocket.on("message", () => {
    readBytes = 0;
    controlBytes = 0;
    isEndInChunk = true;
  });
  const noteControl = ({ length }: Buffer) => {
    if (!isEndInChunk) controlBytes += CONTROL_HEADER_BYTES + length;
  };
  webSocket.on("ping", noteControl);
  webSocket.on("pong", noteControl);
  return (bytes) => {
    isEndInChunk = false;
    // All but control frames is of a message.
    if (!isOver && readBytes > maxBytes && readBytes - controlBytes > PART_BYTES) {
      isOver = true;
      webSocket.emit("error", Object.assign(new RangeError("a message does not end"), { code: UNFINISHED }));
    }
    readBytes += bytes;
    return !isOver;
  };
}
