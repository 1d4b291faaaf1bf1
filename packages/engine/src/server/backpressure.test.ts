import { SessionLostError } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
import { setting } from "../testing/setting.test-support.ts";

describe("a slow handler (PROTOCOL.md section 7)", () => {
  it("stops the reading of its own connection, whose silence is not the peer's", async () => {
    const { server, clock, idle } = setting();
    const waiting: (() => void)[] = [];
    startRouter(server, { "a/slow": () => new Promise<void>((resolve) => waiting.push(resolve)) });
    const peer = await openRawPeer(server, "client-id=c&uid=ann");
    for (let i = 0; i < 80; i++) peer.handlers.message(`[["a/slow",${i}],null]`);
    expect(peer.reading).toEqual(["pause"]);
    await clock.advance(120_000);
    expect(peer.closes).toEqual([]);
    while (waiting.length > 0) {
      waiting.pop()?.();
      await idle();
    }
    expect(peer.reading).toEqual(["pause", "resume"]);
    // It reads again, and from now on silence counts.
    await clock.advance(20_000);
    expect(peer.closes.map(({ code }) => code)).toEqual([4408]);
  });

  it("has its connection read the answer to a close", async () => {
    const { server } = setting();
    startRouter(server, { "a/slow": () => new Promise(() => {}) });
    const peer = await openRawPeer(server, "client-id=c&uid=ann");
    for (let i = 0; i < 80; i++) peer.handlers.message(`[["a/slow",${i}],null]`);
    server.disconnectFn("ann");
    expect([peer.reading, peer.closes.length]).toEqual([["pause", "resume"], 1]);
  });
});

describe("a peer that takes its frames too slowly (PROTOCOL.md section 6.7)", () => {
  const slow = async (options: Parameters<typeof setting>[0]) => {
    const { server, idle, errors, ...rest } = setting({ maxQueuedFrames: 3, highWaterBytes: 10, ...options });
    const peer = await openRawPeer(server, "client-id=c&uid=ann", { stalled: true });
    const push = async (n: number, key?: string) => {
      server.sendFn("ann", ["s/n", n], key === undefined ? {} : { key });
      await idle();
    };
    const drain = async () => {
      peer.buffered = 0;
      peer.handlers.drained();
      await idle();
    };
    /** What it gets once it reads. */
    const all = async () => {
      const before = peer.sent.length;
      for (let last = -1; last !== peer.sent.length; ) {
        last = peer.sent.length;
        await drain();
      }
      return peer.sent.slice(before);
    };
    return { ...rest, server, peer, push, read: all, errors };
  };

  it("is closed at the bound, by default, and gets nothing more", async () => {
    const { peer, push, errors, server } = await slow({});
    for (let n = 0; n < 5; n++) await push(n);
    expect(peer.closes).toEqual([{ code: 4413, reason: "too slow" }]);
    expect(errors).toEqual(["too-slow"]);
    expect(server.metrics().connections).toBe(0);
  });

  it("drop-oldest leaves out the oldest pushes, counts them, reports the first of a row, and keeps every reply", async () => {
    const { server, peer, push, read, errors } = await slow({ backpressure: "drop-oldest" });
    server.chRecv.on("a/ask", ({ replyFn, data }) => void replyFn?.(data));
    await push(0);
    peer.handlers.message('[["a/ask","kept"],"r1"]');
    for (let n = 1; n < 10; n++) await push(n);
    expect(peer.closes).toEqual([]);
    expect(await read()).toEqual(['["kept","r1"]', '[[["s/n",8]],null]', '[[["s/n",9]],null]']);
    expect(server.metrics().pushesDropped).toBe(8);
    expect(errors).toEqual(["push-dropped"]);
    for (let n = 10; n < 20; n++) await push(n);
    expect(errors).toEqual(["push-dropped", "push-dropped"]);
  });

  it("drop-oldest ends a connection whose replies alone are too many", async () => {
    const { server, peer } = await slow({ backpressure: "drop-oldest" });
    server.chRecv.on("a/ask", ({ replyFn }) => void replyFn?.("x"));
    await Promise.resolve();
    for (let n = 0; n < 6; n++) peer.handlers.message(`[["a/ask"],"r${n}"]`);
    expect(peer.closes.map(({ code }) => code)).toEqual([4413]);
  });

  it("latest-by-key replaces what waits under the same key, and keeps the order of the rest", async () => {
    const { peer, push, read } = await slow({ backpressure: "latest-by-key" });
    await push(0);
    await push(1, "price");
    await push(2, "volume");
    for (let n = 3; n < 100; n++) await push(n, "price");
    expect(peer.closes).toEqual([]);
    expect(await read()).toEqual(['[[["s/n",0]],null]', '[[["s/n",2]],null]', '[[["s/n",99]],null]']);
  });

  it("latest-by-key holds for sessions whose client is away, too; without the policy a key means nothing", async () => {
    for (const [backpressure, expected] of [
      ["latest-by-key", [5]],
      ["close", [0, 1, 2, 3, 4, 5]],
    ] as const) {
      const { server, tab, idle, cut, clock } = setting({ backpressure });
      const { got } = tab("ann");
      await idle();
      cut();
      await idle();
      for (let n = 0; n <= 5; n++) server.broadcastFn(["s/n", n], { key: "k" });
      await clock.advance(1_000);
      expect(got).toEqual(expected.map((n) => ["s/n", n]));
    }
  });

  it("costs nobody else anything", async () => {
    const { server, peer, idle, push } = await slow({}).then((one) => ({
      ...one,
      idle: one.clock.advance.bind(null, 0),
    }));
    const other = await openRawPeer(server, "client-id=d&uid=ann");
    for (let n = 0; n < 50; n++) await push(n);
    await idle();
    expect(peer.closes).toHaveLength(1);
    expect(other.sent.slice(1)).toHaveLength(50);
  });

  /** Events of which no two share a frame, pushed in one turn. */
  const images = { maxQueuedFrames: 3, highWaterBytes: 500, maxPayloadBytes: 1_000 };
  const burst = (server: { sendFn: (to: string, event: [string, unknown]) => unknown }, count: number) => {
    for (let n = 0; n < count; n++) server.sendFn("ann", ["s/image", "x".repeat(600)]);
  };

  it("is not one that a turn made more for than the bound, and that takes it", async () => {
    const { server, errors, clock } = setting(images);
    const peer = await openRawPeer(server, "client-id=c&uid=ann", { stalled: true });
    peer.buffered = 0;
    burst(server, 40);
    for (let n = 0; n < 50; n++) {
      await clock.advance(20);
      peer.buffered = 0;
    }
    expect([peer.sent.length, peer.closes, errors]).toEqual([41, [], []]);
    expect(server.metrics().connections).toBe(1);
  });

  it("is not held more over turns: after a turn that passed the bound comes the bound", async () => {
    const { server, errors, idle } = setting(images);
    const peer = await openRawPeer(server, "client-id=c&uid=ann", { stalled: true });
    peer.buffered = 0;
    burst(server, 40);
    await idle();
    for (let n = 0; n < 3; n++) {
      burst(server, 1);
      await idle();
    }
    expect(peer.closes).toEqual([]);
    burst(server, 1);
    await idle();
    expect([peer.closes, errors]).toEqual([[{ code: 4413, reason: "too slow" }], ["too-slow"]]);
  });

  it("is given up after the ping timeout, where a turn passed the bound and nothing of it is taken", async () => {
    const { server, clock, errors } = setting({ ...images, pingIntervalMs: 60_000 });
    const peer = await openRawPeer(server, "client-id=c&uid=ann", { stalled: true });
    peer.buffered = 0;
    burst(server, 40);
    await clock.advance(7_900);
    expect(peer.closes).toEqual([]);
    await clock.advance(200);
    expect([peer.closes, errors]).toEqual([[{ code: 4413, reason: "too slow" }], ["too-slow"]]);
  });

  it("keeps its bounds while it is away, and what goes over them is reported, every event", async () => {
    const { server, tab, idle, cut } = setting(images);
    const lost: unknown[] = [];
    server.errorChan.on(({ error }) => {
      if (error instanceof SessionLostError) lost.push(...error.undelivered);
    });
    const { got } = tab("ann");
    await idle();
    cut();
    await idle();
    burst(server, 10);
    await idle();
    expect([got.length, lost.length, server.metrics().sessionsLost]).toEqual([0, 10, 1]);
  });
});
