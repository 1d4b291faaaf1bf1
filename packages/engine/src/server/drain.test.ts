import { type ErrorReport, SessionLostError } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
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

const OWN = "uid=ann&client-id=c&sente-lite=1&attempt=1";
const PING = '["chsk/ws-ping",null]';
const ack = (n: number) => `[["chsk/ack",${n}],null]`;

/** A server, a peer of its that acknowledges when the test says so, and what was reported. */
async function quiet(stalled = false) {
  const all = await quietAt(OWN, stalled);
  all.peer.handlers.message(ack(0));
  return all;
}

async function quietAt(query: string, stalled = false) {
  const all = setting();
  const reports: ErrorReport[] = [];
  all.server.errorChan.on((report) => reports.push(report));
  const peer = await openRawPeer(all.server, query, { stalled });
  const lost = () =>
    reports.map(({ error, context }) =>
      error instanceof SessionLostError ? [context.uid, error.reason, error.undelivered] : error.message,
    );
  /** The socket closes. */
  const gone = () => peer.handlers.closed(1006, "");
  return { ...all, peer, lost, gone };
}

describe("what is not known to have arrived when a server ends (PROTOCOL.md section 6.9)", () => {
  it("is asked for behind all that was sent, and what is then acknowledged is no loss", async () => {
    const { server, peer, lost, gone, idle } = await quiet();
    for (let n = 1; n <= 3; n++) server.sendFn("ann", ["s/n", n], { flush: true });
    const closed = server.close();
    expect(peer.sent.slice(1)).toEqual([...[1, 2, 3].map((n) => `[[["s/n",${n}]],null]`), PING]);
    expect(peer.closes).toEqual([]);
    peer.handlers.message(ack(2));
    expect(peer.closes).toEqual([]);
    peer.handlers.message(ack(3));
    expect(peer.closes).toEqual([{ code: 1012, reason: "the server closes" }]);
    gone();
    await closed;
    await idle();
    expect([lost(), server.metrics().sessionsLost]).toEqual([[], 0]);
  });

  it("is reported a second later by close(), with what it was", async () => {
    const { server, peer, lost, gone, clock } = await quiet();
    for (let n = 1; n <= 2; n++) server.sendFn("ann", ["s/n", n], { flush: true });
    const closed = server.close();
    peer.handlers.message(ack(1));
    await clock.advance(999);
    expect([peer.closes, lost()]).toEqual([[], []]);
    await clock.advance(1);
    expect(peer.closes).toEqual([{ code: 1012, reason: "the server closes" }]);
    gone();
    await closed;
    expect(lost()).toEqual([["ann", "the server closes", [["s/n", 2]]]]);
    expect(server.metrics().sessionsLost).toBe(1);
  });

  it("is a reply as well, which is no event and is counted", async () => {
    const { server, peer, gone, clock } = await quiet();
    startRouter(server, { "a/double": ({ data }) => 2 * Number(data) });
    const reports: SessionLostError[] = [];
    server.errorChan.on(({ error }) => error instanceof SessionLostError && reports.push(error));
    peer.handlers.message('[["a/double",21],"cb"]');
    await clock.advance(1);
    expect(peer.sent.at(-1)).toBe('[42,"cb"]');
    server.sendFn("ann", ["s/n", 1]);
    const closed = server.close();
    await clock.advance(1_000);
    gone();
    await closed;
    expect(reports.map((error) => [error.undelivered, error.undeliveredReplies])).toEqual([[[["s/n", 1]], 1]]);
    expect(server.metrics().sessionsLost).toBe(1);
  });

  it.each([
    ["in the network", false],
    ["in its socket", true],
  ])("is reported at the end of drainMs, where it waits %s", async (_where, stalled) => {
    const { server, peer, lost, gone, clock } = await quiet(stalled);
    const closed = server.close({ drainMs: 4_000 });
    server.sendFn("ann", ["s/n", 1]);
    await clock.advance(3_900);
    expect([peer.closes, lost()]).toEqual([[], []]);
    await clock.advance(100);
    expect(peer.closes.map(({ code }) => code)).toEqual([4503]);
    gone();
    await closed;
    expect(lost()).toEqual([["ann", "the server drained", [["s/n", 1]]]]);
    expect(server.metrics().sessionsLost).toBe(1);
  });

  it("is asked for again, once, after each push of a drain, and its ack ends the waiting", async () => {
    const { server, peer, lost, gone, clock } = await quiet();
    server.sendFn("ann", ["s/n", 1]);
    const closed = server.close({ drainMs: 4_000 });
    await clock.advance(1);
    server.sendFn("ann", ["s/n", 2]);
    await clock.advance(1_000);
    expect(peer.sent.slice(1)).toEqual(['[[["s/n",1]],null]', PING, '[[["s/n",2]],null]', PING]);
    peer.handlers.message(ack(2));
    expect(peer.closes.map(({ code }) => code)).toEqual([4503]);
    gone();
    await closed;
    expect(lost()).toEqual([]);
  });

  it("is waited for no longer once the client is gone", async () => {
    const { server, peer, lost, gone, clock } = await quiet();
    server.sendFn("ann", ["s/n", 1]);
    const closed = server.close({ drainMs: 3_600_000 });
    await clock.advance(1);
    expect(peer.closes).toEqual([]);
    gone();
    await closed;
    expect(lost()).toEqual([["ann", "the server drained", [["s/n", 1]]]]);
  });

  it("is known at once of clients of ours, which answer a ping with the ack that they owe", async () => {
    const { server, clients, clock, errors } = await drainable(3);
    server.broadcastFn(["s/last"]);
    const closed = server.close();
    await clock.advance(0);
    await closed;
    expect(clients.map(({ got }) => got)).toEqual([[["s/last"]], [["s/last"]], [["s/last"]]]);
    expect([errors, server.metrics().sessionsLost]).toEqual([[], 0]);
    for (const { client } of clients) client.close();
  });
});

describe("what a client sends while its connection drains (PROTOCOL.md section 6.9)", () => {
  const event = (n: number) => `[["a/event",${n}],null]`;
  const ask = (cbId: string) => `[["a/slow"],"${cbId}"]`;

  /** A server that drains, with a handler at work for the peer. */
  async function draining(query: string) {
    const all = await quietAt(query);
    const { server, peer, idle, clock } = all;
    const got: unknown[] = [];
    let finish: (value: unknown) => void = () => {};
    startRouter(server, {
      "a/slow": () => new Promise((resolve) => (finish = resolve)),
      "a/event": ({ data }) => void got.push(data),
    });
    peer.handlers.message(event(1));
    peer.handlers.message(ask("r1"));
    await idle();
    const closed = server.close({ drainMs: 10_000 });
    await clock.advance(1);
    return { ...all, got, closed, finish: (value: unknown) => finish(value) };
  }

  it("stays with it: it is neither handled nor acknowledged, and the connection closes once what was taken is answered", async () => {
    const { peer, got, finish, clock, idle, closed, gone, lost } = await draining(OWN);
    for (let n = 2; n <= 50; n++) {
      peer.handlers.message(n % 2 === 0 ? event(n) : ask(`r${n}`));
      await clock.advance(20);
    }
    expect([got, peer.closes]).toEqual([[1], []]);
    finish("done");
    await idle();
    const pinged = peer.sent.filter((frame) => frame === PING);
    expect(pinged).toHaveLength(1);
    expect(peer.closes).toEqual([]);
    peer.handlers.message(ack(1));
    expect(peer.sent.slice(-1)).toEqual([ack(2)]);
    expect(peer.closes.map(({ code }) => code)).toEqual([4503]);
    gone();
    await closed;
    expect([got, lost()]).toEqual([[1], []]);
  });

  it("is told of where that client then leaves for good, and so comes nowhere with it", async () => {
    const { peer, got, finish, closed, lost } = await draining(OWN);
    peer.handlers.message(event(2));
    peer.handlers.message(event(3));
    peer.handlers.closed(1000, "");
    finish("done");
    await closed;
    expect(got).toEqual([1]);
    expect(lost()).toEqual(["2 events came while the server drained, and their client left: they are not handled"]);
  });

  it("is taken until it has answered what the server asks it", async () => {
    const { server, clients, clock, idle } = await drainable(1);
    const client = clients[0]?.client;
    if (client === undefined) throw new Error("nobody came");
    const handled: unknown[] = [];
    let answer: (value: unknown) => void = () => {};
    startRouter(client, { "c/sure": () => new Promise((resolve) => (answer = resolve)) });
    startRouter(server, {
      "a/ask": ({ uid, clientId }) => server.requestFn({ uid, clientId }, ["c/sure"]),
      "a/event": ({ data }) => void handled.push(data),
    });
    const reply = client.requestFn(["a/ask"]);
    await idle();
    const closed = server.close({ drainMs: 10_000 });
    await clock.advance(1);
    client.sendFn(["a/event", 1]);
    await idle();
    answer("sure");
    await idle();
    expect([await reply, handled]).toEqual(["sure", [1]]);
    expect(client.state.get().lastWsClose).toMatchObject({ code: 4503 });
    await closed;
  });

  it("is handled all the same where that is a peer without a session, which would not send it again", async () => {
    const { peer, got, finish, clock, idle, closed, gone } = await draining("uid=ann&client-id=c");
    peer.handlers.message(event(2));
    await clock.advance(20);
    expect([got, peer.closes]).toEqual([[1], []]);
    finish("done");
    await idle();
    expect(got).toEqual([1, 2]);
    expect(peer.sent.slice(-1)).toEqual(['["done","r1"]']);
    expect(peer.closes.map(({ code }) => code)).toEqual([4503]);
    gone();
    await closed;
  });
});
