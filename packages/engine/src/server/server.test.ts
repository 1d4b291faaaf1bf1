import type { ChannelSocketServer, ServerOptions } from "@sente-lite/protocol";
import { createEdn } from "@sente-lite/protocol/edn";
import { json } from "@sente-lite/protocol/json";
import { describe, expect, it } from "vitest";
import { setting, testHost } from "../testing/setting.test-support.ts";
import { createServer } from "./server.ts";

describe("pushing to a user's tabs (Sente's promise)", () => {
  it("reaches every tab and device of the user, and nobody else", async () => {
    const { server, tab, idle } = setting();
    const [one, two, other] = [tab("ann"), tab("ann"), tab("bob")];
    await idle();
    expect(server.sendFn("ann", ["s/hello", 1])).toEqual({ connections: 2 });
    expect(server.sendFn("nobody", ["s/hello", 1])).toEqual({ connections: 0 });
    await idle();
    expect([one.got, two.got, other.got]).toEqual([[["s/hello", 1]], [["s/hello", 1]], []]);
  });

  it("reaches several users once each, one connection, and the users without an id", async () => {
    const { server, tab, idle } = setting();
    const [ann, bob, nobody] = [tab("ann"), tab("bob"), tab("")];
    const second = tab("ann", { clientId: "second" });
    await idle();
    expect(server.sendFn(["ann", "bob", "ann"], ["s/several"])).toEqual({ connections: 3 });
    expect(server.sendFn({ uid: "ann", clientId: "second" }, ["s/one"])).toEqual({ connections: 1 });
    expect(server.sendFn({ uid: "bob", clientId: "second" }, ["s/none"])).toEqual({ connections: 0 });
    expect(server.sendFn(null, ["s/without-uid"])).toEqual({ connections: 1 });
    expect(server.sendFn("sente/all-users-without-uid", ["s/without-uid"])).toEqual({ connections: 1 });
    await idle();
    expect(ann.got).toEqual([["s/several"]]);
    expect(bob.got).toEqual([["s/several"]]);
    expect(second.got).toEqual([["s/several"], ["s/one"]]);
    expect(nobody.got).toEqual([["s/without-uid"], ["s/without-uid"]]);
  });

  it("broadcasts to all but those that are left out", async () => {
    const { server, tab, idle } = setting();
    const [ann, bob] = [tab("ann"), tab("bob", { clientId: "b" })];
    await idle();
    expect(server.broadcastFn(["s/all"])).toEqual({ connections: 2 });
    expect(server.broadcastFn(["s/not-ann"], { except: "ann" })).toEqual({ connections: 1 });
    expect(server.broadcastFn(["s/not-b"], { except: { uid: "bob", clientId: "b" } })).toEqual({ connections: 1 });
    await idle();
    expect(ann.got).toEqual([["s/all"], ["s/not-b"]]);
    expect(bob.got).toEqual([["s/all"], ["s/not-ann"]]);
  });

  it("keeps the order of the calls over pushes, broadcasts and flushes, in as few frames as can be", async () => {
    const { server, tab, idle } = setting();
    const { got } = tab("ann");
    await idle();
    const before = server.metrics().framesOut;
    for (let i = 0; i < 50; i++) {
      server.sendFn("ann", ["s/push", i]);
      server.broadcastFn(["s/broadcast", i]);
    }
    await idle();
    expect(server.metrics().framesOut - before).toBe(1);
    server.sendFn("ann", ["s/push", 50]);
    server.sendFn("ann", ["s/flushed"], { flush: true });
    server.sendFn("ann", ["s/push", 51]);
    await idle();
    expect(server.metrics().framesOut - before).toBe(3);
    const expected = [...Array(50).keys()].flatMap((i) => [
      ["s/push", i],
      ["s/broadcast", i],
    ]);
    expect(got).toEqual([...expected, ["s/push", 50], ["s/flushed"], ["s/push", 51]]);
  });

  it("tells the caller what cannot be sent, and sends nothing of it", async () => {
    const { server, tab, idle, errors } = setting();
    const { got } = tab("ann");
    await idle();
    expect(() => server.sendFn("ann", ["s/bad", { f: () => {} }])).toThrow(
      expect.objectContaining({ name: "EncodeError" }),
    );
    expect(() => server.broadcastFn(["nons"])).toThrow(expect.objectContaining({ code: "bad-event-id" }));
    expect(() => server.broadcastFn(["chsk/state"])).toThrow(expect.objectContaining({ code: "reserved-event-id" }));
    server.sendFn("ann", ["s/only-json-refuses", Number.NaN]);
    server.sendFn("ann", ["s/good"]);
    await idle();
    expect(got).toEqual([["s/good"]]);
    expect(errors).toHaveLength(1);
  });
});

describe("a server's own types", () => {
  it("are pushed by the handlers of its codecs, and depth is judged as the frame will be", async () => {
    class Point {
      readonly x = 1;
    }
    const handler = {
      tag: "geo/point",
      is: (value: unknown) => value instanceof Point,
      write: () => [1],
      read: () => new Point() as never,
    };
    const { server, tab, idle } = setting({ codec: createEdn({ handlers: [handler] }) });
    const { got } = tab("ann");
    await idle();
    server.sendFn("ann", ["s/point", new Point()]);
    await idle();
    expect(got).toEqual([["s/point", new Point()]]);
    let deep: unknown = 1;
    for (let i = 0; i < 98; i++) deep = [deep];
    expect(() => server.sendFn("ann", ["s/deep", deep])).toThrow(expect.objectContaining({ name: "EncodeError" }));
  });
});

describe("who is connected (Sente's connected-uids)", () => {
  it("tells of arrivals and departures, with Sente's grace of 2,500 ms", async () => {
    const { server, tab, idle, clock } = setting();
    const ports: unknown[] = [];
    server.chRecv.on("chsk/uidport-open", ({ event, uid }) => ports.push([...event, uid]));
    server.chRecv.on("chsk/uidport-close", ({ event, uid }) => ports.push([...event, uid]));
    const { client } = tab("ann");
    const second = tab("ann");
    await idle();
    expect([...server.connectedUids.get().any]).toEqual(["ann"]);
    client.close();
    second.client.close();
    await clock.advance(2_499);
    expect([...server.connectedUids.get().ws]).toEqual(["ann"]);
    await clock.advance(2);
    expect([...server.connectedUids.get().any]).toEqual([]);
    expect(ports).toEqual([
      ["chsk/uidport-open", "ann", "ann"],
      ["chsk/uidport-close", "ann", "ann"],
    ]);
  });

  it("does not take a page that reloads for a departure", async () => {
    const { server, tab, idle, clock } = setting();
    const changes: string[][] = [];
    server.connectedUids.subscribe(({ any }) => changes.push([...any].map(String)));
    const { client } = tab("ann");
    await idle();
    const snapshot = server.connectedUids.get();
    client.close();
    await clock.advance(1_000);
    tab("ann");
    await clock.advance(10_000);
    expect(changes).toEqual([["ann"]]);
    expect(server.connectedUids.get()).toBe(snapshot);
    expect(Object.isFrozen(snapshot)).toBe(true);
  });

  it("delivers within the grace what was pushed while a client was cut off, in order, and later no more", async () => {
    const { server, tab, idle, clock, cut } = setting();
    const { got, client } = tab("ann", { reconnectBaseMs: 2_000 });
    await idle();
    cut();
    await idle();
    expect(server.sendFn("ann", ["s/missed", 1])).toEqual({ connections: 0 });
    server.broadcastFn(["s/missed", 2]);
    await clock.advance(2_100);
    expect(client.state.get().open).toBe(true);
    expect(got).toEqual([
      ["s/missed", 1],
      ["s/missed", 2],
    ]);
    client.chsk.disconnect();
    await idle();
    server.sendFn("ann", ["s/lost"]);
    client.chsk.connect();
    await clock.advance(5_000);
    expect(got).toHaveLength(2);
  });
});

describe("user ids that clients choose", () => {
  it.each([
    ["a push", (server: ChannelSocketServer) => server.sendFn("ann", ["s/x"])],
    ["a push to one client", (server: ChannelSocketServer) => server.sendFn({ uid: "a", clientId: "a" }, ["s/x"])],
  ])("are told of once, at the first of %s", (_what, push) => {
    const warnings = (options: ServerOptions) => {
      const host = testHost();
      const { server } = createServer({ host, codecs: [json], options });
      server.sendFn(null, ["s/x"]);
      server.broadcastFn(["s/x"]);
      expect(host.lines).toEqual([]);
      for (let i = 0; i < 3; i++) push(server);
      return host.lines;
    };
    expect(warnings({})).toEqual([expect.stringContaining("without userIdFn a user id is the client id")]);
    expect(warnings({ userIdFn: () => "ann" })).toEqual([]);
    expect(warnings({ authorizedFn: () => true })).toEqual([]);
  });
});

describe("client ids (PROTOCOL.md section 3)", () => {
  it("give a newer client without a session the pushes, as with Sente; the older stays, and gets them when it is alone", async () => {
    const { server, tab, idle, clock } = setting({ sessionWindowMs: 0 });
    const old = tab("ann", { clientId: "same" });
    await idle();
    const young = tab("ann", { clientId: "same" });
    await clock.advance(60_000);
    expect([old.client.state.get().open, young.client.state.get().open]).toEqual([true, true]);
    expect(server.sendFn("ann", ["s/one"])).toEqual({ connections: 1 });
    expect(server.sendFn({ uid: "ann", clientId: "same" }, ["s/two"])).toEqual({ connections: 1 });
    expect(server.broadcastFn(["s/three"])).toEqual({ connections: 1 });
    await idle();
    expect([old.got, young.got]).toEqual([[], [["s/one"], ["s/two"], ["s/three"]]]);
    young.client.close();
    await idle();
    server.sendFn("ann", ["s/four"]);
    await idle();
    expect(old.got).toEqual([["s/four"]]);
    expect([...server.connectedUids.get().any]).toEqual(["ann"]);
    expect(server.disconnectFn("ann", { code: 4401 })).toEqual({ connections: 1 });
  });

  it("keep for a newer client without a session that was cut off what is pushed within the grace, not for the older", async () => {
    const { server, tab, idle, clock, cut } = setting({ sessionWindowMs: 0 });
    const { got } = tab("ann", { clientId: "same", reconnectBaseMs: 100 });
    await idle();
    cut();
    await idle();
    server.sendFn("ann", ["s/missed"]);
    server.broadcastFn(["s/left-out"], { except: "ann" });
    server.broadcastFn(["s/left-out"], { except: { uid: "ann", clientId: "same" } });
    server.broadcastFn(["s/missed-too"], { except: { uid: "bob", clientId: "same" } });
    await clock.advance(1_000);
    expect(got).toEqual([["s/missed"], ["s/missed-too"]]);
  });

  it("keep no more bytes for it than may wait for a client, count what is left out, and report it once", async () => {
    const options = { sessionWindowMs: 0, maxQueuedBytes: 50_000 };
    const { server, tab, idle, clock, cut, errors } = setting(options);
    const { got } = tab("ann", { clientId: "same", reconnectBaseMs: 100 });
    await idle();
    cut();
    await idle();
    for (let i = 0; i < 8; i++) server.sendFn("ann", ["s/missed", "x".repeat(10_000)]);
    await clock.advance(1_000);
    expect(got).toHaveLength(4);
    expect(errors).toEqual(["push-dropped"]);
    expect(server.metrics().pushesDropped).toBe(4);
  });

  it("are labels where there are sessions: two clients that call themselves the same both stay", async () => {
    const { server, tab, idle, clock } = setting();
    const old = tab("ann", { clientId: "same" });
    await idle();
    const young = tab("ann", { clientId: "same" });
    await clock.advance(60_000);
    expect(server.sendFn({ uid: "ann", clientId: "same" }, ["s/one"])).toEqual({ connections: 2 });
    await idle();
    expect([old.got, young.got]).toEqual([[["s/one"]], [["s/one"]]]);
    young.client.close();
    await idle();
    expect(server.sendFn({ uid: "ann", clientId: "same" }, ["s/two"])).toEqual({ connections: 1 });
  });

  it("are scoped to their user: nobody displaces another by taking a client id", async () => {
    const { server, tab, idle } = setting();
    const ann = tab("ann", { clientId: "same" });
    const mallory = tab("mallory", { clientId: "same" });
    await idle();
    expect([ann.client.state.get().open, mallory.client.state.get().open]).toEqual([true, true]);
    expect(server.metrics().connections).toBe(2);
  });
});

describe("bounds and the end", () => {
  it("closes the connections of a user, after what was sent to them, with the code that decides what they do", async () => {
    const { server, tab, idle } = setting();
    const [ann, bob] = [tab("ann"), tab("bob")];
    await idle();
    server.sendFn("ann", ["s/goodbye"]);
    expect(server.disconnectFn("ann", { code: 4401, reason: "logged out" })).toEqual({ connections: 1 });
    await idle();
    expect(ann.got).toEqual([["s/goodbye"]]);
    expect(ann.client.state.get()).toMatchObject({
      status: "terminal",
      lastWsClose: { code: 4401, reason: "logged out" },
    });
    expect(server.disconnectFn("bob")).toEqual({ connections: 1 });
    await idle();
    expect(bob.client.state.get()).toMatchObject({ status: "backoff", lastWsClose: { code: 1000 } });
    for (const code of [999, 1006, 1011, 3000, 5000, 4000.5, Number.NaN]) {
      expect(() => server.disconnectFn("ann", { code })).toThrow(expect.objectContaining({ code: "bad-close-code" }));
    }
    expect(() => server.disconnectFn("ann", { reason: "☃".repeat(42) })).toThrow(
      expect.objectContaining({ code: "bad-close-reason" }),
    );
  });

  it("keeps the latest events where nobody consumes them yet, answers what it leaves out, and says so once", async () => {
    const { server, tab, idle, clock, errors } = setting({ maxReceived: 4 });
    const { client } = tab("ann");
    await idle();
    const asked = client.requestFn(["a/ask"]).catch(({ code }: { code: string }) => code);
    for (let i = 0; i < 6; i++) client.sendFn(["a/item", i]);
    await idle();
    expect(client.state.get().open).toBe(true);
    expect(await asked).toBe("unhandled");
    expect(errors).toHaveLength(1);
    const got: unknown[] = [];
    server.chRecv.on("a/item", ({ data }) => got.push(data));
    await clock.advance(0);
    expect(got).toEqual([2, 3, 4, 5]);
  });

  it("lets everybody in where nobody consumes the events that it makes up itself", async () => {
    const { server, tab, idle } = setting({ maxReceived: 2 });
    const tabs = ["ann", "bob", "cid", "dan"].map((uid) => tab(uid));
    await idle();
    expect(tabs.map(({ client }) => client.state.get().open)).toEqual([true, true, true, true]);
    expect(server.metrics().connections).toBe(4);
  });

  it("does not count a user as here whose handshake failed", async () => {
    const { server, tab, idle, errors } = setting({ handshakeDataFn: () => () => "no value" });
    tab("ghost");
    await idle();
    expect([...server.connectedUids.get().any]).toEqual([]);
    expect(server.metrics()).toMatchObject({ connections: 0, sessionsAway: 0 });
    expect(errors.length).toBeGreaterThan(0);
  });

  it("cuts the reason of a refusal to what a close frame can carry", async () => {
    const { tab, idle } = setting({ rejectFn: () => ({ status: 403, body: "☃".repeat(100) }) });
    const { client } = tab("ann");
    await idle();
    expect(client.state.get().lastWsClose).toMatchObject({ code: 4403, reason: "☃".repeat(41) });
  });

  it("sends what was pushed in one turn while there is room, whatever came after", async () => {
    const { server, tab, idle } = setting({ maxQueuedFrames: 3 });
    const { got } = tab("ann");
    await idle();
    for (let i = 0; i < 2_000; i++) server.sendFn("ann", ["s/n", i]);
    await idle();
    expect(got).toHaveLength(2_000);
  });

  it("closes with 1009 for a message over the limit, where the runtime let it through", async () => {
    const { tab, idle } = setting({ maxPayloadBytes: 100 });
    const { client } = tab("ann");
    await idle();
    const raw = setting({ maxPayloadBytes: 100, sessionWindowMs: 0 });
    const without = raw.tab("ann");
    await raw.idle();
    without.client.sendFn(["a/big", "x".repeat(100)]);
    await raw.idle();
    expect(without.client.state.get().lastWsClose).toMatchObject({ code: 1009 });
    // With a session the client knows the limit, and does not send it.
    client.errorChan.on(() => {});
    const reply = client.requestFn(["a/big", "x".repeat(100)]);
    await expect(reply).rejects.toMatchObject({ code: "too-large" });
    expect(client.state.get().open).toBe(true);
  });

  it("counts what it did", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann");
    await idle();
    client.sendFn(["a/b", "x"]);
    await idle();
    expect(server.metrics()).toMatchObject({
      connections: 1,
      connectionsTotal: 1,
      refusedTotal: 0,
      framesIn: 2,
      bytesIn: '[["chsk/ack",0],null][["a/b","x"],null]'.length,
      framesOut: 1,
      eventsIn: 1,
      badEvents: 0,
      errors: 0,
    });
  });

  it("closes with 1012, so that clients come again, and then refuses", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann");
    await idle();
    const closed = server.close();
    await idle();
    await closed;
    expect(client.state.get()).toMatchObject({ status: "backoff", lastWsClose: { code: 1012 } });
    expect(server.metrics().connections).toBe(0);
  });
});
