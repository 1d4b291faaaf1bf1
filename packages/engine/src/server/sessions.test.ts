import { type ErrorReport, SessionLostError } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { setting } from "../testing/setting.test-support.ts";

describe("a session over several connections (PROTOCOL.md section 6)", () => {
  it("gets what was pushed, broadcast and answered while its client was away, once and in order", async () => {
    const { server, tab, idle, clock, cut } = setting();
    const { client, got } = tab("ann");
    let answer: ((value: unknown) => boolean) | undefined;
    server.chRecv.on("a/ask", ({ replyFn }) => {
      answer = replyFn;
    });
    await idle();
    const reply = client.requestFn(["a/ask"]);
    server.sendFn("ann", ["s/n", 1]);
    await idle();
    cut();
    await idle();
    expect(client.state.get().open).toBe(false);
    expect(server.sendFn("ann", ["s/n", 2])).toEqual({ connections: 0 });
    expect(server.broadcastFn(["s/n", 3])).toEqual({ connections: 0 });
    expect(answer?.("late but here")).toBe(true);
    server.sendFn("ann", ["s/n", 4]);
    await clock.advance(1_000);
    expect(got).toEqual([1, 2, 3, 4].map((n) => ["s/n", n]));
    await expect(reply).resolves.toBe("late but here");
    expect(client.state.get()).toMatchObject({ open: true, resumed: true, sessionLost: false });
    expect(server.metrics()).toMatchObject({
      connections: 1,
      sessionsAway: 0,
      sessionsAwayBytes: 0,
      sessionsResumed: 1,
    });
  });

  it("is kept after the user has left connectedUids, and until the window is over", async () => {
    const { server, tab, idle, clock, cut } = setting({ sessionWindowMs: 60_000 });
    const { client, got } = tab("ann", { reconnectBaseMs: 1, reconnectCapMs: 1 });
    await idle();
    client.chsk.breakConnection();
    cut();
    await idle();
    server.sendFn("ann", ["s/one"]);
    await clock.advance(1_000);
    expect(got).toEqual([["s/one"]]);
    expect([...server.connectedUids.get().any]).toEqual(["ann"]);
  });

  it("weighs what its client said as it connected, which is kept for handlers: those that are left with large headers are few", async () => {
    const { server, tab, idle, cut } = setting({ maxAwayBytes: 35_000 });
    // With headers, as clients of some runtimes have them.
    const options = { params: {}, headers: { cookie: "x".repeat(10_000) } };
    for (const uid of ["ann", "bob", "cid", "dan", "eve"]) tab(uid, options);
    await idle();
    cut();
    await idle();
    const { sessionsAway, sessionsAwayBytes } = server.metrics();
    expect(sessionsAway).toBe(3);
    expect(sessionsAwayBytes).toBeGreaterThan(30_000);
  });

  it("keeps its place in connectedUids no longer than the grace, and its events as long as the window", async () => {
    const { server, tab, idle, clock, cut } = setting();
    let isDown = false;
    const { client, got } = tab("ann", { params: () => (isDown ? Promise.reject(new Error("down")) : {}) });
    client.errorChan.on(() => {});
    await idle();
    isDown = true;
    cut();
    await clock.advance(3_000);
    expect([...server.connectedUids.get().any]).toEqual([]);
    server.sendFn("ann", ["s/one"]);
    server.sendFn("ann", ["s/two"]);
    await idle();
    expect(server.metrics()).toMatchObject({ connections: 0, sessionsAway: 1 });
    expect(server.metrics().sessionsAwayBytes).toBeGreaterThan(20);
    await clock.advance(90_000);
    isDown = false;
    await clock.advance(25_000);
    expect(got).toEqual([["s/one"], ["s/two"]]);
    expect([...server.connectedUids.get().any]).toEqual(["ann"]);
  });

  it("is reported with what was not delivered when its window is over, and the client says that it was lost", async () => {
    const { server, tab, idle, clock, cut } = setting({ sessionWindowMs: 10_000 });
    const reports: ErrorReport[] = [];
    server.errorChan.on((report) => reports.push(report));
    let isDown = false;
    const { client, got } = tab("ann", { params: () => (isDown ? Promise.reject(new Error("down")) : {}) });
    const lost: SessionLostError[] = [];
    client.errorChan.on(({ error }) => error instanceof SessionLostError && lost.push(error));
    await idle();
    const { sessionId } = client.state.get();
    client.sendFn(["a/in-doubt"]);
    isDown = true;
    cut();
    await idle();
    server.sendFn("ann", ["s/one", 1]);
    server.sendFn("ann", ["s/two", 2]);
    await clock.advance(10_000);
    expect(reports.map(({ error, context }) => [error.message, context.uid])).toEqual([
      ["a session was lost: the client did not come back in time", "ann"],
    ]);
    expect(reports[0]?.error).toMatchObject({
      code: "session-lost",
      sessionId,
      undelivered: [
        ["s/one", 1],
        ["s/two", 2],
      ],
    });
    isDown = false;
    await clock.advance(30_000);
    expect(client.state.get()).toMatchObject({ open: true, resumed: false, sessionLost: true });
    expect(lost.map((error) => [error.sessionId, error.undelivered])).toEqual([[sessionId, [["a/in-doubt"]]]]);
    expect(got).toEqual([]);
    expect(server.metrics()).toMatchObject({ sessionsAway: 0, sessionsAwayBytes: 0, sessionsLost: 1 });
  });

  it("is bounded with the others that are away: the oldest ends first, and is reported", async () => {
    const { server, tab, idle, cut, errors } = setting({ maxAwaySessions: 2 });
    const uids = ["ann", "bob", "cid"];
    for (const uid of uids) tab(uid);
    await idle();
    server.broadcastFn(["s/unacknowledged"]);
    await idle();
    cut();
    await idle();
    expect(server.metrics()).toMatchObject({ sessionsAway: 2, sessionsLost: 1 });
    expect(errors).toEqual(["session-lost"]);
  });

  it("ends where the client says so, or the application, and nobody reports that", async () => {
    const { server, tab, idle, clock, errors } = setting();
    const [ann, bob] = [tab("ann"), tab("bob")];
    bob.client.errorChan.on(() => {});
    await idle();
    server.broadcastFn(["s/unacknowledged"]);
    await idle();
    ann.client.close();
    server.disconnectFn("bob");
    await idle();
    expect(server.metrics()).toMatchObject({ connections: 0, sessionsAway: 0 });
    expect(errors).toEqual([]);
    await clock.advance(1_000);
    expect(bob.client.state.get()).toMatchObject({ open: true, resumed: false, sessionLost: true });
  });

  it("goes on where the application disconnects with 4000", async () => {
    const { server, tab, idle, clock } = setting();
    const { client } = tab("ann");
    await idle();
    expect(server.disconnectFn("ann", { code: 4000 })).toEqual({ connections: 1 });
    await clock.advance(1_000);
    expect(client.state.get()).toMatchObject({ open: true, resumed: true });
  });

  it("refuses a delayed attempt with 409, and touches no session for it", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann", { clientId: "c" });
    await idle();
    const { sessionId } = client.state.get();
    client.chsk.reconnect();
    await idle();
    const inside = (server as unknown as Record<symbol, { admit(request: unknown): Promise<unknown> }>)[
      Symbol.for("sente-lite/server")
    ];
    // Every attempt of a client names the same.
    const features = "sessions.error-details.close-refusals.rooms.requests.refusal-reasons.volatile.refresh";
    const stale = {
      url: new URL(`ws://memory/chsk?uid=ann&client-id=c&sente-lite=1&features=${features}&attempt=1`),
      headers: new Headers({ "sec-websocket-protocol": `sente-lite, session.${sessionId}.0` }),
      raw: undefined,
    };
    expect(await inside?.admit(stale)).toEqual({
      type: "refuse",
      status: 409,
      body: "a later attempt of this client was accepted",
    });
    expect(client.state.get()).toMatchObject({ open: true, resumed: true });
  });

  it("is switched off by a window of 0", async () => {
    const { server, tab, idle, cut, clock } = setting({ sessionWindowMs: 0 });
    const { client } = tab("ann");
    await idle();
    expect(client.state.get().sessionId).toBe(null);
    cut();
    await idle();
    expect(server.metrics().sessionsAway).toBe(0);
    await clock.advance(1_000);
    expect(client.state.get()).toMatchObject({ open: true, resumed: false, sessionLost: false });
  });
});

describe("credentials (PROTOCOL.md section 8)", () => {
  it("are asked for anew with each attempt: parameters, CSRF token and subprotocols", async () => {
    const seen: (string | null)[][] = [];
    const { tab, idle, cut, clock } = setting({
      authorizedFn: ({ url, headers }) => {
        seen.push([
          url.searchParams.get("token"),
          url.searchParams.get("csrf-token"),
          headers.get("sec-websocket-protocol"),
        ]);
        return true;
      },
    });
    let n = 0;
    tab("ann", {
      params: async () => ({ token: `t${++n}` }),
      csrfToken: () => `c${n}`,
      protocols: async () => [`p${n}`],
    });
    await idle();
    cut();
    await clock.advance(1_000);
    // The token first, then the parameters, then the subprotocols.
    expect(seen[0]).toEqual(["t1", "c0", "p1"]);
    expect(seen[1]?.slice(0, 2)).toEqual(["t2", "c1"]);
    expect(seen[1]?.[2]).toMatch(/^sente-lite, session\.[0-9a-f-]{36}\.0, p2$/);
  });
});
