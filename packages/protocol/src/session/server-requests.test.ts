import { afterEach, describe, expect, it } from "vitest";
import { edn } from "../codecs/edn/index.ts";
import { json } from "../codecs/json/index.ts";
import { EncodeError } from "../errors.ts";
import { Pair, type PairOptions } from "../testing/pair.ts";
import { allFeatures } from "../wire/features.ts";
import type { Answer } from "../wire/request-bodies.ts";
import type { Settlement } from "../wire/settlement.ts";

let pair: Pair;
const makePair = (options: Partial<PairOptions> = {}) => {
  pair = new Pair({ codec: json, features: allFeatures, ...options });
  return pair;
};

afterEach(() => {
  pair.onAsked = undefined;
  pair.act((client, now) => client.disconnect(now));
  pair.clock.advance(200_000);
  expect(pair.leftovers()).toEqual([]);
});

const ask = (event: [string, unknown?], timeoutMs = 10_000): number => {
  let id = 0;
  pair.serve((session, now) => {
    id = session.request(event, timeoutMs, now);
  });
  return id;
};
const settled = (): readonly Settlement[] => pair.settledAtServer.map(({ settlement }) => settlement);
const value = (of: unknown): Answer => ({ ok: true, value: of });
const sent = (direction: "toServer" | "toClient") =>
  pair.frames
    .filter((frame) => frame.direction === direction)
    .map(({ data }) => String(data))
    .slice(1);
/** Answers with what was asked. */
const echo = () => {
  pair.onAsked = ([, data], answer) => void answer(value(data));
};

describe("a request to a client (PROTOCOL.md section 6.11)", () => {
  it("goes in the session's order, and its answer settles it", () => {
    makePair({ codec: edn });
    echo();
    pair.connect();
    pair.serve((session) => session.push(["a/push"]));
    ask(["file/confirm", { name: "a" }]);
    pair.clock.advance(5);
    expect(pair.atClient).toEqual([["a/push"], ["file/confirm", { name: "a" }]]);
    pair.clock.advance(5);
    expect(settled()).toEqual([{ ok: true, value: { name: "a" } }]);
    expect(sent("toClient")).toEqual([
      "[[[:a/push]] nil]",
      '[[[:chsk/request {:id 1, :event [:file/confirm {:name "a"}]}]] nil]',
    ]);
    expect(sent("toServer")).toEqual(['[[:chsk/reply {:id 1, :value {:name "a"}}] nil]']);
  });

  it("is refused with a code, a message and data", () => {
    makePair();
    pair.onAsked = (_event, answer) =>
      void answer({ ok: false, failure: { code: "busy", message: "not now", data: 7 } });
    pair.connect();
    ask(["a/ask"]);
    pair.clock.advance(10);
    expect(settled()).toEqual([{ ok: false, code: "busy", message: "not now", data: 7 }]);
  });

  it("is answered once: a second answer is not sent", () => {
    makePair();
    const given: boolean[] = [];
    pair.onAsked = (_event, answer) => given.push(answer(value(1)), answer(value(2)));
    pair.connect();
    ask(["a/ask"]);
    pair.clock.advance(10);
    expect(given).toEqual([true, false]);
    expect(settled()).toEqual([{ ok: true, value: 1 }]);
    expect(pair.errors).toEqual([]);
  });

  it("can be answered after an answer that no codec can say", () => {
    makePair();
    pair.onAsked = (_event, answer) => {
      expect(() => answer(value({ at: () => 1 }))).toThrow(EncodeError);
      answer(value("then so"));
    };
    pair.connect();
    ask(["a/ask"]);
    pair.clock.advance(10);
    expect(settled()).toEqual([{ ok: true, value: "then so" }]);
  });

  it("throws what cannot be sent, and is then not begun", () => {
    makePair({ server: { maxPayloadBytes: 1_000 } });
    pair.connect();
    const errorOf = (data: unknown) => {
      try {
        ask(["a/ask", data]);
      } catch (error) {
        return error instanceof EncodeError ? [error.code, error.path, error.message.slice(0, 6)] : error;
      }
      return undefined;
    };
    expect(errorOf({ deep: [() => 1] })).toEqual([expect.any(String), ["deep", 0], "a/ask:"]);
    expect(errorOf("x".repeat(1_000))).toEqual(["too-large", [], "a/ask:"]);
    expect([settled(), sent("toClient")]).toEqual([[], []]);
  });
});

describe("a request to a client over cuts", () => {
  it("arrives once and is answered once, whatever is lost on the way", () => {
    makePair();
    echo();
    pair.connect();
    pair.cut();
    ask(["a/ask", "while away"]);
    pair.clock.advance(1_000);
    expect(settled()).toEqual([{ ok: true, value: "while away" }]);
    ask(["a/ask", "lost on its way"]);
    pair.cut();
    pair.clock.advance(1_000);
    ask(["a/ask", "its answer lost"]);
    pair.clock.advance(5);
    pair.cut();
    pair.clock.advance(9_000);
    expect(settled().map((one) => one.ok && one.value)).toEqual(["while away", "lost on its way", "its answer lost"]);
    expect(pair.atClient.filter(([id]) => id === "a/ask")).toHaveLength(3);
    expect(pair.sessions).toHaveLength(1);
  });

  it("ends as closed with the session, and an answer in the next session is not taken for another's", () => {
    makePair();
    const answers: ((answer: Answer) => boolean)[] = [];
    pair.onAsked = (_event, answer) => answers.push(answer);
    pair.connect();
    ask(["a/first"]);
    pair.clock.advance(5);
    pair.serve((session) => session.close(1012, "restart"));
    expect(settled()).toEqual([{ ok: false, code: "closed", message: expect.any(String), data: null }]);
    pair.clock.advance(1_000);
    ask(["a/second"]);
    pair.clock.advance(5);
    expect([answers.length, pair.sessions.length]).toEqual([2, 2]);
    expect(answers[0]?.(value("of the first"))).toBe(false);
    expect(answers[1]?.(value("of the second"))).toBe(true);
    pair.clock.advance(5);
    expect(settled().at(-1)).toEqual({ ok: true, value: "of the second" });
    expect(pair.errors).toEqual([]);
  });

  it.each(["report", "resend"] as const)(
    "whose answer waits when the session is lost: it is not sent (%s)",
    (onSessionLost) => {
      makePair({ onSessionLost });
      const answers: ((answer: Answer) => boolean)[] = [];
      pair.onAsked = (_event, answer) => answers.push(answer);
      pair.connect();
      ask(["a/ask"]);
      ask(["a/ask"]);
      pair.clock.advance(5);
      answers[0]?.(value("on its way"));
      pair.restart();
      answers[1]?.(value("while away"));
      pair.act((client, now) => client.send(["a/event"], now));
      pair.clock.advance(1_000);
      expect(pair.atServer.map(({ event }) => event[0])).toEqual(["a/event"]);
      expect([pair.errors, pair.undelivered, pair.gaps.map(({ inDoubt }) => inDoubt)]).toEqual([[], [], [[]]]);
    },
  );

  it("without a session ends with its connection, also for an answer that waits", () => {
    makePair({ sessions: false });
    const answers: ((answer: Answer) => boolean)[] = [];
    pair.onAsked = (_event, answer) => answers.push(answer);
    pair.connect();
    ask(["a/ask"]);
    pair.clock.advance(5);
    pair.cut();
    expect(settled()).toEqual([expect.objectContaining({ code: "closed" })]);
    answers[0]?.(value("too late"));
    pair.clock.advance(1_000);
    expect([pair.client.status, sent("toServer"), pair.errors]).toEqual(["open", [], []]);
  });
});

describe("a request to a client that nobody waits for any more", () => {
  it("times out, and its late answer is no fault", () => {
    makePair();
    const answers: ((answer: Answer) => boolean)[] = [];
    pair.onAsked = (_event, answer) => answers.push(answer);
    pair.connect();
    ask(["a/ask"], 500);
    pair.clock.advance(499);
    expect(settled()).toEqual([]);
    pair.clock.advance(1);
    expect(settled()).toEqual([{ ok: false, code: "timeout", message: "no reply in time", data: null }]);
    answers[0]?.(value("late"));
    pair.clock.advance(5);
    expect([settled().length, pair.errors]).toEqual([1, []]);
  });

  it("is never sent, where it was not transmitted before", () => {
    makePair();
    pair.connect();
    pair.cut({ client: false });
    ask(["a/timed-out"], 100);
    const given = ask(["a/given-up"]);
    pair.serve((session) => session.cancel(given));
    pair.clock.advance(60_000);
    expect(pair.client.status).toBe("open");
    expect([pair.atClient, settled().length]).toEqual([[], 1]);
  });
});

describe("a client that answers as it should not", () => {
  it.each<[string, readonly unknown[]]>([
    ["what was not asked", [{ id: 2, value: 1 }]],
    [
      "twice",
      [
        { id: 1, value: 1 },
        { id: 1, value: 2 },
      ],
    ],
    ["with both", [{ id: 1, value: 1, error: {} }]],
    ["with neither", [{ id: 1 }]],
    ["an id that is none", [{ id: "1", value: 1 }]],
    ["with no map", ["junk"]],
    ["with nothing", [undefined]],
  ])("%s: it is reported, and harmless", (_what, bodies) => {
    makePair();
    pair.connect();
    ask(["a/ask"]);
    for (const body of bodies) {
      const event = body === undefined ? ["chsk/reply"] : ["chsk/reply", body];
      pair.serve((session, now) => session.message([event, null], 40, now));
    }
    expect(pair.errors.map(({ code }) => code)).toEqual(["bad-reply"]);
    expect(pair.server?.status).toBe("live");
    pair.serve((session, now) => session.message([["chsk/reply", { id: 1, value: "right" }], null], 40, now));
    expect(settled()).toHaveLength(1);
  });

  it("has an error without words told as a handler's that failed", () => {
    makePair();
    pair.connect();
    ask(["a/ask"]);
    pair.serve((session, now) => session.message([["chsk/reply", { id: 1, error: 7 }], null], 40, now));
    expect(settled()).toEqual([{ ok: false, code: "error", message: "the handler failed", data: null }]);
  });

  it("is asked no more than the bound", () => {
    makePair({ server: { maxRequestsPerConnection: 2 } });
    pair.connect();
    for (const n of [1, 2, 3]) ask(["a/ask", n]);
    expect(settled()).toEqual([expect.objectContaining({ ok: false, code: "too-many-requests" })]);
    echo();
    pair.serve((session, now) => session.message([["chsk/reply", { id: 1, value: 1 }], null], 40, now));
    ask(["a/ask", 4]);
    pair.clock.advance(5);
    expect(pair.atClient.map(([, n]) => n)).toEqual([1, 2, 4]);
  });
});

describe("a request from a server that does not know the feature, or asks with junk", () => {
  it("is a bad event at the client", () => {
    makePair({ features: new Set(["sessions"]) });
    pair.connect();
    pair.push("chsk/request", { id: 1, event: ["a/ask"] });
    pair.clock.advance(5);
    expect(pair.errors.map(({ code }) => code)).toEqual(["bad-event"]);
  });

  it.each([{ id: 0, event: ["a/ask"] }, { id: 1, event: ["chsk/ack"] }, { id: 1, event: "a/ask" }, 7])(
    "as %j: a bad event, and the connection stays",
    (body) => {
      makePair();
      pair.connect();
      pair.push("chsk/request", body);
      pair.clock.advance(5);
      expect(pair.errors.map(({ code }) => code)).toEqual(["bad-event"]);
      expect(pair.client.status).toBe("open");
    },
  );
});
