import { expect, it } from "vitest";
import { createErrorChan } from "./error-chan.ts";
import { isReplyError, UsageError } from "./errors.ts";

function setting() {
  const lines: string[] = [];
  const time = { now: 1_000 };
  const chan = createErrorChan({ now: () => time.now, log: { error: (message) => lines.push(message) } });
  return { chan, lines, time };
}

it("tells each listener of each report, with its context; a listener that throws keeps it from nobody", () => {
  const { chan, lines } = setting();
  const heard: unknown[] = [];
  chan.on(() => {
    throw new Error("mine");
  });
  const off = chan.on(({ error, context, timestamp, count }) => heard.push([error.message, context, timestamp, count]));
  chan.report(new UsageError("bad", "no"), { uid: "ann" });
  off();
  chan.report("text");
  expect(heard).toEqual([["no", { uid: "ann" }, 1_000, 1]]);
  expect(lines).toEqual(Array(2).fill("sente-lite: a listener of errorChan threw"));
  expect(chan.total()).toBe(2);
});

it("takes whatever was thrown", () => {
  const { chan } = setting();
  const heard: Error[] = [];
  chan.on(({ error }) => heard.push(error));
  const nameless = Object.create(null) as unknown;
  for (const thrown of [undefined, "text", nameless]) chan.report(thrown);
  expect(heard.map(({ message }) => message)).toEqual(["undefined", "text", "something that has no text was thrown"]);
  expect(heard[2]?.cause).toBe(nameless);
});

const throwError = (): never => {
  throw new Error("thrown when it is looked at");
};

it.each([
  ["throws whatever is done with it", new Proxy({}, { get: throwError, has: throwError, getPrototypeOf: throwError })],
  ["is an error whose message throws", Object.defineProperty(new Error("x"), "message", { get: throwError })],
  ["is an error whose code throws", Object.defineProperty(new Error("x"), "code", { get: throwError })],
  ["is an error whose message is no text", Object.assign(new Error("x"), { message: { a: 1 } })],
])("takes what %s, and says that it was thrown", (_what, thrown) => {
  const { chan } = setting();
  const heard: unknown[] = [];
  chan.on(({ error }) => heard.push(error.message));
  chan.report(thrown);
  expect(heard).toEqual([expect.any(String)]);
  expect(chan.recent()).toHaveLength(1);
  expect(isReplyError(thrown)).toBe(false);
});

it("writes to the log while nobody listens, but not without end, and says how many it left out", () => {
  const { chan, lines, time } = setting();
  for (let i = 0; i < 1_000; i++) chan.report(new Error(`no ${i}`));
  expect(lines).toHaveLength(101);
  time.now += 60_000;
  chan.report(new Error("later"));
  expect(lines.slice(-2)).toEqual(["sente-lite: 900 more errors in that minute, not logged", "sente-lite: later"]);
});

it("remembers the last kinds of error, each with its count, and no more than 50", () => {
  const { chan, time } = setting();
  chan.on(() => {});
  chan.report(new UsageError("bad", "no 1"), { source: "a" });
  for (let i = 0; i < 100; i++) chan.report(new Error(`kind ${i}`));
  time.now = 2_000;
  for (let i = 0; i < 10_000; i++) chan.report(new UsageError("bad", `no ${i}`), { source: "b", i });
  chan.report(new UsageError("bad", "no"), { source: "c" });
  const recent = chan.recent();
  expect(recent).toHaveLength(50);
  expect(recent.at(-2)).toEqual({
    name: "UsageError",
    code: "bad",
    message: "no 9999",
    context: { source: "b", i: 9_999 },
    count: 10_000,
    firstAt: 2_000,
    lastAt: 2_000,
  });
  expect(recent.at(0)?.message).toBe("kind 52");
});

it("folds what a loop that lags has not read, by kind, and loses no count", async () => {
  const { chan, lines } = setting();
  const loop = chan[Symbol.asyncIterator]();
  for (let i = 0; i < 5_000; i++) chan.report(new UsageError(i % 2 === 0 ? "even" : "odd", `no ${i}`));
  let told = 0;
  const counts: number[] = [];
  while (told < 5_000) {
    const { value } = (await loop.next()) as IteratorYieldResult<{ count: number }>;
    told += value.count;
    counts.push(value.count);
  }
  expect(counts.slice(-2)).toEqual([2_000, 2_000]);
  expect(counts.slice(0, -2)).toEqual(Array(1_000).fill(1));
  chan.report(new Error("next"));
  expect((await loop.next()).value).toMatchObject({ count: 1 });
  await loop.return?.();
  expect(lines).toEqual([]);
});

it("writes one bounded line for whatever a peer had a hand in, and keeps as little of it", () => {
  const logged: unknown[][] = [];
  const chan = createErrorChan({ now: () => 0, log: { error: (...line) => logged.push(line) } });
  const long = "x".repeat(1_000_000);
  const evil = "\u001b[2J\r\nsente-lite: all is well\u2028\u009b";
  chan.report(new Error(evil), { uid: "ann" });
  chan.report(new Error(long), { uid: long, clientId: "c", source: long });
  chan.report(Object.assign(new Error("coded"), { code: long }), { process: long });
  const [first, second] = logged;
  expect(first?.[0]).toBe(String.raw`sente-lite: \u001b[2J\u000d\u000asente-lite: all is well\u2028\u009b`);
  expect(JSON.stringify(first?.[1])).not.toContain("\u001b");
  expect(first?.[1]).toMatchObject({ uid: "ann", error: expect.not.stringContaining("\n") });
  expect(JSON.stringify(second).length).toBeLessThan(3_000);
  expect(second?.[1]).toMatchObject({ clientId: "c", uid: `${"x".repeat(200)}...` });
  expect(JSON.stringify(chan.recent().map(({ code: _code, ...kind }) => kind)).length).toBeLessThan(3_000);
});

it("tells listeners all of it", () => {
  const { chan } = setting();
  const heard: unknown[] = [];
  chan.on(({ error, context }) => heard.push([error.message.length, context.uid]));
  const long = "x".repeat(5_000);
  chan.report(new Error(long), { uid: long });
  expect(heard).toEqual([[5_000, long]]);
});

it("has in the log no control character of what was said beside the error either, and no other direction of reading", () => {
  const logged: unknown[][] = [];
  const chan = createErrorChan({ now: () => 0, log: { error: (...line) => logged.push(line) } });
  chan.report(new Error("\u202egnihton"), { uid: "\u009b2J\u007f", clientId: "a\u2028b\u2066", n: 1 });
  const [[message, context] = []] = logged;
  expect(message).toBe(String.raw`sente-lite: \u202egnihton`);
  expect(context).toMatchObject({ uid: String.raw`\u009b2J\u007f`, clientId: String.raw`a\u2028b\u2066`, n: 1 });
});
