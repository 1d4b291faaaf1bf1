import {
  type ChannelSocketClient,
  type ServerMessage,
  type ServerOptions,
  SessionLostError,
} from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { type Node, nodes } from "../testing/nodes.test-support.ts";

/** Servers beside each other, and a client at the first. */
async function beside(count = 3, options: Parameters<typeof nodes>[0] = {}) {
  const all = nodes(options);
  const { clock, start, land } = all;
  const servers = Array.from({ length: count }, () => start());
  const [a, b, c] = servers as [Node, Node, Node];
  const taken: unknown[] = [];
  const told: string[] = [];
  servers.forEach(({ server }, i) => {
    server.chRecv.on("a/n", ({ data }) => taken.push(data));
    server.chRecv.on("*", ({ id, uid }: ServerMessage) => {
      if (/^chsk\/(client|uidport)-/.test(id)) told.push(`${i} ${id} ${uid}`);
    });
  });
  land(a);
  await clock.advance(50);
  const client = all.client("ann");
  const got: unknown[] = [];
  client.chRecv.on("*", ({ event }) => {
    if (!event[0].startsWith("chsk/")) got.push(event[1]);
  });
  await clock.advance(50);
  /** The connection breaks, and the client comes back to that server. */
  const move = async (to: Node | undefined, ms = 6_000) => {
    land(to);
    all.cut();
    await clock.advance(ms);
  };
  /** A handler at that server begins to work for 5 s. */
  const beBusy = async ({ server }: Node) => {
    startRouter(server, { "a/slow": () => new Promise<void>((resolve) => clock.setTimeout(resolve, 5_000)) });
    client.sendFn(["a/slow"]);
    await clock.advance(10);
  };
  const end = (who: ChannelSocketClient = client) => ({
    lost: who.state.get().sessionLost,
    resumed: who.state.get().resumed,
    errors: servers.flatMap(({ errors }) => errors),
  });
  return { ...all, a, b, c, servers, client, taken, told, got, move, beBusy, end };
}

const whole = { lost: false, resumed: true, errors: [] };

describe("a client that comes to another server while its own lives (PROTOCOL.md section 6.13)", () => {
  it("goes on with its session there: nothing is lost, doubled or reordered, in either direction", async () => {
    const { a, b, c, servers, client, taken, got, move, clock, end } = await beside();
    let n = 0;
    const speak = () => {
      n++;
      client.sendFn(["a/n", n]);
      servers[n % 3]?.server.sendFn("ann", ["s/n", n]);
    };
    for (const to of [b, c, a, c, b, a]) {
      speak();
      await clock.advance(2);
      speak();
      await move(to, 0);
      for (let i = 0; i < 300; i++) {
        await clock.advance(50);
        if (i % 3 === 0) speak();
      }
      expect(to.server.metrics().connections).toBe(1);
    }
    await clock.advance(1_000);
    const all = Array.from({ length: n }, (_, i) => i + 1);
    expect(taken).toEqual(all);
    // Each server's in its order, and between servers in that in which they pushed.
    expect(got).toEqual(all);
    expect(end()).toEqual(whole);
    expect(servers.map(({ server }) => server.metrics().sessionsAway)).toEqual([0, 0, 0]);
  }, 30_000);

  it("is told of to no application, and does not flicker", async () => {
    const { a, b, told, move, clock } = await beside(2, { presenceGraceMs: 2_000 });
    const seen = new Set<number>();
    for (const { server } of [a, b]) server.connectedUids.subscribe(({ any }) => seen.add(any.size));
    const before = [...told];
    await move(b);
    await clock.advance(10_000);
    expect([told, [...seen]]).toEqual([before, []]);
  });

  it("is told of to none either while a handler there takes its time, whose user has not left meanwhile", async () => {
    const { a, b, client, told, move, beBusy, clock } = await beside(2, { presenceGraceMs: 1_000 });
    const before = [...told];
    await beBusy(a);
    await move(b, 10_000);
    expect([told, b.server.metrics().connections]).toEqual([before, 1]);
    client.close();
    await clock.advance(2_000);
    expect(told.slice(before.length)).toEqual(["1 chsk/client-close ann", "1 chsk/uidport-close ann"]);
  });

  it("has left where it does not come there after all, once the grace is over that begins as its session is let go of", async () => {
    const { a, b, client, told, move, beBusy, clock } = await beside(2, { presenceGraceMs: 1_000 });
    const before = [...told];
    await beBusy(a);
    await move(b, 1_500);
    client.close();
    await clock.advance(1_400);
    expect([told, [...a.server.connectedUids.get().any]]).toEqual([before, ["ann"]]);
    await clock.advance(500);
    expect(told.slice(before.length)).toEqual(["0 chsk/uidport-close ann"]);
    expect([a, b].map(({ server }) => server.connectedUids.get().any.size)).toEqual([0, 0]);
  });

  it("has not left its own server either that closed a connection of which the end was not noticed", async () => {
    const { a, b, told, replay, land, move, beBusy, clock } = await beside(2, { presenceGraceMs: 1_000 });
    await move(a);
    const before = [...told];
    await beBusy(a);
    land(undefined);
    const arriving = replay(b, 3);
    await clock.advance(2_900);
    expect([told, a.server.metrics().connections, (await arriving).type]).toEqual([before, 0, "accept"]);
    // It never opened its connection there.
    await clock.advance(500);
    expect(told.slice(before.length)).toEqual(["0 chsk/uidport-close ann"]);
  });

  it("waits for what its own server has yet to handle of it, for 2 s", async () => {
    const { a, b, client, taken, move, clock, end } = await beside(2);
    const slow: unknown[] = [];
    startRouter(a.server, {
      "a/slow": ({ data }) =>
        new Promise<void>((resolve) => {
          clock.setTimeout(() => {
            slow.push(data, taken.length);
            resolve();
          }, 1_000);
        }),
    });
    client.sendFn(["a/slow", 1]);
    await clock.advance(10);
    const moving = move(b);
    client.sendFn(["a/n", 2]);
    await moving;
    expect([slow, taken, end()]).toEqual([[1, 0], [2], whole]);
  });

  it("answers no more what its own server asked it, which is told so", async () => {
    const { a, b, client, move, end } = await beside(2);
    startRouter(client, { "s/never": () => new Promise(() => {}) });
    const asked = a.server.requestFn({ uid: "ann", clientId: "ann" }, ["s/never"], { timeoutMs: 100_000 });
    const ended = asked.then(String, ({ code }: { code: string }) => code);
    await move(b, 10_000);
    expect([await ended, end()]).toEqual(["closed", whole]);
  });

  it("asks again there for a room that its own server has not decided on", async () => {
    let isDecided = false;
    const joinFn = () => (isDecided ? true : new Promise<boolean>(() => {}));
    const { a, b, client, move, clock, end } = await beside(2, { slowHandlerMs: 100_000, rooms: { tea: { joinFn } } });
    const tea = client.room("tea");
    await clock.advance(50);
    isDecided = true;
    await move(b, 10_000);
    expect([tea.state.get().status, [...b.server.room("tea").members.get()], end()]).toEqual([
      "joined",
      ["ann"],
      whole,
    ]);
    expect(a.server.room("tea").members.get().size).toBe(1);
  });

  it("is found where the server that began its session has ended since", async () => {
    const { a, b, c, client, move, clock, got, land, end } = await beside();
    await move(b);
    land(c);
    const closed = a.server.close();
    await clock.advance(2_000);
    await closed;
    b.server.sendFn("ann", ["s/n", 1]);
    await move(c);
    c.server.sendFn("ann", ["s/n", 2]);
    await clock.advance(100);
    expect([got, end(), client.state.get().open]).toEqual([[1, 2], whole, true]);
  });

  it("begins a new session within a second where its own server is dead, and that is told on both sides", async () => {
    const { a, b, client, move, backplane, nodeOf, end } = await beside(2);
    backplane.crash(nodeOf(a));
    await move(b, 1_000);
    const { open, resumed, sessionLost } = client.state.get();
    expect([open, resumed, sessionLost, end().errors]).toEqual([true, false, true, []]);
  });

  it("waits three seconds for a server that stands still, which was asked nothing when it goes on: it tells what it held", async () => {
    const { a, b, client, move, clock, backplane, nodeOf, got } = await beside(2);
    const lost: unknown[] = [];
    a.server.errorChan.on(({ error }) => {
      if (error instanceof SessionLostError) lost.push(...error.undelivered);
    });
    backplane.stop(nodeOf(a));
    await move(b, 2_000);
    expect(client.state.get().open).toBe(false);
    await clock.advance(2_000);
    expect(client.state.get()).toMatchObject({ open: true, sessionLost: true });
    a.server.sendFn("ann", ["s/n", 1]);
    backplane.resume(nodeOf(a));
    await clock.advance(3_000);
    // It has the session still, for whom it is, and what is posted now reaches the new one.
    expect([a, b].map(({ server }) => [server.metrics().sessionsAway, server.metrics().connections])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    a.server.sendFn("ann", ["s/n", 2]);
    await clock.advance(130_000);
    expect([lost, got.includes(2), a.server.metrics().sessionsAway]).toEqual([
      [
        ["s/n", 1],
        ["s/n", 2],
      ],
      true,
      0,
    ]);
  });

  it("is waited for where the broker is slow, or was away when its server was asked", async () => {
    const { a, b, move, clock, backplane, nodeOf, end } = await beside(2);
    for (const node of [a, b]) backplane.delay(nodeOf(node), 220);
    await move(b, 8_000);
    expect(end()).toEqual(whole);
    for (const node of [a, b]) backplane.delay(nodeOf(node), 1);
    await clock.advance(5_000);
    backplane.split(nodeOf(a), nodeOf(b));
    clock.setTimeout(() => backplane.heal(nodeOf(a)), 500);
    clock.setTimeout(() => backplane.heal(nodeOf(b)), 1_700);
    await move(a, 5_000);
    expect(end()).toEqual({ ...whole, errors: ["unreachable", "unreachable"] });
    expect([a, b].map(({ server }) => server.metrics().connections)).toEqual([1, 0]);
  });

  it("goes on there where the broker has started again with nothing before", async () => {
    const { a, b, c, servers, clock, backplane, nodeOf, got, move, end } = await beside();
    backplane.split(...servers.map(nodeOf));
    backplane.forget();
    await clock.advance(3_000);
    backplane.heal();
    await clock.advance(5_000);
    for (const to of [b, c, a]) await move(to);
    c.server.sendFn("ann", ["s/n", 1]);
    await clock.advance(100);
    const errors = servers.map(() => "unreachable");
    expect([got, end()]).toEqual([[1], { ...whole, errors }]);
  });

  it("is told as lost where its server lets go of it when nobody waits for it any more", async () => {
    const { a, b, client, move, clock, backplane, nodeOf } = await beside(2);
    const lost: unknown[] = [];
    for (const { server } of [a, b]) {
      server.errorChan.on(({ error }) => {
        if (error instanceof SessionLostError) lost.push(server === b.server, ...error.undelivered);
      });
    }
    startRouter(a.server, { "a/slow": () => new Promise(() => {}) });
    client.sendFn(["a/slow"]);
    await clock.advance(10);
    await move(b, 1_000);
    a.server.sendFn("ann", ["s/n", 1]);
    // It said that it lives, and waits for its handler; then its way to the broker becomes slow.
    backplane.delay(nodeOf(a), 1_500);
    await clock.advance(20_000);
    expect([client.state.get().sessionLost, lost, backplane.leftovers]).toEqual([true, [true, ["s/n", 1]], 0]);
  });

  it("has its session at one server only, whichever ask for it at once", async () => {
    const { a, b, c, client, move, replay, arrive, clock, end, got } = await beside();
    const stranger = arrive(c, "bob", client.state.get().sessionId ?? "");
    const asking = [replay(b, 10), replay(c, 11), stranger];
    await clock.advance(10_000);
    await Promise.all(asking);
    const has = [a, b, c].map(({ server }) => server.metrics().sessionsAway + server.metrics().connections);
    expect(has.reduce((sum, one) => sum + one)).toBe(1);
    for (let i = 0; i < 12; i++) await move(b, 100);
    await move(c, 30_000);
    b.server.sendFn("ann", ["s/n", 1]);
    await clock.advance(100);
    expect([c.server.metrics().connections, got, end().errors]).toEqual([1, [1], []]);
  });

  it("is not taken from an attempt that waits for it by the same one that got to another server, too", async () => {
    const { a, b, c, client, move, replay, clock, end } = await beside();
    await move(a);
    startRouter(a.server, { "a/slow": () => new Promise(() => {}) });
    client.sendFn(["a/slow"]);
    await clock.advance(10);
    await move(undefined, 10);
    void replay(b, 9);
    await clock.advance(1_000);
    const both = [replay(b, 10), replay(c, 10)];
    await clock.advance(3_000);
    expect(await Promise.all(both)).toMatchObject([{ type: "accept" }, { type: "refuse", status: 409 }]);
    expect([b, c].map(({ server }) => server.metrics().sessionsAway + server.metrics().connections)).toEqual([1, 0]);
    expect([end().lost, end().errors]).toEqual([false, []]);
  });

  it("is not looked for by a server that has begun to end, which could put it nowhere", async () => {
    let judged: Promise<void> | undefined;
    const userIdFn: ServerOptions["userIdFn"] = async ({ url }) => {
      if (url.searchParams.get("attempt") === "9") await judged;
      return url.searchParams.get("uid");
    };
    const { a, b, c, move, replay, clock, end, backplane, nodeOf } = await beside(3, { userIdFn });
    // What is posted to ann is heard there yet, when she has gone on.
    await move(b);
    await move(a, 4_000);
    await move(undefined, 10);
    const parked = a.server.close();
    await clock.advance(1_500);
    await parked;
    let judge = () => {};
    judged = new Promise((resolve) => {
      judge = resolve;
    });
    void replay(b, 9);
    backplane.delay(nodeOf(b), 300);
    const closed = b.server.close();
    await clock.advance(50);
    judge();
    await clock.advance(5_000);
    await closed;
    await move(c, 20_000);
    expect(end()).toEqual(whole);
  });

  it("is refused an attempt that a later one has overtaken elsewhere", async () => {
    const { a, b, move, replay, clock, end } = await beside(2);
    await move(b, 6_000);
    await move(a, 6_000);
    const late = replay(b, 2);
    await clock.advance(200);
    expect([await late, end()]).toEqual([expect.objectContaining({ type: "refuse", status: 409 }), whole]);
    expect([a, b].map(({ server }) => server.metrics().connections)).toEqual([1, 0]);
  });
});
