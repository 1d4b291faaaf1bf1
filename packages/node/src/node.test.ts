import { once } from "node:events";
import { createServer, request as httpRequest, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { webHost } from "@sente-lite/engine";
import { json } from "@sente-lite/protocol/json";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { makeChannelSocketClient, makeChannelSocketServer, ReplyError, startRouter } from "./core.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const makeServer = (options: Partial<Parameters<typeof makeChannelSocketServer>[0]> = {}) => {
  const server = makeChannelSocketServer({ codecs: [json], ...options });
  server.errorChan.on(() => {});
  closing.push(() => server.close());
  return server;
};

async function listening(http: Server): Promise<number> {
  closing.push(() => new Promise((closed) => http.close(closed)));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return (http.address() as AddressInfo).port;
}

/** The status that an upgrade request is answered with. */
async function statusOf(port: number, path: string): Promise<number | undefined> {
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  const request = httpRequest({ host: "127.0.0.1", port, path, headers }).end();
  return new Promise((resolve, reject) => {
    request.on("response", ({ statusCode }) => resolve(statusCode));
    request.on("upgrade", ({ statusCode }, socket) => {
      socket.destroy();
      resolve(statusCode);
    });
    request.on("error", reject);
  });
}

/** The bytes of an upgrade request. */
function upgradeTo(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
}

/** A peer that sends so much, and leaves its own end open when the server ends. */
function halfOpen(port: number, text: string): Socket {
  const peer = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  closing.push(() => peer.destroy());
  peer.on("error", () => {});
  peer.resume();
  peer.write(text);
  return peer;
}

describe("a server and a client on Node", () => {
  it("talk both ways over a real socket", async () => {
    const server = makeServer();
    startRouter(server, {
      "test/echo": ({ data }) => data,
      "test/push-me": ({ uid, data }) => void server.sendFn(uid, ["test/pushed", data]),
      "test/refuse": () => {
        throw new ReplyError("not-allowed", { data: { why: "because" } });
      },
    });
    const { url } = await server.listen();
    const client = makeChannelSocketClient(url, { codec: json, clientId: "c1" });
    closing.push(() => client.close());
    const pushed = new Promise((resolve) => client.chRecv.on("test/pushed", ({ data }) => resolve(data)));
    expect(await client.ready()).toMatchObject({ open: true, uid: "c1", firstOpen: true });
    expect(await client.requestFn(["test/echo", { a: [1, "two ☃ 😀"] }])).toEqual({ a: [1, "two ☃ 😀"] });
    client.sendFn(["test/push-me", "hello"]);
    expect(await pushed).toBe("hello");
    await expect(client.requestFn(["test/refuse"])).rejects.toMatchObject({
      code: "not-allowed",
      data: { why: "because" },
    });
    expect([...server.connectedUids.get().any]).toEqual(["c1"]);
  });

  it("give a client's own headers to the server, and the address it came from", async () => {
    const server = makeServer({
      authorizedFn: ({ headers, remoteAddress }) => ({ token: headers.get("Authorization"), remoteAddress }),
    });
    startRouter(server, { "test/context": ({ context }) => context });
    const { url } = await server.listen();
    const client = makeChannelSocketClient(url, { codec: json, headers: { authorization: "Bearer x" } });
    closing.push(() => client.close());
    expect(await client.requestFn(["test/context"])).toEqual({ token: "Bearer x", remoteAddress: "127.0.0.1" });
  });

  it("ask for a client's headers anew with each attempt, where they are a function", async () => {
    const server = makeServer({ authorizedFn: ({ headers }) => headers.get("Authorization") === "Bearer 2" });
    const { url } = await server.listen();
    let attempt = 0;
    const headers = async () => ({ authorization: `Bearer ${++attempt}` });
    const client = makeChannelSocketClient(url, { codec: json, headers });
    closing.push(() => client.close());
    await expect(client.ready()).rejects.toMatchObject({ code: "terminal-code" });
    client.chsk.reconnect();
    expect((await client.ready()).open).toBe(true);
  });

  it("bring a frame of many kilobytes through a slow start, in order", async () => {
    const server = makeServer({ highWaterBytes: 1_000 });
    const { url } = await server.listen();
    const client = makeChannelSocketClient(url, { codec: json, clientId: "c1" });
    closing.push(() => client.close());
    await client.ready();
    const got: number[] = [];
    const done = new Promise<void>((resolve) => {
      client.chRecv.on("test/item", ({ data }) => {
        const { i } = data as { i: number };
        got.push(i);
        if (i === 299) resolve();
      });
    });
    for (let i = 0; i < 300; i++) server.sendFn("c1", ["test/item", { i, text: "x".repeat(2_000) }]);
    await done;
    expect(got).toEqual([...Array(300).keys()]);
  });
});

describe("attach", () => {
  it("answers upgrades to other paths 404 where it is alone", async () => {
    const http = createServer((_request, response) => response.end("the application"));
    const server = makeServer();
    server.attach(http, { path: "/live" });
    const port = await listening(http);
    expect(await statusOf(port, "/other")).toBe(404);
    expect(await statusOf(port, "/live?client-id=c")).toBe(101);
    expect(await (await fetch(`http://127.0.0.1:${port}/live`)).text()).toBe("the application");
  });

  it("stays silent beside other listeners, and until it is detached", async () => {
    const http = createServer();
    const others: string[] = [];
    http.on("upgrade", (request, socket) => {
      if (request.url?.startsWith("/chsk")) return;
      others.push(request.url ?? "");
      socket.end("HTTP/1.1 418 Teapot\r\n\r\n");
    });
    const server = makeServer();
    const detach = server.attach(http);
    const port = await listening(http);
    expect(await statusOf(port, "/other")).toBe(418);
    expect(await statusOf(port, "/chsk?client-id=c")).toBe(101);
    expect(others).toEqual(["/other"]);
    detach();
    expect(http.listenerCount("upgrade")).toBe(1);
  });

  it("answers 404 what none of several of ours takes, and each its own path", async () => {
    const http = createServer();
    makeServer().attach(http, { path: "/one" });
    const detach = makeServer().attach(http, { path: "/two" });
    const port = await listening(http);
    expect(await statusOf(port, "/one?client-id=c")).toBe(101);
    expect(await statusOf(port, "/two?client-id=c")).toBe(101);
    expect(await statusOf(port, "/three")).toBe(404);
    detach();
    expect(await statusOf(port, "/two?client-id=c")).toBe(404);
  });

  it("takes upgrades that the application hands to it, and answers Ajax with 501", async () => {
    const http = createServer((request, response) => server.ajaxPostFn(request, response));
    const server = makeServer();
    http.on("upgrade", server.handleUpgrade);
    const port = await listening(http);
    expect(await statusOf(port, "/anything?client-id=c")).toBe(101);
    expect((await fetch(`http://127.0.0.1:${port}/chsk`, { method: "POST" })).status).toBe(501);
  });
});

describe("listen", () => {
  it("rejects where the port is taken, and frees its own at the end", async () => {
    const first = makeServer();
    const { port, url } = await first.listen();
    expect(url).toBe(`ws://127.0.0.1:${port}/chsk`);
    await expect(makeServer().listen({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect((await fetch(url.replace("ws:", "http:"))).status).toBe(426);
    await first.close();
    await makeServer().listen({ port });
  });
});

describe("hostile peers", () => {
  it("that are refused and keep their end open keep no descriptor of the server's", async () => {
    const server = makeServer({ authorizedFn: () => false });
    const http = createServer();
    server.attach(http);
    const closes: Promise<unknown>[] = [];
    http.on("connection", (socket) => closes.push(once(socket, "close")));
    const port = await listening(http);
    const peers = Array.from({ length: 20 }, () => halfOpen(port, upgradeTo("/chsk?client-id=c")));
    for (const peer of peers) {
      const [answer] = (await once(peer, "data")) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 .*\r\n\r\nUnauthorized$/s);
    }
    await Promise.all(closes);
    expect(closes).toHaveLength(20);
  });

  it("that say little or nothing, or are still being judged, do not keep the server from closing", async () => {
    let judged: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      judged = resolve;
    });
    const server = makeServer({
      authorizedFn: () => {
        judged();
        return new Promise<boolean>(() => {});
      },
    });
    const { port } = await server.listen();
    for (const text of ["", "GET /chsk HT", upgradeTo("/elsewhere"), upgradeTo("/chsk?client-id=c")]) {
      halfOpen(port, text);
    }
    // They came in this order: with the last, all are there.
    await asked;
    await server.close();
  });

  it("meet a server that fails to open their connection: it is reported, and closed with 1011", async () => {
    const server = makeServer();
    const reports: unknown[] = [];
    server.errorChan.on(({ error, context }) => reports.push([error.message, context.source]));
    const { url } = await server.listen();
    const failing = vi.spyOn(webHost, "randomBytes").mockImplementation(() => {
      throw new Error("no randomness");
    });
    closing.push(() => failing.mockRestore());
    const raw = new WebSocket(`${url}?client-id=c&sente-lite=1&attempt=1`);
    const [code] = (await once(raw, "close")) as [number];
    expect(code).toBe(1011);
    expect(reports).toEqual([["no randomness", "opened"]]);
    failing.mockRestore();
    const client = makeChannelSocketClient(url, { codec: json });
    closing.push(() => client.close());
    await client.ready();
  });

  it("cannot harm by a reset while they are being judged", async () => {
    let judged: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      judged = resolve;
    });
    let answer: (value: boolean) => void = () => {};
    const authorized = new Promise<boolean>((resolve) => {
      answer = resolve;
    });
    const server = makeServer({
      authorizedFn: () => {
        judged();
        return authorized;
      },
    });
    const { port } = await server.listen();
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(upgradeTo("/chsk?client-id=c"));
    await asked;
    socket.resetAndDestroy();
    await once(socket, "close");
    answer(true);
    const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk`, { codec: json });
    closing.push(() => client.close());
    await client.ready();
    expect(server.metrics().connections).toBe(1);
  });

  it.each([["GET //evil/chsk"], ["GET http://evil/chsk"], ["GET *"]])(
    "are refused for the target of %s",
    async (line) => {
      const server = makeServer();
      const http = createServer();
      http.on("upgrade", server.handleUpgrade);
      const port = await listening(http);
      const socket = connect(port, "127.0.0.1");
      socket.write(
        `${line}?client-id=c HTTP/1.1\r\nHost: ]bad[\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      const [head] = (await once(socket, "data")) as [Buffer];
      expect(head.toString()).toMatch(/^HTTP\/1\.1 400 /);
      socket.destroy();
    },
  );

  it.each([
    ["two hosts", "/chsk?client-id=c HTTP/1.1\r\nHost: x\r\nHost: y"],
    ["no version of HTTP", "/chsk?client-id=c\r\nHost: x"],
    ["HTTP/2.0", "/chsk?client-id=c HTTP/2.0\r\nHost: x"],
  ])("are refused with %s", async (_what, head) => {
    const server = makeServer();
    const { port } = await server.listen();
    const peer = halfOpen(port, upgradeTo("/").replace(/\/ HTTP\/1\.1\r\nHost: x/, head));
    const [answer] = (await once(peer, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("are closed with 1009 for a message over the limit", async () => {
    const server = makeServer({ maxPayloadBytes: 1_000 });
    const { url } = await server.listen();
    const raw = new WebSocket(`${url}?client-id=c`);
    await once(raw, "message");
    raw.send("x".repeat(1_001));
    const [code] = (await once(raw, "close")) as [number];
    expect(code).toBe(1009);
  });
});

describe("a client whose upgrade is refused", () => {
  it("says what the server answered: which codecs it has", async () => {
    const { url } = await makeServer({ rejectWith: "http" }).listen();
    const codec = { ...json, name: "other" };
    const client = makeChannelSocketClient(url, { codec, maxAttempts: 1 });
    closing.push(() => client.close());
    const told = "Unexpected server response: 400: unknown codec; offered: json";
    await expect(client.ready()).rejects.toMatchObject({ code: "max-attempts", cause: { message: told } });
    expect(client.state.get()).toMatchObject({ lastWsError: { message: told }, lastError: { message: told } });
  });

  it.each([
    ["a page", "text/html", "<html>", "Unexpected server response: 404"],
    [
      "a long text of several lines",
      "text/plain",
      `no\r\n\r\n  ${"x".repeat(1_000)}`,
      /^Unexpected.* 404: no x{50,200}$/,
    ],
  ])("says no more than can be read of %s", async (_, type, body, told) => {
    const http = createServer((_request, response) => {
      response.writeHead(404, { "content-type": type }).end(body);
    });
    const client = makeChannelSocketClient(`ws://127.0.0.1:${await listening(http)}/`, { codec: json, maxAttempts: 1 });
    await client.ready().catch(() => {});
    expect(client.state.get().lastWsError?.message).toMatch(told);
  });

  it("does not wait longer for the answer than for a connection", async () => {
    const http = createServer((_request, response) => {
      response.writeHead(404, { "content-type": "text/plain" }).write("not all");
    });
    closing.push(() => http.closeAllConnections());
    const url = `ws://127.0.0.1:${await listening(http)}/`;
    const client = makeChannelSocketClient(url, { codec: json, maxAttempts: 1, connectTimeoutMs: 100 });
    await expect(client.ready()).rejects.toMatchObject({ code: "max-attempts" });
  });
});
