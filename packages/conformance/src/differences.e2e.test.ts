import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
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

  // What packages/node/src/deno-host.ts is for.
  it("looks at its sockets once in many turns while each leaves an immediate for the next, and in each that leaves a timer", async () => {
    const said = await print(
      "deno",
      `const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
      const [peer, other] = await Promise.all([Deno.connect(listener.addr), listener.accept()]);
      const byte = new Uint8Array(1);
      let turns = 0;
      let goOn = () => {};
      const turn = () => {
        turns++;
        goOn(turn);
      };
      const turnsPerByte = async (waitForNext) => {
        goOn = waitForNext;
        goOn(turn);
        turns = 0;
        for (let i = 0; i < 20; i++) await Promise.all([other.read(byte), peer.write(byte)]);
        goOn = () => {};
        return turns / 20;
      };
      const withImmediates = await turnsPerByte(setImmediate);
      const withTimers = await turnsPerByte((fn) => setTimeout(fn, 1));
      console.log(JSON.stringify([withImmediates > 20, withTimers < 5]));
      Deno.exit();`,
    );
    expect(said).toEqual([true, true]);
  });

  // Why docs/deno.md speaks of descriptors.
  it("accepts nobody any more in node:http once it had no descriptor for somebody, and says nothing", async () => {
    const program = `
      const { createServer } = await import("node:http");
      const server = createServer((_request, response) => response.end("answered"));
      for (const name of ["error", "close", "drop"]) server.on(name, () => console.log(name));
      server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
    const child = spawn("bash", ["-c", 'ulimit -n 128; exec "$0" eval "$1"', runtimePath("deno"), program]);
    const exited = once(child, "exit");
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await exited;
    });
    let printed = "";
    child.stdout.on("data", (text) => {
      printed += text;
    });
    await once(child.stdout, "data");
    const port = Number(printed);
    const open = () => connect(port, "127.0.0.1").on("error", () => {});
    const many = Array.from({ length: 200 }, open);
    await Promise.all(many.map((socket) => once(socket, "connect")));
    for (const socket of many) socket.destroy();
    await Promise.all(many.map((socket) => once(socket, "close")));
    const answer = fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(2_000) });
    await expect(answer).rejects.toMatchObject({ name: "TimeoutError" });
    expect(printed).toBe(`${port}\n`);
  });

  // Why the package for Node has no permessage-deflate there: ws resets the stream in that call.
  it("calls a write to zlib back after its error, and throws where the stream is then reset", async () => {
    const said = await print(
      "deno",
      `import { createInflateRaw } from "node:zlib";
      globalThis.addEventListener("error", (event) => {
        event.preventDefault();
        console.log(JSON.stringify(event.error.message.split("\\n")[0]));
      });
      const inflate = createInflateRaw().on("error", () => {});
      inflate.write(new Uint8Array(100).fill(0xff), () => inflate.reset());`,
    );
    expect(said).toBe("zlib binding closed");
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
