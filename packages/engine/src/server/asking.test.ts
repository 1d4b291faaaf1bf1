import {
  type Answered,
  defineContract,
  EncodeError,
  event,
  ReplyError,
  type ToClientId,
  UsageError,
} from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
import { setting } from "../testing/setting.test-support.ts";

const OURS = "client-id=c&uid=ann&sente-lite=1&attempt=1&features=sessions.error-details.requests";
const to = { uid: "ann", clientId: "tab-1" };
const codeOf = (error: unknown) => (error instanceof ReplyError ? error.code : error);

describe("requestFn of a server (PROTOCOL.md section 6.11)", () => {
  it("is answered by the handler of the client's router", async () => {
    const { server, tab, idle } = setting();
    startRouter(tab("ann").client, { "file/confirm": async ({ data }) => ({ isSure: data.name === "a" }) });
    await idle();
    const asked = server.requestFn(to, ["file/confirm", { name: "a" }]);
    await idle();
    expect(await asked).toEqual({ isSure: true });
  });

  it("is refused by what the handler returns or throws, and told so where nobody handles it", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann");
    const reported: string[] = [];
    client.errorChan.on(({ error }) => reported.push(error.message));
    startRouter(client, {
      "a/refuse": () => new ReplyError("busy", { message: "not now", data: { retryInMs: 5 } }),
      "a/throw": () => {
        throw new Error("secret");
      },
    });
    await idle();
    const failureOf = async (id: string) => {
      const asked = server.requestFn(to, [id]).catch((error: ReplyError) => [error.code, error.message, error.data]);
      await idle();
      return asked;
    };
    expect(await failureOf("a/refuse")).toEqual(["busy", "not now", { retryInMs: 5 }]);
    expect(await failureOf("a/throw")).toEqual(["error", "the handler failed", null]);
    expect(await failureOf("a/nobody")).toEqual(["unhandled", "nobody handles this event", null]);
    expect(reported).toEqual(["secret"]);
  });

  it("is answered by replyFn, of which the first call counts, and is unhandled where no listener wants it", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann");
    const given: unknown[] = [];
    client.chRecv.on("a/ask", ({ replyFn }) => given.push(replyFn?.(1), replyFn?.(2)));
    client.chRecv.on("a/push", ({ replyFn }) => given.push(replyFn));
    await idle();
    server.sendFn("ann", ["a/push"]);
    const asked = server.requestFn(to, ["a/ask"]);
    await idle();
    expect([await asked, given]).toEqual([1, [undefined, true, false]]);
  });

  it("can be awaited in a handler, at the default concurrency and behind as much as the client sent before", async () => {
    const { server, tab, idle } = setting();
    const { client } = tab("ann");
    const handled: unknown[] = [];
    startRouter(client, { "ask/confirm": ({ data }) => data === "really?" });
    startRouter(server, {
      "file/delete": async ({ uid, clientId }) => ({
        deleted: await server.requestFn({ uid, clientId }, ["ask/confirm", "really?"]),
      }),
      "a/other": ({ data }) => void handled.push(data),
    });
    await idle();
    const deleted = client.requestFn(["file/delete"]);
    for (let n = 0; n < 400; n++) client.sendFn(["a/other", n]);
    await idle();
    expect(await deleted).toEqual({ deleted: true });
    expect(handled).toHaveLength(400);
  });

  it("can be awaited in the sendFn of a room, behind which what follows waits", async () => {
    const { server, tab, idle } = setting({
      rooms: { "chat/*": { joinFn: () => true, sendFn: ({ uid, clientId }) => mayHe({ uid, clientId }) } },
    });
    const mayHe = async (one: ToClientId): Promise<boolean> => (await server.requestFn(one, ["may/i"])) === true;
    const { client } = tab("ann");
    startRouter(client, { "may/i": () => true });
    const got: unknown[] = [];
    const room = client.room("chat/tea");
    room.chRecv.on("chat/said", ({ data }) => got.push(data));
    room.sendFn(["chat/said", "hello"]);
    await idle();
    expect(got).toEqual(["hello"]);
  });

  it("goes on over a dropped connection, and ends as closed with the session", async () => {
    const { server, tab, idle, clock } = setting();
    const { client } = tab("ann");
    const answers: ((value: unknown) => void)[] = [];
    client.chRecv.on("a/ask", ({ replyFn }) => void (replyFn && answers.push(replyFn)));
    await idle();
    const kept = server.requestFn(to, ["a/ask"]);
    client.chsk.breakConnection();
    await clock.advance(5_000);
    answers[0]?.("over a cut");
    await idle();
    expect(await kept).toBe("over a cut");
    const lost = server.requestFn(to, ["a/ask"]).catch(codeOf);
    server.disconnectFn("ann");
    expect(await lost).toBe("closed");
  });

  it("ends as closed with the server", async () => {
    const { server, tab, idle } = setting();
    tab("ann").client.chRecv.on("a/ask", () => {});
    await idle();
    const asked = server.requestFn(to, ["a/ask"], { timeoutMs: 0 }).catch(codeOf);
    await Promise.all([server.close(), idle()]);
    expect(await asked).toBe("closed");
  });

  it("times out after the time that it is given, or that the server has for all", async () => {
    const { server, tab, idle, clock } = setting({ requestTimeoutMs: 300 });
    tab("ann").client.chRecv.on("a/ask", () => {});
    await idle();
    const ended: unknown[] = [];
    void server.requestFn(to, ["a/ask"]).catch((error) => ended.push([300, codeOf(error)]));
    void server.requestFn(to, ["a/ask"], { timeoutMs: 100 }).catch((error) => ended.push([100, codeOf(error)]));
    await clock.advance(99);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual([[100, "timeout"]]);
    await clock.advance(200);
    expect(ended).toEqual([
      [100, "timeout"],
      [300, "timeout"],
    ]);
  });

  it("is given up by a signal", async () => {
    const { server, tab, idle, errors } = setting();
    const answered: unknown[] = [];
    tab("ann").client.chRecv.on("a/ask", ({ replyFn }) => void answered.push(replyFn?.("too late")));
    await idle();
    const aborting = new AbortController();
    const asked = server.requestFn(to, ["a/ask"], { signal: aborting.signal }).catch((error) => error);
    aborting.abort("enough");
    await idle();
    expect([await asked, answered, errors]).toEqual(["enough", [true], []]);
    expect(await server.requestFn(to, ["a/ask"], { signal: AbortSignal.abort("before") }).catch((e) => e)).toBe(
      "before",
    );
  });

  it("is told at once of who is not there, and of who cannot answer", async () => {
    const { server } = setting();
    await openRawPeer(server, "client-id=sente&uid=ann");
    await openRawPeer(server, "client-id=old&uid=ann&sente-lite=1&attempt=1");
    await openRawPeer(server, "uid=bare");
    const failure = (clientId: string) => server.requestFn({ uid: "ann", clientId }, ["a/ask"]).catch(codeOf);
    expect(await failure("nobody")).toBe("not-connected");
    expect(await failure("sente")).toBe("unsupported");
    expect(await failure("old")).toBe("unsupported");
    const bare = await server.requestAllFn("bare", ["a/ask"]);
    expect(bare.map((one) => one.status === "rejected" && codeOf(one.reason))).toEqual(["unsupported"]);
  });

  it("asks of namesakes the one that is connected and came last", async () => {
    const { server, tab, idle } = setting();
    const asked: string[] = [];
    for (const name of ["first", "second"]) {
      const { client } = tab("ann", { clientId: "same" });
      startRouter(client, { "a/ask": () => void asked.push(name) });
      await idle();
    }
    void server.requestFn({ uid: "ann", clientId: "same" }, ["a/ask"]).catch(() => {});
    await idle();
    expect(asked).toEqual(["second"]);
  });

  it("rejects what cannot be meant or sent", async () => {
    const { server, tab, idle } = setting({ maxRequestsPerConnection: 1 });
    tab("ann").client.chRecv.on("a/ask", () => {});
    await idle();
    const failure = (...given: Parameters<typeof server.requestFn>) =>
      server.requestFn(...given).catch((error) => [error.constructor, error.code]);
    expect(await failure("ann" as never, ["a/ask"])).toEqual([UsageError, "bad-option"]);
    expect(await failure({ uid: "ann" } as never, ["a/ask"])).toEqual([UsageError, "bad-option"]);
    expect(await failure(to, ["chsk/ask"])).toEqual([UsageError, "reserved-event-id"]);
    expect(await failure(to, ["a/ask"], { timeout: 5 } as never)).toEqual([UsageError, "unknown-option"]);
    expect(await failure(to, ["a/ask"], { timeoutMs: Number.NaN })).toEqual([UsageError, "bad-limit"]);
    expect(await failure(to, ["a/ask", () => 1])).toEqual([EncodeError, expect.any(String)]);
    void failure(to, ["a/ask"]);
    expect(await failure(to, ["a/ask"])).toEqual([ReplyError, "too-many-requests"]);
  });
});

describe("requestAllFn", () => {
  it("tells of each client how it ended", async () => {
    const { server, tab, idle } = setting();
    startRouter(tab("ann").client, { "a/ask": ({ data }) => data + 1 });
    startRouter(tab("ann").client, { "a/ask": () => new ReplyError("busy") });
    await openRawPeer(server, "client-id=sente&uid=ann");
    await idle();
    const asked = server.requestAllFn("ann", ["a/ask", 1]);
    await idle();
    const told = (one: Answered) => [
      one.uid,
      one.clientId,
      one.status === "fulfilled" ? one.value : codeOf(one.reason),
    ];
    expect((await asked).map(told)).toEqual([
      ["ann", "tab-1", 2],
      ["ann", "tab-2", "busy"],
      ["ann", "sente", "unsupported"],
    ]);
    expect(await server.requestAllFn(["bob", { uid: "ann", clientId: "gone" }], ["a/ask"])).toEqual([]);
  });

  it("asks who is in a room", async () => {
    const { server, tab, idle } = setting({ rooms: { "chat/*": {} } });
    for (const uid of ["ann", "bob", "cy"]) startRouter(tab(uid).client, { "a/ask": () => uid });
    await idle();
    server.joinFn(["ann", "cy"], "chat/tea");
    const asked = server.requestAllFn({ room: "chat/tea" }, ["a/ask"]);
    await idle();
    expect((await asked).map((one) => one.status === "fulfilled" && one.value)).toEqual(["ann", "cy"]);
  });
});

describe("with a contract", () => {
  const isText = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: async (value: unknown) =>
        typeof value === "string" ? { value: value.trim() } : { issues: [{ message: "no text" }] },
    },
  };
  const contract = defineContract({ toClient: { "a/ask": event({ data: isText, reply: isText }) } });

  it("checks what is asked at the client, and the reply at the server", async () => {
    const { server, tab, idle, errors } = setting({ contract });
    const { client } = tab("ann", { contract });
    const reported: string[] = [];
    client.errorChan.on(({ error }) => reported.push((error as UsageError).code));
    startRouter(client, { "a/ask": ({ data }) => (data === "odd" ? (7 as never) : `${data}! `) });
    await idle();
    const ask = async (data: unknown) => {
      const asked = server.requestFn(to, ["a/ask", data as never]).catch(codeOf);
      await idle();
      return asked;
    };
    expect(await ask(" hi ")).toBe("hi!");
    expect(await ask("odd")).toBe("invalid-reply");
    expect(await ask(7)).toBe("invalid-data");
    expect([errors, reported, server.metrics().badEvents]).toEqual([["invalid-reply"], ["invalid-data"], 1]);
    expect(await server.requestFn(to, ["a/other"] as never).catch((error) => error.code)).toBe("not-in-contract");
  });

  it("holds no more answers that wait to be checked than events", async () => {
    const waiting: (() => void)[] = [];
    const slow = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) =>
          new Promise<{ value: unknown }>((resolve) => waiting.push(() => resolve({ value }))),
      },
    };
    const { server, errors, idle } = setting({
      contract: defineContract({ toClient: { "a/ask": event({ reply: slow }) } }),
      maxReceivedBytes: 1_000,
    });
    const peer = await openRawPeer(server, OURS);
    const ended = [1, 2, 3].map(() => server.requestFn({ uid: "ann", clientId: "c" }, ["a/ask"]).catch(codeOf));
    for (const id of [1, 2]) peer.handlers.message(`[["chsk/reply",{"id":${id},"value":"${"x".repeat(600)}"}],null]`);
    expect([peer.closes.map(({ code }) => code), errors[0]]).toEqual([[4413], "receiver-full"]);
    for (const go of waiting) go();
    await idle();
    expect(await Promise.all(ended)).toEqual(["x".repeat(600), "closed", "closed"]);
  });
});

describe("a peer that answers as it should not", () => {
  it("is reported once a minute, counted, and harmless", async () => {
    const { server, errors, clock } = setting();
    const peer = await openRawPeer(server, OURS);
    const asked = server.requestFn({ uid: "ann", clientId: "c" }, ["a/ask"]);
    for (const reply of [
      '{"id":2,"value":1}',
      '{"id":1}',
      "7",
      '{"id":1,"value":"right"}',
      '{"id":1,"value":"again"}',
    ]) {
      peer.handlers.message(`[["chsk/reply",${reply}],null]`);
    }
    expect(await asked).toBe("right");
    expect([errors, server.metrics().badEvents, peer.closes]).toEqual([["bad-reply"], 4, []]);
    await clock.advance(60_000);
  });

  it("that is not one of ours has its reply taken for a bad event", async () => {
    const { server, errors } = setting();
    const peer = await openRawPeer(server, "client-id=c&uid=ann");
    peer.handlers.message('[["chsk/reply",{"id":1,"value":1}],null]');
    expect(errors).toEqual(["bad-event"]);
  });

  it("is read on while its answer is awaited, and paused again after it", async () => {
    const { server, idle } = setting();
    const peer = await openRawPeer(server, OURS);
    startRouter(server, {
      "a/slow": ({ uid, clientId }) => server.requestFn({ uid, clientId }, ["a/ask"]),
      "a/never": () => new Promise(() => {}),
    });
    await idle();
    for (let n = 0; n < 80; n++) peer.handlers.message(`[["${n === 0 ? "a/slow" : "a/never"}",${n}],null]`);
    expect(peer.reading).toEqual([]);
    peer.handlers.message('[["chsk/reply",{"id":1,"value":1}],null]');
    await idle();
    expect(peer.reading).toEqual(["pause"]);
    const asked = server.requestFn({ uid: "ann", clientId: "c" }, ["a/ask"]);
    expect(peer.reading).toEqual(["pause", "resume"]);
    peer.handlers.message('[["chsk/reply",{"id":2,"value":2}],null]');
    expect([await asked, peer.reading]).toEqual([2, ["pause", "resume", "pause"]]);
    for (let n = 0; n < 500; n++) peer.handlers.message(`[["a/never",${n}],null]`);
    expect(peer.closes).toEqual([]);
  });
});
