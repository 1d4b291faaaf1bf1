import type { ChannelSocketServer, Encoded } from "@sente-lite/protocol";
import { TEST_ACCESS, type TestAccess } from "../server/test-access.ts";
import type { ConnectionHandlers, ServerSocket } from "../sockets.ts";

/** The server's end of a connection as a test plays it: what it sent, and a buffer that drains when the test says so. */
export interface RawPeer {
  readonly handlers: ConnectionHandlers;
  readonly sent: string[];
  readonly closes: { readonly code: number; readonly reason: string }[];
  /** Bytes that wait in the socket. */
  buffered: number;
  /** Calls of pause and resume. */
  readonly reading: ("pause" | "resume")[];
}

interface RawPeerOptions {
  /** Frames stay in its socket. */
  readonly stalled?: boolean;
  readonly protocols?: string;
  /** Without it, it cannot be told to read no further. */
  readonly canPause?: boolean;
  readonly remoteAddress?: string;
}

/** Lets a peer of that query in. */
export async function openRawPeer(
  server: Pick<ChannelSocketServer, "errorChan">,
  query: string,
  { stalled = false, protocols = "", canPause = true, remoteAddress }: RawPeerOptions = {},
): Promise<RawPeer> {
  const access = (server as unknown as { readonly [TEST_ACCESS]: TestAccess })[TEST_ACCESS];
  const headers = new Headers(protocols === "" ? {} : { "sec-websocket-protocol": protocols });
  const url = new URL(`ws://memory/chsk?${query}`);
  const decision = await access.admit({ url, headers, remoteAddress, raw: undefined });
  if (decision.type === "refuse") throw new Error(`refused: ${decision.status} ${decision.body}`);
  const peer: Omit<RawPeer, "handlers"> = { sent: [], closes: [], buffered: 0, reading: [] };
  const socket: ServerSocket = {
    send: (data: Encoded) => {
      peer.sent.push(String(data));
      if (stalled) peer.buffered += data.length;
      return stalled ? "buffered" : "written";
    },
    close: (code, reason) => void peer.closes.push({ code, reason }),
    terminate: () => {},
    get bufferedAmount() {
      return peer.buffered;
    },
    ...(canPause && {
      pause: () => void peer.reading.push("pause"),
      resume: () => void peer.reading.push("resume"),
    }),
  };
  return Object.assign(peer, { handlers: decision.opened(socket) });
}
