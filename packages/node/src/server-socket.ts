import type { Duplex } from "node:stream";
import { type Accepted, PROTOCOL_ERROR, type ServerSocket, toEncoded } from "@sente-lite/engine";
import { countBytes } from "@sente-lite/protocol/session";
import type { WebSocket } from "ws";
import { frameMessage } from "./frame-message.ts";
import { readPiecewise } from "./piecewise.ts";
import { answerPings } from "./pongs.ts";

const isBun = process.versions.bun !== undefined;

/** Bun's own ws answers pings, whatever it is told; that of the package leaves it to `serve`. */
export const autoPong: boolean = isBun;

/** Serves a connection that ws has upgraded, and writes to its stream itself. */
export function serve(
  webSocket: WebSocket,
  stream: Duplex,
  opened: Accepted["opened"],
  thresholdBytes: number | undefined,
): void {
  // What fails is followed by close; ws does not say there that it was the peer who broke a rule or the bound.
  let isAtFault = false;
  webSocket.on("error", (error) => {
    isAtFault = String((error as NodeJS.ErrnoException).code).startsWith("WS_ERR_");
  });
  const socket = isBun
    ? socketOfBun(webSocket, () => handlers.drained(), thresholdBytes)
    : serverSocket(webSocket, stream, thresholdBytes);
  const handlers = opened(socket);
  webSocket.on("message", (data, isBinary) => handlers.message(isBinary ? toEncoded(data) : data.toString()));
  webSocket.on("close", (code, reason) => handlers.closed(isAtFault ? PROTOCOL_ERROR : code, reason.toString()));
  if (!isBun) {
    answerPings(webSocket, stream);
    readPiecewise(webSocket, stream);
  }
  // They count for how fast a peer may send.
  webSocket.on("ping", (data) => handlers.noteControl?.(data.byteLength));
  webSocket.on("pong", (data) => handlers.noteControl?.(data.byteLength));
  stream.on("drain", () => handlers.drained());
}

function createCommon(webSocket: WebSocket): Pick<Required<ServerSocket>, "close" | "terminate" | "pause" | "resume"> {
  return {
    close: (code, reason) => webSocket.close(code, reason),
    terminate: () => webSocket.terminate(),
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
  };
}

function serverSocket(webSocket: WebSocket, stream: Duplex, thresholdBytes: number | undefined): ServerSocket {
  return {
    ...createCommon(webSocket),
    send: (data) => {
      if (webSocket.readyState !== webSocket.OPEN) return "written";
      return stream.write(frameMessage(data, thresholdBytes)) ? "written" : "buffered";
    },
    get bufferedAmount() {
      return stream.writableLength;
    },
  };
}

/**
 * Bun puts a ws of its own in the place of the package: what is written into its stream arrives as long as the system takes
 * it, and then waits for ever. Its `send` calls back once there is room, and the stream tells of none.
 */
function socketOfBun(webSocket: WebSocket, drained: () => void, thresholdBytes: number | undefined): ServerSocket {
  return {
    ...createCommon(webSocket),
    send: (data) => {
      if (webSocket.readyState !== webSocket.OPEN) return "written";
      const compress = thresholdBytes !== undefined && countBytes(data) >= thresholdBytes;
      let isBuffered = false;
      webSocket.send(data, { compress }, () => {
        if (isBuffered) drained();
      });
      isBuffered = webSocket.bufferedAmount > 0;
      return isBuffered ? "buffered" : "written";
    },
    get bufferedAmount() {
      return webSocket.bufferedAmount;
    },
  };
}
