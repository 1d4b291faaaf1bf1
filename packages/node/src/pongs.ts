import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

const FINAL_PONG = 0x8a;

/**
 * Answers pings (RFC 6455 section 5.5.3): those that come together in one write. Of those that come while the peer does not
 * take what it is sent the last alone, as that section allows. ws itself cuts a peer that sends sixty at once.
 */
export function answerPings(webSocket: WebSocket, stream: Duplex): void {
  let isCorked = false;
  /** The last one, for when there is room. */
  let late: Buffer | undefined;
  const uncork = () => {
    isCorked = false;
    stream.uncork();
  };
  const send = (frame: Buffer) => {
    if (webSocket.readyState !== webSocket.OPEN) return;
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      process.nextTick(uncork);
    }
    stream.write(frame);
  };
  const sendLate = () => {
    if (late !== undefined) send(late);
    late = undefined;
  };
  webSocket.on("ping", (data: Buffer) => {
    const frame = Buffer.concat([Buffer.of(FINAL_PONG, data.length), data]);
    if (late === undefined && !stream.writableNeedDrain) {
      send(frame);
      return;
    }
    if (late === undefined) stream.once("drain", sendLate);
    late = frame;
  });
}
