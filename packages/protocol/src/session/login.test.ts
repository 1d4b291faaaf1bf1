import { afterEach, describe, expect, it } from "vitest";
import { edn } from "../codecs/edn/index.ts";
import { json } from "../codecs/json/index.ts";
import { Pair, type PairOptions } from "../testing/pair.ts";
import { allFeatures, featuresWithout, noFeatures } from "../wire/features.ts";
import { Login } from "./login.ts";
import type { ServerSession } from "./server-session.ts";

let pair: Pair;
const makePair = (options: Partial<PairOptions> = {}) => {
  pair = new Pair({ codec: edn, features: allFeatures, ...options });
  pair.connect();
  return pair;
};
const endIn = (ms: number) => pair.serve((session, now) => session.noteLogin(now + ms, now));
const answer = (index: number, params: readonly (readonly [string, string])[]) =>
  pair.act((client) => client.answerRefresh(pair.asked[index] ?? {}, params));
const sent = (direction: "toServer" | "toClient") =>
  pair.frames
    .filter((frame) => frame.direction === direction)
    .map(({ data }) => String(data))
    .filter((text) => text.includes("chsk/refresh"));

afterEach(() => {
  pair.act((client, now) => client.disconnect(now));
  pair.clock.advance(200_000);
  expect(pair.leftovers()).toEqual([]);
});

describe("the end of a login (PROTOCOL.md section 1.9)", () => {
  it("is put off where the client logs in anew, for which it is asked in time, each time", () => {
    makePair();
    for (let n = 0; n < 3; n++) {
      endIn(60_000);
      pair.clock.advance(29_000);
      expect(pair.asked).toHaveLength(n);
      pair.clock.advance(1_005);
      expect(pair.asked).toHaveLength(n + 1);
      answer(n, [["token", `t${n}`]]);
      pair.clock.advance(5);
      expect(pair.loggedIn).toHaveLength(n + 1);
    }
    expect(pair.loggedIn[2]).toEqual([["token", "t2"]]);
    expect(sent("toClient")).toEqual(Array.from({ length: 3 }, () => "[[:chsk/refresh] nil]"));
    expect(sent("toServer")[0]).toBe('[[:chsk/refresh [["token" "t0"]]] nil]');
    expect([pair.expired, pair.client.status, pair.errors]).toEqual([0, "open", []]);
  });

  it("closes with 4401, keeps the session, and lets the client come again by itself", () => {
    makePair();
    pair.act((client, now) => client.send(["a/said", 1], now));
    endIn(60_000);
    pair.clock.advance(59_990);
    expect(pair.client.status).toBe("open");
    pair.clock.advance(20);
    expect(pair.closes).toEqual([{ by: "server", code: 4401, reason: '{"code":"login-expired"}' }]);
    expect(pair.expired).toBe(1);
    expect(pair.client.status).toBe("backoff");
    const events = () => pair.atClient.filter(([id]) => id !== "chsk/ws-ping");
    expect(events()).toEqual([["chsk/login-expired"]]);
    pair.push("a/while-away");
    pair.clock.advance(1_000);
    expect([pair.client.status, pair.client.resumed, pair.sessions.length]).toEqual(["open", true, 1]);
    expect(events()).toEqual([["chsk/login-expired"], ["a/while-away"]]);
    // The login of the new connection is another one.
    pair.clock.advance(200_000);
    expect([pair.expired, pair.client.status]).toEqual([1, "open"]);
  });

  it("is said to a peer without the feature by the close alone", () => {
    for (const options of [
      { features: featuresWithout("refresh") },
      { features: noFeatures, sessions: false },
      { features: allFeatures, form: "bare" as const, sessions: false },
    ]) {
      makePair(options);
      endIn(60_000);
      pair.clock.advance(60_010);
      expect(sent("toClient")).toEqual([]);
      expect(pair.expired).toBe(1);
      expect(pair.closes[0]?.code).toBe(4401);
    }
  });

  it("stays closed after a 4401 that says something else, or that came before the handshake", () => {
    makePair();
    pair.serve((session) => session.close(4401, '{"code":"unauthorized"}'));
    pair.clock.advance(10);
    expect(pair.client.status).toBe("terminal");
    pair.act((client, now) => {
      client.reconnect(now);
      client.closed(4401, '{"code":"login-expired"}', now);
    });
    expect(pair.client.status).toBe("terminal");
    expect(pair.atClient).toEqual([]);
  });

  it("is asked for after half of the time, where that is short, and not again by one who got no more of it", () => {
    makePair();
    endIn(10_000);
    pair.clock.advance(5_005);
    expect(pair.asked).toHaveLength(1);
    answer(0, []);
    pair.clock.advance(5);
    endIn(4_990);
    pair.clock.advance(4_980);
    expect([pair.asked.length, pair.client.status]).toEqual([1, "open"]);
    pair.clock.advance(20);
    expect(pair.expired).toBe(1);
  });

  it("asks nothing where refreshLeadMs is 0", () => {
    makePair({ server: { refreshLeadMs: 0 } });
    endIn(60_000);
    pair.clock.advance(60_010);
    expect([pair.asked.length, pair.expired]).toEqual([0, 1]);
  });

  it("takes one answer for each time that it asked, and anything else for a bad event", () => {
    makePair({ codec: json });
    const says = (value: unknown) => pair.serve((session, now) => session.message(value, 40, now));
    const refresh = (params: unknown) => [["chsk/refresh", params], null];
    says(refresh([["token", "unasked"]]));
    expect([pair.loggedIn, pair.errors.map(({ code }) => code)]).toEqual([[], ["bad-event"]]);
    const malformed = [null, undefined, 7, "x", {}, [["a"]], [["a", 1]], [["a", "b", "c"]], ["ab"], [[["a"], "b"]]];
    for (const params of malformed) {
      endIn(100);
      pair.clock.advance(60);
      says(refresh(params));
    }
    expect([pair.loggedIn, pair.errors.length]).toEqual([[], 1 + malformed.length]);
    says(refresh([["token", "t"]]));
    says(refresh([["token", "again"]]));
    expect(pair.loggedIn).toEqual([[["token", "t"]]]);
    expect(pair.server?.received).toBe(0);
  });

  it("is not answered over another connection than that which asked, nor with more than the server takes", () => {
    makePair({ server: { maxPayloadBytes: 1_000 } });
    endIn(60_000);
    pair.clock.advance(30_005);
    expect(() => answer(0, [["token", "x".repeat(1_000)]])).toThrow(expect.objectContaining({ code: "too-large" }));
    pair.cut({ client: true, server: true });
    pair.clock.advance(1_000);
    expect(pair.client.status).toBe("open");
    answer(0, [["token", "late"]]);
    pair.clock.advance(10);
    expect(sent("toServer")).toEqual([]);
  });

  it("is told after the ack that confirms the session, and counted by no session", () => {
    makePair();
    endIn(60_000);
    pair.clock.advance(30_005);
    answer(0, []);
    pair.clock.advance(5);
    const { server } = pair;
    expect([server?.received, server?.awaitsAck]).toEqual([0, false]);
    const said = pair.frames.filter(({ direction }) => direction === "toServer").map(({ data }) => String(data));
    expect(said[0]).toBe("[[:chsk/ack 0] nil]");
  });
});

describe("a login", () => {
  it("that never ends has no deadline, and one that ended while nobody looked is not asked for", () => {
    const login = new Login(1_000);
    expect(login.deadline).toBeUndefined();
    login.note(Number.POSITIVE_INFINITY, 0);
    expect([login.deadline, login.wake(1e15)]).toEqual([undefined, undefined]);
    login.note(5_000, 0);
    expect(login.deadline).toBe(4_000);
    expect(login.wake(9_000)).toBe("end");
  });

  it("of the next connection knows nothing of this one", () => {
    const login = new Login(1_000);
    login.note(5_000, 0);
    expect(login.wake(4_000)).toBe("ask");
    login.reset();
    expect([login.deadline, login.takeAnswer(), login.wake(6_000)]).toEqual([undefined, false, undefined]);
  });

  it("is noted by its session whatever the time is", () => {
    makePair();
    const deadlines: (number | undefined)[] = [];
    const note = (session: ServerSession, endsAt: number, now: number) => {
      session.noteLogin(endsAt, now);
      deadlines.push(session.deadline);
    };
    pair.serve((session, now) => note(session, now + 2, now));
    expect(deadlines).toEqual([pair.clock.now + 1]);
  });
});
