import type { Duplex } from "node:stream";
import { type Accepted, PROTOCOL_ERROR, type ServerSocket, toEncoded } from "@sente-lite/engine";
import type { Encoded } from "@sente-lite/protocol";
import { countBytes } from "@sente-lite/protocol/session";
import type { WebSocket } from "ws";
import { frameMessage } from "./frame-message.ts";
import { readPiecewise } from "./piecewise.ts";
import { answerPings } from "./pongs.ts";
import { host, isBun } from "./runs-on.ts";
import { UNFINISHED } from "./unfinished.ts";

/** The close code (RFC 6455 section 7.4.1). */
const TOO_LARGE = 1009;
/** So long the peer of a connection that is cut may take to read why. */
const CUT_MS = 1_000;

/** Bun's own ws answers pings, whatever it is told; that of the package leaves it to `serve`. */
export const autoPong: boolean = isBun;

/** Serves a connection that ws has upgraded, and writes to its stream itself. */
export function serve(
  webSocket: WebSocket,
  stream: Duplex,
  opened: Accepted["opened"],
  {
    maxPayloadBytes,
    thresholdBytes,
  }: { readonly maxPayloadBytes: number; readonly thresholdBytes: number | undefined },
): void {
  // What fails is followed by close; ws does not say there that it was the peer who broke a rule or the bound.
  let isAtFault = false;
  webSocket.on("error", (error) => {
    const code = String((error as NodeJS.ErrnoException).code);
    isAtFault = code.startsWith("WS_ERR_");
    if (code === UNFINISHED) cut(webSocket, stream);
  });
  const socket = isBun
    ? new SocketOfBun(webSocket, () => handlers.drained(), thresholdBytes)
    : new StreamSocket(webSocket, stream, thresholdBytes);
  const handlers = opened(socket);
  webSocket.on("message", (data, isBinary) => handlers.message(isBinary ? toEncoded(data) : data.toString()));
  webSocket.on("close", (code, reason) => handlers.closed(isAtFault ? PROTOCOL_ERROR : code, reason.toString()));
  if (!isBun) {
    answerPings(webSocket, stream);
    readPiecewise(webSocket, stream, maxPayloadBytes);
  }
  // They count for how fast a peer may send.
  webSocket.on("ping", (data) => handlers.noteControl?.(data.byteLength));
  webSocket.on("pong", (data) => handlers.noteControl?.(data.byteLength));
  stream.on("drain", () => handlers.drained());
}

/** Ends a connection of which nothing more is read. */
function cut(webSocket: WebSocket, stream: Duplex): void {
  stream.resume();
  webSocket.close(TOO_LARGE, "a message does not end");
  host.setTimer(CUT_MS, () => webSocket.terminate());
}

/** One class, whatever the connection: an object that has its own getter has a shape of its own to V8, which looks each of them up. */
abstract class UpgradedSocket implements ServerSocket {
  protected readonly webSocket: WebSocket;
  protected readonly thresholdBytes: number | undefined;

  constructor(webSocket: WebSocket, thresholdBytes: number | undefined) {
    this.webSocket = webSocket;
    this.thresholdBytes = thresholdBytes;
  }

  abstract send(data: Encoded): "written" | "buffered";
  abstract get bufferedAmount(): number;

  close(code: number, reason: string): void {
    this.webSocket.close(code, reason);
  }

  terminate(): void {
    this.webSocket.terminate();
  }

  pause(): void {
    this.webSocket.pause();
  }

  resume(): void {
    this.webSocket.resume();
  }
}

class StreamSocket extends UpgradedSocket {
  readonly #stream: Duplex;

  constructor(webSocket: WebSocket, stream: Duplex, thresholdBytes: number | undefined) {
    super(webSocket, thresholdBytes);
    this.#stream = stream;
  }

  send(data: Encoded): "written" | "buffered" {
    const { webSocket, thresholdBytes } = this;
    if (webSocket.readyState !== webSocket.OPEN) return "written";
    return this.#stream.write(frameMessage(data, thresholdBytes)) ? "written" : "buffered";
  }

  get bufferedAmount(): number {
    return this.#stream.writableLength;
  }
}

/**
 * Bun puts a ws of its own in the place of the package: what is written into its stream arrives as long as the system takes
 * it, and then waits for ever. Its `send` calls back once there is room, and the stream tells of none.
 */
class SocketOfBun extends UpgradedSocket {
  readonly #drained: () => void;

  constructor(webSocket: WebSocket, drained: () => void, thresholdBytes: number | undefined) {
    super(webSocket, thresholdBytes);
    this.#drained = drained;
  }

  send(data: Encoded): "written" | "buffered" {
    const { webSocket, thresholdBytes } = this;
    if (webSocket.readyState !== webSocket.OPEN) return "written";
    const compress = thresholdBytes !== undefined && countBytes(data) >= thresholdBytes;
    let isBuffered = false;
    webSocket.send(data, { compress }, () => {
      if (isBuffered) this.#drained();
    });
    isBuffered = webSocket.bufferedAmount > 0;
    return isBuffered ? "buffered" : "written";
  }

  get bufferedAmount(): number {
    return this.webSocket.bufferedAmount;
  }
}
