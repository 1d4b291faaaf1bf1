import { afterEach, describe, expect, it } from "vitest";
import { edn } from "../codecs/edn/index.ts";
import { Pair, type PairOptions } from "../testing/pair.ts";
import { allFeatures, featuresWithout } from "../wire/features.ts";
import { VolatilePush } from "./volatile-push.ts";

let pair: Pair;
const makePair = (options: Partial<PairOptions> = {}) => {
  pair = new Pair({ codec: edn, features: allFeatures, ...options });
  return pair;
};

afterEach(() => {
  pair.act((client, now) => client.disconnect(now));
  pair.clock.advance(200_000);
  expect(pair.leftovers()).toEqual([]);
});

const typing = (n: number) => new VolatilePush(["a/typing", n], 1_000);
const sent = (direction: "toServer" | "toClient") =>
  pair.frames
    .filter((frame) => frame.direction === direction)
    .map(({ data }) => String(data))
    .filter((text) => !text.includes("chsk/handshake") && !text.includes("chsk/ack"));

describe("volatile events (PROTOCOL.md section 6.12)", () => {
  it("go both ways in a frame of their own, which no session counts", () => {
    makePair();
    pair.connect();
    pair.serve((session) => expect(session.pushVolatile(typing(1), 0)).toBe(true));
    pair.act((client) => expect(client.sendVolatile(["a/typing", 2], 0)).toBe(true));
    pair.act((client, now) => client.send(["a/said", 3], now));
    pair.clock.advance(5);
    expect(sent("toClient")).toEqual(["[[:chsk/volatile [:a/typing 1]] nil]"]);
    expect(sent("toServer")).toEqual(["[[:chsk/volatile [:a/typing 2]] nil]", "[[:a/said 3] nil]"]);
    expect(pair.atClient).toEqual([["a/typing", 1]]);
    expect(pair.atServer.map(({ event }) => event)).toEqual([
      ["a/typing", 2],
      ["a/said", 3],
    ]);
    pair.serve((session) => expect([session.received, session.awaitsAck]).toEqual([1, false]));
  });

  it("go as any others to a peer that does not know them, and are counted there", () => {
    makePair({ features: featuresWithout("volatile") });
    pair.connect();
    pair.serve((session) => expect(session.pushVolatile(typing(1), 0)).toBe(true));
    pair.act((client) => expect(client.sendVolatile(["a/typing", 2], 0)).toBe(true));
    pair.clock.advance(5);
    expect(sent("toClient")).toEqual(["[[[:a/typing 1]] nil]"]);
    expect(sent("toServer")).toEqual(["[[:a/typing 2] nil]"]);
    pair.serve((session) => expect(session.received).toBe(1));
  });

  it("go bare to a bare peer", () => {
    makePair({ form: "bare", sessions: false, features: new Set() });
    pair.connect();
    pair.serve((session) => expect(session.pushVolatile(typing(1), 0)).toBe(true));
    pair.clock.advance(5);
    expect(sent("toClient")).toEqual(["[:a/typing 1]"]);
  });

  it("are left out where something waits, and before the connection and after it", () => {
    makePair();
    pair.act((client) => expect(client.sendVolatile(["a/typing", 1], 0)).toBe(false));
    pair.connect();
    const full = 10_000_000;
    pair.act((client) => expect(client.sendVolatile(["a/typing", 2], full)).toBe(false));
    pair.serve((session) => {
      expect(session.pushVolatile(typing(3), full)).toBe(false);
      session.push(["a/said"]);
      expect(session.pushVolatile(typing(4), 0)).toBe(false);
      session.flush();
    });
    pair.clock.advance(5);
    expect(pair.atClient).toEqual([["a/said"]]);
    expect(pair.atServer).toEqual([]);
  });

  it("hold nothing but events of the application: anything else is a bad event, and the connection stays", () => {
    makePair();
    pair.connect();
    const bodies = [["chsk/ack", 1], ["chsk/reply", { id: 1, value: 1 }], ["chsk/volatile", ["a/b"]], 7, null, ["a"]];
    for (const body of bodies) {
      const written = body === null ? "nil" : edn.encode(body);
      const value = edn.decode(`[[:chsk/volatile ${String(written)}] nil]`);
      pair.serve((session, now) => session.message(value, 30, now));
      pair.act((client, now) => client.message(value, 30, now));
    }
    pair.clock.advance(5);
    expect(pair.client.status).toBe("open");
    const ids = (events: readonly (readonly [string, ...unknown[]])[]) => events.map(([id]) => id);
    const bad = bodies.map(() => "chsk/bad-event");
    expect(ids(pair.atClient as never)).toEqual(bad);
    expect(ids(pair.atServer.map(({ event }) => event) as never)).toEqual(bad);
    pair.serve((session) => expect(session.received).toBe(0));
  });
});
