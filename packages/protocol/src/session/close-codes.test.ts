import { afterEach, describe, expect, it } from "vitest";
import { json } from "../codecs/json/index.ts";
import { Pair, type PairOptions } from "../testing/pair.ts";

let pair: Pair;
const makePair = (options: Partial<PairOptions> = {}) => {
  // As with a server of Sente: what a session adds is tested in resume.test.ts.
  pair = new Pair({ codec: json, sessions: false, ...options });
  return pair;
};

afterEach(() => {
  pair.act((client, now) => client.disconnect(now));
  // Long enough for a server to notice a peer that is gone.
  pair.clock.advance(60_000);
  expect(pair.leftovers()).toEqual([]);
});

describe("close codes (PROTOCOL.md section 8)", () => {
  const closedByServer = (code: number, reason = "") => {
    makePair();
    pair.connect();
    pair.serve((session) => session.close(code, reason));
    pair.clock.advance(5);
  };

  it.each([[1000], [1001], [1006], [1011], [1012], [1013], [4000], [4400], [4408], [4413], [4429], [4503], [4999]])(
    "reconnects after %i",
    (code) => {
      closedByServer(code);
      expect(pair.client.status).toBe("backoff");
      pair.clock.advance(1_000);
      expect(pair.client.status).toBe("open");
    },
  );

  it.each([[4401], [4403], [4409]])("stays closed after %i, until it is told to reconnect", (code) => {
    closedByServer(code);
    expect([pair.client.status, pair.client.terminalReason]).toEqual(["terminal", "terminal-code"]);
    pair.clock.advance(600_000);
    expect(pair.attempts).toHaveLength(1);
    expect(pair.act((client, now) => client.send(["a/one"], now))).toBe(false);
    const refused = pair.act((client, now) => client.request(["a/one"], 100, now));
    expect(pair.settled.get(refused)).toMatchObject({ ok: false, code: "closed" });
    pair.act((client, now) => client.reconnect(now));
    pair.clock.advance(10);
    expect(pair.client.status).toBe("open");
  });

  it("waits as the hint of 4503 says, and ignores one that is malformed or belongs to another code", () => {
    closedByServer(4503, '{"retryInMs":2000,"spreadMs":1000}');
    expect(pair.client.retryAt).toBe(pair.clock.now + 2_500);
    pair.act((client, now) => client.disconnect(now));
    for (const [code, reason] of [
      [4503, "{"],
      [4503, '{"retryInMs":"soon"}'],
      [4503, "[]"],
      [1012, '{"retryInMs":2000}'],
    ] as const) {
      closedByServer(code, reason);
      expect(pair.client.retryAt).toBe(pair.clock.now + 250);
      pair.act((client, now) => client.disconnect(now));
    }
  });

  it("clamps a hint to five minutes", () => {
    closedByServer(4429, '{"retryInMs":1e12,"spreadMs":1e300}');
    expect(pair.client.retryAt).toBe(pair.clock.now + 450_000);
  });

  it("stays closed after maxAttempts, and says so", () => {
    makePair({ isReachable: () => false, client: { maxAttempts: 3 } });
    pair.act((client, now) => client.connect(now));
    pair.clock.advance(600_000);
    expect(pair.attempts).toHaveLength(3);
    expect([pair.client.status, pair.client.terminalReason]).toEqual(["terminal", "max-attempts"]);
  });

  it("closes with 1000 when asked to, reports what waits and settles every request", () => {
    makePair({ isReachable: () => false });
    pair.act((client, now) => client.connect(now));
    pair.act((client, now) => client.send(["a/one", 1], now));
    const id = pair.act((client, now) => client.request(["a/two"], 1_000, now));
    pair.act((client, now) => client.disconnect(now));
    expect(pair.closes).toEqual([{ by: "client", code: 1000, reason: "" }]);
    expect(pair.undelivered).toEqual([["a/one", 1], ["a/two"]]);
    expect(pair.settled.get(id)).toMatchObject({ ok: false, code: "closed" });
  });

  it("sends nothing in the name of another user: what was written before is reported", () => {
    let uid = "ann";
    makePair({
      handshake: {
        get uid() {
          return uid;
        },
        csrfToken: null,
        data: null,
      },
    });
    pair.connect();
    pair.cut();
    pair.act((client, now) => client.send(["a/from-ann"], now));
    uid = "bob";
    pair.clock.advance(1_000);
    pair.act((client, now) => client.send(["a/from-bob"], now));
    pair.clock.advance(10);
    expect(pair.undelivered).toEqual([["a/from-ann"]]);
    expect(pair.atServer.map(({ event }) => event)).toEqual([["a/from-bob"]]);
  });
});
