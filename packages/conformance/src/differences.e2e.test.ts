import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocketServer } from "ws";
import { runtimePath } from "../../../tooling/scripts/runtimes.mjs";

// What the runtimes lack, for which docs/conformance.md has its "differences that cannot be hidden". Where one of these
// tests fails, the runtime can do something that it could not: try it, and take the entry out.

const execute = promisify(execFile);

/** What a program of that runtime alone, without a package of ours, prints. */
async function print(runtime: "bun" | "deno", program: string): Promise<unknown> {
  const args = runtime === "bun" ? ["--eval", program] : ["eval", program];
  const { stdout } = await execute(runtimePath(runtime), args, { timeout: 20_000, killSignal: "SIGKILL" });
  return JSON.parse(stdout);
}

const WEB =
  "CLOSED CLOSING CONNECTING OPEN binaryType bufferedAmount close constructor extensions onclose onerror onmessage onopen protocol readyState send url";

const DENO_SERVER = `
  const lines = [];
  const requestOf = (path, port) => new TextEncoder().encode(
    "GET " + path + " HTTP/1.1\\r\\nHost: 127.0.0.1:" + port + "\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n" +
    "Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n");
  const events = {};
  const happened = (name) => (events[name] ??= Promise.withResolvers());
  const aborting = new AbortController();
  const sockets = {};
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", signal: aborting.signal, onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname;
    if (path === "/turn") return new Response("turn");
    if (path === "/gone") {
      happened("asked").resolve();
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
    }
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    sockets[path] = socket;
    for (const name of ["open", "message", "error", "close"]) {
      socket.addEventListener(name, (event) => happened(path + " " + name).resolve(event));
    }
    return response;
  });
  const { port } = server.addr;
  const turns = async () => {
    for (let i = 0; i < 20; i++) await (await fetch("http://127.0.0.1:" + port + "/turn")).text();
  };
  const connect = async (path) => {
    const peer = await Deno.connect({ port, hostname: "127.0.0.1" });
    await peer.write(requestOf(path, port));
    return peer;
  };
`;

describe("Deno", () => {
  it("has no way to cut, to pause or to limit in its WebSocket, nor in the options of an upgrade", async () => {
    const names = await print(
      "deno",
      `console.log(JSON.stringify([Object.getOwnPropertyNames(WebSocket.prototype).sort().join(" "), typeof WebSocketStream]))`,
    );
    expect(names).toEqual([WEB, "undefined"]);
    const { stdout } = await execute(runtimePath("deno"), ["types"], { maxBuffer: 64 * 1024 * 1024 });
    const [, body = ""] = /interface UpgradeWebSocketOptions \{([\s\S]*?)\n {2}\}/.exec(stdout) ?? [];
    const options = [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, name]) => name);
    // `socket` is one of `node:http`, which `Deno.serve` has not.
    expect(options.sort()).toEqual(["head", "idleTimeout", "protocol", "socket"]);
  });

  it("keeps the socket of a peer that does not answer a close, and takes messages of any size", async () => {
    const said = await print(
      "deno",
      `${DENO_SERVER}
      const peer = await connect("/close");
      await happened("/close open").promise;
      const size = 3 * 1024 * 1024;
      const frame = new Uint8Array(14 + size);
      frame.set([0x82, 0xff]);
      new DataView(frame.buffer).setBigUint64(2, BigInt(size));
      for (let at = 0; at < frame.length; ) at += await peer.write(frame.subarray(at));
      const { data } = await happened("/close message").promise;
      sockets["/close"].close(4000);
      await turns();
      console.log(JSON.stringify([data.size ?? data.byteLength, sockets["/close"].readyState === WebSocket.CLOSING]));
      Deno.exit();`,
    );
    expect(said).toEqual([3 * 1024 * 1024, true]);
  });

  it("never gives back what the upgrade of a peer took that had gone", async () => {
    const said = await print(
      "deno",
      `${DENO_SERVER}
      const peer = await connect("/gone");
      await happened("asked").promise;
      peer.close();
      await turns();
      aborting.abort();
      await server.finished;
      sockets["/gone"].close();
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log(JSON.stringify([events["/gone open"], events["/gone close"], sockets["/gone"].readyState]));
      Deno.exit();`,
    );
    expect(said).toEqual([null, null, 2]);
  });
});

describe.each(["bun", "deno"] as const)("the WebSocket of %s", (runtime) => {
  it("takes no limit for what it receives", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => void server.close());
    server.on("connection", (socket) => socket.send("x".repeat(3 * 1024 * 1024)));
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { readonly port: number };
    const names = ["maxPayload", "maxPayloadLength", "maxMessageSize", "maxReceivedMessageSize", "maxFrameSize"];
    const limits = JSON.stringify(Object.fromEntries(names.map((name) => [name, 1024])));
    const program = `
      const socket = new WebSocket("ws://127.0.0.1:${port}", ${limits});
      socket.onmessage = ({ data }) => {
        console.log(data.length);
        socket.close();
      };
      socket.onclose = ({ code }) => console.log(-code);`;
    const { stdout } = await execute(runtimePath(runtime), [runtime === "bun" ? "--eval" : "eval", program]);
    expect(Number(stdout.split("\n")[0])).toBe(3 * 1024 * 1024);
  });
});
