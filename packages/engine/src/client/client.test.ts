import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { setting } from "../testing/setting.test-support.ts";

describe("a client's state (Sente's :state)", () => {
  it("follows the connection, one frozen object after the other, and is told as chsk/state", async () => {
    const { tab, idle, cut, clock } = setting({ handshakeDataFn: () => ({ v: 1 }) });
    const { client } = tab("ann", { connect: false });
    const told: unknown[] = [];
    client.chRecv.on("chsk/state", ({ data }) => told.push((data as [unknown, { status: string }])[1].status));
    const handshakes: unknown[] = [];
    client.chRecv.on("chsk/handshake", ({ data }) => handshakes.push(data));
    const first = client.state.get();
    expect(first).toBe(client.state.get());
    expect(first).toMatchObject({ status: "idle", open: false, everOpened: false, uid: null });
    client.chsk.connect();
    await idle();
    expect(client.state.get()).toMatchObject({ open: true, firstOpen: true, uid: "ann", handshakeData: { v: 1 } });
    expect(Object.isFrozen(client.state.get())).toBe(true);
    cut();
    await idle();
    const { status, udtNextReconnect, lastWsClose } = client.state.get();
    expect([status, lastWsClose?.code]).toEqual(["backoff", 1006]);
    expect(udtNextReconnect).toBeGreaterThanOrEqual(clock.now());
    await clock.advance(600);
    expect(client.state.get()).toMatchObject({
      open: true,
      firstOpen: false,
      everOpened: true,
      udtNextReconnect: null,
    });
    expect(told).toEqual(["opening", "open", "backoff", "opening", "open"]);
    expect(handshakes).toEqual([
      ["ann", null, { v: 1 }, true],
      ["ann", null, { v: 1 }, false],
    ]);
  });

  it("tells that nothing waits, also of what a subscriber sent when it was told of the opening", async () => {
    const { tab, idle } = setting();
    const { client } = tab("ann", { connect: false });
    client.state.subscribe(({ open }, previous) => {
      if (open && !previous.open) client.sendFn(["a/hello"]);
    });
    const told: number[] = [];
    client.state.subscribe(({ open, queued }) => open && told.push(queued));
    client.chsk.connect();
    await idle();
    expect([told.at(-1), client.state.get().queued]).toEqual([0, 0]);
  });

  it("calls its subscribers at changes only, and no more once they left", async () => {
    const { tab, idle } = setting();
    const { client } = tab("ann", { connect: false });
    let calls = 0;
    const off = client.state.subscribe((next, previous) => {
      calls++;
      expect(next).not.toBe(previous);
    });
    expect(calls).toBe(0);
    client.sendFn(["a/b"]);
    expect([calls, client.state.get().queued]).toEqual([1, 1]);
    off();
    client.chsk.connect();
    await idle();
    expect([calls, client.state.get().queued]).toEqual([1, 0]);
  });
});

describe("sending", () => {
  it("sends what was accepted while there was no connection, in order with what came after", async () => {
    const { server, tab, idle, cut, clock } = setting();
    const got: unknown[] = [];
    server.chRecv.on("a/n", ({ data }) => got.push(data));
    const { client } = tab("ann", { connect: false });
    client.sendFn(["a/n", 1]);
    client.chsk.connect();
    client.sendFn(["a/n", 2]);
    await idle();
    cut();
    await idle();
    expect(client.sendFn(["a/n", 3])).toBe(true);
    await clock.advance(1_000);
    client.sendFn(["a/n", 4]);
    await idle();
    expect(got).toEqual([1, 2, 3, 4]);
  });

  it("takes a snapshot: what is changed after the call is not sent", async () => {
    const { server, tab, idle } = setting();
    const got: unknown[] = [];
    server.chRecv.on("a/n", ({ data }) => got.push(data));
    const { client } = tab("ann");
    const data = { n: 1 };
    client.sendFn(["a/n", data]);
    data.n = 2;
    await idle();
    expect(got).toEqual([{ n: 1 }]);
  });

  it("throws for what cannot be sent, and says why and where", () => {
    const { server, tab } = setting();
    const { client } = tab("ann", { connect: false });
    expect(() => client.sendFn(["nons"])).toThrow(
      expect.objectContaining({ name: "UsageError", code: "bad-event-id" }),
    );
    expect(() => client.sendFn(["chsk/ws-ping"])).toThrow(expect.objectContaining({ code: "reserved-event-id" }));
    expect(() => client.sendFn([] as never)).toThrow(expect.objectContaining({ code: "bad-event" }));
    const bad = { list: [1, () => {}] };
    for (const send of [() => client.sendFn(["a/b", bad]), () => server.broadcastFn(["a/b", bad])]) {
      expect(send).toThrow(
        expect.objectContaining({
          name: "EncodeError",
          path: ["list", 1],
          message: expect.stringMatching(/^a\/b: .*at list\.1\)$/),
        }),
      );
    }
    expect(client.state.get().queued).toBe(0);
  });
});

describe("requests", () => {
  it("come back in Sente's form too: the reply, chsk/timeout, chsk/closed, chsk/error", async () => {
    const { server, tab, idle, clock } = setting();
    server.errorChan.on(() => {});
    startRouter(server, {
      "a/echo": ({ data }) => data,
      "a/never": () => {},
      "a/throw": () => {
        throw new Error("x");
      },
    });
    const { client } = tab("ann");
    const replies: unknown[] = [];
    const ask = (id: string, data?: unknown) => client.sendFn([id, data], 1_000, (reply) => replies.push(reply));
    expect(ask("a/echo", false)).toBe(true);
    ask("a/throw");
    await idle();
    ask("a/never");
    await clock.advance(1_000);
    ask("a/never");
    await idle();
    client.close();
    await idle();
    expect(replies).toEqual([false, "chsk/error", "chsk/timeout", "chsk/closed"]);
  });

  it("can be given up by a signal", async () => {
    const { server, tab, idle } = setting();
    startRouter(server, { "a/never": () => {} });
    const { client } = tab("ann");
    const controller = new AbortController();
    const asked = client.requestFn(["a/never"], { signal: controller.signal });
    await idle();
    controller.abort(new Error("changed my mind"));
    await expect(asked).rejects.toThrow("changed my mind");
    await expect(client.requestFn(["a/never"], { signal: controller.signal })).rejects.toThrow("changed my mind");
  });

  it("go on after a callback that throws", async () => {
    const { server, tab, idle } = setting();
    startRouter(server, { "a/echo": ({ data }) => data });
    const { client } = tab("ann");
    const reported: string[] = [];
    client.errorChan.on(({ error }) => reported.push(error.message));
    client.sendFn(["a/echo", 1], 1_000, () => {
      throw new Error("in the callback");
    });
    const second = client.requestFn(["a/echo", 2]);
    await idle();
    expect([await second, reported]).toEqual([2, ["in the callback"]]);
  });
});

describe("connecting", () => {
  it("resolves ready when open, and rejects it when closed for good or given up", async () => {
    const { tab, idle } = setting({ authorizedFn: ({ url }) => url.searchParams.get("uid") !== "mallory" });
    const { client } = tab("ann");
    const ready = client.ready();
    await idle();
    expect((await ready).open).toBe(true);
    const refused = tab("mallory");
    const never = refused.client.ready().catch((error: unknown) => error);
    await idle();
    expect(await never).toMatchObject({ name: "HandshakeError", code: "terminal-code" });
    expect(refused.client.state.get().lastWsClose?.code).toBe(4401);
    const controller = new AbortController();
    const idleClient = tab("carl", { connect: false });
    const given = idleClient.client.ready({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
  });

  it("asks for credentials anew at each attempt, and goes on after a function that failed", async () => {
    const tokens = ["old", "new"];
    const { tab, idle, clock } = setting({ csrfTokenFn: () => "new" });
    const { client } = tab("ann", {
      csrfToken: async () => {
        const token = tokens.shift();
        if (token === undefined) throw new Error("no token left");
        return token;
      },
    });
    await idle();
    expect(client.state.get()).toMatchObject({
      status: "terminal",
      lastWsClose: { code: 4403, reason: "Bad CSRF token" },
    });
    client.chsk.reconnect();
    await idle();
    expect(client.state.get().open).toBe(true);
    client.chsk.reconnect();
    await idle();
    expect(client.state.get()).toMatchObject({ status: "backoff", lastError: { message: "no token left" } });
    tokens.push("new");
    await clock.advance(2_000);
    expect(client.state.get().open).toBe(true);
  });

  it("carries a CSRF token as a subprotocol where it is told to, out of access logs", async () => {
    const urls: string[] = [];
    const { server, tab, idle } = setting({
      csrfTokenFn: ({ url }) => {
        urls.push(url.href);
        return "secret";
      },
    });
    const { client } = tab("ann", { csrfToken: "secret", csrfVia: "subprotocol" });
    await idle();
    expect(client.state.get().open).toBe(true);
    expect(urls.join()).not.toContain("secret");
    expect(server.metrics().refusedTotal).toBe(0);
  });

  it("breaks on purpose and comes back; disconnects and stays away; connects again", async () => {
    const { tab, idle, clock } = setting();
    const { client } = tab("ann");
    await idle();
    client.chsk.breakConnection();
    expect(client.state.get().status).toBe("backoff");
    await clock.advance(600);
    expect(client.state.get().open).toBe(true);
    client.chsk.disconnect();
    await clock.advance(60_000);
    expect(client.state.get()).toMatchObject({
      status: "idle",
      open: false,
      lastClose: { reason: "requested-disconnect" },
    });
    client.chsk.connect();
    await idle();
    expect(client.state.get()).toMatchObject({ open: true, lastClose: null });
  });

  it("sends one event for a subscriber that sends one, and tells each subscriber of one change after the other", async () => {
    const { server, tab, idle, cut, clock } = setting();
    const heard: unknown[] = [];
    server.chRecv.on("log/lost", ({ data }) => heard.push(data));
    server.chRecv.on("log/asked", ({ data }) => heard.push(data));
    const { client } = tab("ann");
    await idle();
    let calls = 0;
    client.state.subscribe(({ status }) => {
      if (status !== "backoff") return;
      calls++;
      client.sendFn(["log/lost", "sent"]);
      client.sendFn(["log/asked", "asked"], 1_000, () => {});
    });
    const told: string[] = [];
    client.state.subscribe(({ status }, previous) => {
      told.push(`${previous.status} ${status}`);
      if (status === "backoff") client.chsk.disconnect();
      if (status === "idle") client.chsk.connect();
    });
    cut();
    await idle();
    await clock.advance(1_000);
    expect([calls, client.state.get().open]).toEqual([1, true]);
    expect(told).toEqual(["open backoff", "backoff idle", "idle opening", "opening open"]);
    // What was accepted before the disconnect was given up by it, as it says.
    expect(heard).toEqual([]);
  });

  it("sends once, when it is back, what a subscriber sent at the loss of the connection", async () => {
    const { server, tab, idle, cut, clock } = setting();
    const heard: unknown[] = [];
    server.chRecv.on("log/lost", () => heard.push("lost"));
    const { client } = tab("ann");
    await idle();
    client.state.subscribe(({ status }) => {
      if (status === "backoff") client.sendFn(["log/lost"]);
    });
    cut();
    await idle();
    expect(client.state.get().queued).toBe(1);
    await clock.advance(1_000);
    expect(heard).toEqual(["lost"]);
  });

  it("tells no subscriber that an earlier one took off in the same turn", async () => {
    const { tab, idle } = setting();
    const { client } = tab("ann", { connect: false });
    let told = 0;
    client.state.subscribe(() => off());
    const off = client.state.subscribe(() => void told++);
    client.chsk.connect();
    await idle();
    expect(told).toBe(0);
  });

  it("shows its wire to whoever asks: what each frame is, and what it says only where that is asked for", async () => {
    const { server, tab, idle, cut, clock } = setting();
    server.chRecv.on("a/ask", ({ replyFn }) => void replyFn?.("secret"));
    const { client } = tab("ann", { connect: false });
    const seen: unknown[] = [];
    const payloads: unknown[] = [];
    const stop = client.trace(({ at, ...entry }) => void seen.push(entry));
    client.trace((entry) => entry.type === "frame" && payloads.push(entry.payload), { payloads: true });
    client.trace(() => {
      throw new Error("in a tracer");
    });
    const errors: string[] = [];
    client.errorChan.on(({ error }) => errors.push(error.message));
    client.chsk.connect();
    await client.requestFn(["a/ask", "secret"]);
    server.sendFn("ann", ["s/one", "secret"]);
    server.sendFn("ann", ["s/two"]);
    await idle();
    cut();
    await idle();
    stop();
    await clock.advance(1_000);
    const frame = (direction: "in" | "out", label: string) =>
      expect.objectContaining({ type: "frame", direction, label, bytes: expect.any(Number) });
    expect(seen).toEqual([
      { type: "opening", attempt: 1 },
      frame("in", "handshake, new session"),
      frame("out", "ack 0"),
      frame("out", "a/ask r1"),
      frame("in", "reply r1"),
      frame("in", "s/one, s/two"),
      { type: "closed", code: 1006, reason: "" },
    ]);
    expect(JSON.stringify(seen)).not.toContain("secret");
    expect(payloads[2]).toBe('[["a/ask","secret"],"r1"]');
    expect(new Set(errors)).toEqual(new Set(["in a tracer"]));
  });

  it("accepts nothing once it was closed for good, and keeps nobody waiting", async () => {
    const { tab, idle } = setting();
    const { client } = tab("ann");
    await idle();
    client.close();
    client.close();
    expect(client.sendFn(["a/b"])).toBe(false);
    await expect(client.requestFn(["a/b"])).rejects.toMatchObject({ code: "closed" });
    await expect(client.ready()).rejects.toMatchObject({ code: "requested-disconnect" });
    expect(() => client.chsk.connect()).toThrow(expect.objectContaining({ code: "client-closed" }));
    expect(client.state.get()).toMatchObject({ status: "terminal", lastClose: { reason: "requested-disconnect" } });
  });

  it("refuses options that cannot work", () => {
    const { client } = setting();
    expect(() => client("ann", { pingIntervalMs: -1 })).toThrow(expect.objectContaining({ code: "bad-limit" }));
    expect(() => client("ann", { serialization: "nippy" })).toThrow(expect.objectContaining({ code: "unknown-codec" }));
  });
});
