import { ReplyError, UsageError } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { defineProcess, type OnError, type Process, type ProcessContext } from "./process.ts";
import { setting } from "./setting.test-support.ts";

/** Counts what comes in, and throws at "bad". */
function counter(onError: Process<number>["onError"], log: string[] = []): Process<number, unknown> {
  return defineProcess<number>({
    ports: { in: { in: { optional: true } }, out: ["out"] },
    init: () => 0,
    start: () => void log.push("start"),
    stop: (count, reason) => void log.push(`${reason} at ${count}`),
    transform: (count, input) => {
      if (input === "bad") throw new RangeError("bad input");
      if (input === "refuse") throw new ReplyError("not-allowed");
      return { state: count + 1 };
    },
    ...(onError !== undefined && { onError }),
  });
}

/** Feeds a counter, and says what each request was answered, if anything. */
async function fed(onError: Process<number>["onError"], inputs: readonly string[], log: string[] = []) {
  const made = setting({
    processes: { counter: counter(onError, log) },
    errorHandling: { notify: { admin: ({ error }) => log.push(`admin: ${error.message}`) } },
  });
  await made.system.start();
  const replies: unknown[] = [];
  for (const input of inputs) {
    const replyFn = (value: unknown) => replies.push(value instanceof ReplyError ? value.code : value) > 0;
    await made.system.inject(["counter", "in"], input, { context: { uid: "ann" }, replyFn });
    await made.advance(0);
  }
  return { ...made, log, replies };
}

describe("a process that throws", () => {
  it("by default leaves the value out, keeps its state, and tells who asked nothing of the error", async () => {
    const { system, replies, reports } = await fed(undefined, ["a", "bad", "b"]);
    expect([system.ping().counter.state, replies]).toEqual([2, ["error"]]);
    expect(reports).toMatchObject([
      { error: { message: "bad input" }, context: { process: "counter", port: "in", uid: "ann", action: "skip" } },
    ]);
    expect(system.metrics.snapshot().counters['flow_errors_total{code="none",process="counter"}']).toBe(1);
  });

  it("answers with a ReplyError, which is no fault", async () => {
    const { system, replies, reports } = await fed("escalate", ["a", "refuse", "b"]);
    expect([system.ping().counter.state, replies, reports, system.status()]).toEqual([
      2,
      ["not-allowed"],
      [],
      "running",
    ]);
  });

  it("restarts: stop, init, start, and what waits is taken then", async () => {
    const { system, log, replies } = await fed("restart", ["a", "b", "bad", "c"]);
    expect(log).toEqual(["start", "restart at 2", "start"]);
    expect([system.ping().counter, replies]).toMatchObject([{ state: 1, status: "running" }, ["error"]]);
    expect(await system.systemHealth()).toMatchObject({
      status: "degraded",
      reasons: expect.arrayContaining(["The process counter restarted 0 s ago."]),
    });
    expect(system.metrics.snapshot().counters['flow_restarts_total{process="counter"}']).toBe(1);
  });

  it("restarts so often in a while, and no more: then the system ends", async () => {
    const log: string[] = [];
    const policy = { action: "restart", maxRestarts: 2, withinMs: 1_000 } as const;
    const { system, errors, advance } = await fed(policy, ["bad", "bad"], log);
    await advance(1_001);
    for (const input of ["bad", "bad"]) {
      await system.inject(["counter", "in"], input);
      await advance(0);
    }
    expect(system.status()).toBe("running");
    await system.inject(["counter", "in"], "bad");
    expect(await system.ended()).toMatchObject({ message: "bad input" });
    expect([system.status(), errors().at(-1)]).toEqual(["failed", "counter: an error of counter ended the system"]);
    expect(log.at(-1)).toBe("stop at 0");
  });

  it("waits before it restarts, and keeps what comes meanwhile", async () => {
    const { system, advance } = await fed({ action: "restart", delayMs: 500 }, ["a", "bad"]);
    const later = system.inject(["counter", "in"], "b");
    await advance(499);
    expect(system.ping().counter).toMatchObject({ status: "restarting", queues: { in: { depth: 1 } } });
    await advance(1);
    await later;
    expect(system.ping().counter).toMatchObject({ status: "running", state: 1 });
  });

  it("is begun anew while it cannot start, within its limits", async () => {
    let starts = 0;
    const weak = defineProcess({
      ports: { in: { in: { optional: true } }, out: [] },
      start: () => {
        if (++starts === 2) throw new Error("not yet");
      },
      transform: () => {
        throw new Error("weak");
      },
      onError: "restart",
    });
    const { system, advance, errors } = setting({ processes: { weak } });
    await system.start();
    await system.inject(["weak", "in"], 1);
    await advance(0);
    expect([starts, system.ping().weak.status, errors()]).toEqual([3, "running", ["weak: weak", "weak: not yet"]]);
  });

  it("stops: what comes is refused, and the others go on", async () => {
    const { system, log, replies } = await fed("stop", ["a", "bad", "b"]);
    expect([system.ping().counter.status, replies, log]).toEqual([
      "failed",
      ["error", "unavailable"],
      ["start", "stop at 1"],
    ]);
    expect(system.status()).toBe("running");
    expect(await system.systemHealth()).toMatchObject({ status: "unhealthy" });
  });

  it("escalates: the system ends, and says by what", async () => {
    const { system, log, errors } = await fed("escalate", ["a", "bad"]);
    expect(await system.ended()).toMatchObject({ message: "bad input" });
    expect([system.status(), log]).toEqual(["failed", ["start", "stop at 1"]]);
    expect(errors()).toEqual(["counter: bad input", "counter: an error of counter ended the system"]);
  });

  it("tells whom its policy names", async () => {
    const { log } = await fed({ action: "skip", notify: "admin" }, ["bad"]);
    expect(log).toEqual(["start", "admin: bad input"]);
  });

  it("has it decided by a function, which may give the state to go on with", async () => {
    const decide = (error: unknown, { state, port, input }: { state: number; port?: string; input: unknown }) => ({
      action: "skip" as const,
      state: error instanceof RangeError && port === "in" && input === "bad" ? state + 100 : -1,
    });
    expect((await fed(decide as Process<number>["onError"], ["a", "bad", "b"])).system.ping().counter.state).toBe(102);
  });

  it("goes on where the decision itself fails", async () => {
    const throwing = () => {
      throw new Error("undecided");
    };
    const one = await fed(throwing, ["bad", "a"]);
    expect([one.system.ping().counter.state, one.errors()]).toEqual([1, ["counter: undecided", "counter: bad input"]]);
    const other = await fed((() => "shrug") as unknown as () => OnError, ["bad", "a"]);
    expect(other.errors()[0]).toContain("the action is one of skip, restart, stop, escalate, not shrug");
  });

  it("is at fault where it returns what no step returns", async () => {
    const odd = defineProcess({
      ports: { in: { in: { optional: true } }, out: [] },
      transform: (_, value) => value as never,
    });
    const { system, errors } = setting({ processes: { odd } });
    await system.start();
    for (const value of [7, { outputs: 7 }, { outputs: [null] }]) await system.inject(["odd", "in"], value);
    expect([errors().length, system.ping().odd.status]).toEqual([3, "running"]);
  });

  it("keeps its state and its other outputs where one of them cannot be carried out", async () => {
    const kept: unknown[] = [];
    const speaker = defineProcess({
      ports: { in: { in: { optional: true } }, out: [] },
      transform: () => ({ state: 1, outputs: [{ type: "unheard-of" }, { type: "keep" }] }),
    });
    const { system, errors } = setting({ processes: { speaker }, outputs: { keep: () => kept.push("kept") } });
    await system.start();
    await system.inject(["speaker", "in"], 1);
    expect([errors(), kept, system.ping().speaker.state]).toEqual([
      ['speaker: nothing carries out the output "unheard-of"'],
      ["kept"],
      1,
    ]);
  });
});

it("reports an error that a process only mentions, and those of its own error channel", async () => {
  let context: ProcessContext<undefined> | undefined;
  const { errorChan } = setting({ processes: { a: counter("skip") } }).system;
  const source = defineProcess({
    errorChan,
    start: (given) => {
      context = given;
    },
  });
  const { system, errors } = setting({ processes: { source } });
  await system.start();
  context?.report(new Error("mentioned"), { where: "here" });
  errorChan.report(new UsageError("bad", "from below"));
  expect(errors()).toEqual(["source: mentioned", "source: from below"]);
  await system.stop();
  errorChan.report(new Error("later"));
  expect(errors()).toHaveLength(2);
});
