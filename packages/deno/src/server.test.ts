import { webHost } from "@sente-lite/engine";
import { json } from "@sente-lite/protocol/json";
import { afterEach, expect, it, vi } from "vitest";
import { makeChannelSocketServer } from "./core.ts";

// What a real Deno is not needed for, with what it would give.

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it("reports what fails while a connection is opened, and closes that connection", async () => {
  const socket = { onopen: () => {}, onmessage: (_event: unknown) => {}, readyState: 1, close: vi.fn() };
  vi.stubGlobal("Deno", { upgradeWebSocket: () => ({ socket, response: new Response() }) });
  const server = makeChannelSocketServer({ codecs: [json] });
  const reports: unknown[] = [];
  server.errorChan.on(({ error, context }) => reports.push([error.message, context.source]));
  const url = "http://localhost/chsk?client-id=c&sente-lite=1&attempt=1";
  await server.fetch(new Request(url, { headers: { upgrade: "websocket" } }));
  vi.spyOn(webHost, "randomBytes").mockImplementation(() => {
    throw new Error("no randomness");
  });
  expect(() => socket.onopen()).not.toThrow();
  expect(reports).toEqual([["no randomness", "opened"]]);
  expect(socket.close.mock.calls).toEqual([[1011, ""]]);
  // What it had sent meanwhile is nobody's.
  expect(() => socket.onmessage({ data: "x" })).not.toThrow();
});
