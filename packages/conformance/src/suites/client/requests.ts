import { describe, expect } from "vitest";
import { type ClientSection, cbIdOf, isOpen, stageClient, until } from "./section.ts";

/** Replies in EDN, and what the request resolves to. */
const replies: readonly (readonly [text: string, value: unknown])[] = [
  ["nil", null],
  ["false", false],
  ["true", true],
  ["0", 0],
  ['""', ""],
  ['"pong"', "pong"],
  ["[]", []],
  ["{}", {}],
  ["[1 [2]]", [1, [2]]],
  ['{:a {:b "c"}}', { a: { b: "c" } }],
  ['["chsk/error" 1]', ["chsk/error", 1]],
];

export function requestTests(section: ClientSection): void {
  const { test } = section;

  describe("§3 requests", () => {
    for (const [text, value] of replies) {
      test(`the reply ${text} is the request's value`, async () => {
        const { stage, client } = await stageClient(section);
        const connection = await stage.greet();
        const reply = client.requestFn(["test/ask", 1]);
        connection.send(`[${text} "${cbIdOf(await connection.frame())}"]`);
        expect(await reply).toEqual(value);
      });
    }

    test("a cb-id is a string of at most 64 characters, and never used twice", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      const open = Array.from({ length: 20 }, (_, i) => client.requestFn(["test/ask", i]).catch(() => "closed"));
      const cbIds = (await connection.takeFrames(20)).map(cbIdOf);
      expect(new Set(cbIds).size).toBe(20);
      expect(Math.max(...cbIds.map((cbId) => cbId.length))).toBeLessThanOrEqual(64);
      connection.terminate();
      await Promise.all(open);
      const again = await stage.greet();
      client.requestFn(["test/ask", "again"]).catch(() => "closed");
      expect(cbIds).not.toContain(cbIdOf(await again.frame()));
    });

    test("replies find their requests in whatever order they come", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      const [one, two, three] = [1, 2, 3].map((i) => client.requestFn(["test/ask", i]));
      for (const frame of [...(await connection.takeFrames(3))].reverse()) {
        const [, i] = /:test\/ask (\d)/.exec(frame) ?? [];
        connection.send(`["reply ${i}" "${cbIdOf(frame)}"]`);
      }
      expect(await Promise.all([one, two, three])).toEqual(["reply 1", "reply 2", "reply 3"]);
    });

    test("the second reply to a request is nobody's", async () => {
      const { stage, client, errors } = await stageClient(section);
      const connection = await stage.greet();
      const first = client.requestFn(["test/ask", 1]);
      const cbId = cbIdOf(await connection.frame());
      connection.send(`[1 "${cbId}"]`);
      connection.send(`[2 "${cbId}"]`);
      const second = client.requestFn(["test/ask", 2]);
      connection.send(`[3 "${cbIdOf(await connection.frame())}"]`);
      expect([await first, await second]).toEqual([1, 3]);
      expect(errors.all).toEqual([]);
    });

    test("a reply to a cb-id that was never sent is nobody's", async () => {
      const { stage, client, errors } = await stageClient(section);
      const connection = await stage.greet();
      connection.send('[:whatever "zzzzzz"]');
      const reply = client.requestFn(["test/ask", 1]);
      connection.send(`[1 "${cbIdOf(await connection.frame())}"]`);
      expect(await reply).toBe(1);
      expect(errors.all).toEqual([]);
    });

    test("chsk/error rejects with the code error", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      const reply = client.requestFn(["test/ask", 1]);
      connection.send(`[:chsk/error "${cbIdOf(await connection.frame())}"]`);
      await expect(reply).rejects.toMatchObject({ name: "ReplyError", code: "error" });
    });

    test("an error of our own server rejects with its code, message and data", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      const reply = client.requestFn(["test/ask", 1]);
      const failure = '{:code "not-allowed", :message "only for members", :data {:room "r1"}}';
      connection.send(`[[:chsk/error ${failure}] "${cbIdOf(await connection.frame())}"]`);
      await expect(reply).rejects.toMatchObject({
        code: "not-allowed",
        message: "only for members",
        data: { room: "r1" },
      });
    });

    test("without a reply in time it rejects with timeout, and the late reply is dropped", async () => {
      const { stage, client, errors } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      const late = client.requestFn(["test/ask", 1], { timeoutMs: 40 });
      const isLate = expect(late).rejects.toMatchObject({ name: "ReplyError", code: "timeout" });
      const cbId = cbIdOf(await connection.frame());
      await isLate;
      connection.send(`["late" "${cbId}"]`);
      const next = client.requestFn(["test/ask", 2]);
      connection.send(`["in time" "${cbIdOf(await connection.frame())}"]`);
      expect(await next).toBe("in time");
      expect(errors.all).toEqual([]);
    });

    test("the option requestTimeoutMs is the timeout of requests that name none", async () => {
      const { stage, client } = await stageClient(section, { requestTimeoutMs: 40 });
      await stage.greet();
      await until(client.state, isOpen);
      await expect(client.requestFn(["test/ask", 1])).rejects.toMatchObject({ code: "timeout" });
    });

    test("a request that times out before it was sent is never sent", async () => {
      const { stage, client } = await stageClient(section, { connect: false });
      await expect(client.requestFn(["test/ask", "stale"], { timeoutMs: 20 })).rejects.toMatchObject({
        code: "timeout",
      });
      client.sendFn(["test/fresh", 1]);
      client.chsk.connect();
      const connection = await stage.greet();
      expect(await connection.frame()).toBe("[[:test/fresh 1] nil]");
    });

    test("an abort gives the request up with the signal's reason", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      const given = new AbortController();
      const reply = client.requestFn(["test/ask", 1], { signal: given.signal });
      const cbId = cbIdOf(await connection.frame());
      const reason = new Error("no longer wanted");
      given.abort(reason);
      await expect(reply).rejects.toBe(reason);
      connection.send(`[1 "${cbId}"]`);
      const next = client.requestFn(["test/ask", 2]);
      connection.send(`[2 "${cbIdOf(await connection.frame())}"]`);
      expect(await next).toBe(2);
    });

    test("a request whose signal is aborted already is not sent", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      const signal = AbortSignal.abort(new Error("too late"));
      await expect(client.requestFn(["test/ask", 1], { signal })).rejects.toThrow("too late");
      client.sendFn(["test/next", 1]);
      expect(await connection.frame()).toBe("[[:test/next 1] nil]");
    });

    test("a request that is aborted while it waits is not sent", async () => {
      const { stage, client } = await stageClient(section, { connect: false });
      const given = new AbortController();
      const reply = client.requestFn(["test/ask", 1], { signal: given.signal });
      given.abort(new Error("too late"));
      await expect(reply).rejects.toThrow("too late");
      client.sendFn(["test/next", 1]);
      client.chsk.connect();
      expect(await (await stage.greet()).frame()).toBe("[[:test/next 1] nil]");
    });

    test("requests in flight when the connection is lost are rejected with closed", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      const lost = Promise.allSettled([1, 2, 3].map((i) => client.requestFn(["test/ask", i])));
      await connection.takeFrames(3);
      connection.terminate();
      const reason = { name: "ReplyError", code: "closed" };
      expect(await lost).toMatchObject(Array.from({ length: 3 }, () => ({ status: "rejected", reason })));
    });

    test("a request that waits for a connection is sent by the next one", async () => {
      const { stage, client } = await stageClient(section);
      const reply = client.requestFn(["test/ask", 1]);
      (await stage.attempt()).terminate();
      const connection = await stage.greet();
      connection.send(`["made it" "${cbIdOf(await connection.frame())}"]`);
      expect(await reply).toBe("made it");
    });
  });

  describe("§3 requests in Sente's form, with a callback", () => {
    const answerOf = (client: Awaited<ReturnType<typeof stageClient>>["client"], timeoutMs: number) =>
      new Promise((resolve) => {
        client.sendFn(["test/ask", 1], timeoutMs, resolve);
      });

    test("the callback gets the reply, nil too", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      for (const [text, value] of [
        ["{:a 1}", { a: 1 }],
        ["nil", null],
        ["false", false],
      ] as const) {
        const answer = answerOf(client, 5_000);
        connection.send(`[${text} "${cbIdOf(await connection.frame())}"]`);
        expect(await answer).toEqual(value);
      }
    });

    test("the callback gets chsk/timeout, chsk/error or chsk/closed", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      expect(await answerOf(client, 30)).toBe("chsk/timeout");
      await connection.frame();
      const failed = answerOf(client, 5_000);
      connection.send(`[:chsk/error "${cbIdOf(await connection.frame())}"]`);
      expect(await failed).toBe("chsk/error");
      const closed = answerOf(client, 5_000);
      await connection.frame();
      connection.terminate();
      expect(await closed).toBe("chsk/closed");
    });

    test("a callback that throws is reported, and the client goes on", async () => {
      const { stage, client, errors } = await stageClient(section);
      const connection = await stage.greet();
      client.sendFn(["test/ask", 1], 5_000, () => {
        throw new Error("callback at fault");
      });
      connection.send(`[1 "${cbIdOf(await connection.frame())}"]`);
      expect((await errors.next()).error.message).toBe("callback at fault");
      client.sendFn(["test/next", 1]);
      expect(await connection.frame()).toBe("[[:test/next 1] nil]");
    });
  });
}
