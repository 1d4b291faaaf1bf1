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

const sent = (direction: "toServer" | "toClient") =>
  pair.frames.filter((frame) => frame.direction === direction).map(({ data }) => data);

describe("connecting (PROTOCOL.md sections 1 and 3)", () => {
  it("makes the first attempt at once, and is open with the handshake", () => {
    makePair({ handshake: { uid: "ann", csrfToken: null, data: { n: 1 } } });
    pair.connect();
    expect(pair.attempts).toEqual([0]);
    expect(pair.client.status).toBe("open");
    expect(pair.client.handshake).toMatchObject({ uid: "ann", data: { n: 1 }, form: "wrapped" });
    expect(sent("toClient")).toEqual(['[["chsk/handshake",["ann",null,{"n":1}]],null]']);
  });

  it("gives up an attempt without a handshake after connectTimeoutMs, and tries again", () => {
    let reachable = false;
    makePair({ isReachable: () => reachable });
    pair.act((client, now) => client.connect(now));
    pair.clock.advance(9_999);
    expect(pair.closes).toEqual([]);
    pair.clock.advance(1);
    expect(pair.closes).toEqual([{ by: "client", code: 4408, reason: "no handshake in time" }]);
    reachable = true;
    pair.clock.advance(300);
    expect(pair.client.status).toBe("open");
    expect(pair.attempts).toEqual([0, 10_250]);
  });

  it("sends in order what was accepted before the connection was open", () => {
    makePair();
    pair.act((client, now) => [client.send(["a/one", 1], now), client.send(["a/two"], now)]);
    pair.connect();
    pair.act((client, now) => client.send(["a/three", null], now));
    pair.clock.advance(5);
    expect(pair.atServer.map(({ event }) => event)).toEqual([["a/one", 1], ["a/two"], ["a/three", null]]);
  });

  it("speaks the bare form to a server whose handshake is bare, also for what was accepted before", () => {
    makePair({ form: "bare" });
    pair.act((client, now) => client.send(["a/early", 1], now));
    pair.connect();
    pair.act((client, now) => client.send(["a/late", 2], now));
    pair.clock.advance(5);
    expect(sent("toClient")).toEqual(['["chsk/handshake",["ann",null,null,true]]']);
    expect(sent("toServer")).toEqual(['["a/early",1]', '["a/late",2]']);
    expect(pair.atServer.map(({ event }) => event[0])).toEqual(["a/early", "a/late"]);
  });

  it("sends to a bare server what was accepted, not what became of the data since", () => {
    makePair({ form: "bare" });
    const data: { n: unknown } = { n: 1 };
    pair.act((client, now) => client.send(["a/early", data], now));
    data.n = () => "no value";
    pair.connect();
    pair.clock.advance(5);
    expect(sent("toServer")).toEqual(['["a/early",{"n":1}]']);
    expect(pair.errors).toEqual([]);
  });
});

describe("requests (PROTOCOL.md section 3)", () => {
  it.each([[{ a: 1 }], [null], [false], ["pong"], [["chsk/ack", 3]]])("settles with the reply %j", (value) => {
    makePair();
    pair.onRequest = (_event, reply) => reply(value);
    pair.connect();
    const id = pair.act((client, now) => client.request(["a/ask"], 1_000, now));
    pair.clock.advance(10);
    expect(pair.settled.get(id)).toEqual({ ok: true, value });
  });

  it("takes a late reply for nothing, and never uses a cb-id again", () => {
    makePair();
    const replies: ((value: unknown) => void)[] = [];
    pair.onRequest = (_event, reply) => replies.push(reply);
    pair.connect();
    const first = pair.act((client, now) => client.request(["a/ask"], 100, now));
    pair.clock.advance(100);
    expect(pair.settled.get(first)).toMatchObject({ ok: false, code: "timeout" });
    const second = pair.act((client, now) => client.request(["a/ask"], 100, now));
    pair.clock.advance(10);
    replies[0]?.("late");
    pair.clock.advance(10);
    expect(pair.settled.has(second)).toBe(false);
    replies[1]?.("in time");
    pair.clock.advance(10);
    expect(pair.settled.get(second)).toEqual({ ok: true, value: "in time" });
    expect(sent("toServer")).toEqual(['[["a/ask"],"r1"]', '[["a/ask"],"r2"]']);
  });

  it("rejects what was transmitted when the connection is lost, and sends later what was not", () => {
    makePair();
    pair.onRequest = (event, reply) => {
      if (event[0] === "a/second") reply("answered");
    };
    pair.connect();
    const first = pair.act((client, now) => client.request(["a/first"], 5_000, now));
    pair.cut();
    expect(pair.settled.get(first)).toMatchObject({ ok: false, code: "closed" });
    const second = pair.act((client, now) => client.request(["a/second"], 5_000, now));
    pair.clock.advance(1_000);
    expect(pair.settled.get(second)).toEqual({ ok: true, value: "answered" });
  });

  it("takes out a request that times out before it was transmitted", () => {
    makePair({ isReachable: () => false });
    pair.act((client, now) => client.connect(now));
    const id = pair.act((client, now) => client.request(["a/ask"], 1_000, now));
    expect(pair.client.queued).toBe(1);
    pair.clock.advance(1_000);
    expect(pair.settled.get(id)).toMatchObject({ ok: false, code: "timeout" });
    expect(pair.client.queued).toBe(0);
  });

  it("drops the reply to a request that was cancelled, and takes out one that was not transmitted", () => {
    makePair();
    const replies: ((value: unknown) => void)[] = [];
    pair.onRequest = (_event, reply) => replies.push(reply);
    const early = pair.act((client, now) => client.request(["a/early"], 1_000, now));
    pair.act((client) => client.cancel(early));
    pair.connect();
    const late = pair.act((client, now) => client.request(["a/late"], 1_000, now));
    pair.clock.advance(5);
    pair.act((client) => client.cancel(late));
    replies[0]?.(1);
    pair.clock.advance(2_000);
    expect([...pair.settled]).toEqual([]);
    expect(pair.atServer.map(({ event }) => event[0])).toEqual(["a/late"]);
  });
});

describe("pushes (PROTOCOL.md section 3)", () => {
  it("share a frame, in order, and a reply comes after what was pushed before it", () => {
    makePair();
    pair.onRequest = (_event, reply) => {
      pair.serve((session) => {
        session.push(["s/one", 1]);
        session.push(["s/two", 2]);
      });
      reply("done");
    };
    pair.connect();
    const id = pair.act((client, now) => client.request(["a/ask"], 1_000, now));
    pair.clock.advance(10);
    expect(sent("toClient").slice(1)).toEqual(['[[["s/one",1],["s/two",2]],null]', '["done","r1"]']);
    expect(pair.atClient).toEqual([
      ["s/one", 1],
      ["s/two", 2],
    ]);
    expect(pair.settled.get(id)).toEqual({ ok: true, value: "done" });
  });

  it("reports an event of the protocol's namespace among pushed ones, and delivers the others", () => {
    makePair();
    pair.connect();
    pair.serve((session) => {
      session.push(["s/one"]);
      session.push(["chsk/state", 1]);
      session.push(["s/two"]);
      session.flush();
    });
    pair.clock.advance(5);
    expect(pair.atClient).toEqual([["s/one"], ["chsk/bad-event", ["chsk/state", 1]], ["s/two"]]);
    expect(pair.client.status).toBe("open");
  });

  it("ends a connection whose peer takes its frames too slowly: 4413, and only at the bound", () => {
    makePair({ server: { maxQueuedFrames: 3 } });
    pair.connect();
    const session = pair.server;
    for (let i = 0; i < 3; i++) {
      session?.push(["s/item", i]);
      session?.flush();
    }
    expect(session?.status).toBe("live");
    session?.push(["s/item", 3]);
    session?.flush();
    expect(session?.status).toBe("ended");
    pair.serve(() => {});
    pair.clock.advance(5);
    expect(pair.closes).toEqual([{ by: "server", code: 4413, reason: "too slow" }]);
  });
});

describe("liveness (PROTOCOL.md section 7)", () => {
  it("costs an idle connection a ping now and then, and nothing else", () => {
    makePair();
    pair.connect();
    pair.clock.advance(60_000);
    expect(pair.client.status).toBe("open");
    expect(pair.closes).toEqual([]);
    expect(sent("toServer").slice(0, 2)).toEqual(['[["chsk/ws-ping"],"p1"]', '[["chsk/ws-ping"],"p2"]']);
    expect(sent("toClient").slice(1, 3)).toEqual(['["pong","p1"]', '["pong","p2"]']);
  });

  it("answers the pings of a server, in both forms", () => {
    makePair({ client: { pingIntervalMs: 100_000 } });
    pair.connect();
    pair.clock.advance(12_100);
    expect(sent("toClient").at(-1)).toBe('["chsk/ws-ping",null]');
    expect(sent("toServer")).toEqual(['[["chsk/ws-pong"],null]']);
    expect(pair.atClient).toEqual([["chsk/ws-ping"]]);
    pair.act((client, now) => client.disconnect(now));
    pair.clock.advance(60_000);
    makePair({ form: "bare", client: { pingIntervalMs: 100_000 } });
    pair.connect();
    pair.clock.advance(12_100);
    expect(sent("toClient").at(-1)).toBe('["chsk/ws-ping"]');
    expect(sent("toServer")).toEqual(['["chsk/ws-pong"]']);
  });

  it("notices a half-open connection on both sides within 20 s", () => {
    makePair();
    pair.connect();
    const start = pair.clock.now;
    const { server } = pair;
    pair.cut({ client: false, server: false });
    const noticed = { client: 0, server: 0 };
    while (noticed.client === 0 || noticed.server === 0) {
      expect(pair.clock.step()).toBe(true);
      if (noticed.client === 0 && pair.client.status !== "open") noticed.client = pair.clock.now - start;
      if (noticed.server === 0 && server?.status === "ended") noticed.server = pair.clock.now - start;
    }
    expect(noticed).toEqual({ client: 18_000, server: 19_995 });
    expect(pair.closes[0]).toEqual({ by: "client", code: 4408, reason: "ping timeout" });
  });

  it("keeps a connection over the sleep of a laptop", () => {
    makePair();
    pair.connect();
    pair.clock.advance(15_000);
    pair.clock.sleep(3_600_000);
    pair.clock.advance(20_000);
    expect(pair.closes).toEqual([]);
    expect(pair.attempts).toHaveLength(1);
  });
});

describe("frames that are wrong (PROTOCOL.md sections 2 and 6)", () => {
  const fromServer = (value: unknown) => pair.act((client, now) => client.message(value, 10, now));

  it("closes with 4400 where the first frame is no handshake", () => {
    makePair({ isReachable: () => false });
    for (const value of [null, [], [["s/one"], null], [["chsk/handshake", "x"], null], { a: 1 }]) {
      pair.act((client, now) => client.reconnect(now));
      fromServer(value);
      expect(pair.closes.at(-1)).toEqual({ by: "client", code: 4400, reason: "bad frame" });
    }
  });

  it("closes with 4400 on a second handshake", () => {
    makePair();
    pair.connect();
    fromServer([["chsk/handshake", ["ann", null, null]], null]);
    expect(pair.closes).toEqual([{ by: "client", code: 4400, reason: "bad frame" }]);
  });

  it("delivers what is no event as chsk/bad-event, and stays open, on both sides", () => {
    makePair();
    pair.connect();
    for (const value of [null, 7, ["nons", 1], [[1, 2], null], [[["s/one", 1, 2]], null], {}]) fromServer(value);
    expect(pair.atClient.map(([id]) => id)).toEqual(Array(7).fill("chsk/bad-event"));
    const bad = [
      null,
      7,
      ["nons", 1],
      [["nons"], null],
      [null, null],
      [["a/one", 1, 2], null],
      [["a/one"], 5],
      [["a/one"], "x".repeat(65)],
      [["chsk/state"], null],
      {},
    ];
    pair.serve((session, now) => {
      for (const value of bad) session.message(value, 10, now);
    });
    expect(pair.atServer.map(({ event: [id] }) => id)).toEqual(Array(bad.length).fill("chsk/bad-event"));
    expect([pair.client.status, pair.server?.status]).toEqual(["open", "live"]);
    expect(new Set(pair.errors.map(({ code }) => code))).toEqual(new Set(["bad-event"]));
  });

  it("hears nothing of a connection that it closed", () => {
    makePair();
    pair.connect();
    pair.hold("toClient");
    pair.push("s/one");
    pair.clock.advance(10);
    pair.act((client, now) => client.disconnect(now));
    pair.release("toClient");
    expect(pair.atClient).toEqual([]);
    expect(pair.client.status).toBe("idle");
  });
});

describe("bounds (PROTOCOL.md section 6.7)", () => {
  it("refuses what would be one too many, and an event over the limit, and loses nothing that it accepted", () => {
    makePair({ client: { maxQueuedFrames: 3, maxPayloadBytes: 100 } });
    const accepted = pair.act((client, now) => [1, 2, 3, 4].map((n) => client.send(["a/n", n], now)));
    expect(accepted).toEqual([true, true, true, false]);
    expect(() => pair.act((client, now) => client.send(["a/big", "x".repeat(200)], now))).toThrow(
      /over the limit of 100/,
    );
    pair.connect();
    pair.clock.advance(10);
    expect(pair.atServer.map(({ event }) => event[1])).toEqual([1, 2, 3]);
  });
});
