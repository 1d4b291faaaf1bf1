import type { ChannelSocketServer, ServerOptions } from "@sente-lite/protocol";
import { json } from "@sente-lite/protocol/json";
import { describe, expect, it } from "vitest";
import { startRouter } from "../../router.ts";
import { openRawPeer } from "../../testing/raw-peer.test-support.ts";
import { setting, testHost } from "../../testing/setting.test-support.ts";
import { createServer } from "../server.ts";

const refusedBy = (server: ChannelSocketServer) =>
  Object.fromEntries(Object.entries(server.metrics().refusedBy).filter(([, count]) => count > 0));

/** A server that is asked by literal requests. */
function asked(options: ServerOptions = {}) {
  const { server, admit } = createServer({ host: testHost(), codecs: [json], options });
  const reports: string[] = [];
  server.errorChan.on(({ error }) => reports.push(error.message));
  const ask = async (query: string, remoteAddress?: string, headers: Record<string, string> = {}) => {
    const url = new URL(`ws://h/chsk?${query}`);
    return admit({ url, headers: new Headers({ host: "h", ...headers }), remoteAddress, raw: undefined });
  };
  const socket = () => ({ send: () => "written" as const, close: () => {}, terminate: () => {}, bufferedAmount: 0 });
  /** A connection that stands; the function ends it. */
  const connect = async (query: string, remoteAddress?: string) => {
    const decision = await ask(query, remoteAddress);
    if (decision.type === "refuse") return decision.status;
    const { closed } = decision.opened(socket());
    return () => closed(1006, "");
  };
  return { server, reports, ask, connect };
}

describe("how many connections there may be", () => {
  it("in all, and one more once one has gone", async () => {
    const { server, connect, reports } = asked({ maxConnections: 2 });
    const first = await connect("client-id=a");
    await connect("client-id=b");
    expect(await connect("client-id=c")).toBe(503);
    expect(await connect("client-id=c")).toBe(503);
    if (typeof first === "function") first();
    expect(await connect("client-id=c")).toBeTypeOf("function");
    expect(refusedBy(server)).toEqual({ limit: 2 });
    expect(reports).toEqual(["the server has as many connections as it may"]);
  });

  it("of one address, where those of one /64 are one, and others go on", async () => {
    const { connect } = asked({ maxConnectionsPerAddress: 1 });
    expect(await connect("client-id=a", "2001:db8::1")).toBeTypeOf("function");
    expect(await connect("client-id=b", "2001:db8::2")).toBe(429);
    expect(await connect("client-id=b", "2001:db8:0:1::2")).toBeTypeOf("function");
    expect(await connect("client-id=c")).toBeTypeOf("function");
  });

  it("tells of a proxy that is not named", async () => {
    const { ask, reports } = asked({ maxConnectionsPerAddress: 1 });
    await ask("client-id=a", "10.0.0.1");
    const refused = await ask("client-id=b", "10.0.0.1", { "x-forwarded-for": "192.0.2.1" });
    expect(refused).toMatchObject({ status: 429, headers: { "retry-after": "5" } });
    expect(reports).toEqual(["too many connections from one address; if that is your proxy, name it: trustProxy"]);
  });

  it("of one user that the application named, and none where clients name themselves", async () => {
    const uidOf = { userIdFn: ({ url }: { url: URL }) => url.searchParams.get("uid") } as ServerOptions;
    const named = asked({ ...uidOf, maxConnectionsPerUser: 1 });
    expect(await named.connect("client-id=a&uid=ann")).toBeTypeOf("function");
    expect(await named.connect("client-id=b&uid=ann")).toBe(429);
    expect(await named.connect("client-id=b&uid=bob")).toBeTypeOf("function");
    expect(await named.connect("client-id=c")).toBeTypeOf("function");
    expect(await named.connect("client-id=d")).toBeTypeOf("function");
    const unnamed = asked({ maxConnectionsPerUser: 1 });
    expect(await unnamed.connect("client-id=a")).toBeTypeOf("function");
    expect(await unnamed.connect("client-id=a")).toBeTypeOf("function");
  });

  it("counts a request from when it is judged, and not when its peer goes before it is open", async () => {
    const answers: ((isAllowed: boolean) => void)[] = [];
    const authorizedFn = ({ url }: { readonly url: URL }) =>
      url.searchParams.get("client-id") !== "b" && new Promise<boolean>((resolve) => void answers.push(resolve));
    const answer = async (isAllowed: boolean) => {
      for (let turn = 0; answers.length === 0; turn++) {
        if (turn > 1_000) throw new Error("nobody asks");
        await Promise.resolve();
      }
      answers.shift()?.(isAllowed);
    };
    const { connect, ask } = asked({ maxConnections: 2, maxHandshakes: 1, authorizedFn });
    const judged = ask("client-id=a");
    expect(await connect("client-id=b")).toBe(503);
    await answer(true);
    const decision = await judged;
    for (let i = 0; i < 3; i++) {
      const next = ask(`client-id=c${i}`);
      await answer(true);
      const accepted = await next;
      if (accepted.type === "accept") accepted.abandon();
      expect(accepted.type).toBe("accept");
    }
    expect(decision.type).toBe("accept");
  });
});

describe("how fast connections may come", () => {
  it("from one address, the refused ones too, and not from others", async () => {
    const { ask } = asked({ maxConnectsPerSecondPerAddress: 1, authorizedFn: () => false });
    const statusOf = async (address: string) => {
      const decision = await ask("client-id=a", address);
      return decision.type === "refuse" && decision.status;
    };
    for (let i = 0; i < 10; i++) expect(await statusOf("192.0.2.1")).toBe(401);
    expect(await statusOf("192.0.2.1")).toBe(429);
    expect(await statusOf("192.0.2.2")).toBe(401);
  });
});

describe("who comes after a flood that could not be paused", () => {
  const begin = async (canPause: boolean) => {
    const room = setting({ maxReceived: 100 });
    startRouter(room.server, { "a/n": () => new Promise(() => {}) });
    const peer = await openRawPeer(room.server, "client-id=flood", { canPause, remoteAddress: "192.0.2.1" });
    const send = () => peer.handlers.message('[["a/n",1],null]');
    /** How many of those who come from there are served by now. */
    let served = 0;
    const come = (remoteAddress: string) =>
      openRawPeer(room.server, "client-id=next", { remoteAddress }).then(() => void served++);
    return { ...room, peer, send, come, served: () => served };
  };
  const flood = async () => {
    const all = await begin(false);
    for (let n = 0; n < 400; n++) all.send();
    expect(all.peer.closes).toMatchObject([{ code: 4413 }]);
    return all;
  };

  it("waits for a second, from the same address, and is served then", async () => {
    const { clock, come, served } = await flood();
    const others = come("192.0.2.2");
    const same = [come("192.0.2.1"), come("192.0.2.1")];
    await others;
    await clock.advance(999);
    expect(served()).toBe(1);
    await clock.advance(1);
    await Promise.all([...same, come("192.0.2.1")]);
    expect(served()).toBe(4);
  });

  it("does not wait where a hundred do", async () => {
    const { clock, come, served } = await flood();
    const all = Array.from({ length: 101 }, () => come("192.0.2.1").catch(() => {}));
    await all.at(-1);
    expect(served()).toBe(1);
    await clock.advance(1_000);
    await Promise.all(all);
  });

  it("does not wait where the runtime can pause, or where too much came over time", async () => {
    const paused = await begin(true);
    for (let n = 0; n < 400; n++) paused.send();
    expect(paused.peer.reading).toEqual(["pause"]);
    const slow = await begin(false);
    for (let n = 0; n < 150; n++) {
      slow.send();
      await slow.clock.advance(1);
    }
    expect(slow.peer.closes).toMatchObject([{ code: 4413 }]);
    await Promise.all([paused.come("192.0.2.1"), slow.come("192.0.2.1")]);
    expect([paused.served(), slow.served()]).toEqual([1, 1]);
  });
});

const settingOf = (overRate: "delay" | "drop" | "close", more: ServerOptions = {}) =>
  setting({ maxEventsPerSecond: 1, overRate, ...more } as ServerOptions);

describe("how fast a client may send (PROTOCOL.md section 9)", () => {
  const heard = ({ server }: { readonly server: ChannelSocketServer }) => {
    const got: unknown[] = [];
    startRouter(server, { "a/n": ({ data }) => void got.push(data), "a/ask": ({ data }) => data });
    return got;
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

  it("delay: everything arrives, in order, at the pace that it may have", async () => {
    const room = settingOf("delay");
    const got = heard(room);
    const { client } = room.tab("ann");
    await room.idle();
    for (const n of numbers(15)) client.sendFn(["a/n", n]);
    await room.idle();
    // The ack of the handshake was the first of ten.
    expect(got).toEqual(numbers(9));
    await room.clock.advance(3_000);
    expect(got).toEqual(numbers(12));
    await room.clock.advance(60_000);
    expect(got).toEqual(numbers(15));
    expect(client.state.get()).toMatchObject({ open: true, reconnectCount: 0 });
    expect(room.errors).toEqual(["over-rate"]);
    expect(room.server.metrics().overRateTotal).toBeGreaterThan(5);
  });

  it("delay: of more than may wait elsewhere nothing is lost", async () => {
    const room = setting({ maxEventsPerSecond: 100 });
    const got = heard(room);
    const peer = await openRawPeer(room.server, "client-id=flood&codec=json");
    for (const n of numbers(2_500)) peer.handlers.message(`[["a/n",${n}],null]`);
    for (let second = 0; second < 20; second++) await room.clock.advance(1_000);
    expect([got.length, peer.closes]).toEqual([2_500, []]);
  });

  it("drop: what comes too fast is not handled, and whoever asks is told", async () => {
    const room = settingOf("drop");
    const got = heard(room);
    const { client } = room.tab("ann");
    await room.idle();
    for (const n of numbers(15)) client.sendFn(["a/n", n]);
    const reply = client.requestFn(["a/ask", "x"]);
    await expect(reply).rejects.toMatchObject({ code: "rate-limited" });
    expect(got).toEqual(numbers(9));
    await room.clock.advance(2_000);
    expect(await client.requestFn(["a/ask", "y"])).toBe("y");
    expect(client.state.get().open).toBe(true);
    expect(room.server.metrics().overRateTotal).toBe(7);
  });

  it("close: 4429 with a hint, and our client comes again, and nothing is lost", async () => {
    const room = settingOf("close");
    const got = heard(room);
    const { client } = room.tab("ann");
    await room.idle();
    for (const n of numbers(15)) client.sendFn(["a/n", n]);
    await room.idle();
    const { status, lastWsClose } = client.state.get();
    expect([status, lastWsClose?.code, lastWsClose?.reason]).toEqual([
      "backoff",
      4429,
      '{"retryInMs":6000,"spreadMs":1000}',
    ]);
    await room.clock.advance(120_000);
    expect(got).toEqual(numbers(15));
    expect(client.state.get()).toMatchObject({ open: true, resumed: true });
  });

  it("of bytes, too", async () => {
    const room = settingOf("close", { maxEventsPerSecond: 1_000, maxBytesPerSecond: 100 } as ServerOptions);
    const { client } = room.tab("ann");
    await room.idle();
    client.sendFn(["a/n", "x".repeat(2_000)]);
    await room.idle();
    expect(client.state.get().open).toBe(true);
    client.sendFn(["a/n", 1]);
    await room.idle();
    expect(client.state.get().lastWsClose).toMatchObject({ code: 4429 });
  });

  it("of all connections of a user together, and to come again gains nothing", async () => {
    const room = setting({ maxEventsPerSecondPerUser: 1, overRate: "close" });
    const tabs = [room.tab("ann"), room.tab("ann")];
    const other = room.tab("bob");
    await room.idle();
    for (const { client } of tabs) for (const n of numbers(4)) client.sendFn(["a/n", n]);
    for (const n of numbers(9)) other.client.sendFn(["a/n", n]);
    await room.idle();
    expect(tabs.every(({ client }) => client.state.get().open)).toBe(true);
    for (const { client } of tabs) client.close();
    await room.idle();
    const again = room.tab("ann");
    await room.idle();
    expect(again.client.state.get().lastWsClose).toMatchObject({ code: 4429 });
    expect(other.client.state.get().open).toBe(true);
  });

  it("is not asked of Infinity", async () => {
    const all = Number.POSITIVE_INFINITY;
    const room = setting({ maxEventsPerSecond: all, maxBytesPerSecond: all, maxEventsPerSecondPerUser: all });
    const got = heard(room);
    const { client } = room.tab("ann");
    await room.idle();
    for (const n of numbers(900)) client.sendFn(["a/n", n]);
    await room.clock.advance(1);
    expect(got).toHaveLength(900);
    expect(room.server.metrics().overRateTotal).toBe(0);
  });
});

describe("requests in flight", () => {
  it("of one client are bounded, and those that are answered count no more", async () => {
    const { server, tab, idle, clock } = setting({ maxRequestsInFlight: 2 });
    const waiting: ((value: unknown) => boolean)[] = [];
    server.chRecv.on("a/ask", ({ replyFn }) => void (replyFn && waiting.push(replyFn)));
    const { client } = tab("ann", { requestTimeoutMs: 0 });
    const other = tab("bob").client;
    await idle();
    const first = client.requestFn(["a/ask"]);
    void client.requestFn(["a/ask"]).catch(() => {});
    const third = client.requestFn(["a/ask"]).catch((error) => error);
    await idle();
    expect(waiting).toHaveLength(2);
    expect(await third).toMatchObject({ code: "too-many-requests" });
    void other.requestFn(["a/ask"]).catch(() => {});
    await idle();
    expect(waiting).toHaveLength(3);
    waiting[0]?.("done");
    expect(await first).toBe("done");
    void client.requestFn(["a/ask"]).catch(() => {});
    await idle();
    expect(waiting).toHaveLength(4);
    // A handler that never answers does not stop the others for ever.
    await clock.advance(121_000);
    void client.requestFn(["a/ask"]).catch(() => {});
    await idle();
    expect(waiting).toHaveLength(5);
  });
});

describe("a handler that holds the queue of its connection", () => {
  it("is reported once, when it has worked for so long, and one that is done is not", async () => {
    const { server, tab, idle, clock } = setting({ slowHandlerMs: 1_000 });
    const reports: unknown[] = [];
    server.errorChan.on(({ error, context }) =>
      reports.push([(error as { code?: string }).code, context.id, context.uid]),
    );
    startRouter(server, {
      "a/quick": () => new Promise((resolve) => void clock.setTimeout(() => resolve(1), 900)),
      "a/slow": () => new Promise((resolve) => void clock.setTimeout(() => resolve(1), 60_000)),
    });
    const [ann, bob] = [tab("ann").client, tab("bob").client];
    await idle();
    ann.sendFn(["a/quick"]);
    ann.sendFn(["a/slow"]);
    bob.sendFn(["a/quick"]);
    await clock.advance(1_800);
    expect(reports).toEqual([]);
    await clock.advance(200);
    expect(reports).toEqual([["slow-handler", "a/slow", "ann"]]);
    await clock.advance(70_000);
    expect(reports).toHaveLength(1);
  });
});

describe("a function that judges requests", () => {
  it.each(["authorizedFn", "userIdFn", "rejectFn", "handshakeDataFn", "csrfTokenFn"] as const)(
    "is not waited for without end: %s",
    async (name) => {
      const {
        server,
        clock,
        lines: _,
        ...room
      } = setting({ hookTimeoutMs: 500, [name]: () => new Promise(() => {}) } as ServerOptions);
      const { client } = room.tab("ann", { reconnectBaseMs: 60_000, reconnectCapMs: 60_000 });
      await clock.advance(499);
      expect(client.state.get().status).toBe("opening");
      await clock.advance(2);
      const { lastWsClose } = client.state.get();
      expect([lastWsClose?.code, lastWsClose?.reason]).toEqual([4503, '{"retryInMs":1000,"spreadMs":5000}']);
      expect(room.errors).toEqual(["hook-timeout"]);
      expect(refusedBy(server)).toEqual({ failed: 1 });
    },
  );

  it("that rejects after its time harms nothing", async () => {
    let fail = (_: Error) => {};
    const authorizedFn = () => new Promise<never>((_, reject) => (fail = reject));
    const { tab, clock, errors, idle } = setting({ hookTimeoutMs: 10, authorizedFn });
    tab("ann", { reconnectBaseMs: 60_000, reconnectCapMs: 60_000 });
    await clock.advance(11);
    fail(new Error("too late"));
    await idle();
    expect(errors).toEqual(["hook-timeout"]);
  });
});
