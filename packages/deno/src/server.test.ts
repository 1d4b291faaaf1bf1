import { webHost } from "@sente-lite/engine";
import { json } from "@sente-lite/protocol/json";
import { afterEach, expect, it, vi } from "vitest";
import { makeChannelSocketServer } from "./core.ts";

// What a real Deno is not needed for, with what it would give.

const upgradeRequest = () =>
  new Request("http://localhost/chsk?client-id=c&sente-lite=1&attempt=1", {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
      "sec-websocket-version": "13",
    },
  });

function upgraded() {
  const socket = {
    onopen: () => {},
    onmessage: (_event: unknown) => {},
    send: () => {},
    readyState: 1,
    close: vi.fn(),
  };
  vi.stubGlobal("Deno", { upgradeWebSocket: () => ({ socket, response: new Response() }) });
  return { socket, server: makeChannelSocketServer({ codecs: [json] }) };
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it("reports what fails while a connection is opened, and closes that connection", async () => {
  vi.useFakeTimers();
  const { socket, server } = upgraded();
  const reports: unknown[] = [];
  server.errorChan.on(({ error, context }) => reports.push([error.message, context.source]));
  await server.fetch(upgradeRequest());
  vi.spyOn(webHost, "randomBytes").mockImplementation(() => {
    throw new Error("no randomness");
  });
  expect(() => socket.onopen()).not.toThrow();
  expect(reports).toEqual([["no randomness", "opened"]]);
  // What it had sent meanwhile is nobody's.
  expect(() => socket.onmessage({ data: "x" })).not.toThrow();
  await vi.advanceTimersByTimeAsync(100);
  expect(socket.close.mock.calls).toEqual([[1011, ""]]);
});

// A frame after the close makes Deno drop the socket, and the close code is lost.
it.each([
  ["once it sends no more", 5],
  ["after a while, where it never stops", 1_000],
])("closes a peer %s", async (_when, sends) => {
  vi.useFakeTimers();
  const { socket, server } = upgraded();
  server.errorChan.on(() => {});
  await server.fetch(upgradeRequest());
  socket.onopen();
  socket.onmessage({ data: "no frame" });
  let sent = 0;
  while (sent < sends && socket.close.mock.calls.length === 0) {
    socket.onmessage({ data: "[]" });
    sent++;
    await vi.advanceTimersByTimeAsync(2);
  }
  expect(sent).toBe(Math.min(sends, 50));
  await vi.advanceTimersByTimeAsync(2);
  expect(socket.close.mock.calls).toEqual([[4400, "bad frame"]]);
});

it("counts a socket that never opens, until it does", async () => {
  vi.useFakeTimers();
  const socket = { onopen: () => {}, readyState: 0, close: vi.fn() };
  vi.stubGlobal("Deno", { upgradeWebSocket: () => ({ socket, response: new Response() }) });
  const server = makeChannelSocketServer({ codecs: [json] });
  await server.fetch(upgradeRequest());
  expect(server.metrics().socketsLingering).toBe(0);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(server.metrics()).toMatchObject({ socketsLingering: 1, connections: 0 });
  socket.onopen();
  expect(server.metrics()).toMatchObject({ socketsLingering: 0, connections: 1 });
});

it("closes a peer at once that sends a thousand frames after its close: until it ends, Deno gives nobody else a turn", async () => {
  vi.useFakeTimers();
  const { socket, server } = upgraded();
  server.errorChan.on(() => {});
  await server.fetch(upgradeRequest());
  socket.onopen();
  // It waits for a peer that does not hang up, for a while.
  const closing = server.close();
  for (let sent = 0; sent < 999; sent++) socket.onmessage({ data: "x" });
  expect(socket.close).not.toHaveBeenCalled();
  socket.onmessage({ data: "x" });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(socket.close).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(20_000);
  await closing;
});
