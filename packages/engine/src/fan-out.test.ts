import { describe, expect, it } from "vitest";
import { startRouter } from "./router.ts";
import { openRawPeer, type RawPeer } from "./testing/raw-peer.test-support.ts";
import { setting } from "./testing/setting.test-support.ts";

const TEXT = "x".repeat(4_000);

/** Ann gets whatever Eve says; `say` is how the server hands it on. */
async function room(say: (push: () => void) => unknown, limits = {}) {
  const { server, clock, idle, errors } = setting({ pingIntervalMs: 0, maxPayloadBytes: 20_000, ...limits });
  const handled = new Map<string | null, number>();
  startRouter(server, ({ id, uid, data }) => {
    if (id.startsWith("chsk/")) return undefined;
    handled.set(uid, (handled.get(uid) ?? 0) + 1);
    return say(() => void server.sendFn("ann", ["chat/said", data]));
  });
  const ann = await openRawPeer(server, "client-id=a&uid=ann", { stalled: true });
  const eve = await openRawPeer(server, "client-id=e&uid=eve");
  ann.buffered = 0;
  const flood = (peer: RawPeer, count: number) => {
    for (let i = 0; i < count; i++) peer.handlers.message(`[["chat/say","${TEXT}"],null]`);
  };
  /** Ann takes what waits in her socket, each 20 ms for so long. */
  const takes = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 20) {
      await clock.advance(20);
      ann.buffered = 0;
      ann.handlers.drained();
    }
  };
  return { server, clock, idle, errors, ann, eve, flood, takes, handled: (uid: string) => handled.get(uid) ?? 0 };
}

const ways: readonly (readonly [string, (push: () => void) => unknown])[] = [
  ["at once", (push) => push()],
  ["after it waited", (push) => Promise.resolve().then(push)],
];

describe("what the events of one peer make others take (PROTOCOL.md section 6.7)", () => {
  it("is handled as they take it: they stay, and get all of it", async () => {
    const { ann, eve, flood, takes, errors } = await room((push) => push());
    // 4 MB in 400 ms, of which Ann takes 64 KiB each 20 ms, where 1 MiB may wait.
    for (let sent = 0; sent < 1_000; sent += 50) {
      flood(eve, 50);
      await takes(20);
    }
    await takes(2_000);
    expect([ann.closes, eve.closes, errors]).toEqual([[], [], []]);
    expect(ann.sent.join("").split("chat/said")).toHaveLength(1_001);
    expect(eve.reading).toContain("pause");
  });

  it("holds nobody for ever: one who takes nothing is closed at its bound, and who sent goes on", async () => {
    const { ann, eve, flood, clock, errors, handled } = await room((push) => push());
    for (let sent = 0; sent < 900; sent += 60) {
      flood(eve, 60);
      await clock.advance(500);
    }
    expect([ann.closes, errors[0]]).toEqual([[{ code: 4413, reason: "too slow" }], "too-slow"]);
    await clock.advance(1_000);
    expect([handled("eve"), eve.closes]).toEqual([900, []]);
  });

  it.each(ways)("is held while somebody is behind, where a handler pushes %s; others are not", async (_, say) => {
    const { server, eve, flood, clock, idle, handled } = await room(say);
    const bob = await openRawPeer(server, "client-id=b&uid=bob");
    flood(eve, 60);
    await clock.advance(40);
    for (let i = 0; i < 100; i++) {
      flood(eve, 1);
      // As sockets do it: what a handler waits for has its chance before the next event comes.
      await idle();
    }
    const before = handled("eve");
    expect(before).toBeLessThan(100);
    flood(bob, 1);
    flood(bob, 1);
    await idle();
    expect(handled("bob")).toBe(2);
    await clock.advance(250);
    expect(handled("eve")).toBeGreaterThan(before);
  });

  it("waits no more for one who is behind for the ping timeout, until it has caught up", async () => {
    const { eve, flood, clock, ann, handled } = await room((push) => push(), {
      pingTimeoutMs: 300,
      maxQueuedBytes: 100_000_000,
      maxQueuedFrames: 100_000,
    });
    flood(eve, 60);
    await clock.advance(300);
    for (let turns = 0; turns < 20; turns++) {
      flood(eve, 60);
      await clock.advance(0);
    }
    expect([handled("eve"), ann.closes]).toEqual([1_260, []]);
  });
});
