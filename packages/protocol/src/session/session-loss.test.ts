import { afterEach, describe, expect, it } from "vitest";
import { json } from "../codecs/json/index.ts";
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

const send = (...events: [string, unknown?][]) =>
  pair.act((client, now) => events.map((event) => client.send(event, now)));
const back = () => pair.clock.advance(1_000);

describe("the loss of a session (PROTOCOL.md section 6.5)", () => {
  /** One event in doubt, one that was never transmitted; then a server that knows nothing. */
  const lose = () => {
    pair.connect();
    pair.clock.advance(5);
    send(["a/in-doubt", 1]);
    const asked = pair.act((client, now) => client.request(["a/asked"], 9_000, now));
    pair.restart();
    send(["a/waiting", 2]);
    const later = pair.act((client, now) => client.request(["a/later"], 9_000, now));
    back();
    return { asked, later };
  };
  const arrived = () => pair.atServer.map(({ event }) => event[0]);

  it("is told, reports what is in doubt, rejects its requests, and sends what was never transmitted", () => {
    makePair();
    pair.onRequest = (_event, reply) => reply("ok");
    const { asked, later } = lose();
    expect(pair.gaps).toEqual([{ sessionId: "s1", inDoubt: [["a/in-doubt", 1], ["a/asked"]] }]);
    expect([pair.client.sessionLost, pair.client.resumed, pair.client.sessionId]).toEqual([true, false, "s2"]);
    expect(pair.settled.get(asked)).toMatchObject({ ok: false, code: "closed" });
    expect(pair.settled.get(later)).toEqual({ ok: true, value: "ok" });
    expect(arrived()).toEqual(["a/waiting", "a/later"]);
    pair.cut();
    back();
    expect([pair.client.sessionLost, pair.client.resumed]).toEqual([false, true]);
  });

  it("with resend sends first what is in doubt, requests too", () => {
    makePair({ onSessionLost: "resend" });
    pair.onRequest = (_event, reply) => reply("ok");
    const { asked } = lose();
    expect(pair.gaps).toEqual([{ sessionId: "s1", inDoubt: [] }]);
    expect(arrived()).toEqual(["a/in-doubt", "a/asked", "a/waiting", "a/later"]);
    expect(pair.settled.get(asked)).toEqual({ ok: true, value: "ok" });
  });

  it("rejects a request that the server had taken over and cannot answer any more", () => {
    makePair({ onSessionLost: "resend" });
    pair.connect();
    const id = pair.act((client, now) => client.request(["a/ask"], 60_000, now));
    pair.clock.advance(2_100);
    pair.restart();
    back();
    expect(pair.settled.get(id)).toMatchObject({ ok: false, code: "closed" });
    expect(arrived()).toEqual(["a/ask"]);
  });

  it.each(["report", "resend"] as const)("knows what was answered, and all before it, to have arrived: %s", (how) => {
    makePair({ onSessionLost: how });
    pair.onRequest = (event, reply) => event[0] === "a/ask" && reply("ok");
    pair.connect();
    send(["a/before"]);
    pair.act((client, now) => client.request(["a/ask"], 9_000, now));
    pair.clock.advance(20);
    send(["a/after"]);
    pair.restart();
    back();
    expect(pair.gaps).toEqual([{ sessionId: "s1", inDoubt: how === "report" ? [["a/after"]] : [] }]);
    expect(arrived()).toEqual(["a/before", "a/ask", ...(how === "resend" ? ["a/after"] : [])]);
  });

  it("sends nothing under another user, whatever the option", () => {
    let uid = "ann";
    const handshake = {
      get uid() {
        return uid;
      },
      csrfToken: null,
      data: null,
    };
    makePair({ onSessionLost: "resend", handshake });
    pair.connect();
    pair.clock.advance(5);
    send(["a/in-doubt"]);
    pair.cut();
    send(["a/waiting"]);
    uid = "bob";
    back();
    expect(pair.undelivered).toEqual([["a/in-doubt"], ["a/waiting"]]);
    expect(arrived()).toEqual([]);
    expect(pair.client.sessionLost).toBe(true);
    expect(pair.endings).toEqual([]);
    pair.clock.advance(120_000);
    expect(pair.endings).toMatchObject([{ reason: "the client did not come back in time" }]);
  });

  it("comes when the window is over: the server reports what was not delivered", () => {
    let reachable = true;
    makePair({ isReachable: () => reachable, server: { sessionWindowMs: 30_000 } });
    pair.connect();
    pair.clock.advance(5);
    reachable = false;
    pair.cut();
    pair.push("s/one", 1);
    pair.clock.advance(29_999);
    expect(pair.server?.status).toBe("away");
    pair.clock.advance(1);
    expect(pair.server?.status).toBe("ended");
    expect(pair.endings.map(({ undelivered }) => undelivered.map(({ data }) => data))).toEqual([
      ['[[["s/one",1]],null]'],
    ]);
    reachable = true;
    pair.clock.advance(40_000);
    expect([pair.client.status, pair.client.sessionLost]).toEqual(["open", true]);
  });

  it("leaves nothing in doubt where the server drained: what it did not take over is sent to the next", () => {
    makePair();
    pair.connect();
    send(["a/taken-over"]);
    pair.clock.advance(5);
    pair.hold("toServer");
    send(["a/on-its-way"]);
    pair.serve((session) => session.takeLeave());
    pair.serve((session) => session.close(4503, '{"retryInMs":0,"spreadMs":10}'));
    pair.clock.advance(5);
    pair.restart();
    back();
    expect(arrived()).toEqual(["a/taken-over", "a/on-its-way"]);
    expect(pair.gaps).toEqual([{ sessionId: "s1", inDoubt: [] }]);
    expect(pair.client.sessionLost).toBe(true);
  });

  it("is what a client makes of a resume that is not its own", () => {
    makePair();
    pair.connect();
    pair.clock.advance(5);
    for (const session of [
      { session: "other", "resumed?": true, received: 0 },
      { session: pair.client.sessionId, "resumed?": true, received: 5 },
    ]) {
      pair.act((client, now) => {
        client.reconnect(now);
        client.message([["chsk/handshake", ["ann", null, null, session]], null], 10, now);
      });
      expect(pair.closes.at(-1)).toEqual({ by: "client", code: 4400, reason: "bad frame" });
      back();
      back();
      expect([pair.client.status, pair.client.sessionLost]).toEqual(["open", true]);
    }
    expect(pair.gaps).toHaveLength(2);
  });
});

describe("the end of a session (PROTOCOL.md section 6.5)", () => {
  it.each([[1000], [1001]])("comes with %i from the client, and what waits is reported", (code) => {
    makePair();
    pair.connect();
    pair.hold("toClient");
    pair.push("s/one", 1);
    pair.serve((session, now) => session.closed(code, "", now));
    expect(pair.server?.status).toBe("ended");
    expect(pair.endings).toMatchObject([
      { reason: "the client left", undelivered: [{ data: '[[["s/one",1]],null]' }] },
    ]);
    pair.act((client, now) => client.disconnect(now));
    pair.release("toClient");
  });
});
