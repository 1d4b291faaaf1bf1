import {
  type ChannelSocketServer,
  makeChannelSocketClient,
  makeChannelSocketServer,
  ReplyError,
  type ServerOptions,
  startRouter,
} from "@sente-lite/node";
import { transitMsgpack } from "@sente-lite/node/transit-msgpack";
import { expect, it, onTestFinished } from "vitest";
import { Balancer } from "../stage/balancer.ts";
import { until } from "../suites/client/section.ts";
import type { Stage } from "./stage.ts";

const MOVES = 4;
const patient = { timeout: 20_000 };
const rooms = { "kept/*": { joinFn: () => true, history: { size: 100 } } };

/** A server that is a node, and what it was sent and reported. */
async function startServer(
  stage: Stage,
  name: string,
  taken: unknown[],
  reported: string[],
  { backplane = stage.makeBackplane(), ...others }: Pick<ServerOptions, "backplane" | "codecs" | "rooms"> = {},
) {
  const server = makeChannelSocketServer({
    userIdFn: ({ url }) => url.searchParams.get("uid"),
    backplane,
    ...others,
  });
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
    await until(client.state, ({ open }) => !open);
    speak([["b/pushed", b.server]]);
    await closed;
    // It begins and ends while the session waits.
    const c = await startServer(stage, "c", taken, reported);
    await expect.poll(() => c.server.isReady(), patient).toBe(true);
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
    await expect.poll(() => taken.length, patient).toBe(n);
    const all = Array.from({ length: n }, (_, i) => i + 1);
    expect(taken).toEqual(all);
    expect(got.get("b/pushed")).toEqual(all);
    expect(got.get("a/pushed")).toEqual(all.slice(0, -3));
    expect(got.get("c/pushed")).toEqual([1]);
    expect([client.state.get().sessionId, client.state.get().sessionLost, reported]).toEqual([sessionId, false, []]);
  });

  it("carry the reply of a handler that works longer than its client stays to wherever that is by then", async () => {
    const stage = stageOf();
    const reported: string[] = [];
    const balancer = new Balancer();
    onTestFinished(() => balancer.close());
    const port = await balancer.listen();
    const start = (name: string) => startServer(stage, name, [], reported, { codecs: [transitMsgpack] });
    const [a, b] = [await start("a"), await start("b")];
    /** How a handler of a answers, by what it was asked. */
    const open = new Map<unknown, (value: unknown) => unknown>();
    const later = ({ data }: { readonly data?: unknown }) => new Promise((resolve) => open.set(data, resolve));
    startRouter(a.server, { "a/later": later }, { concurrency: 5 });
    balancer.use([a.port]);
    const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk?uid=ann`, {
      codec: transitMsgpack,
      reconnectBaseMs: 20,
    });
    onTestFinished(() => client.close());
    await client.ready();
    const { sessionId } = client.state.get();
    const codeOf = ({ code }: ReplyError) => code;
    const [there, away, drained, refused, never] = ["there", "away", "drained", "refused", "never"].map((data) =>
      client.requestFn(["a/later", data], { timeoutMs: 0 }).catch(codeOf),
    );
    await expect.poll(() => open.size, patient).toBe(5);
    const goTo = async (ports: readonly number[]) => {
      balancer.use(ports);
      balancer.cut();
      await until(client.state, ({ open }) => !open);
    };
    await goTo([b.port]);
    await client.ready();
    expect(b.server.metrics().connections).toBe(1);
    open.get("there")?.({ bytes: Uint8Array.of(0, 255), text: "ä" });
    expect(await there).toEqual({ bytes: Uint8Array.of(0, 255), text: "ä" });
    // It waits in the backplane for a server that has not begun.
    await goTo([]);
    await b.server.close();
    open.get("away")?.("came");
    const c = await start("c");
    balancer.use([c.port]);
    await client.ready();
    expect(await away).toBe("came");
    // The handlers' server waits for them, until it is told to wait no longer.
    const closed = a.server.close({ drainMs: 600_000 });
    open.get("drained")?.([1, 2]);
    open.get("refused")?.(new ReplyError("not-now"));
    expect([await drained, await refused]).toEqual([[1, 2], "not-now"]);
    await a.server.close();
    await closed;
    expect(await never).toBe("closed");
    expect([client.state.get().sessionId, client.state.get().sessionLost, reported]).toEqual([sessionId, false, []]);
  });
}

/** The same where there is a network between servers and broker. */
export function serversNetworkSuite(stageOf: () => Stage): void {
  it("have what another pushed that began and ended while they had lost the broker", async () => {
    const stage = stageOf();
    const reported: string[] = [];
    const { backplane, proxy } = await stage.makeBackplaneBehindProxy();
    const { server, port } = await startServer(stage, "a", [], reported, { backplane });
    const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk?uid=ann`);
    onTestFinished(() => client.close());
    const got: unknown[] = [];
    client.chRecv.on("b/pushed", ({ data }) => got.push(data));
    await client.ready();
    proxy.do({ type: "refuse" });
    await expect.poll(() => reported, patient).toEqual(["a: the broker is away"]);
    const other = await startServer(stage, "b", [], reported);
    await expect.poll(() => other.server.isReady(), patient).toBe(true);
    other.server.sendFn("ann", ["b/pushed", 1]);
    other.server.broadcastFn(["b/pushed", 2]);
    await other.server.close();
    proxy.do({ type: "flow" });
    await expect.poll(() => got, patient).toEqual([1, 2]);
    expect([client.state.get().sessionLost, server.metrics().clusterGaps, reported.length]).toEqual([false, 0, 1]);
  });

  it("refuse to read a history while the broker is away, and go on", async () => {
    const stage = stageOf();
    const reported: string[] = [];
    const { backplane, proxy } = await stage.makeBackplaneBehindProxy();
    const { port } = await startServer(stage, "a", [], reported, { backplane, rooms });
    const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk?uid=ann`);
    onTestFinished(() => client.close());
    const room = client.room("kept/room");
    await expect.poll(() => room.state.get().status, patient).toBe("joined");
    proxy.do({ type: "refuse" });
    await expect.poll(() => reported, patient).toContain("a: the broker is away");
    await expect(room.history({ limit: 5 })).rejects.toMatchObject({ code: "unreachable" });
    proxy.do({ type: "flow" });
    await expect.poll(() => room.history({ limit: 5 }).catch(() => "away"), patient).toMatchObject({ entries: [] });
  });

  it("tell who is in a room where its history began anew, as the broker started again with nothing", async () => {
    const stage = stageOf();
    const reported: string[] = [];
    const ports = [
      await startServer(stage, "a", [], reported, { rooms }),
      await startServer(stage, "b", [], reported, { rooms }),
    ] as const;
    const [{ server }] = ports;
    const clients = ports.map(({ port }) => makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk?uid=u${port}`));
    onTestFinished(() => {
      for (const client of clients) client.close();
    });
    const got = clients.map((): unknown[] => []);
    const inRoom = clients.map((client) => client.room("kept/room"));
    const recovered: unknown[][] = clients.map(() => []);
    inRoom.forEach((room, index) => {
      room.chRecv.on("a/said", ({ data }) => got[index]?.push(data));
      room.state.subscribe(({ status, recovered: told }) => status === "joined" && recovered[index]?.push(told));
    });
    await expect.poll(() => recovered, patient).toEqual([[null], [null]]);
    for (const n of [1, 2, 3]) server.sendFn({ room: "kept/room" }, ["a/said", n]);
    await expect
      .poll(() => got, patient)
      .toEqual([
        [1, 2, 3],
        [1, 2, 3],
      ]);
    await stage.broker.restart();
    // What is sent first may come before the broker is there again, and is reported then; each next one is in the new history.
    let sent = 3;
    const say = () => server.sendFn({ room: "kept/room" }, ["a/said", ++sent]);
    await expect
      .poll(() => {
        say();
        return recovered.map((told) => told.includes(false));
      }, patient)
      .toEqual([true, true]);
    say();
    await expect.poll(() => got.map((said) => said.includes(sent)), patient).toEqual([true, true]);
  });
}
