import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { makeChannelSocketServer } from "@sente-lite/node";
import { edn } from "@sente-lite/protocol/edn";
import { gzip } from "@sente-lite/protocol/gzip";
import { json } from "@sente-lite/protocol/json";
import { senteMsgpack } from "@sente-lite/protocol/sente-msgpack";
import { transitJson } from "@sente-lite/protocol/transit-json";
import { transitMsgpack } from "@sente-lite/protocol/transit-msgpack";
import { describe, expect, it, onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { diagnose } from "./diagnose.ts";

type Options = Parameters<typeof makeChannelSocketServer>[0];

async function listening(options: Options = {}) {
  const server = makeChannelSocketServer(options);
  onTestFinished(() => server.close());
  server.errorChan.on(() => {});
  return server.listen();
}

/** A server that is not ours: it greets with that frame, and answers each frame with `answer`. */
async function stranger(greeting: string, answer: (text: string) => string | undefined): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => void server.close());
  server.on("connection", (socket: WebSocket) => {
    socket.send(greeting);
    socket.on("message", (data) => {
      const reply = answer(String(data));
      if (reply !== undefined) socket.send(reply);
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chsk`;
}

/** A proxy that rewrites what clients ask for. */
async function proxy(port: number, rewrite: (request: string) => string): Promise<string> {
  const server = createTcpServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    client.once("data", (head) => {
      upstream.write(rewrite(head.toString("latin1")), "latin1");
      client.pipe(upstream);
    });
    upstream.pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => {});
    upstream.on("close", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chsk`;
}

const grades = ({ findings }: Awaited<ReturnType<typeof diagnose>>) =>
  Object.fromEntries(findings.map(({ check, grade }) => [check, grade]));

describe("doctor", () => {
  it("finds a server of ours in order: form, codec, ping, session, close code", async () => {
    const { url } = await listening();
    const diagnosis = await diagnose(url, { idleMs: 10 });
    expect(diagnosis).toMatchObject({
      ok: true,
      form: "wrapped",
      codec: "transit-json",
      session: true,
      resumed: true,
      closeCode: 4000,
    });
    expect(diagnosis.pingMs).toBeGreaterThan(0);
    expect(new Set(Object.values(grades(diagnosis)))).toEqual(new Set(["ok"]));
  });

  it("tells which codec a server takes, and that it keeps no sessions", async () => {
    const { url } = await listening({ codecs: [edn], sessionWindowMs: 0 });
    expect(await diagnose(url)).toMatchObject({ ok: true, codec: "edn", session: false });
  });

  it.each([transitJson, edn, json, transitMsgpack, senteMsgpack].flatMap((codec) => [codec, gzip(codec)]))(
    "speaks $name with a server that has nothing else",
    async (codec) => {
      const { url } = await listening({ codecs: [codec] });
      expect(await diagnose(url)).toMatchObject({ ok: true, codec: codec.name, session: true, resumed: true });
    },
  );

  it("knows the bare frames of sente_lite", async () => {
    const url = await stranger('[:chsk/handshake ["u" nil nil true]]', () => "[:chsk/ws-pong]");
    expect(await diagnose(url)).toMatchObject({ ok: true, form: "bare", codec: "edn", closeCode: 4000 });
  });

  it("says so where something else answers", async () => {
    const chat = await diagnose(await stranger("hello", () => undefined), { timeoutMs: 500 });
    expect([chat.ok, chat.findings.at(-1)?.detail]).toEqual([
      false,
      expect.stringContaining("no handshake of Sente's"),
    ]);
    const http = createServer((_request, response) => response.end("a page"));
    onTestFinished(() => void http.close());
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const { port } = http.address() as AddressInfo;
    const page = await diagnose(`ws://127.0.0.1:${port}/chsk`, { timeoutMs: 500 });
    expect(page).toMatchObject({ ok: false, findings: [{ check: "connect", grade: "bad" }] });
    const nobody = await diagnose("ws://127.0.0.1:1/chsk");
    expect(nobody.findings[0]?.detail).toContain("ECONNREFUSED");
  });

  it.each([
    ["keeps the connection alive", (response: ServerResponse) => void response.end("a page")],
    ["never ends its answer", (response: ServerResponse) => void response.write("a page")],
    ["answers without end", (response: ServerResponse) => void response.write("a page".repeat(1_000))],
  ])("hangs up on a peer that %s", async (_what, answer) => {
    const http = createServer((_request, response) => answer(response));
    http.keepAliveTimeout = 0;
    onTestFinished(() => {
      http.close();
      http.closeAllConnections();
    });
    const hungUp = new Promise<void>((resolve) => {
      http.on("connection", (socket) => socket.on("close", () => resolve()).on("error", () => {}));
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const { port } = http.address() as AddressInfo;
    const { ok, findings } = await diagnose(`ws://127.0.0.1:${port}/chsk`, { timeoutMs: 300 });
    expect([ok, findings[0]?.detail]).toEqual([false, expect.stringMatching(/^HTTP 200 - a page/)]);
    await hungUp;
  });

  it("shows no token of the address, and no control character of who answers", async () => {
    const http = createServer((_request, response) => response.writeHead(403, { "content-type": "text/plain" }).end());
    http.on("upgrade", (_request, socket) => {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\n\r\n\u001b[2Jall is well\u009b1A");
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void http.close());
    const { port } = http.address() as AddressInfo;
    const diagnosis = await diagnose(`ws://127.0.0.1:${port}/chsk?csrf-token=s3cret`, { timeoutMs: 1_000 });
    expect(diagnosis.url).toBe(`ws://127.0.0.1:${port}/chsk?...`);
    const text = JSON.stringify(diagnosis.findings.map(({ detail }) => detail));
    expect(text).toContain("all is well");
    expect(text).not.toMatch(/s3cret|(?<!\\)\\u001b|\u009b/);
  });

  it("tells refusals by their status, and takes headers", async () => {
    const { url } = await listening({ authorizedFn: ({ headers }) => headers.get("authorization") === "Bearer x" });
    expect((await diagnose(url)).findings[0]?.detail).toMatch(/^HTTP 401 - Unauthorized - credentials are missing/);
    expect((await diagnose(url, { headers: { authorization: "Bearer x" } })).ok).toBe(true);
  });

  it("notices a proxy that drops the subprotocol header, without which no session is resumed", async () => {
    const { port } = await listening();
    const url = await proxy(port, (request) => request.replace(/^sec-websocket-protocol:.*\r\n/im, ""));
    const diagnosis = await diagnose(url, { timeoutMs: 1_000 });
    expect(diagnosis.ok).toBe(false);
    expect(diagnosis.findings.filter(({ grade }) => grade === "bad").map(({ check }) => check)).not.toEqual([]);
  });

  it("notices a proxy that does not pass upgrades on", async () => {
    const { port } = await listening();
    const url = await proxy(port, (request) => request.replace(/^upgrade:.*\r\n/im, ""));
    expect((await diagnose(url)).findings[0]?.detail).toContain("426");
  });
});
