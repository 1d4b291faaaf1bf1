import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { makeChannelSocketClient } from "@sente-lite/node";
import { expect, it, onTestFinished } from "vitest";
import { runtimePath } from "../../../tooling/scripts/runtimes.mjs";

// A server whose process may have few descriptors, and gets more connections than that.

const entry = fileURLToPath(new URL("../../deno/dist/index.js", import.meta.url));
const program = `
  const { makeChannelSocketServer, startRouter } = await import("file://${entry}");
  const server = makeChannelSocketServer();
  server.errorChan.on(({ error, context }) => console.log("reported", context.source, error.message));
  startRouter(server, { "a/b": () => "answered" });
  console.log("port", (await server.listen()).port);`;

it("on Deno: a listener that ran out of descriptors is reported, and serves again once the connections have gone", async () => {
  const limited = 'ulimit -n 256; exec "$0" eval "$1"';
  const child = spawn("bash", ["-c", limited, runtimePath("deno"), program], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value?.split(" ")[1]);
  const idle = Array.from({ length: 400 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  expect((await lines.next()).value).toMatch(/^reported listen .*Too many open files/);
  for (const socket of idle) socket.destroy();
  const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk`, { reconnectBaseMs: 50, reconnectCapMs: 200 });
  onTestFinished(() => client.close());
  client.errorChan.on(() => {});
  expect(await client.requestFn(["a/b"])).toBe("answered");
  expect(child.exitCode).toBeNull();
});
