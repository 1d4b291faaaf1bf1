import {
  type Accepted,
  type ConnectionHandlers,
  type ServerCore,
  type ServerSocket,
  type Timer,
  toEncoded,
  type WebSocketLike,
  webHost,
} from "@sente-lite/engine";

export interface DenoSocket extends WebSocketLike {
  readonly readyState: number;
  onopen: (() => void) | null;
}

const OPEN = 1;
const CLOSED = 3;

/** How often it is checked whether a peer that is to be closed still sends. */
const LOOK_MS = 2;
/** At most this many checks: a peer that never stops is closed all the same. */
const MAX_LOOKS = 50;
/**
 * A peer that sends so many frames after its close is closed at once. Frames that are there come to us without a turn of the loop
 * in between, so no check would be made, and nobody else be heard, for as long as it goes on.
 */
const MAX_LATE_FRAMES = 1_000;

/** How long an upgraded socket may take to open; it mostly opens at once. */
const OPEN_PATIENCE_MS = 3_000;

/** Serves a socket that Deno has upgraded; one that cannot be cut is counted by `linger`. */
export function serve(socket: DenoSocket, opened: Accepted["opened"], linger: ServerCore<never>["linger"]): void {
  let handlers: ConnectionHandlers | undefined;
  let gone: (() => void) | undefined;
  let hasSent = false;
  /** Set once it is to be closed. */
  let closeNow: (() => void) | undefined;
  let lateFrames = 0;
  // A frame that comes after our close makes Deno drop the socket, and the peer, whose connection is reset, then does not
  // see the close. So it waits until nothing comes any more: what a drained client sent is read, and it gets its code.
  const closeOnceQuiet = (code: number, reason: string) => {
    closeNow = () => {
      webHost.clearTimer(timer);
      socket.close(code, reason);
    };
    const look = (looks: number): Timer => {
      hasSent = false;
      return webHost.setTimer(LOOK_MS, () => {
        if (hasSent && looks > 1) timer = look(looks - 1);
        else socket.close(code, reason);
      });
    };
    let timer = look(MAX_LOOKS);
  };
  const lingers = () => {
    gone ??= linger();
  };
  // Of a peer that went in the moment of its upgrade Deno says nothing, and keeps its socket.
  const patience = webHost.setTimer(OPEN_PATIENCE_MS, lingers);
  const isBack = () => {
    webHost.clearTimer(patience);
    gone?.();
    gone = undefined;
  };
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    isBack();
    handlers = opened(serverSocket(socket, closeOnceQuiet, lingers));
  };
  socket.onmessage = ({ data }) => {
    hasSent = true;
    if (closeNow === undefined) handlers?.message(toEncoded(data));
    else if (++lateFrames === MAX_LATE_FRAMES) closeNow();
  };
  // What fails is followed by close.
  socket.onerror = () => {};
  socket.onclose = ({ code, reason }) => {
    isBack();
    handlers?.closed(code, reason);
  };
}

function serverSocket(socket: DenoSocket, close: ServerSocket["close"], lingers: () => void): ServerSocket {
  return {
    send: (data) => {
      if (socket.readyState !== OPEN) return "written";
      socket.send(data);
      return socket.bufferedAmount === 0 ? "written" : "buffered";
    },
    close: (code, reason) => close(code, reason),
    // Deno cannot cut a connection; closing is the nearest thing.
    terminate: () => {
      if (socket.readyState === CLOSED) return;
      lingers();
      socket.close();
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
  };
}
