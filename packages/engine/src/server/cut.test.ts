import type { ChannelSocketClient } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { type Node, nodes } from "../testing/nodes.test-support.ts";

/** What a client was pushed, `chsk/*` left out. */
function gotBy(client: ChannelSocketClient): unknown[] {
  const got: unknown[] = [];
  client.chRecv.on("*", ({ event }) => {
    if (!event[0].startsWith("chsk/")) got.push(event[1]);
  });
  return got;
}

/** Three servers, and a client at the first; its session is then released, and waits in the backplane. */
async function parked(options: Parameters<typeof nodes>[0] = {}) {
  const all = nodes(options);
  const { clock, start, land } = all;
  const [from, to, third] = [start(), start(), start()];
  land(from);
  await clock.advance(50);
  const client = all.client("ann");
  const got = gotBy(client);
  await clock.advance(50);
  return {
    ...all,
    /** Another client, wherever clients land. */
    connect: (uid: string) => all.client(uid),
    from,
    to,
    third,
    client,
    got,
    /** Ends the first one; nothing listens until a client may land somewhere. */
    park: async () => {
      land(undefined);
      const closed = from.server.close();
      await clock.advance(1_500);
      await closed;
    },
    landAt: async (node: Node) => {
      land(node);
      await clock.advance(30_000);
    },
    end: () => ({ lost: client.state.get().sessionLost, errors: [from, to, third].flatMap(({ errors }) => errors) }),
  };
}

const whole = { lost: false, errors: [] };

describe("what is pushed while a session is on its way (PROTOCOL.md section 6.13)", () => {
  it("comes to it, from the server that it goes to and from the others, each in its order", async () => {
    const { from, to, third, clock, got, park, landAt, end } = await parked();
    from.server.sendFn("ann", ["s/n", 1]);
    third.server.sendFn("ann", ["s/n", 2]);
    await clock.advance(10);
    await park();
    third.server.sendFn("ann", ["s/n", 3]);
    third.server.sendFn({ uid: "ann", clientId: "ann" }, ["s/n", 4]);
    third.server.broadcastFn(["s/n", 5]);
    third.server.sendFn("bob", ["s/n", "not ann's"]);
    third.server.sendFn("ann", ["s/n", "left out"], { except: { uid: "ann", clientId: "ann" } });
    third.server.sendFn("ann", ["s/n", "worth nothing later"], { volatile: true });
    to.server.sendFn("ann", ["s/n", 6]);
    to.server.broadcastFn(["s/n", 7]);
    await landAt(to);
    third.server.sendFn("ann", ["s/n", 8]);
    to.server.sendFn("ann", ["s/n", 9]);
    await clock.advance(100);
    const [before, after] = [got.slice(0, 2), got.slice(-2)];
    expect([before, after]).toEqual([
      [1, 2],
      [9, 8],
    ]);
    expect(got.slice(2, -2).filter((n) => (n as number) < 6)).toEqual([3, 4, 5]);
    expect(got.slice(2, -2).filter((n) => (n as number) >= 6)).toEqual([6, 7]);
    expect([got.length, end()]).toEqual([9, whole]);
  });

  it("comes to it from a server that has ended meanwhile, and from the one that it left", async () => {
    const { from, to, third, clock, got, land, landAt, end, connect } = await parked();
    // The drain goes on for another one.
    startRouter(from.server, { "a/never": () => new Promise(() => {}) });
    connect("bob")
      .requestFn(["a/never"], { timeoutMs: 100_000 })
      .catch(() => {});
    await clock.advance(50);
    land(undefined);
    const closed = from.server.close({ drainMs: 1_000 });
    await clock.advance(600);
    expect([got.length, from.server.metrics().connections]).toEqual([0, 1]);
    from.server.sendFn("ann", ["s/n", 1]);
    await clock.advance(1_500);
    await closed;
    third.server.sendFn("ann", ["s/n", 2]);
    const also = third.server.close();
    await clock.advance(1_500);
    await also;
    await landAt(to);
    expect([got, end()]).toEqual([[1, 2], whole]);
  });

  it("comes to it where no server was there meanwhile that goes on", async () => {
    const { from, to, third, clock, got, park, land, start, client } = await parked();
    await park();
    to.server.sendFn("ann", ["s/n", 1]);
    const closing = [to.server.close(), third.server.close()];
    await clock.advance(3_000);
    await Promise.all(closing);
    const next = start();
    await clock.advance(50);
    next.server.sendFn("ann", ["s/n", 2]);
    land(next);
    await clock.advance(30_000);
    expect([got, client.state.get().sessionLost, from.errors, next.errors]).toEqual([[1, 2], false, [], []]);
  });

  it("comes to it from a server that was started meanwhile", async () => {
    const { to, clock, got, park, landAt, end, start } = await parked();
    await park();
    const late = start();
    await clock.advance(50);
    late.server.sendFn("ann", ["s/n", 1]);
    await landAt(to);
    expect([got, late.errors, end()]).toEqual([[1], [], whole]);
  });

  it("comes to it from a server that began and ended meanwhile, whether the next one was there then or not", async () => {
    for (const isThere of [true, false]) {
      const { to, third, clock, got, park, landAt, end, start } = await parked();
      await park();
      if (!isThere) {
        const closing = [to.server.close(), third.server.close()];
        await clock.advance(3_000);
        await Promise.all(closing);
      }
      const between = start();
      await clock.advance(50);
      between.server.sendFn("ann", ["s/n", 1]);
      between.server.broadcastFn(["s/n", 2]);
      const closed = between.server.close();
      await clock.advance(3_000);
      await closed;
      await landAt(isThere ? to : start());
      expect([got, between.errors, end()]).toEqual([[1, 2], [], whole]);
    }
  });

  it("is told as a loss where a server that began meanwhile died, before any other knew of it", async () => {
    const { to, third, clock, backplane, got, park, landAt, start, nodeOf, client } = await parked();
    await park();
    const closing = [to.server.close(), third.server.close()];
    await clock.advance(3_000);
    await Promise.all(closing);
    const between = start();
    await clock.advance(50);
    between.server.sendFn("ann", ["s/n", 1]);
    backplane.crash(nodeOf(between));
    await clock.advance(15_000);
    const next = start();
    await landAt(next);
    expect([got, client.state.get().sessionLost, next.errors]).toEqual([[], true, ["posts-missing"]]);
  });

  it("is not given again what a server pushed before that began after its own one and has ended, at once or later", async () => {
    for (const ms of [0, 100, 40_000]) {
      const { to, clock, got, park, landAt, end, start } = await parked();
      const between = start();
      await clock.advance(50);
      between.server.sendFn("ann", ["s/n", 1]);
      const closed = between.server.close();
      await clock.advance(ms === 0 ? 5 : 1_500);
      await clock.advance(ms);
      await park();
      await closed;
      to.server.sendFn("ann", ["s/n", 2]);
      await landAt(to);
      expect([got, end()]).toEqual([[1, 2], whole]);
    }
  });

  it("comes to it from a server that lost its lease before, and numbers its posts anew", async () => {
    const { third, to, clock, backplane, got, park, landAt, nodeOf, end } = await parked();
    for (let n = 1; n <= 5; n++) third.server.sendFn("bob", ["s/n", n]);
    third.server.sendFn("ann", ["s/n", 1]);
    await clock.advance(10);
    backplane.stop(nodeOf(third));
    await clock.advance(15_000);
    backplane.resume(nodeOf(third));
    await clock.advance(1_000);
    await park();
    third.server.sendFn("ann", ["s/n", 2]);
    await landAt(to);
    expect([got, end()]).toEqual([[1, 2], { lost: false, errors: ["lease-lost", "posts-missing"] }]);
  });

  it("is told as a loss to both sides where the server that pushed died before it could tell", async () => {
    const { to, third, clock, backplane, got, park, landAt, end, nodeOf } = await parked();
    await park();
    third.server.sendFn("ann", ["s/n", 1]);
    await clock.advance(5);
    backplane.crash(nodeOf(third));
    await landAt(to);
    expect([got, end()]).toEqual([[], { lost: true, errors: ["posts-missing"] }]);
    to.server.sendFn("ann", ["s/n", 2]);
    await clock.advance(100);
    expect(got).toEqual([2]);
  });

  it("comes of a room without a history, too, and with orders to join, to leave and to go", async () => {
    const rooms = { "chat/*": { joinFn: () => true } };
    const { to, third, clock, client, park, landAt, end } = await parked({ rooms });
    const tea = client.room("chat/tea");
    const milk = client.room("chat/milk");
    const said: unknown[] = [];
    for (const room of [tea, milk]) room.chRecv.on("*", ({ data }) => said.push(data));
    await clock.advance(50);
    await park();
    third.server.sendFn({ room: "chat/tea" }, ["chat/said", 1]);
    third.server.leaveFn("ann", "chat/milk");
    third.server.sendFn({ room: "chat/milk" }, ["chat/said", "after it left"]);
    third.server.sendFn({ room: "chat/tea" }, ["chat/said", 2]);
    await landAt(to);
    third.server.sendFn({ room: "chat/tea" }, ["chat/said", 3]);
    await clock.advance(100);
    expect([said, tea.state.get().status, milk.state.get().status]).toEqual([[1, 2, 3], "joined", "left"]);
    expect(end()).toEqual(whole);
  });

  it("has orders to who is in a room with a history", async () => {
    const rooms = {
      "log/*": { joinFn: () => true, history: { size: 10, ttlMs: 600_000 } },
      "chat/*": { joinFn: () => true },
    };
    const { to, third, clock, client, park, landAt, end } = await parked({ rooms });
    const log = client.room("log/tea");
    const chat = client.room("chat/tea");
    const said: unknown[] = [];
    log.chRecv.on("*", ({ data }) => said.push(data));
    await clock.advance(50);
    await park();
    third.server.sendFn({ room: "log/tea" }, ["log/said", 1]);
    third.server.leaveFn({ room: "log/tea" }, "chat/tea");
    await landAt(to);
    expect([chat.state.get().status, log.state.get().status, said, end()]).toEqual(["left", "joined", [1], whole]);
  });

  it("has each order once, whenever it is given while the session moves", async () => {
    for (let ms = 0; ms <= 1_200; ms += 120) {
      const rooms = { "chat/*": { joinFn: () => true } };
      const { to, third, clock, backplane, client, cut, land, nodeOf, end } = await parked({ rooms });
      let left = 0;
      // Whoever is put out comes back, and an order that is done twice puts them out again.
      const join = () => {
        const chat = client.room("chat/tea");
        chat.state.subscribe(({ status }) => {
          if (status === "left" && ++left < 5) join();
        });
        return chat;
      };
      join();
      await clock.advance(50);
      backplane.delay(nodeOf(third), 300);
      land(to);
      cut();
      await clock.advance(ms);
      third.server.leaveFn("ann", "chat/tea");
      await clock.advance(10_000);
      expect([ms, left, client.room("chat/tea").state.get().status, end()]).toEqual([ms, 1, "joined", whole]);
    }
  });

  it("ends it where it was thrown out meanwhile", async () => {
    const { to, third, clock, client, park, land, end } = await parked();
    await park();
    third.server.disconnectFn("ann", { code: 4401, reason: "out" });
    third.server.sendFn("ann", ["s/n", "too late"]);
    land(to);
    await clock.advance(30_000);
    expect([client.state.get().sessionLost, end().errors]).toEqual([true, []]);
  });

  it("is not doubled by what comes late, nor lost where it was on its way", async () => {
    const { to, third, clock, backplane, got, park, land, nodeOf, end } = await parked();
    await park();
    // What it posts comes so much later than what it answers was asked.
    backplane.delay(nodeOf(third), 300);
    for (let n = 1; n <= 3; n++) third.server.sendFn("ann", ["s/n", n]);
    land(to);
    for (let n = 4; n <= 40; n++) {
      await clock.advance(100);
      third.server.sendFn("ann", ["s/n", n]);
    }
    await clock.advance(30_000);
    expect([got, end()]).toEqual([Array.from({ length: 40 }, (_, i) => i + 1), whole]);
  });
});
