import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { json } from "@sente-lite/protocol/json";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { makeChannelSocketClient, makeChannelSocketServer } from "./core.ts";

// What is ours on an http server, and what stays the application's.

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const makeServer = () => {
  const server = makeChannelSocketServer({ codecs: [json] });
  closing.push(() => server.close());
  return server;
};

async function listening(http: Server): Promise<number> {
  closing.push(() => {
    http.closeAllConnections();
    return new Promise((closed) => http.close(closed));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return (http.address() as AddressInfo).port;
}

/** An http server that answers with what it was asked. */
function application(): Server {
  return createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const { upgrade = "none", connection = "none" } = request.headers;
    response.end(`${request.method} ${request.url} ${body} upgrade=${upgrade} connection=${connection}\n`);
  });
}

/** Everything that is answered on one connection, up to and with the last of `ends`. */
async function exchange(port: number, requests: readonly string[], ends: readonly string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  closing.push(() => socket.destroy());
  let text = "";
  for (const [index, request] of requests.entries()) {
    socket.write(request);
    while (!text.includes(ends[index] ?? "")) text += String((await once(socket, "data"))[0]);
  }
  return text;
}

const upgradeTo = (upgrade: string, line: string, more = "") =>
  `${line} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${upgrade}\r\nHTTP2-Settings: AAMAAABk\r\n${more}\r\n`;

const WEBSOCKET = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

describe("an upgrade to something else than WebSocket", () => {
  it.each(["h2c", "TLS/1.2", "foo/2"])("to %s is answered by the application's routes, without it", async (other) => {
    const http = application();
    makeServer().attach(http);
    const port = await listening(http);
    const text = await exchange(port, [upgradeTo(other, "GET /hello?x=1")], ["connection="]);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain("GET /hello?x=1  upgrade=none connection=none");
  });

  it("brings its body with it, and leaves the connection to what follows", async () => {
    const http = application();
    makeServer().attach(http);
    makeServer().attach(http, { path: "/other" });
    const port = await listening(http);
    const text = await exchange(
      port,
      [
        `${upgradeTo("h2c", "POST /a", "Content-Length: 5\r\n")}hello`,
        `${upgradeTo("h2c", "POST /b", "Transfer-Encoding: chunked\r\n")}2\r\nhi\r\n0\r\n\r\n`,
        "GET /c HTTP/1.1\r\nHost: x\r\n\r\n",
        upgradeTo("websocket", "GET /chsk?client-id=c", WEBSOCKET),
      ],
      ["POST /a hello", "POST /b hi", "GET /c ", "chsk/handshake"],
    );
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 101"]);
  });

  it("is left alone where another listener could take it", async () => {
    const http = application();
    http.on("upgrade", (request, socket) => {
      if (request.headers.upgrade === "h2c") socket.end("HTTP/1.1 418 Teapot\r\n\r\n");
    });
    makeServer().attach(http);
    const port = await listening(http);
    expect(await exchange(port, [upgradeTo("h2c", "GET /")], ["\r\n\r\n"])).toMatch(/^HTTP\/1\.1 418 /);
  });

  it("does not hide the readiness of a server on its own port", async () => {
    const { port } = await makeServer().listen();
    expect(await exchange(port, [upgradeTo("h2c", "GET /ready")], ["ready\n"])).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("several servers on one http server", () => {
  it("share one listener, and each has its path", async () => {
    const http = createServer();
    const detach = Array.from({ length: 11 }, (_, i) => makeServer().attach(http, { path: `/ns${i}` }));
    expect(http.listenerCount("upgrade")).toBe(1);
    const port = await listening(http);
    const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/ns10`, { codec: json });
    closing.push(() => client.close());
    await client.ready();
    for (const one of detach) one();
    expect(http.listenerCount("upgrade")).toBe(0);
  });

  it.each(["/chsk", "/chsk/", "/%63hsk"])("cannot have one path: /chsk is taken for %s", (path) => {
    const http = createServer();
    const detach = makeServer().attach(http);
    const second = makeServer();
    const taken = expect.objectContaining({ name: "UsageError", code: "path-taken" });
    expect(() => second.attach(http, { path })).toThrow(taken);
    detach();
    second.attach(http, { path });
  });
});

describe("a socket that another listener upgraded", () => {
  it.each([
    ["before ours is attached", true],
    ["after", false],
  ])("gets nothing of ours, and the clash is reported: %s", async (_when, isFirst) => {
    const http = createServer();
    const server = makeServer();
    const reported = new Promise((resolve) => server.errorChan.on(({ error }) => resolve(error)));
    if (!isFirst) server.attach(http);
    // Without a path it takes every upgrade.
    const other = new WebSocketServer({ server: http });
    if (isFirst) server.attach(http);
    other.on("connection", (socket) => socket.on("message", (data) => socket.send(`theirs: ${data}`)));
    const port = await listening(http);
    const socket = connect(port, "127.0.0.1");
    closing.push(() => socket.destroy());
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.write(upgradeTo("websocket", "GET /chsk?client-id=c", WEBSOCKET));
    expect(await reported).toMatchObject({ name: "UsageError", code: "upgraded-elsewhere" });
    // A masked frame that says "x": with mask 0 it is as it is.
    socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]));
    await expect.poll(() => text).toContain("theirs: x");
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(text).not.toContain("chsk/handshake");
    other.close();
  });
});

describe("a path", () => {
  it.each(["/live/", "/live"])("is the same with and without a last slash: %s", async (path) => {
    const { port, url } = await makeServer().listen({ path });
    expect(url).toBe(`ws://127.0.0.1:${port}${path}`);
    for (const asked of ["/live", "/live/"]) {
      const client = makeChannelSocketClient(`ws://127.0.0.1:${port}${asked}`, { codec: json });
      closing.push(() => client.close());
      expect((await client.ready()).open).toBe(true);
    }
  });

  it.each(["live", "", "/live?x=1", "/live#x"])("that is none is refused at once: %s", async (path) => {
    const bad = { name: "UsageError", code: "bad-path" };
    expect(() => makeServer().attach(createServer(), { path })).toThrow(expect.objectContaining(bad));
    await expect(makeServer().listen({ path })).rejects.toMatchObject(bad);
  });
});

describe("a server that was closed", () => {
  const closed = { name: "UsageError", code: "server-closed" };

  it("is attached and listens no more", async () => {
    const server = makeServer();
    await server.close();
    expect(() => server.attach(createServer())).toThrow(expect.objectContaining(closed));
    await expect(server.listen()).rejects.toMatchObject(closed);
  });

  it("leaves no port open that it was about to open", async () => {
    const server = makeServer();
    const opened = server.listen();
    await server.close();
    await expect(opened).rejects.toMatchObject(closed);
  });
});
