import {
  type Accepted,
  type ConnectionHandlers,
  PROTOCOL_ERROR,
  type ServerSocket,
  toEncoded,
} from "@sente-lite/engine";
import type { Encoded } from "@sente-lite/protocol";
import { countBytes } from "@sente-lite/protocol/session";
import type { BunWebSocketHandler, OtherWebSocketHandler } from "./server-types.ts";

/** What we use of a `ServerWebSocket`. */
interface BunSocket {
  readonly data: Ours | undefined;
  readonly readyState: number;
  send(data: Encoded, compress: boolean): number;
  close(code: number, reason: string): void;
  terminate(): void;
  getBufferedAmount(): number;
  pause?(): void;
  resume?(): void;
}

/** Marks the data of the sockets that we upgraded, for every evaluation of this module: `bun --hot` makes several. */
const OURS: unique symbol = Symbol.for("sente-lite/bun") as never;

/** The data of a socket that we upgraded. */
export interface Ours {
  readonly [OURS]: true;
  readonly opened: Accepted["opened"];
  handlers: ConnectionHandlers | undefined;
}

const OPEN = 1;

/** RFC 6455 section 7.1.5: the connection ended without a close. */
const ABNORMAL = 1006;

/** The data of a socket that is upgraded for us. */
export function dataOf(opened: Accepted["opened"]): Ours {
  return { [OURS]: true, opened, handlers: undefined };
}

function oursOf(socket: unknown): Ours | undefined {
  const { data } = socket as { readonly data: unknown };
  return typeof data === "object" && data !== null && OURS in data ? (data as Ours) : undefined;
}

/** Makes the handlers for `Bun.serve({ websocket })`, beside those of others; messages are compressed from `thresholdBytes` on. */
export function websocketMaker(
  maxPayloadLength: number,
  thresholdBytes: number | undefined,
): (others: OtherWebSocketHandler | undefined) => BunWebSocketHandler {
  return (others) => ({
    open: (socket) => {
      const ours = oursOf(socket);
      if (ours === undefined) others?.open?.(socket as never);
      else ours.handlers = ours.opened(serverSocket(socket as BunSocket, thresholdBytes));
    },
    message: (socket, data) => {
      const ours = oursOf(socket);
      if (ours === undefined) others?.message(socket as never, data as never);
      else ours.handlers?.message(toEncoded(data));
    },
    drain: (socket) => {
      const ours = oursOf(socket);
      if (ours === undefined) others?.drain?.(socket as never);
      else ours.handlers?.drained();
    },
    close: (socket, code, reason) => {
      const ours = oursOf(socket);
      if (ours === undefined) others?.close?.(socket as never, code, reason);
      // Bun tells of it while `close` or `terminate` still runs; other runtimes never do.
      else void Promise.resolve().then(() => ours.handlers?.closed(closeCodeOf(code, reason), reason));
    },
    // Bun answers pings itself; they and pongs count for how fast a peer may send.
    ping: countControl((socket, data) => others?.ping?.(socket, data)),
    pong: countControl((socket, data) => others?.pong?.(socket, data)),
    // Our own heartbeat finds the dead (PROTOCOL.md section 7).
    idleTimeout: 0,
    maxPayloadLength,
    // Shared by all connections: nothing is kept for one between its messages.
    perMessageDeflate: thresholdBytes !== undefined && { compress: "shared", decompress: "shared" },
  });
}

/** Where Bun itself closes for what the peer sent, it says 1006 and why; of a cut it says nothing. */
function closeCodeOf(code: number, reason: string): number {
  return code === ABNORMAL && reason !== "" ? PROTOCOL_ERROR : code;
}

function countControl(handleOther: (socket: never, data: never) => void): (socket: unknown, data: unknown) => void {
  return (socket, data) => {
    const ours = oursOf(socket);
    if (ours === undefined) handleOther(socket as never, data as never);
    else ours.handlers?.noteControl?.((data as { readonly byteLength?: number }).byteLength ?? 0);
  };
}

function serverSocket(socket: BunSocket, thresholdBytes: number | undefined): ServerSocket {
  return {
    // Bytes sent, -1 where they wait, 0 where the message was dropped.
    send: (data) => {
      if (socket.readyState !== OPEN) return "written";
      const sent = socket.send(data, thresholdBytes !== undefined && countBytes(data) >= thresholdBytes);
      return sent > 0 ? "written" : sent < 0 ? "buffered" : "dropped";
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    get bufferedAmount() {
      return socket.readyState === OPEN ? socket.getBufferedAmount() : 0;
    },
    pause: () => socket.pause?.(),
    resume: () => socket.resume?.(),
  };
}
