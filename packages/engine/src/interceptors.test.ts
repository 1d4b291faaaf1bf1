import { type Interceptor, isReplyError, ReplyError } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { startRouter } from "./router.ts";
import { setting } from "./testing/setting.test-support.ts";

const codeOf = (error: unknown) => (error as { readonly code?: string }).code;
const caught = (asked: Promise<unknown>) => asked.catch((error: unknown) => error);

/** A server, a client of it, and what was reported, with its source. */
function scene() {
  const { server, tab, idle, lines } = setting();
  const reports: unknown[] = [];
  server.errorChan.on(({ error, context }) => reports.push([codeOf(error) ?? error.message, context.source]));
  const { client } = tab("ann");
  return { server, client, tab, idle, lines, reports };
}

describe("interceptors", () => {
  it("run in order around the handler, sync or async, and next() resolves to the reply", async () => {
    const { server, client, idle } = scene();
    const steps: unknown[] = [];
    const named =
      (name: string): Interceptor<{ readonly id: string }> =>
      async ({ id }, next) => {
        if (!id.startsWith("a/")) return next();
        steps.push(`${name} before ${id}`);
        steps.push([name, await next()]);
      };
    const plain: Interceptor<{ readonly id: string }> = (_, next) => next();
    startRouter(
      server,
      {
        "a/echo": ({ data }) => data,
        "a/later": async ({ data }) => data,
        "a/own": ({ replyFn }) => void replyFn?.("given"),
        "a/event": () => "returned",
      },
      { use: [named("outer"), plain, named("inner")] },
    );
    const asked = [client.requestFn(["a/echo", 1]), client.requestFn(["a/later", 2]), client.requestFn(["a/own"])];
    client.sendFn(["a/event"]);
    await idle();
    expect(await Promise.all(asked)).toEqual([1, 2, "given"]);
    const of = (id: string, reply: unknown) => [
      `outer before ${id}`,
      `inner before ${id}`,
      ["inner", reply],
      ["outer", reply],
    ];
    expect(steps).toEqual([
      ...of("a/echo", 1),
      ...of("a/later", 2),
      ...of("a/own", "given"),
      ...of("a/event", "returned"),
    ]);
  });

  it("are around a handler for all, and around *, and get the protocol's own events", async () => {
    const { server, client, idle } = scene();
    const seen: string[] = [];
    const look: Interceptor<{ readonly id: string }> = ({ id }, next) => {
      seen.push(id);
      return next();
    };
    const stop = startRouter(server, ({ data }) => data, { use: [look] });
    const first = client.requestFn(["a/one", 1]);
    await idle();
    stop();
    startRouter(server, { "*": ({ data }) => data }, { use: [look] });
    const second = client.requestFn(["a/two", 2]);
    await idle();
    expect([await first, await second]).toEqual([1, 2]);
    expect(seen).toEqual(["chsk/uidport-open", "chsk/client-open", "a/one", "a/two"]);
  });

  it("refuse by returning or throwing a ReplyError: the handler is not called, and only a throw is reported", async () => {
    const { server, client, idle, reports } = scene();
    let isCalled = false;
    const refusal = new ReplyError("not-allowed", { message: "no", data: { a: 1 } });
    startRouter(
      server,
      () => {
        isCalled = true;
      },
      {
        use: [
          async ({ id }, next) => {
            if (id === "a/throw") throw refusal;
            if (id === "a/fault") throw new Error("the password is 1234");
            return id === "a/return" ? refusal : next();
          },
          ({ id }, next) => (id === "a/sync" ? refusal : id.startsWith("chsk/") ? undefined : next()),
        ],
      },
    );
    const asked = ["a/return", "a/sync", "a/throw", "a/fault"].map((id) => caught(client.requestFn([id])));
    client.sendFn(["a/fault"]);
    await idle();
    const [returned, sync, thrown, fault] = await Promise.all(asked);
    for (const error of [returned, sync, thrown])
      expect(error).toMatchObject({ code: "not-allowed", message: "no", data: { a: 1 } });
    expect(fault).toMatchObject({ code: "error", message: "the handler failed" });
    expect(isCalled).toBe(false);
    expect(reports).toEqual([
      ["not-allowed", "interceptor"],
      ["the password is 1234", "interceptor"],
      ["the password is 1234", "interceptor"],
    ]);
  });

  it("replace a reply by what they return, undefined apart, and see a refusal as the handler returned it", async () => {
    const { server, client, idle, reports } = scene();
    const seen: unknown[] = [];
    startRouter(
      server,
      { "a/echo": ({ data }) => data, "a/no": () => new ReplyError("sold-out") },
      {
        use: [
          async (_, next) => {
            const reply = await next();
            return isReplyError(reply) ? new ReplyError(`${reply.code}-really`) : { reply };
          },
          async (_, next) => {
            seen.push(await next());
          },
        ],
      },
    );
    const asked = [client.requestFn(["a/echo", null]), caught(client.requestFn(["a/no"]))];
    await idle();
    expect(await asked[0]).toEqual({ reply: null });
    expect(await asked[1]).toMatchObject({ code: "sold-out-really" });
    expect(seen.slice(-2)).toEqual([null, expect.objectContaining({ code: "sold-out" })]);
    expect(reports).toEqual([]);
  });

  it("can take what a handler threw, and what they leave is reported as the handler's, once", async () => {
    const { server, client, idle, reports } = scene();
    startRouter(
      server,
      {
        "a/saved": () => Promise.reject(new Error("taken")),
        "*": () => {
          throw new Error("left");
        },
      },
      {
        use: [
          async (_, next) => next(),
          async ({ id }, next) => {
            if (id === "a/seen") await next().catch(() => {});
            else if (id === "a/saved") return next().catch(() => "saved");
            // Nobody waits for it: no rejection is left over, and nothing is lost.
            else if (id === "a/unawaited") void next();
            else return next();
          },
        ],
      },
    );
    const asked = ["a/saved", "a/seen", "a/unawaited", "a/plain"].map((id) => caught(client.requestFn([id])));
    await idle();
    const [saved, ...failed] = await Promise.all(asked);
    expect(saved).toBe("saved");
    for (const error of failed) expect(error).toMatchObject({ code: "error", message: "the handler failed" });
    expect(reports).toEqual([
      ["left", "handler"], // chsk/uidport-open
      ["left", "handler"], // chsk/client-open
      ["left", "handler"],
      ["left", "handler"],
      ["left", "handler"],
    ]);
  });

  it("are told of an event that nobody handles, and the request is answered so", async () => {
    const { server, client, idle, lines } = scene();
    const seen: unknown[] = [];
    startRouter(
      server,
      {},
      {
        use: [
          async ({ id }, next) => {
            const reply = await next();
            seen.push([id, isReplyError(reply) ? reply.code : reply]);
            return id === "a/fallback" ? "from elsewhere" : reply;
          },
        ],
      },
    );
    const asked = [caught(client.requestFn(["a/who"])), client.requestFn(["a/fallback"])];
    client.sendFn(["a/event"]);
    await idle();
    expect(await asked[0]).toMatchObject({ code: "unhandled", message: "nobody handles this event" });
    expect(await asked[1]).toBe("from elsewhere");
    expect(seen).toEqual([
      ["chsk/uidport-open", undefined],
      ["chsk/client-open", undefined],
      ["a/who", "unhandled"],
      ["a/fallback", "unhandled"],
      ["a/event", "unhandled"],
    ]);
    expect(lines).toHaveLength(3);
  });

  it("that leave an event out answer its request at once, and may answer by replyFn", async () => {
    const { server, client, idle, reports } = scene();
    startRouter(server, () => "handled", {
      use: [
        (message, next) => {
          if (message.id === "a/left") return undefined;
          if (message.id !== "a/own") return next();
          expect([message.replyFn?.("mine"), message.replyFn?.("again")]).toEqual([true, false]);
          return undefined;
        },
      ],
    });
    const asked = ["a/left", "a/own", "a/else"].map((id) => caught(client.requestFn([id])));
    await idle();
    expect(await Promise.all(asked)).toEqual([expect.objectContaining({ code: "unhandled" }), "mine", "handled"]);
    expect(reports).toEqual([]);
  });

  it("call next once, and before they end", async () => {
    const { server, client, idle, reports } = scene();
    let calls = 0;
    let late: (() => Promise<unknown>) | undefined;
    startRouter(
      server,
      { "a/twice": () => ++calls, "a/late": () => ++calls },
      {
        use: [
          async ({ id }, next) => {
            if (id === "a/late") late = next;
            if (id !== "a/twice") return;
            await next();
            return next();
          },
        ],
      },
    );
    const asked = ["a/twice", "a/late"].map((id) => caught(client.requestFn([id])));
    await idle();
    expect((await Promise.all(asked)).map(codeOf)).toEqual(["error", "unhandled"]);
    expect(codeOf(await caught(Promise.resolve(late?.())))).toBe("next-too-late");
    expect(calls).toBe(1);
    expect(reports).toEqual([
      ["next-called-twice", "interceptor"],
      ["next-too-late", "interceptor"],
    ]);
  });

  it("are told that the message stays as it came, and may be given what is none", async () => {
    const { server, client, idle, reports } = scene();
    const use = [
      (message: { readonly id: string }, next: (given?: unknown) => Promise<unknown>) =>
        next(message.id === "a/changed" ? { ...message, data: 2 } : { user: "ann" }),
    ];
    startRouter(server, { "a/changed": () => "never", "a/allowed": () => "handled" }, { use });
    const asked = ["a/changed", "a/allowed"].map((id) => caught(client.requestFn([id, 1])));
    await idle();
    const [changed, allowed] = await Promise.all(asked);
    expect([codeOf(changed), allowed]).toEqual(["error", "handled"]);
    expect(reports).toEqual([["bad-argument", "interceptor"]]);
  });

  it("cannot replace what replyFn was given, and are told", async () => {
    const { server, client, idle, reports } = scene();
    startRouter(
      server,
      { "a/own": ({ replyFn }) => void replyFn?.("given") },
      { use: [({ id }, next) => next().then(() => (id === "a/own" ? "replaced" : undefined))] },
    );
    const asked = client.requestFn(["a/own"]);
    await idle();
    expect(await asked).toBe("given");
    expect(reports).toEqual([["answered-before", "interceptor"]]);
  });

  it("may answer before the handler has ended; the next event waits for it, and its failure is reported", async () => {
    const { server, client, idle, reports } = scene();
    let fail: (error: Error) => void = () => {};
    const started: unknown[] = [];
    startRouter(
      server,
      {
        "a/slow": ({ data }) => {
          started.push(data);
          return data === 1
            ? new Promise((_, reject) => {
                fail = reject;
              })
            : "done";
        },
      },
      {
        use: [
          ({ data }, next) => {
            const reply = next();
            return data === 1 ? new ReplyError("too-slow") : reply;
          },
        ],
      },
    );
    const asked = [1, 2].map((n) => caught(client.requestFn(["a/slow", n])));
    await idle();
    expect(codeOf(await asked[0])).toBe("too-slow");
    expect([started, reports]).toEqual([[1], []]);
    fail(new Error("too late"));
    await idle();
    expect([await asked[1], started, reports]).toEqual(["done", [1, 2], [["too late", "handler"]]]);
  });

  it("hold what comes after them, as a handler does, and `concurrency` lets more run", async () => {
    for (const [concurrency, expected] of [
      [1, [1]],
      [2, [1, 2]],
    ] as const) {
      const { server, client, idle } = scene();
      const started: unknown[] = [];
      const gates: (() => void)[] = [];
      startRouter(
        server,
        { "a/work": () => {} },
        {
          concurrency,
          use: [
            async ({ id, data }, next) => {
              if (id !== "a/work") return next();
              started.push(data);
              await new Promise<void>((resolve) => gates.push(resolve));
              return next();
            },
          ],
        },
      );
      for (const n of [1, 2, 3]) client.sendFn(["a/work", n]);
      await idle();
      expect(started).toEqual(expected);
      gates[0]?.();
      await idle();
      expect(started).toEqual([...expected, expected.length + 1]);
    }
  });

  it("are around a client's handlers too", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("bob");
    const seen: unknown[] = [];
    const reports: unknown[] = [];
    client.errorChan.on(({ error, context }) => reports.push([error.message, context.source]));
    startRouter(
      client,
      { "s/hello": ({ data }) => void seen.push(data) },
      {
        use: [
          async ({ id, data }, next) => {
            if (data === "fault") throw new Error("refused it");
            if (id === "s/hello") seen.push("before");
            return next();
          },
        ],
      },
    );
    await idle();
    for (const data of [1, "fault", 2]) server.sendFn("bob", ["s/hello", data]);
    await idle();
    expect(seen).toEqual(["before", 1, "before", 2]);
    expect(reports).toEqual([["refused it", "interceptor"]]);
  });

  it("that are none make nothing wait: events of a frame are handled in one turn", async () => {
    const { server, client, idle } = scene();
    const order: unknown[] = [];
    startRouter(client, { "s/n": ({ data }) => void order.push(data) }, { use: [] });
    client.chRecv.on("*", ({ id }) => id === "s/n" && order.push("listened"));
    await idle();
    for (const n of [1, 2]) server.sendFn("ann", ["s/n", n]);
    await idle();
    expect(order).toEqual([1, "listened", 2, "listened"]);
  });
});
