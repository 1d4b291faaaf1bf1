import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { json } from "../codecs/json/index.ts";
import { transitMsgpack } from "../codecs/transit-msgpack/index.ts";
import { DecodeError } from "../errors.ts";
import { serverDefaults } from "../limits.ts";
import { Pair, type PairOptions } from "../testing/pair.ts";
import { allFeatures } from "../wire/features.ts";
import { pushFrame } from "../wire/frames.ts";
import { Batch } from "./batch.ts";
import { ServerSession } from "./server-session.ts";
import { readSessionSnapshot, type SessionSnapshot, writeSessionSnapshot } from "./session-snapshot.ts";

const MAX = 1_000_000;
const codecs = [json, transitMsgpack];

const options = {
  codec: json,
  form: "wrapped",
  features: allFeatures,
  limits: serverDefaults,
  root: Batch.root(),
} as const;

const snapshot: SessionSnapshot = {
  id: "n1-00112233445566778899aabbccddeeff",
  uid: "ann",
  clientId: "c1",
  codec: "json",
  form: "wrapped",
  features: allFeatures,
  tellsFeatures: true,
  attempt: 7,
  instance: "i1",
  owner: { key: "user ann", isUser: true },
  rooms: [
    { room: "chat/tea", position: { epoch: "e1", offset: 9 } },
    { room: "lobby", position: undefined },
  ],
  heard: { n1: 12, n2: 0, n3: null },
  nodes: { at: { epoch: "e2", offset: 5 }, ended: ["n4"] },
  awaited: [
    { cbId: "r3", node: "n1" },
    { cbId: "r9", node: "n2" },
  ],
  state: {
    isConfirmed: true,
    windowLeftMs: 90_000,
    requests: { lastId: 4, givenUp: [2, 4] },
    ledger: {
      before: 12,
      acked: 10,
      received: 31,
      closedOnTooBig: true,
      transmitted: 2,
      entries: [
        { ...pushFrame(json, "wrapped", [["a/text", "ä😀"]]), key: "k" },
        { ...pushFrame(transitMsgpack, "wrapped", [["a/bytes", 1]]) },
        { data: "[1]", bytes: 3, requestId: 4 },
      ],
    },
  },
};

const codeOf = (read: () => unknown): string | undefined => {
  try {
    read();
    return undefined;
  } catch (error) {
    return error instanceof DecodeError ? error.code : String(error);
  }
};

describe("the bytes of a session between two processes (PROTOCOL.md section 6.13)", () => {
  it("say all of it", () => {
    expect(readSessionSnapshot(writeSessionSnapshot(snapshot, MAX), MAX)).toEqual(snapshot);
    const bare = { ...snapshot, uid: null, instance: undefined, rooms: [] };
    expect(readSessionSnapshot(writeSessionSnapshot(bare, MAX), MAX)).toEqual(bare);
  });

  it("are of the version before where no reply is awaited, which has no word of it, and is read as ever", () => {
    const { awaited, ...rest } = snapshot;
    const bytes = writeSessionSnapshot({ ...rest, awaited: [] }, MAX);
    expect([bytes[3], new TextDecoder().decode(bytes).includes("awaited")]).toEqual([2, false]);
    expect(bytes).toEqual(writeSessionSnapshot(rest, MAX));
    expect(readSessionSnapshot(bytes, MAX)).toEqual(rest);
    // Who does not know of awaited replies must not read it, and drop them.
    expect([awaited?.length, writeSessionSnapshot(snapshot, MAX)[3]]).toEqual([2, 3]);
  });

  it("are refused where one byte is another, or is missing, or one is too much", () => {
    const bytes = writeSessionSnapshot(snapshot, MAX);
    for (let at = 0; at < bytes.length; at++) {
      const garbled = bytes.slice();
      garbled[at] = (garbled[at] ?? 0) ^ 0x55;
      expect(codeOf(() => readSessionSnapshot(garbled, MAX))).toMatch(/^(bad-snapshot|snapshot-version)$/);
      expect(codeOf(() => readSessionSnapshot(bytes.slice(0, at), MAX))).toBe("bad-snapshot");
    }
    expect(codeOf(() => readSessionSnapshot(Uint8Array.of(...bytes, 0), MAX))).toBe("bad-snapshot");
  });

  it("are refused where they are of another version, or over the limit, and not written over it", () => {
    const bytes = writeSessionSnapshot(snapshot, MAX);
    const other = bytes.slice();
    for (const version of [1, 4]) {
      other[3] = version;
      expect(codeOf(() => readSessionSnapshot(other, MAX))).toBe("snapshot-version");
    }
    expect(codeOf(() => readSessionSnapshot(bytes, bytes.length - 1))).toBe("snapshot-too-large");
    expect(() => writeSessionSnapshot(snapshot, bytes.length - 1)).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
    expect(writeSessionSnapshot(snapshot, bytes.length)).toEqual(bytes);
  });

  it.each([
    ["more was transmitted than there is", { transmitted: 4 }],
    ["more was acknowledged than was let go of", { acked: 13 }],
    ["a count is no count", { received: -1 }],
    ["a count is a fraction", { before: 12.5 }],
  ])("are refused where %s", (_what, change) => {
    const { state } = snapshot;
    const wrong = { ...snapshot, state: { ...state, ledger: { ...state.ledger, ...change } } };
    expect(codeOf(() => readSessionSnapshot(writeSessionSnapshot(wrong, MAX), MAX))).toBe("bad-snapshot");
  });

  it.each([{ cbId: 3, node: "n1" }, { cbId: "r3" }, "r3"])("are refused where a reply is awaited as %j", (one) => {
    const wrong = { ...snapshot, awaited: [one] } as unknown as SessionSnapshot;
    expect(codeOf(() => readSessionSnapshot(writeSessionSnapshot(wrong, MAX), MAX))).toBe("bad-snapshot");
  });

  it("are refused, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (garbage, isDressed) => {
        const bytes = isDressed ? Uint8Array.of(0x73, 0x6c, 0x73, 3, ...garbage) : garbage;
        expect(codeOf(() => readSessionSnapshot(bytes, MAX))).toBe("bad-snapshot");
      }),
    );
  });
});

describe("a session that leaves its process", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("send" as const), count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("ask" as const), lateMs: fc.constantFrom(0, 3, 40) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("push" as const), isFlushed: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("question" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), isNoticed: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("move" as const),
        drained: fc.boolean(),
        aheadMs: fc.integer({ min: -60_000, max: 60_000 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 900 }) }) },
  );

  it("loses nothing, doubles nothing and reorders nothing, at whichever point of whichever exchange it leaves", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), fc.constantFrom(...codecs), (steps, codec) => {
        const pair = new Pair({ codec, features: allFeatures } satisfies PairOptions);
        const sent: unknown[] = [];
        const pushed: unknown[] = [];
        const asked: number[] = [];
        let late = 0;
        pair.onRequest = ([, data], reply) => {
          if (late === 0) reply(data);
          else pair.clock.after(late, () => reply(data));
        };
        pair.onAsked = (_event, answer) => void answer({ ok: true, value: 1 });
        pair.connect();
        for (const one of steps) {
          if (one.do === "send") {
            for (let i = 0; i < one.count; i++) {
              pair.act((client, now) => client.send(["a/n", sent.length], now));
              sent.push(sent.length);
            }
          } else if (one.do === "ask") {
            late = one.lateMs;
            const data = sent.length;
            asked.push(pair.act((client, now) => client.request(["a/n", data], 100_000, now)));
            sent.push(data);
          } else if (one.do === "push") {
            if (one.isFlushed) pair.push("s/n", pushed.length);
            else pair.serve((session) => session.push(["s/n", pushed.length]));
            pushed.push(pushed.length);
          } else if (one.do === "question") {
            pair.serve((session, now) => session.request(["s/ask"], 100_000, now));
          } else if (one.do === "cut") pair.cut({ server: one.isNoticed });
          else if (one.do === "move") expect(pair.moveServer(one)).toBe(true);
          else pair.clock.advance(one.ms);
        }
        pair.serve((session) => session.flush());
        pair.clock.advance(60_000);
        const own = (events: readonly (readonly [string, unknown?])[], id: string) =>
          events.filter((event) => event[0] === id).map(([, data]) => data);
        expect(
          own(
            pair.atServer.map(({ event }) => event),
            "a/n",
          ),
        ).toEqual(sent);
        expect(own(pair.atClient, "s/n")).toEqual(pushed);
        expect(asked.map((id) => pair.settled.get(id)?.ok)).toEqual(asked.map(() => true));
        expect([pair.gaps, pair.errors, pair.endings, pair.undelivered]).toEqual([[], [], [], []]);
        // Each question of a server is settled once, with its answer, or with the code that says why there is none.
        for (const { settlement } of pair.settledAtServer)
          expect(settlement.ok || settlement.code === "closed").toBe(true);
        pair.act((client, now) => client.disconnect(now));
        pair.clock.advance(200_000);
        expect(pair.leftovers()).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it("takes the rest of its window with it, whatever the clocks say", () => {
    const from = new ServerSession({ ...options, id: "s1" });
    from.open({ uid: null, csrfToken: null, data: null }, 1_000);
    from.closed(1006, "", 1_000);
    const state = from.release(31_000);
    expect(state?.windowLeftMs).toBe(90_000);
    const to = new ServerSession({ ...options, id: "s1" });
    if (state !== undefined) to.restore(state, 5);
    expect([from.status, to.status, to.deadline]).toEqual(["ended", "away", 90_005]);
    expect(from.pollOutput()).toBeUndefined();
  });

  it("settles what was asked of its client, takes out what was never transmitted, and drops a late answer", () => {
    const from = new ServerSession({ ...options, id: "s1" });
    from.open({ uid: null, csrfToken: null, data: null }, 0);
    const first = from.request(["a/first"], 9_000, 0);
    while (from.nextFrame() !== undefined);
    const second = from.request(["a/second"], 9_000, 0);
    const state = from.release(0);
    expect([from.pollOutput(), from.pollOutput()]).toMatchObject([
      { type: "settle", id: first, settlement: { ok: false, code: "closed" } },
      { type: "settle", id: second, settlement: { ok: false, code: "closed" } },
    ]);
    const to = new ServerSession({ ...options, id: "s1" });
    if (state !== undefined) to.restore(state, 0);
    to.resume(0, { uid: null, csrfToken: null, data: null }, 0);
    const frames: unknown[] = [];
    for (let frame = to.nextFrame(); frame !== undefined; frame = to.nextFrame()) frames.push(json.decode(frame.data));
    expect(frames.slice(1)).toEqual([[[["chsk/request", { id: first, event: ["a/first"] }]], null]]);
    to.message([["chsk/reply", { id: first, value: 1 }], null], 30, 0);
    expect(to.pollOutput()).toBeUndefined();
    expect(to.request(["a/third"], 9_000, 0)).toBe(3);
  });

  it("still knows what its client acknowledged before: an ack below that ends it", () => {
    const to = new ServerSession({ ...options, id: "s1" });
    to.restore(snapshot.state, 0);
    expect([11, 12, 14, 15].map((received) => to.canResume(received))).toEqual([false, true, true, false]);
    to.resume(12, { uid: null, csrfToken: null, data: null }, 0);
    const again = new ServerSession({ ...options, id: "s1" });
    const { ledger } = snapshot.state;
    again.restore({ ...snapshot.state, ledger: { ...ledger, before: 10, acked: 10 } }, 0);
    again.resume(10, { uid: null, csrfToken: null, data: null }, 0);
    again.message([["chsk/ack", 9], null], 20, 0);
    expect(again.status).toBe("ended");
  });

  it("does not leave where it ends with its connection, has not begun, or is over", () => {
    const sessionless = new ServerSession(options);
    sessionless.open({ uid: null, csrfToken: null, data: null }, 0);
    const fresh = new ServerSession({ ...options, id: "s1" });
    expect([sessionless.release(0), fresh.release(0)]).toEqual([undefined, undefined]);
    fresh.open({ uid: null, csrfToken: null, data: null }, 0);
    fresh.close(1012, "");
    expect(fresh.release(0)).toBeUndefined();
  });
});
