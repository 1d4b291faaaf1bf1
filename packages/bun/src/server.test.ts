import { webHost } from "@sente-lite/engine";
import { json } from "@sente-lite/protocol/json";
import { describe, expect, it, vi } from "vitest";
import { makeChannelSocketServer } from "./core.ts";

// What a real Bun is not needed for, with what it would give.

/** A server of Bun's that upgrades, and the sockets that it would open. */
function fakeBun() {
  const upgraded: { readonly data: unknown }[] = [];
  return {
    upgraded,
    upgrade: (_request: unknown, { data }: { readonly data: unknown }) => upgraded.push({ data }) > 0,
    requestIP: () => null,
  };
}

const upgradeRequest = (query = "client-id=c&sente-lite=1&attempt=1") =>
  new Request(`http://localhost/chsk?${query}`, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
      "sec-websocket-version": "13",
    },
  });

describe("fetch", () => {
  it.each([[undefined], [{}], [null]])(
    "says what is missing where it is called with %s for Bun's server",
    async (given) => {
      const server = makeChannelSocketServer({ codecs: [json] });
      await expect(server.fetch(upgradeRequest(), given)).rejects.toMatchObject({
        name: "UsageError",
        code: "no-bun-server",
        message: expect.stringContaining("(request, server)"),
      });
    },
  );
});

describe("websocketWith", () => {
  const others = { message: vi.fn(), ping: vi.fn(), pong: vi.fn() };

  it("passes the application's pings and pongs on, and those of our sockets to nobody", async () => {
    const server = makeChannelSocketServer({ codecs: [json] });
    const bun = fakeBun();
    await server.fetch(upgradeRequest(), bun);
    const websocket = server.websocketWith(others);
    const theirs = { data: "theirs" };
    for (const socket of [theirs, ...bun.upgraded]) {
      websocket.ping?.(socket, "a");
      websocket.pong?.(socket, "b");
    }
    expect(others.ping.mock.calls).toEqual([[theirs, "a"]]);
    expect(others.pong.mock.calls).toEqual([[theirs, "b"]]);
  });

  it("hears of pings and pongs, which count, also where the application has no handler for them", () => {
    const server = makeChannelSocketServer({ codecs: [json] });
    for (const websocket of [server.websocket, server.websocketWith({ message: () => {} })]) {
      expect(Object.keys(websocket)).toContain("ping");
      expect(Object.keys(websocket)).toContain("pong");
    }
  });
});

it("counts a connection once that Bun says is closed while it is being closed", async () => {
  const server = makeChannelSocketServer({ codecs: [json] });
  const bun = fakeBun();
  for (const id of ["a", "b"]) {
    await server.fetch(upgradeRequest(`client-id=${id}`), bun);
  }
  const sockets = bun.upgraded.map(({ data }) => {
    const socket = {
      data,
      readyState: 1,
      send: () => 1,
      getBufferedAmount: () => 0,
      close: (code: number, reason: string) => server.websocket.close(socket, code, reason),
    };
    return socket;
  });
  for (const socket of sockets) server.websocket.open(socket);
  expect(server.metrics().connections).toBe(2);
  server.disconnectFn({ uid: "a", clientId: "a" });
  await Promise.resolve();
  expect(server.metrics().connections).toBe(1);
  await server.close();
  expect(server.metrics().connections).toBe(0);
});

it("reports what fails while a connection is opened, and closes that connection", async () => {
  const server = makeChannelSocketServer({ codecs: [json] });
  const reports: unknown[] = [];
  server.errorChan.on(({ error, context }) => reports.push([error.message, context.source]));
  const bun = fakeBun();
  await server.fetch(upgradeRequest(), bun);
  const failing = vi.spyOn(webHost, "randomBytes").mockImplementation(() => {
    throw new Error("no randomness");
  });
  const socket = { ...bun.upgraded[0], readyState: 1, close: vi.fn() };
  server.websocket.open(socket);
  failing.mockRestore();
  expect(reports).toEqual([["no randomness", "opened"]]);
  expect(socket.close.mock.calls).toEqual([[1011, ""]]);
  // Bun tells of what follows.
  server.websocket.message(socket, "x");
  server.websocket.close(socket, 1011, "");
});
