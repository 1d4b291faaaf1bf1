import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { setting } from "../testing/setting.test-support.ts";

describe("a client", () => {
  it("keeps the latest events where nobody consumes them yet, says once that others are left out, and stays", async () => {
    const { server, client: connect, idle } = setting();
    const client = connect("ann", { maxReceived: 3 });
    const reports: string[] = [];
    client.errorChan.on(({ error }) => reports.push((error as { code?: string }).code ?? error.message));
    await idle();
    for (let i = 0; i < 50; i++) server.sendFn("ann", ["s/n", i]);
    await idle();
    expect([client.state.get().open, reports]).toEqual([true, ["unconsumed"]]);
    const got: unknown[] = [];
    client.chRecv.on("s/n", ({ data }) => got.push(data));
    await idle();
    expect(got).toEqual([47, 48, 49]);
  });

  it("lets as many events wait as its bounds say, whatever frame they came in", async () => {
    const { server, client: connect, idle } = setting();
    const client = connect("ann", { maxReceivedBytes: 100_000 });
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const got: unknown[] = [];
    startRouter(client, {
      "s/n": async ({ data }) => {
        await gate;
        got.push((data as { i: number }).i);
      },
    });
    await idle();
    // All of it is one batch, of which each event is a hundredth.
    for (let i = 0; i < 100; i++) server.sendFn("ann", ["s/n", { i, text: "x".repeat(500) }]);
    await idle();
    expect(client.state.get()).toMatchObject({ open: true, sessionLost: false });
    go();
    await idle();
    expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it("loses its session where more waits for its handler than its bounds say, and comes again after the backoff", async () => {
    const { server, client: connect, idle, clock } = setting();
    const client = connect("ann", { maxReceived: 3 });
    const reports: string[] = [];
    client.errorChan.on(({ error }) => reports.push((error as { code?: string }).code ?? error.message));
    startRouter(client, () => new Promise(() => {}), { concurrency: 1 });
    await idle();
    for (let i = 0; i < 50; i++) server.sendFn("ann", ["s/n", i]);
    await idle();
    expect(client.state.get()).toMatchObject({ status: "backoff", lastWsClose: { code: 4413 } });
    expect(reports).toEqual(["receiver-full"]);
    // At the server it is over as well, and not kept for the window.
    expect(server.metrics()).toMatchObject({ sessionsAway: 0, sessionsLost: 1 });
    await clock.advance(1_000);
    expect(client.state.get()).toMatchObject({ status: "open", sessionLost: true });
  });

  it("loses its session where that happens after a handler asked for another connection, before it stands or later", async () => {
    for (const params of [{}, () => new Promise<object>((resolve) => setImmediate(() => resolve({})))]) {
      const { server, client: connect, idle, clock } = setting();
      const client = connect("ann", { maxReceived: 3, params: params as never });
      const reports: string[] = [];
      client.errorChan.on(({ error }) => reports.push((error as { code?: string }).code ?? error.message));
      client.chRecv.on("s/n", ({ data }) => {
        if (data === 2) client.chsk.reconnect();
      });
      startRouter(client, () => new Promise(() => {}), { concurrency: 1 });
      await idle();
      for (let i = 0; i < 50; i++) server.sendFn("ann", ["s/n", i]);
      await idle();
      expect(reports).toEqual(["receiver-full"]);
      await clock.advance(1_000);
      expect(client.state.get()).toMatchObject({ status: "open", sessionLost: true });
      client.close();
    }
  });

  it.each(["close", "disconnect"] as const)("that a handler ends by %s gets no more of the same frame", async (how) => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann");
    const got: unknown[] = [];
    const seen: unknown[] = [];
    client.chRecv.on("s/n", ({ data }) => {
      got.push(data);
      if (data !== 2) return;
      if (how === "close") client.close();
      else client.chsk.disconnect();
      seen.push(client.state.get().open, client.state.get().status);
      client.ready().catch(({ code }: { code: string }) => seen.push(code));
    });
    await idle();
    for (let i = 1; i <= 5; i++) server.sendFn("ann", ["s/n", i]);
    await idle();
    expect(got).toEqual([1, 2]);
    expect(seen).toEqual([false, how === "close" ? "terminal" : "idle", "requested-disconnect"]);
  });

  it("that an asynchronous handler closes gets nothing more of what waits for it", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann");
    const handled: unknown[] = [];
    startRouter(client, {
      "s/n": async ({ data }) => {
        handled.push(data);
        await null;
        if (data === 2) client.close();
      },
    });
    await idle();
    for (let i = 1; i <= 5; i++) server.sendFn("ann", ["s/n", i]);
    await idle();
    expect(handled).toEqual([1, 2]);
  });

  it("that a handler reconnects is reconnecting at once, and gets the rest of the frame all the same", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann");
    const got: unknown[] = [];
    client.chRecv.on("s/n", ({ data }) => {
      if (data === 2) client.chsk.reconnect();
      got.push([data, client.state.get().status]);
    });
    await idle();
    for (let i = 1; i <= 4; i++) server.sendFn("ann", ["s/n", i]);
    await idle();
    server.sendFn("ann", ["s/n", 5]);
    await idle();
    expect(got).toEqual([
      [1, "open"],
      [2, "opening"],
      [3, "opening"],
      [4, "opening"],
      [5, "open"],
    ]);
  });
});
