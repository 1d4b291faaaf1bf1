import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { setting } from "../testing/setting.test-support.ts";

/** A server with tabs, whose later attempts are counted. */
async function drainable(tabs: number) {
  const all = setting();
  const clients = Array.from({ length: tabs }, (_, n) => all.tab(`user-${n}`));
  for (const { client } of clients) client.errorChan.on(() => {});
  await all.idle();
  const isOpen = () => clients.filter(({ client }) => client.state.get().open).length;
  return { ...all, clients, isOpen };
}

describe("close({ drainMs })", () => {
  it("is not ready from then on, refuses who comes, and closes the others in stages over half of the time", async () => {
    const { server, isOpen, clock, tab, idle } = await drainable(20);
    expect(server.isReady()).toBe(true);
    const closed = server.close({ drainMs: 10_000 });
    expect(server.isReady()).toBe(false);
    const late = tab("late");
    await idle();
    expect(late.client.state.get().lastWsClose).toMatchObject({ code: 4503, reason: '{"retryInMs":0,"spreadMs":500}' });
    late.client.close();
    const counts: number[] = [];
    for (let stage = 0; stage < 10; stage++) {
      counts.push(isOpen());
      await clock.advance(500);
    }
    expect(counts).toEqual([18, 16, 14, 12, 10, 8, 6, 4, 2, 0]);
    await closed;
  });

  it("lets handlers finish, sends their replies and what was pushed, and only then closes", async () => {
    const { server, clients, clock, idle } = await drainable(1);
    let finish: ((value: unknown) => void) | undefined;
    startRouter(server, {
      "a/slow": () => new Promise((resolve) => (finish = resolve)),
      "a/event": ({ uid }) => server.sendFn(uid, ["s/last"]),
    });
    const [one] = clients;
    const reply = one?.client.requestFn(["a/slow"]);
    one?.client.sendFn(["a/event"]);
    await idle();
    const closed = server.close({ drainMs: 10_000 });
    await clock.advance(6_000);
    expect(one?.client.state.get().open).toBe(true);
    finish?.("done");
    await idle();
    expect(await reply).toBe("done");
    expect(one?.got).toEqual([["s/last"]]);
    expect(one?.client.state.get().lastWsClose).toMatchObject({ code: 4503 });
    await closed;
  });

  it("does not wait longer than drainMs, nor for a handler that never ends", async () => {
    const { server, clients, clock, idle } = await drainable(1);
    startRouter(server, { "a/never": () => new Promise(() => {}) });
    const reply = clients[0]?.client.requestFn(["a/never"]).catch((error: { code: string }) => error.code);
    await idle();
    const closed = server.close({ drainMs: 4_000 });
    await clock.advance(3_900);
    expect(server.metrics().connections).toBe(1);
    await clock.advance(200);
    expect(server.metrics().connections).toBe(0);
    await closed;
    clients[0]?.client.close();
    expect(await reply).toBe("closed");
  });

  it("ends at once where close is called again, and where nobody is connected", async () => {
    const { server, isOpen, idle } = await drainable(10);
    const drained = server.close({ drainMs: 3_600_000 });
    const closed = server.close();
    await idle();
    await Promise.all([drained, closed]);
    expect(isOpen()).toBe(0);
    const empty = setting().server;
    await empty.close({ drainMs: 3_600_000 });
    expect(empty.isReady()).toBe(false);
  });

  it("reports what waited for clients that are away", async () => {
    const { server, cut, idle, errors } = await drainable(1);
    cut();
    await idle();
    server.broadcastFn(["s/one"]);
    await idle();
    const closed = server.close({ drainMs: 1_000 });
    await idle();
    await closed;
    expect(errors).toEqual(["session-lost"]);
  });
});
