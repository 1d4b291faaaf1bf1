import { ReplyError } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { type Node, nodes } from "../testing/nodes.test-support.ts";

type Options = Parameters<typeof nodes>[0];

/** Three servers whose handlers of `a/ask` answer when they are told to, and a client at the first. */
async function asked(options: Options = {}) {
  const all = nodes({ slowHandlerMs: 600_000, ...options });
  const { clock, start, land, cut } = all;
  /** How what was asked is answered, by its data. */
  const open = new Map<unknown, (value: unknown) => boolean>();
  const servers = Array.from({ length: 3 }, () => {
    const node = start();
    node.server.chRecv.on("a/ask", ({ data, replyFn }) => {
      if (replyFn === undefined || open.has(data)) throw new Error(`${data} was asked twice, or is no request`);
      open.set(data, replyFn);
    });
    return node;
  });
  const [a, b, c] = servers as [Node, Node, Node];
  land(a);
  await clock.advance(50);
  const client = all.client("ann");
  await clock.advance(50);
  /** How each request ended, in order. */
  const settled: string[] = [];
  const ask = (data: unknown, timeoutMs = 500_000) => {
    client.requestFn(["a/ask", data], { timeoutMs }).then(
      (value: unknown) => settled.push(`${data}: ${JSON.stringify(value)}`),
      ({ code, data: more }: ReplyError) => settled.push(`${data}: ${code}${more == null ? "" : JSON.stringify(more)}`),
    );
  };
  return {
    ...all,
    /** Another client, wherever clients land. */
    connect: (uid: string) => all.client(uid),
    a,
    b,
    c,
    client,
    open,
    settled,
    /** Asks, and has that arrive. */
    ask: async (...all: unknown[]) => {
      for (const data of all) ask(data);
      await clock.advance(50);
    },
    askFor: ask,
    answer: (data: unknown, value: unknown) => {
      const replyFn = open.get(data);
      if (replyFn === undefined) throw new Error(`${data} has not come`);
      return replyFn(value);
    },
    /** The connection breaks, and the client comes back to that server, or to none yet. */
    move: async (to: Node | undefined, ms = 6_000) => {
      land(to);
      cut();
      await clock.advance(ms);
    },
    /** Ends a server; `true` where that has ended after so long. */
    close: async ({ server }: Node, closeOptions: Parameters<typeof server.close>[0], ms: number) => {
      let isClosed = false;
      void server.close(closeOptions).then(() => {
        isClosed = true;
      });
      await clock.advance(ms);
      return () => isClosed;
    },
    end: () => ({ lost: client.state.get().sessionLost, errors: servers.flatMap(({ errors }) => errors) }),
  };
}

const whole = { lost: false, errors: [] };

describe("the reply of a handler whose client's session has gone to another server (PROTOCOL.md section 6.13)", () => {
  it("comes to it there, between what the handler's server pushed before it and what it pushes later", async () => {
    const { a, b, client, answer, move, clock, end } = await asked();
    const got: unknown[] = [];
    client.chRecv.on("s/n", ({ data }) => got.push(data));
    client.sendFn(["a/ask", "x"], 100_000, (reply) => got.push(reply));
    await clock.advance(50);
    await move(b);
    expect(b.server.metrics().connections).toBe(1);
    a.server.sendFn("ann", ["s/n", 1]);
    expect([answer("x", { deep: [1, 2] }), answer("x", "another")]).toEqual([true, false]);
    a.server.sendFn("ann", ["s/n", 2]);
    await clock.advance(100);
    expect([got, end()]).toEqual([[1, { deep: [1, 2] }, 2], whole]);
  });

  it("follows it on, and back to where the handler works", async () => {
    const { a, b, c, settled, ask, answer, move, clock, end } = await asked();
    await ask(1, 2, 3, 4);
    await move(b);
    await ask("b");
    await move(c);
    answer(1, 1);
    await move(a);
    answer(2, 2);
    answer("b", "b");
    await clock.advance(100);
    await move(b);
    await move(c);
    answer(3, 3);
    await move(a);
    answer(4, 4);
    await clock.advance(100);
    expect([settled.sort(), end()]).toEqual([["1: 1", "2: 2", "3: 3", "4: 4", 'b: "b"'], whole]);
  });

  it("waits for it while it is at no server, also where its own server ends meanwhile", async () => {
    const { a, b, c, settled, ask, answer, move, close, clock, end } = await asked();
    await ask(1, 2);
    await move(b);
    await move(undefined, 100);
    answer(1, 1);
    const isClosed = await close(b, {}, 2_000);
    const drained = await close(a, { drainMs: 10_000 }, 2_000);
    expect([isClosed(), drained(), settled]).toEqual([true, false, []]);
    answer(2, 2);
    await clock.advance(2_000);
    expect(drained()).toBe(true);
    await move(c, 30_000);
    expect([settled, end()]).toEqual([["1: 1", "2: 2"], whole]);
  });

  it("is the error that the handler gives, or throws", async () => {
    const { a, b, client, move, clock, end } = await asked();
    const later = (act: () => void) => void clock.setTimeout(act, 5_000);
    const refusal = new ReplyError("not-today", { data: { why: "rain" } });
    startRouter(a.server, {
      "a/refuse": () => new Promise((resolve) => later(() => resolve(refusal))),
      "a/throw": () => new Promise((_, reject) => later(() => reject(new Error("secret")))),
    });
    const ends = ["a/refuse", "a/throw"].map((id) =>
      client.requestFn([id], { timeoutMs: 100_000 }).catch(({ code, data }: ReplyError) => [code, data]),
    );
    await clock.advance(50);
    await move(b, 20_000);
    expect([await Promise.all(ends), end()]).toEqual([
      [
        ["not-today", { why: "rain" }],
        ["error", null],
      ],
      { lost: false, errors: ["secret"] },
    ]);
  });

  it("cannot be what no codec can say: the handler is told so, and its client", async () => {
    const { b, settled, ask, answer, move, clock } = await asked();
    await ask("x");
    await move(b);
    expect(() => answer("x", () => {})).toThrow(expect.objectContaining({ name: "EncodeError" }));
    await clock.advance(100);
    expect(settled).toEqual(["x: error"]);
  });

  it("is an error with a code of its own where it is too large to be posted, and the session goes on", async () => {
    const [much, some] = [20_000_000, 1_000_000];
    const { b, settled, ask, answer, move, clock, end } = await asked({ maxPayloadBytes: much, maxQueuedBytes: much });
    await ask("large", "next");
    await move(b);
    // Half of what the memory backplane takes of a post is the most.
    expect(() => answer("large", "x".repeat(2 * 1_048_576))).toThrow(
      expect.objectContaining({ name: "EncodeError", code: "reply-too-large" }),
    );
    answer("next", "x".repeat(some));
    await clock.advance(100);
    const [large, next = ""] = settled;
    expect([large, next.length, end()]).toEqual(["large: reply-too-large", some + 'next: ""'.length, whole]);
  });

  it("comes too late for a client that waited no longer, and that harms nothing", async () => {
    const { a, b, settled, askFor, ask, answer, move, clock, end } = await asked();
    askFor("impatient", 4_000);
    await ask("x");
    await move(b);
    answer("impatient", 1);
    await clock.advance(100);
    await move(a);
    answer("x", 2);
    await clock.advance(100);
    expect([settled, end()]).toEqual([["impatient: timeout", "x: 2"], whole]);
  });

  it("is sent by a handler, too, that had not begun when the session left", async () => {
    const { a, b, client, move, clock, end } = await asked();
    const order: unknown[] = [];
    startRouter(a.server, {
      "a/slow": ({ data }) =>
        new Promise((resolve) => {
          order.push(data);
          clock.setTimeout(() => resolve(data), 5_000);
        }),
    });
    const all = [1, 2, 3].map((n) => client.requestFn(["a/slow", n], { timeoutMs: 100_000 }));
    await clock.advance(50);
    await move(b);
    expect(order).toEqual([1, 2]);
    await clock.advance(20_000);
    expect([await Promise.all(all), order, end()]).toEqual([[1, 2, 3], [1, 2, 3], whole]);
  });
});

describe("a request whose reply is to follow its session is answered with closed", () => {
  it("where the handler's server is killed", async () => {
    const { a, b, settled, ask, move, clock, backplane, nodeOf, client } = await asked();
    await ask("x");
    await move(b);
    expect(settled).toEqual([]);
    backplane.crash(nodeOf(a));
    await clock.advance(15_000);
    expect([settled, client.state.get().open, client.state.get().sessionLost]).toEqual([["x: closed"], true, false]);
  });

  it.each(["is killed", "closes"])("where that server %s while the session is at none", async (how) => {
    const { a, b, c, settled, ask, move, close, clock, backplane, nodeOf, client } = await asked();
    await ask("x");
    await move(b);
    await move(undefined, 100);
    await close(b, {}, 2_000);
    if (how === "closes") await close(a, {}, 2_000);
    else backplane.crash(nodeOf(a));
    await clock.advance(15_000);
    await move(c, 30_000);
    // What a server that was killed had pushed to it nobody knows.
    expect([settled, client.state.get().sessionLost]).toEqual([["x: closed"], how === "is killed"]);
  });

  it("where that server drains, and its time is over", async () => {
    const { a, b, settled, ask, answer, move, close, clock, end } = await asked();
    await ask("late", "in time");
    await move(b);
    const isClosed = await close(a, { drainMs: 5_000 }, 4_000);
    answer("in time", 1);
    await clock.advance(500);
    expect([settled, isClosed()]).toEqual([["in time: 1"], false]);
    await clock.advance(3_000);
    expect([settled, isClosed()]).toEqual([["in time: 1", "late: closed"], true]);
    expect(answer("late", 2)).toBe(false);
    await clock.advance(1_000);
    expect([settled.length, end()]).toEqual([2, whole]);
  });

  it("where that server closes without a drain, at once", async () => {
    const { a, b, settled, ask, move, close, end } = await asked();
    await ask("x");
    await move(b);
    const isClosed = await close(a, {}, 2_000);
    expect([isClosed(), settled, end()]).toEqual([true, ["x: closed"], whole]);
  });

  it("where the others held that server for gone: what it says later, under another name, is nothing to them", async () => {
    const { a, b, settled, ask, answer, move, clock, backplane, nodeOf, client } = await asked();
    await ask("x");
    await move(b);
    const before = nodeOf(a);
    backplane.stop(before);
    await clock.advance(15_000);
    expect(settled).toEqual(["x: closed"]);
    backplane.resume(before);
    await clock.advance(5_000);
    expect(nodeOf(a)).not.toBe(before);
    expect(answer("x", 1)).toBe(false);
    await clock.advance(100);
    expect([settled.length, client.state.get().sessionLost]).toEqual([1, false]);
  });

  it("where what came before it left is given up, so that others have room", async () => {
    const { a, b, client, move, land, clock, connect } = await asked({ maxReceivedTotalBytes: 50_000 });
    startRouter(a.server, { "a/never": () => new Promise(() => {}) });
    const load = "x".repeat(8_000);
    const codeOf = (asked: Promise<unknown>) => asked.then(String, ({ code }: ReplyError) => code);
    const ends = [1, 2, 3, 4, 5].map(() => codeOf(client.requestFn(["a/never", load], { timeoutMs: 100_000 })));
    await clock.advance(50);
    await move(b);
    expect([client.state.get().open, a.errors]).toEqual([true, []]);
    land(a);
    const bob = connect("bob");
    await clock.advance(50);
    for (let n = 0; n < 3; n++) bob.sendFn(["a/never", load]);
    await clock.advance(50);
    expect(await Promise.all(ends)).toEqual(["closed", "closed", "closed", "closed", "closed"]);
    expect([client.state.get().open, bob.state.get().open, a.errors]).toEqual([true, true, ["events-dropped"]]);
  });

  it("where it would be one of too many, the oldest first", async () => {
    const { a, b, settled, ask, answer, move, clock } = await asked({ maxRequestsInFlight: 2 });
    await ask(1, 2, 3);
    expect(settled).toEqual(["3: too-many-requests"]);
    await move(b);
    await ask(4);
    expect(settled.splice(0)).toEqual(["3: too-many-requests", "4: too-many-requests"]);
    answer(1, 1);
    await clock.advance(50);
    await ask(5, 6);
    await move(a);
    answer(2, 2);
    answer(5, 5);
    await clock.advance(50);
    expect(settled).toEqual(["1: 1", "6: too-many-requests", "2: 2", "5: 5"]);
    // What is older than two minutes counts no more: another two may begin.
    await ask(7, 8);
    await clock.advance(125_000);
    await ask(9, 10);
    await move(b);
    expect(settled.slice(4)).toEqual(["7: closed", "8: closed"]);
  });
});

describe("a server that drains", () => {
  it("waits for the handlers of a client that is away, and their replies go with its session", async () => {
    const { a, b, settled, ask, answer, move, close, clock, end } = await asked();
    await ask("x");
    await move(undefined, 5_000);
    const isClosed = await close(a, { drainMs: 60_000 }, 50_000);
    expect(isClosed()).toBe(false);
    answer("x", 1);
    await clock.advance(2_000);
    expect(isClosed()).toBe(true);
    await move(b, 30_000);
    expect([settled, end()]).toEqual([["x: 1"], whole]);
  });

  it("and has nothing to wait for is closed at once", async () => {
    const { a, b, settled, ask, answer, move, close, clock } = await asked();
    await ask("x");
    await move(b);
    answer("x", 1);
    await clock.advance(50);
    const isClosed = await close(a, { drainMs: 60_000 }, 5_000);
    expect([isClosed(), settled]).toEqual([true, ["x: 1"]]);
  });
});
