import { afterEach, describe, expect, it } from "vitest";
import { json } from "../codecs/json/index.ts";
import { DecodeError } from "../errors.ts";
import { Pair, type PairOptions } from "../testing/pair.ts";

let pair: Pair;
const makePair = (options: Partial<PairOptions> = {}) => {
  pair = new Pair({ codec: json, ...options });
  return pair;
};

afterEach(() => {
  pair.act((client, now) => client.disconnect(now));
  // Long enough for a server to notice a peer that is gone, and to give up its session.
  pair.clock.advance(200_000);
  expect(pair.leftovers()).toEqual([]);
});

const sent = (direction: "toServer" | "toClient") =>
  pair.frames.filter((frame) => frame.direction === direction).map(({ data }) => String(data));
const send = (...events: [string, unknown?][]) =>
  pair.act((client, now) => events.map((event) => client.send(event, now)));
const back = () => pair.clock.advance(1_000);

describe("the handshake of a session (PROTOCOL.md section 6.1)", () => {
  it("carries the session in its fourth element, and is confirmed by an ack", () => {
    makePair();
    pair.connect();
    expect(sent("toClient")).toEqual([
      '[["chsk/handshake",["ann",null,null,{"session":"s1","resumed?":false,"received":0,"max-frame":1048576,"ack":{"frames":64,"bytes":65536}}]],null]',
    ]);
    expect(sent("toServer")).toEqual(['[["chsk/ack",0],null]']);
    expect([pair.client.sessionId, pair.client.resumed, pair.client.sessionLost]).toEqual(["s1", false, false]);
    pair.clock.advance(5);
    expect(pair.server?.isConfirmed).toBe(true);
  });

  it("is ignored where its fourth element is malformed: the client goes on without a session", () => {
    makePair({ sessions: false, handshake: { uid: "ann", csrfToken: null, data: null } });
    pair.act((client, now) => client.connect(now));
    for (const fourth of [1, [], {}, { session: "a b", "resumed?": false, received: 0 }, { session: "s", received: 0 }])
      pair.act((client, now) => {
        client.reconnect(now);
        client.message([["chsk/handshake", ["ann", null, null, fourth]], null], 10, now);
        expect([client.status, client.sessionId]).toEqual(["open", undefined]);
      });
  });
});

describe("a dropped connection (PROTOCOL.md section 6.4)", () => {
  it("loses nothing, duplicates nothing and reorders nothing, in both directions", () => {
    makePair();
    pair.connect();
    const expected: number[] = [];
    for (let n = 0; n < 50; n++) {
      expected.push(n);
      send(["a/n", n]);
      pair.push("s/n", n);
      pair.clock.advance(n % 7);
      if (n % 5 === 0) pair.cut();
      if (n % 10 === 0) back();
    }
    pair.clock.advance(30_000);
    const numbers = (events: readonly (readonly [string, unknown?])[]) =>
      events.filter(([name]) => !name.startsWith("chsk/")).map(([, n]) => n);
    expect(numbers(pair.atServer.map(({ event }) => event))).toEqual(expected);
    expect(numbers(pair.atClient)).toEqual(expected);
    expect(pair.sessions).toHaveLength(1);
    expect(pair.gaps).toEqual([]);
    expect(pair.client.resumed).toBe(true);
  });

  it("keeps a request, its reply, and what is pushed or answered meanwhile", () => {
    makePair();
    const replies: ((value: unknown) => void)[] = [];
    pair.onRequest = (_event, reply) => replies.push(reply);
    pair.connect();
    const before = pair.act((client, now) => client.request(["a/before"], 9_000, now));
    pair.clock.advance(5);
    pair.cut();
    const meanwhile = pair.act((client, now) => client.request(["a/meanwhile"], 9_000, now));
    pair.serve((session) => session.push(["s/first"]));
    replies[0]?.("answered away");
    back();
    replies[1]?.(null);
    back();
    expect(pair.settled.get(before)).toEqual({ ok: true, value: "answered away" });
    expect(pair.settled.get(meanwhile)).toEqual({ ok: true, value: null });
    expect(sent("toClient").slice(-3)).toEqual(['[[["s/first"]],null]', '["answered away","r1"]', '[null,"r2"]']);
  });

  it("is noticed late by the server: the new connection takes over, and the old one is told", () => {
    makePair();
    pair.connect();
    pair.clock.advance(5);
    pair.cut({ server: false });
    pair.push("s/lost-in-the-old-connection", 1);
    send(["a/one", 1]);
    back();
    expect(pair.atClient).toEqual([["s/lost-in-the-old-connection", 1]]);
    expect(pair.atServer).toHaveLength(1);
    expect([pair.sessions.length, pair.server?.status]).toEqual([1, "live"]);
  });

  it("is taken back at once by reconnect, whose 4000 keeps the session", () => {
    makePair();
    pair.connect();
    pair.clock.advance(5);
    send(["a/one", 1]);
    pair.act((client, now) => client.reconnect(now));
    pair.clock.advance(20);
    expect(pair.atServer.map(({ event }) => event)).toEqual([["a/one", 1]]);
    expect([pair.client.resumed, pair.sessions.length]).toEqual([true, 1]);
    expect(pair.attempts).toHaveLength(2);
  });

  it("counts a frame that does not decode, so that it is not sent for ever", () => {
    makePair();
    pair.connect();
    pair.clock.advance(5);
    send(["a/poison"], ["a/next"]);
    pair.hold("toServer");
    pair.clock.advance(5);
    pair.serve((session, now) => session.receiveUnreadable(new DecodeError("bad", "no such tag"), 12, now));
    pair.release("toServer");
    back();
    expect(pair.atServer.map(({ event }) => event)).toEqual([["a/next"]]);
    expect(pair.errors).toMatchObject([{ code: "bad-frame" }]);
    expect(pair.client.resumed).toBe(true);
  });

  it("after 1009 takes out the frame that the peer could not take, reports it, and goes on with the next", () => {
    makePair();
    pair.connect();
    pair.clock.advance(5);
    send(["a/big"], ["a/small"]);
    pair.cut({ client: false, server: false });
    pair.act((client, now) => client.closed(1009, "", now));
    back();
    expect(pair.atServer.map(({ event }) => event)).toEqual([["a/small"]]);
    expect(pair.undelivered).toEqual([["a/big"]]);
    pair.push("s/big");
    pair.cut({ client: false, server: false });
    pair.serve((session, now) => session.closed(1009, "", now));
    pair.act((client, now) => client.closed(1006, "", now));
    pair.push("s/small");
    back();
    expect(pair.atClient).toEqual([["s/small"]]);
    expect(pair.errors.map(({ code }) => code)).toEqual(["too-large"]);
  });

  it("sends nothing over the limit that the server named, and tells so", () => {
    makePair({ server: { maxPayloadBytes: 300 } });
    pair.act((client, now) => client.send(["a/big", "x".repeat(400)], now));
    const id = pair.act((client, now) => client.request(["a/ask", "y".repeat(400)], 1_000, now));
    send(["a/small"]);
    pair.connect();
    pair.clock.advance(5);
    expect(pair.atServer.map(({ event }) => event[0])).toEqual(["a/small"]);
    expect(pair.undelivered.map(([name]) => name)).toEqual(["a/big", "a/ask"]);
    expect(pair.settled.get(id)).toMatchObject({ ok: false, code: "too-large" });
  });
});

describe("acks (PROTOCOL.md section 6.2)", () => {
  const acks = (direction: "toServer" | "toClient") => sent(direction).filter((data) => data.includes("chsk/ack"));

  it("come after 64 frames, or 2 s after the first that was not acknowledged, and none without need", () => {
    makePair();
    pair.connect();
    pair.clock.advance(5);
    for (let n = 0; n < 64; n++) send(["a/n", n]);
    pair.clock.advance(5);
    expect(acks("toClient")).toEqual(['[["chsk/ack",64],null]']);
    send(["a/last"]);
    pair.clock.advance(5 + 1_999);
    expect(acks("toClient")).toHaveLength(1);
    pair.clock.advance(1);
    expect(acks("toClient")).toEqual(['[["chsk/ack",64],null]', '[["chsk/ack",65],null]']);
    pair.clock.advance(60_000);
    expect(acks("toClient")).toHaveLength(2);
    expect(acks("toServer")).toEqual(['[["chsk/ack",0],null]']);
  });

  it("come after 64 KiB", () => {
    makePair();
    pair.connect();
    pair.clock.advance(5);
    pair.push("s/much", "x".repeat(40_000));
    pair.push("s/much", "x".repeat(40_000));
    pair.clock.advance(5);
    expect(acks("toServer")).toEqual(['[["chsk/ack",0],null]', '[["chsk/ack",2],null]']);
    pair.clock.advance(5);
    expect(pair.server?.heldBytes).toBe(0);
  });

  it("of frames that were never sent end the session, at the server", () => {
    for (const count of [1, -1, 0.5, "0", null, undefined]) {
      makePair();
      pair.connect();
      pair.clock.advance(5);
      pair.serve((session, now) => session.message([["chsk/ack", count], null], 10, now));
      expect(pair.server?.status).toBe("ended");
      pair.clock.advance(5);
      expect(pair.closes).toEqual([{ by: "server", code: 4400, reason: "bad ack" }]);
      expect(pair.errors).toMatchObject([{ code: "bad-ack" }]);
      pair.act((client, now) => client.disconnect(now));
      pair.clock.advance(200_000);
    }
  });

  it("that fall end it too, and at the client they lose the session", () => {
    makePair();
    pair.connect();
    pair.push("s/one");
    pair.clock.advance(2_100);
    pair.serve((session, now) => session.message([["chsk/ack", 0], null], 10, now));
    expect(pair.server?.status).toBe("ended");
    back();
    pair.act((client, now) => client.message([["chsk/ack", 9], null], 10, now));
    expect(pair.closes.at(-1)).toEqual({ by: "client", code: 4400, reason: "bad frame" });
    back();
    expect([pair.client.sessionId, pair.client.resumed, pair.client.sessionLost]).toEqual(["s3", false, true]);
  });

  it("are bad events where there is no session", () => {
    makePair({ sessions: false });
    pair.connect();
    pair.serve((session, now) => session.message([["chsk/ack", 0], null], 10, now));
    pair.act((client, now) => client.message([["chsk/ack", 0], null], 10, now));
    expect([pair.atServer[0]?.event[0], pair.atClient[0]?.[0]]).toEqual(["chsk/bad-event", "chsk/bad-event"]);
  });
});

describe("what is a control frame (PROTOCOL.md section 6.3)", () => {
  it("a reply pong is a reply, and a ping under a foreign cb-id is answered and counted", () => {
    makePair();
    pair.onRequest = (_event, reply) => reply("pong");
    pair.connect();
    const id = pair.act((client, now) => client.request(["a/ask"], 1_000, now));
    pair.clock.advance(10);
    expect(pair.settled.get(id)).toEqual({ ok: true, value: "pong" });
    pair.cut();
    back();
    expect(pair.client.resumed).toBe(true);
    pair.serve((session, now) => session.message([["chsk/ws-ping"], "mine"], 10, now));
    pair.cut();
    back();
    expect(pair.client.resumed).toBe(true);
    expect(pair.gaps).toEqual([]);
  });
});

describe("bounds of a session (PROTOCOL.md section 6.7)", () => {
  it("drop the oldest transmitted frame: a resume below it is a loss, one above it is not", () => {
    makePair({ server: { maxQueuedFrames: 3 } });
    pair.connect();
    for (let n = 0; n < 5; n++) pair.push("s/n", n);
    pair.clock.advance(5);
    expect(pair.server?.status).toBe("live");
    pair.cut();
    back();
    expect([pair.client.resumed, pair.atClient.length]).toEqual([true, 5]);
    pair.hold("toClient");
    for (let n = 5; n < 10; n++) pair.push("s/n", n);
    pair.cut();
    back();
    expect([pair.client.resumed, pair.client.sessionLost]).toEqual([false, true]);
    expect(pair.atClient).toHaveLength(5);
    expect(pair.endings).toMatchObject([{ reason: "resumed in vain" }]);
  });

  it("end the session where a frame that was never transmitted would have to go", () => {
    let reachable = true;
    makePair({ isReachable: () => reachable, server: { maxQueuedFrames: 3 } });
    pair.connect();
    pair.clock.advance(5);
    reachable = false;
    pair.cut();
    for (let n = 0; n < 4; n++) pair.push("s/n", n);
    expect(pair.server?.status).toBe("ended");
    expect(pair.endings.map(({ undelivered }) => undelivered.length)).toEqual([4]);
    expect(pair.errors.map(({ code }) => code)).toEqual(["too-slow"]);
    reachable = true;
  });

  it("refuse at the client what would be one too many", () => {
    makePair({ client: { maxQueuedFrames: 2 } });
    pair.connect();
    pair.hold("toServer");
    expect(send(["a/1"], ["a/2"], ["a/3"])).toEqual([true, true, false]);
    const id = pair.act((client, now) => client.request(["a/4"], 1_000, now));
    expect(pair.settled.get(id)).toMatchObject({ ok: false, code: "queue-full" });
    pair.release("toServer");
    pair.clock.advance(2_100);
    expect(send(["a/5"])).toEqual([true]);
  });
});
