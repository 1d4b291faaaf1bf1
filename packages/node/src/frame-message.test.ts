import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { frameMessage } from "./frame-message.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

it("writes frames that a WebSocket peer reads, at every length of the header (RFC 6455 section 5.2)", async () => {
  const http = createServer().listen(0, "127.0.0.1");
  await once(http, "listening");
  const upgrader = new WebSocketServer({ noServer: true });
  const messages = [0, 1, 125, 126, 65_535, 65_536, 70_000].flatMap((length) => [
    "x".repeat(length),
    new Uint8Array(length).fill(7),
  ]);
  messages.push("☃😀".repeat(30_000));
  http.on("upgrade", (request, socket, head) => {
    upgrader.handleUpgrade(request, socket, head, () => {
      // Each twice: a broadcast uses the frame again.
      for (const message of messages) for (let i = 0; i < 2; i++) socket.write(frameMessage(message));
    });
  });
  const peer = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  closing.push(
    () => peer.terminate(),
    () => http.close(),
  );
  const got: (string | Uint8Array)[] = [];
  for await (const [data, isBinary] of on(peer, messages.length * 2)) {
    got.push(isBinary ? new Uint8Array(data) : data.toString());
  }
  const expected = messages.flatMap((message) => [message, message]);
  expect(got.length).toBe(expected.length);
  expect(got.every((message, i) => same(message, expected[i]))).toBe(true);
});

async function* on(peer: WebSocket, count: number): AsyncGenerator<[Buffer, boolean]> {
  const waiting: [Buffer, boolean][] = [];
  let wake = () => {};
  peer.on("message", (data: Buffer, isBinary) => {
    waiting.push([data, isBinary]);
    wake();
  });
  for (let taken = 0; taken < count; taken++) {
    if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    const next = waiting.shift();
    if (next !== undefined) yield next;
  }
}

function same(a: string | Uint8Array, b: string | Uint8Array | undefined): boolean {
  if (typeof a === "string" || typeof b === "string" || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}

it("keeps the frame of a message for all receivers, apart for those that take it compressed", () => {
  const message = "the same again, ".repeat(1_000);
  const [plain, compressed] = [frameMessage(message), frameMessage(message, 1_000)];
  expect(compressed.length).toBeLessThan(plain.length / 10);
  expect([frameMessage(message), frameMessage(message, 1_000), frameMessage(message, 20_000)]).toEqual([
    plain,
    compressed,
    plain,
  ]);
  expect(frameMessage(message)).toBe(plain);
  expect(frameMessage(message, 1_000)).toBe(compressed);
});

it("leaves what compression would lengthen as it is", () => {
  const noise = new Uint8Array(randomBytes(2_000));
  expect(frameMessage(noise, 1_000)).toBe(frameMessage(noise));
});
