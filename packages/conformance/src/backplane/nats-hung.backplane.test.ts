import { spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { natsBackplane } from "@sente-lite/nats";
import { describe, expect, it, onTestFinished } from "vitest";
import { serverNames } from "../runtimes.mjs";
import { Heard } from "./heard.ts";
import { startNats } from "./nats-broker.ts";
import { Stage } from "./stage.ts";

// Servers that take connections and say nothing: what was dialled there must not stay, nor hold a process.

const PATIENCE_MS = 5_000;

/** A server that says nothing, and for each connection to it when that is closed. */
async function startSilence() {
  const closings: Promise<unknown>[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
    closings.push(once(socket, "close", { signal: AbortSignal.timeout(PATIENCE_MS) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, closings };
}

/** A port where nobody answers: who listens there is stopped, and the system keeps no more connections for it. */
async function startFull(): Promise<number> {
  const program = `const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  console.log(server.address().port);
  process.kill(process.pid, "SIGSTOP");
});`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = await once(child.stdout, "data");
  const sockets = Array.from({ length: 8 }, () => connect(Number(said), "127.0.0.1").on("error", () => undefined));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.race(sockets.map((socket) => once(socket, "connect")));
  return Number(said);
}

describe("backplane: nats, where a server says nothing", () => {
  it("leaves no connection open of joins that failed", async () => {
    const { port, closings } = await startSilence();
    const backplane = natsBackplane({ servers: `127.0.0.1:${port}`, leaseMs: 200 });
    const unreachable = { code: "unreachable", message: "NATS cannot be reached: TimeoutError" };
    for (const id of ["a", "b", "c"]) await expect(backplane.join(id, new Heard())).rejects.toMatchObject(unreachable);
    expect(closings).toHaveLength(3);
    await Promise.all(closings);
  });

  it("gives up at once a connection that nobody took", async () => {
    const port = await startFull();
    const dialled: Socket[] = [];
    let taken = 0;
    const see = (message: unknown) => {
      const { socket } = message as { readonly socket: Socket };
      dialled.push(socket.on("connect", () => taken++));
    };
    subscribe("net.client.socket", see);
    onTestFinished(() => void unsubscribe("net.client.socket", see));
    const backplane = natsBackplane({ servers: `127.0.0.1:${port}`, leaseMs: 200 });
    await expect(backplane.join("a", new Heard())).rejects.toMatchObject({ code: "unreachable" });
    expect(taken).toBe(0);
    expect(dialled.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  it.each(serverNames)(
    "has a process on %s end that had joined and leaves, once it knows that NATS hangs",
    async (runtime) => {
      const broker = await startNats();
      const stage = new Stage({
        broker,
        make: ({ port, prefix }) => natsBackplane({ servers: `127.0.0.1:${port}`, prefix }),
      });
      onTestFinished(async () => {
        await stage.end();
        await broker.stop();
      });
      const node = await stage.start({ id: "a", runtime, leaseMs: 3_000 });
      broker.signal("SIGSTOP");
      await node.line("failed unreachable", 20_000);
      await node.do("leave");
      await node.end(PATIENCE_MS);
    },
  );
});
