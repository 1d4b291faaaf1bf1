import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type Answer, CLOSE_GRACE_MS, webHost } from "@sente-lite/engine";

/** Answers, and hangs up: a peer that keeps its own end open would keep the descriptor of ours. */
export function refuse(socket: Duplex, { status, body, headers = {} }: Answer): void {
  if (socket.destroyed || socket.writableEnded) return;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries({ "content-type": "text/plain; charset=utf-8", ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
  ];
  socket.on("error", () => {});
  const grace = webHost.setTimer(CLOSE_GRACE_MS, () => socket.destroy());
  socket.once("close", () => webHost.clearTimer(grace));
  // What was sent and not read would make a reset of the end, and the answer could be lost.
  socket.resume();
  socket.once("finish", () => socket.destroy());
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
