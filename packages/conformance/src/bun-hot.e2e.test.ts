import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { makeChannelSocketClient } from "@sente-lite/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { runtimePath } from "../../../tooling/scripts/runtimes.mjs";
import { Mailbox } from "./mailbox.ts";

// What becomes of connections when `bun --hot` evaluates a program anew.

const mounted = "const { port } = Bun.serve({ port: 0, hostname, fetch: server.fetch, websocket: server.websocket });";
const listening = "const { port } = await server.listen();";

const program = (version: number, open: string) => `
  import { makeChannelSocketServer, startRouter } from "@sente-lite/bun";
  const hostname = "127.0.0.1";
  const server = makeChannelSocketServer();
  startRouter(server, { "version/get": () => ${version} });
  ${open}
  console.log(JSON.stringify({ version: ${version}, port }));
`;

/** A program under `bun --hot`, and what changes it: both resolve when it runs. */
async function hot(open: string) {
  const folder = await mkdtemp(fileURLToPath(new URL("../.hot-", import.meta.url)));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "server.mjs");
  await writeFile(file, program(1, open));
  const bun = spawn(runtimePath("bun"), ["--hot", file], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void bun.kill("SIGKILL"));
  const lines = new Mailbox<{ readonly version: number; readonly port: number }>("bun --hot");
  createInterface(bun.stdout).on("line", (line) => lines.push(JSON.parse(line)));
  const running = (version: number) => lines.next((line) => line.version === version, 20_000);
  const { port } = await running(1);
  return {
    url: `ws://127.0.0.1:${port}/chsk`,
    change: async (version: number) => {
      await writeFile(file, program(version, open));
      return running(version);
    },
  };
}

describe.each([
  ["Bun.serve", mounted],
  ["listen", listening],
])("a program that is reloaded under bun --hot, with %s", (_name, open) => {
  it("has its open connections again at once, at the new handlers, and loses nothing that they send", async () => {
    const { url, change } = await hot(open);
    const clients = Array.from({ length: 5 }, () => makeChannelSocketClient(url, { reconnectBaseMs: 50 }));
    onTestFinished(() => {
      for (const client of clients) client.close();
    });
    const lost: unknown[] = [];
    for (const client of clients) client.errorChan.on(({ error }) => lost.push(error));
    const versions = () => Promise.all(clients.map((client) => client.requestFn(["version/get"])));
    await Promise.all(clients.map((client) => client.ready()));
    expect(await versions()).toEqual([1, 1, 1, 1, 1]);
    for (const version of [2, 3]) {
      await change(version);
      // Far below the 18 s in which a client finds a silent server.
      await expect.poll(versions, { timeout: 5_000 }).toEqual(clients.map(() => version));
    }
    expect(lost).toEqual([]);
  });
});
