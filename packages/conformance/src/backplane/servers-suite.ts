import { type ChannelSocketServer, makeChannelSocketClient, makeChannelSocketServer } from "@sente-lite/node";
import { expect, it, onTestFinished } from "vitest";
import { Balancer } from "../stage/balancer.ts";
import type { Stage } from "./stage.ts";

const MOVES = 4;

/** A server that is a node, and what it was sent and reported. */
async function startServer(
  stage: Stage,
  name: string,
  taken: unknown[],
  reported: string[],
  backplane = stage.makeBackplane(),
) {
  const server = makeChannelSocketServer({ userIdFn: ({ url }) => url.searchParams.get("uid"), backplane });
  onTestFinished(() => server.close());
  server.errorChan.on(({ error }) => reported.push(`${name}: ${error.message}`));
  server.chRecv.on("a/n", ({ data }) => taken.push(data));
  const { port } = await server.listen({ port: 0, hostname: "127.0.0.1" });
  return { server, port };
}

/** Whole servers on the driver, and a client that goes from one to another (PROTOCOL.md section 6.13). */
export function serversSuite(stageOf: () => Stage): void {
  it("carry a session from server to server, while both live and after one has ended, with all that is sent and pushed", async () => {
    const stage = stageOf();
    const [taken, reported]: [unknown[], string[]] = [[], []];
    const balancer = new Balancer();
    onTestFinished(() => balancer.close());
    const port = await balancer.listen();
    const a = await startServer(stage, "a", taken, reported);
    const b = await startServer(stage, "b", taken, reported);
    balancer.use([a.port]);
    const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk?uid=ann`, { reconnectBaseMs: 20 });
    onTestFinished(() => client.close());
    const got = new Map<string, unknown[]>([
      ["a/pushed", []],
      ["b/pushed", []],
      ["c/pushed", []],
    ]);
    let heard: () => void = () => {};
    client.chRecv.on("*", ({ event: [id, n] }) => {
      got.get(id)?.push(n);
      heard();
    });
    await client.ready();
    const { sessionId } = client.state.get();
    let n = 0;
    const speak = (servers: readonly (readonly [string, ChannelSocketServer])[]) => {
      n++;
      client.sendFn(["a/n", n]);
      for (const [id, server] of servers) server.sendFn("ann", [id, n]);
    };
    const both = [
      ["a/pushed", a.server],
      ["b/pushed", b.server],
    ] as const;
    for (let k = 0; k < MOVES; k++) {
      const to = k % 2 === 0 ? b : a;
      speak(both);
      balancer.use([to.port]);
      const isBack = new Promise<void>((resolve) => {
        const stop = client.state.subscribe(({ open }, { open: before }) => {
          speak(both);
          if (!open || before) return;
          stop();
          resolve();
        });
      });
      balancer.cut();
      speak(both);
      await isBack;
      speak(both);
      expect(to.server.metrics().connections).toBe(1);
    }
    balancer.use([]);
    const closed = a.server.close();
    await expect.poll(() => client.state.get().open).toBe(false);
    speak([["b/pushed", b.server]]);
    await closed;
    // It begins and ends while the session waits.
    const c = await startServer(stage, "c", taken, reported);
    await expect.poll(() => c.server.isReady()).toBe(true);
    c.server.sendFn("ann", ["c/pushed", 1]);
    await c.server.close();
    speak([["b/pushed", b.server]]);
    balancer.use([b.port]);
    await client.ready();
    speak([["b/pushed", b.server]]);
    await new Promise<void>((resolve) => {
      heard = () => {
        if (got.get("b/pushed")?.at(-1) === n) resolve();
      };
      heard();
    });
    await expect.poll(() => taken.length).toBe(n);
    const all = Array.from({ length: n }, (_, i) => i + 1);
    expect(taken).toEqual(all);
    expect(got.get("b/pushed")).toEqual(all);
    expect(got.get("a/pushed")).toEqual(all.slice(0, -3));
    expect(got.get("c/pushed")).toEqual([1]);
    expect([client.state.get().sessionId, client.state.get().sessionLost, reported]).toEqual([sessionId, false, []]);
  });
}

/** The same where there is a network between servers and broker. */
export function serversNetworkSuite(stageOf: () => Stage): void {
  it("have what another pushed that began and ended while they had lost the broker", async () => {
    const stage = stageOf();
    const reported: string[] = [];
    const { backplane, proxy } = await stage.makeBackplaneBehindProxy();
    const { server, port } = await startServer(stage, "a", [], reported, backplane);
    const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk?uid=ann`);
    onTestFinished(() => client.close());
    const got: unknown[] = [];
    client.chRecv.on("b/pushed", ({ data }) => got.push(data));
    await client.ready();
    proxy.do({ type: "refuse" });
    await expect.poll(() => reported, { timeout: 20_000 }).toEqual(["a: the broker is away"]);
    const other = await startServer(stage, "b", [], reported);
    await expect.poll(() => other.server.isReady(), { timeout: 20_000 }).toBe(true);
    other.server.sendFn("ann", ["b/pushed", 1]);
    other.server.broadcastFn(["b/pushed", 2]);
    await other.server.close();
    proxy.do({ type: "flow" });
    await expect.poll(() => got, { timeout: 20_000 }).toEqual([1, 2]);
    expect([client.state.get().sessionLost, server.metrics().clusterGaps, reported.length]).toEqual([false, 0, 1]);
  });
}
