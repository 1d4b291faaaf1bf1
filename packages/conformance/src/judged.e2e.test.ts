import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { runArgs, runtimePath } from "../../../tooling/scripts/runtimes.mjs";
import { Mailbox } from "./mailbox.ts";
import { RawSocket, upgradeRequest } from "./raw/raw-socket.ts";
import { serverNames } from "./runtimes.mjs";

// What a peer leaves behind that goes while an asynchronous function of the application judges it: nothing. A process
// that is told to close its server then ends by itself.

const PEERS = 50;

const program = (runtime: string) => `
  import process from "node:process";
  import { makeChannelSocketServer } from "@sente-lite/${runtime}";
  let asked = 0;
  let answer;
  const answered = new Promise((resolve) => {
    answer = resolve;
  });
  const server = makeChannelSocketServer({
    authorizedFn: async () => {
      if (++asked === ${PEERS}) console.log(JSON.stringify({ asked }));
      await answered;
      return true;
    },
  });
  const { port } = await server.listen();
  console.log(JSON.stringify({ port }));
  process.stdin.once("data", async () => {
    process.stdin.destroy();
    answer();
    // The turns in which all of them are upgraded, or are not.
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
    const { connections } = server.metrics();
    await server.close();
    console.log(JSON.stringify({ closed: true, connections }));
  });
`;

describe.each(serverNames)("a server on %s whose peers go while they are judged", (runtime) => {
  it.each(["reset", "destroy"] as const)("lets its process end (%s)", async (how) => {
    const folder = await mkdtemp(fileURLToPath(new URL("../.hot-", import.meta.url)));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "server.mjs");
    await writeFile(file, program(runtime));
    const child = spawn(runtimePath(runtime), [...runArgs(runtime, "all"), file], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const lines = new Mailbox<Readonly<Record<string, unknown>>>(runtime);
    createInterface(child.stdout).on("line", (line) => lines.push(JSON.parse(line)));
    const port = Number((await lines.next((line) => "port" in line, 20_000)).port);
    const sockets = await Promise.all(Array.from({ length: PEERS }, () => RawSocket.open(port)));
    for (const [i, socket] of sockets.entries()) socket.write(upgradeRequest(port, `/chsk?client-id=c${i}`));
    await lines.next((line) => "asked" in line, 10_000);
    for (const socket of sockets) socket[how]();
    // Answered after the loop has seen that they went.
    for (let i = 0; i < 3; i++) await (await fetch(`http://127.0.0.1:${port}/ready`)).text();
    const ended = once(child, "exit", { signal: AbortSignal.timeout(20_000) });
    child.stdin.end("close\n");
    await lines.next((line) => "closed" in line, 20_000);
    expect(await ended).toEqual([0, null]);
  });
});
