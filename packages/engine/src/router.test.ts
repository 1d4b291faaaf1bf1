import { type Receiver, ReplyError, type ServerMessage } from "@sente-lite/protocol";
import { describe, expect, it, vi } from "vitest";
import { DELIVERY, type Message } from "./delivery.ts";
import { serverEvents } from "./handled-ids.ts";
import { Incoming } from "./incoming.ts";
import { createReceiver } from "./receiver.ts";
import { startRouter } from "./router.ts";
import { setting } from "./testing/setting.test-support.ts";

/** A promise and the way to keep it. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe("startRouter", () => {
  it("holds nothing that was given up, though a handler before it never ends", async () => {
    const limits = { maxReceived: 100, maxReceivedBytes: 1_000 };
    const calls = () => {};
    const incoming = new Incoming({
      peer: { pause: calls, resume: calls, overflow: calls, noteDropped: calls },
      limits,
    });
    const { receiver, deliver } = createReceiver<Message>(limits, serverEvents);
    startRouter(receiver as unknown as Receiver<Message>, () => new Promise(() => {}));
    await Promise.resolve();
    const peer = { report: calls, warn: calls };
    let held = 0;
    const worker = { beginWork: () => held++, endWork: () => held--, watchHandler: () => () => {} };
    for (let n = 0; n < 5; n++) {
      incoming.put(1, (place) => {
        deliver({ id: "a/b", [DELIVERY]: { peer, place, replyWithError: undefined, worker } });
        return undefined;
      });
    }
    expect(held).toBe(5);
    incoming.clear();
    expect(held).toBe(1);
  });

  it("answers with what a handler returns or resolves to, null and false included", async () => {
    const { server, tab, idle } = setting();
    startRouter(server, {
      "a/echo": ({ data }) => data,
      "a/later": async ({ data }) => data,
      "a/own": ({ replyFn }) => {
        expect([replyFn?.("first"), replyFn?.("second")]).toEqual([true, false]);
      },
    });
    const { client } = tab("ann");
    await idle();
    const asked = ["a/echo", "a/later"].flatMap((id) =>
      [null, false, { x: 1 }].map((data) => client.requestFn([id, data])),
    );
    const own = client.requestFn(["a/own"]);
    await idle();
    expect(await Promise.all(asked)).toEqual([null, false, { x: 1 }, null, false, { x: 1 }]);
    expect(await own).toBe("first");
  });

  it("gives a handler all that it needs to act", async () => {
    const { server, tab, idle } = setting({ authorizedFn: () => ({ role: "admin" }) });
    let seen: ServerMessage | undefined;
    startRouter(server, (message) => {
      if (message.id === "a/look") seen = message;
    });
    const { client } = tab("ann", { clientId: "c" });
    client.sendFn(["a/look", 7]);
    await idle();
    expect(seen).toMatchObject({
      event: ["a/look", 7],
      id: "a/look",
      data: 7,
      uid: "ann",
      clientId: "c",
      context: { role: "admin" },
    });
    expect(seen?.request.url.searchParams.get("uid")).toBe("ann");
    expect(seen?.replyFn).toBeUndefined();
    expect([seen?.sendFn, seen?.connectedUids]).toEqual([server.sendFn, server.connectedUids]);
  });

  it("refuses with a ReplyError that is returned, or given to replyFn, and reports nothing", async () => {
    const { server, tab, idle, errors } = setting();
    const refusal = () => new ReplyError("not-allowed", { data: { a: 1 } });
    startRouter(server, {
      "a/return": refusal,
      "a/later": async () => refusal(),
      "a/call": ({ replyFn }) => {
        expect([replyFn?.(refusal()), replyFn?.("late")]).toEqual([true, false]);
      },
    });
    const { client } = tab("ann");
    const asked = ["a/return", "a/later", "a/call"].map((id) =>
      client.requestFn([id]).catch((error: unknown) => error),
    );
    await idle();
    for (const error of await Promise.all(asked)) expect(error).toMatchObject({ code: "not-allowed", data: { a: 1 } });
    expect(errors).toEqual([]);
  });

  it("takes a ReplyError of another copy of the package for what it is", async () => {
    vi.resetModules();
    const other: typeof import("@sente-lite/protocol") = await import("@sente-lite/protocol");
    expect(other.ReplyError).not.toBe(ReplyError);
    const { server, tab, idle, errors } = setting();
    const refusal = () => new other.ReplyError("too-late", { message: "it is over", data: { by: 3 } });
    startRouter(server, {
      "a/returned": refusal,
      "a/given": ({ replyFn }) => void replyFn?.(refusal()),
      "a/thrown": () => {
        throw refusal();
      },
    });
    const { client } = tab("ann");
    const asked = ["a/returned", "a/given", "a/thrown"].map((id) => client.requestFn([id]).catch((error) => error));
    await idle();
    for (const error of await Promise.all(asked)) {
      expect(error).toMatchObject({ code: "too-late", message: "it is over", data: { by: 3 } });
    }
    expect(errors).toEqual(["too-late"]);
  });

  it("masks what a handler throws, tells a ReplyError, keeps the connection, and reports both", async () => {
    const { server, tab, idle, errors } = setting();
    startRouter(server, {
      "a/throw": () => {
        throw new Error("the password is 1234");
      },
      "a/reject": () => Promise.reject(new ReplyError("not-allowed", { message: "no", data: { a: 1 } })),
      "a/unsendable": () => ({ f: () => {} }),
    });
    const { client } = tab("ann");
    const asked = ["a/throw", "a/reject", "a/unsendable"].map((id) =>
      client.requestFn([id]).catch((error: unknown) => error),
    );
    await idle();
    const [thrown, rejected, unsendable] = await Promise.all(asked);
    expect(thrown).toMatchObject({ name: "ReplyError", code: "error", message: "the handler failed", data: null });
    expect(rejected).toMatchObject({ name: "ReplyError", code: "not-allowed", message: "no", data: { a: 1 } });
    expect(unsendable).toMatchObject({ name: "ReplyError", code: "error" });
    expect(errors).toEqual(["the password is 1234", "not-allowed", expect.any(String)]);
    expect(client.state.get().open).toBe(true);
  });

  it("starts the handlers of a connection in order, one at a time, and connections side by side", async () => {
    const { server, tab, idle } = setting();
    const started: string[] = [];
    const gates = new Map<string, ReturnType<typeof deferred<void>>>();
    startRouter(server, {
      "a/work": ({ uid, data }) => {
        started.push(`${uid}${data}`);
        const gate = deferred<void>();
        gates.set(`${uid}${data}`, gate);
        return gate.promise;
      },
    });
    for (const uid of ["ann", "bob"]) {
      const { client } = tab(uid);
      for (const n of [1, 2]) client.sendFn(["a/work", n]);
    }
    await idle();
    expect(started).toEqual(["ann1", "bob1"]);
    gates.get("bob1")?.resolve();
    await idle();
    expect(started).toEqual(["ann1", "bob1", "bob2"]);
    gates.get("ann1")?.resolve();
    await idle();
    expect(started.at(-1)).toBe("ann2");
  });

  it("runs as many handlers of a connection side by side as it is told", async () => {
    const { server, tab, idle } = setting();
    let running = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    startRouter(
      server,
      {
        "a/work": async () => {
          most = Math.max(most, ++running);
          const gate = deferred<void>();
          gates.push(gate.resolve);
          await gate.promise;
          running--;
        },
      },
      { concurrency: 3 },
    );
    const { client } = tab("ann");
    for (let n = 0; n < 10; n++) client.sendFn(["a/work", n]);
    await idle();
    expect(running).toBe(3);
    while (gates.length > 0) {
      gates.shift()?.();
      await idle();
    }
    expect([most, running]).toEqual([3, 0]);
  });

  it("answers a request that nobody handles, and warns once for each id", async () => {
    const { server, tab, idle, lines } = setting();
    startRouter(server, {});
    const { client } = tab("ann");
    const asked = [1, 2].map(() => client.requestFn(["a/who"]).catch((error: unknown) => error));
    client.sendFn(["constructor/name"]);
    await idle();
    for (const error of await Promise.all(asked)) expect(error).toMatchObject({ code: "unhandled" });
    expect(lines).toEqual([expect.stringContaining("a/who"), expect.stringContaining("constructor/name")]);
  });

  it("warns of long ids in part, and of a bounded number of them", async () => {
    const { server, tab, idle, lines } = setting();
    startRouter(server, {});
    const { client } = tab("ann");
    for (let i = 0; i < 3; i++) client.sendFn([`a/${"x".repeat(8_000)}${i}`]);
    await idle();
    expect(lines).toEqual([expect.stringContaining("xxx")]);
    expect(lines[0]?.length).toBeLessThan(300);
    for (let i = 0; i < 200; i++) client.sendFn([`a/n${i}`]);
    await idle();
    expect(lines).toHaveLength(100);
  });

  it("hands what is left to onUnhandled, or to the handler *", async () => {
    const { server, tab, idle } = setting();
    const unhandled: string[] = [];
    const stop = startRouter(server, { "a/known": () => 1 }, { onUnhandled: ({ id }) => unhandled.push(id) });
    const { client } = tab("ann");
    client.sendFn(["a/unknown"]);
    await idle();
    stop();
    startRouter(server.chRecv, { "*": ({ id }) => `any ${id}` });
    const reply = client.requestFn(["a/unknown"]);
    await idle();
    expect(unhandled).toEqual(["a/unknown"]);
    expect(await reply).toBe("any a/unknown");
  });

  it("answers a request for which there are only other listeners", async () => {
    const { server, tab, idle } = setting();
    server.chRecv.on("a/other", () => {});
    const { client } = tab("ann");
    const error = client.requestFn(["a/who"]).catch((reason: unknown) => reason);
    await idle();
    expect(await error).toMatchObject({ code: "unhandled" });
  });

  it("routes a client's events too", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann");
    const got: unknown[] = [];
    startRouter(client, { "s/hello": ({ data, state }) => void got.push([data, state.uid]) });
    await idle();
    server.sendFn("ann", ["s/hello", 1]);
    await idle();
    expect(got).toEqual([[1, "ann"]]);
  });
});
