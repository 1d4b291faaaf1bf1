import type { Room } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { openRawPeer } from "./testing/raw-peer.test-support.ts";
import { setting } from "./testing/setting.test-support.ts";

const now = { volatile: true } as const;
const open = { joinFn: () => true, sendFn: () => true };

function kept(room: Room): unknown[] {
  const got: unknown[] = [];
  room.chRecv.on("*", ({ id, data, position }) => got.push([id, data, position?.offset]));
  return got;
}

describe("a volatile push (PROTOCOL.md section 6.12)", () => {
  it("comes behind what was pushed before it, and before what follows", async () => {
    const { server, tab, idle } = setting();
    const { got } = tab("ann");
    await idle();
    server.sendFn("ann", ["a/n", 1]);
    expect(server.sendFn("ann", ["a/typing", 2], now)).toEqual({ connections: 1 });
    server.sendFn("ann", ["a/n", 3]);
    expect(server.broadcastFn(["a/typing", 4], now)).toEqual({ connections: 1 });
    await idle();
    expect(got).toEqual([
      ["a/n", 1],
      ["a/typing", 2],
      ["a/n", 3],
      ["a/typing", 4],
    ]);
    expect(server.metrics().volatileDropped).toBe(0);
  });

  it("is left out where a client is away, with a session and without, and counted for each", async () => {
    const { server, tab, clock, idle, cut } = setting();
    const { got } = tab("ann");
    const sente = await openRawPeer(server, "client-id=sente&uid=ann");
    await idle();
    cut();
    sente.handlers.closed(1006, "");
    await idle();
    expect(server.sendFn("ann", ["a/typing", 1], now)).toEqual({ connections: 0 });
    expect(server.broadcastFn(["a/typing", 2], now)).toEqual({ connections: 0 });
    server.sendFn("ann", ["a/n", 3]);
    const again = await openRawPeer(server, "client-id=sente&uid=ann");
    await clock.advance(10_000);
    expect(got).toEqual([["a/n", 3]]);
    expect(again.sent.slice(1)).toEqual(['[[["a/n",3]],null]']);
    expect(server.metrics().volatileDropped).toBe(4);
  });

  it("is left out while something waits for the socket", async () => {
    const { server, idle } = setting();
    const slow = await openRawPeer(server, "client-id=slow&uid=ann&sente-lite=1&attempt=1&features=sessions.volatile");
    await idle();
    slow.buffered = 10_000_000;
    expect(server.sendFn("ann", ["a/typing", 1], now)).toEqual({ connections: 0 });
    server.sendFn("ann", ["a/n", 2], { flush: true });
    slow.buffered = 0;
    // What waits goes first: nothing waits then.
    expect(server.sendFn("ann", ["a/typing", 3], now)).toEqual({ connections: 1 });
    expect(slow.sent.slice(1)).toEqual(['[[["a/n",2]],null]', '[["chsk/volatile",["a/typing",3]],null]']);
    expect(server.metrics().volatileDropped).toBe(1);
  });

  it("is not held for a session, so that a lost connection does not bring it again", async () => {
    const { server, idle } = setting();
    const query = "client-id=c&client-instance=i&uid=ann&sente-lite=1&features=sessions.volatile";
    const peer = await openRawPeer(server, `${query}&attempt=1`);
    const session = /"session":"([^"]+)"/.exec(peer.sent[0] ?? "")?.[1];
    peer.handlers.message('[["chsk/ack",0],null]');
    server.sendFn("ann", ["a/typing", 1], now);
    server.sendFn("ann", ["a/n", 2], { flush: true });
    peer.handlers.closed(1006, "");
    const again = await openRawPeer(server, `${query}&attempt=2`, {
      protocols: `sente-lite, session.${session}.0`,
    });
    await idle();
    expect(again.sent[0]).toContain('"resumed?":true');
    expect(again.sent.slice(1)).toEqual(['[[["a/n",2]],null]']);
  });

  it("is an error of its own where a codec cannot say it, told once", async () => {
    const { server, tab, idle, errors } = setting();
    tab("ann");
    tab("ann");
    await idle();
    expect(server.sendFn("ann", ["a/typing", Number.NaN], now)).toEqual({ connections: 0 });
    await idle();
    expect(errors).toEqual(["json-number"]);
    expect(() => server.sendFn("ann", ["a/typing", "x".repeat(2_000_000)], now)).not.toThrow();
    expect(errors[1]).toBe("too-large");
  });

  it("goes without a key", () => {
    const { server } = setting();
    const both = { ...now, key: "k" };
    expect(() => server.sendFn("ann", ["a/x"], both)).toThrow(expect.objectContaining({ code: "bad-option" }));
    expect(() => server.broadcastFn(["a/x"], both)).toThrow(expect.objectContaining({ code: "bad-option" }));
  });
});

describe("a volatile event of a client's", () => {
  it("is sent at once, or never, and says which", async () => {
    const { server, tab, clock, idle } = setting();
    const got: unknown[] = [];
    server.chRecv.on("a/typing", ({ data }) => got.push(data));
    const { client } = tab("ann", { reconnectBaseMs: 50, reconnectCapMs: 50 });
    expect(client.sendFn(["a/typing", 1], now)).toBe(false);
    await idle();
    expect(client.sendFn(["a/typing", 2], now)).toBe(true);
    client.chsk.breakConnection();
    expect(client.sendFn(["a/typing", 3], now)).toBe(false);
    expect(client.state.get().queued).toBe(0);
    await clock.advance(10_000);
    expect(client.sendFn(["a/typing", 4], now)).toBe(true);
    expect(client.sendFn(["a/typing", 5], { volatile: false })).toBe(true);
    await idle();
    expect(got).toEqual([2, 4, 5]);
  });

  it("is checked as any other", async () => {
    const { tab, idle } = setting();
    const { client } = tab("ann");
    for (const send of [
      () => client.sendFn(["a/x", Number.NaN], now),
      () => client.room("r").sendFn(["a/x", Number.NaN], now),
    ]) {
      expect(send).toThrow(expect.objectContaining({ name: "EncodeError" }));
      await idle();
    }
  });
});

describe("a volatile event in a room", () => {
  it("goes to who is in it and connected, in its place, and is kept in no history", async () => {
    const { server, tab, clock, idle } = setting({ rooms: { kept: { ...open, history: {} } } });
    const ann = tab("ann").client;
    const bob = tab("bob", { reconnectBaseMs: 100, reconnectCapMs: 100 }).client;
    const [inAnn, inBob] = [ann.room("kept"), bob.room("kept")];
    const [annGot, bobGot] = [kept(inAnn), kept(inBob)];
    await idle();
    inAnn.sendFn(["a/n", 1]);
    expect(inAnn.sendFn(["a/typing", "ann"], now)).toBe(true);
    inAnn.sendFn(["a/n", 2]);
    await idle();
    bob.chsk.breakConnection();
    await idle();
    expect(server.sendFn({ room: "kept" }, ["a/typing", "server"], now)).toEqual({ connections: 1 });
    server.sendFn({ room: "kept" }, ["a/n", 3]);
    await clock.advance(10_000);
    expect(annGot).toEqual([
      ["a/n", 1, 1],
      ["a/typing", "ann", undefined],
      ["a/n", 2, 2],
      ["a/typing", "server", undefined],
      ["a/n", 3, 3],
    ]);
    expect(bobGot).toEqual([
      ["a/n", 1, 1],
      ["a/typing", "ann", undefined],
      ["a/n", 2, 2],
      ["a/n", 3, 3],
    ]);
    expect([inAnn.position()?.offset, inBob.position()?.offset]).toEqual([3, 3]);
    expect((await server.room("kept").history()).entries.map(({ data }) => data)).toEqual([1, 2, 3]);
  });

  it("is refused as any other", async () => {
    const { tab, idle } = setting({ rooms: { lobby: { joinFn: () => true } } });
    const { client } = tab("ann");
    const codes: unknown[] = [];
    client.errorChan.on(({ error }) => codes.push((error as { code?: string }).code));
    const room = client.room("lobby");
    await idle();
    expect(room.sendFn(["a/typing"], now)).toBe(true);
    await idle();
    expect(codes).toEqual(["refused"]);
  });
});
