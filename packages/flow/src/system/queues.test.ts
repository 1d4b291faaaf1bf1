import type { ReplyError } from "@sente-lite/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTestTime } from "../testing.ts";
import type { Connection } from "./config.ts";
import { defineProcess, type InputOptions, type Process, type ProcessContext } from "./process.ts";
import { gate, makeDeferred, setting, sinkOf } from "./setting.test-support.ts";
import { buildSystem } from "./system.ts";

/** A source whose `emit` a test calls. */
function source() {
  const held: { context?: ProcessContext<undefined> } = {};
  const process = defineProcess({
    start: (context) => {
      held.context = context;
    },
  });
  return { process, emit: (value: unknown, key?: unknown) => held.context?.emit("out", value, { key }) };
}

async function full(options: InputOptions) {
  const kept: unknown[] = [];
  const { process, emit } = source();
  const made = setting({
    processes: { kept: sinkOf(kept, { ports: { in: { in: options }, out: [] } }), process },
    connections: [
      [
        ["process", "out"],
        ["kept", "in"],
      ],
    ],
  });
  await made.system.start();
  made.system.pause("kept");
  return { ...made, kept, emit };
}

describe("a full input", () => {
  it("makes whoever sends wait, where it blocks: nothing is lost", async () => {
    const { system, kept, emit } = await full({ capacity: 2 });
    const sent = [1, 2, 3, 4, 5].map((value) => emit(value));
    expect(system.ping().kept.queues).toEqual({ in: { depth: 2, capacity: 2 } });
    expect(await system.systemHealth()).toMatchObject({
      reasons: expect.arrayContaining(["The queue of kept at in holds 2 of 2 messages."]),
    });
    system.resume("kept");
    await Promise.all(sent);
    expect(kept).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ["drop-oldest", [4, 5]],
    ["drop-newest", [1, 2]],
  ] as const)("leaves values out with the policy %s, counts them, and refuses their requests", async (policy, left) => {
    const { system, kept } = await full({ capacity: 2, policy, optional: true });
    const replies: unknown[] = [];
    const sent = [1, 2, 3, 4, 5].map((value) =>
      system.inject(["kept", "in"], value, { replyFn: (reply) => replies.push(reply) > 0 }),
    );
    system.resume("kept");
    await Promise.all(sent);
    expect(kept).toEqual(left);
    expect(replies.map((reply) => (reply as ReplyError).code)).toEqual(["overloaded", "overloaded", "overloaded"]);
    expect(system.metrics.snapshot().counters['flow_dropped_total{port="in",process="kept"}']).toBe(3);
  });

  it("bounds what a source sends that does not wait", async () => {
    const { system, emit, errors, kept, idle } = await full({ capacity: 1 });
    for (let i = 0; i < 100_002; i++) void emit(i);
    expect(errors()).toEqual(["process: process emits faster than it waits"]);
    system.resume("kept");
    await idle();
    expect(kept).toHaveLength(100_001);
  });
});

it("lets nothing that goes round for ever keep everything else from running", async () => {
  let rounds = 0;
  const round: Process = defineProcess({
    ports: { in: { in: { policy: "drop-newest" } } },
    transform: (_, value) => {
      rounds++;
      return { outputs: [["out", value]] };
    },
  });
  const { system, idle } = setting({
    processes: { a: round, b: round, gate: gate() },
    connections: [
      [
        ["gate", "out"],
        ["a", "in"],
      ],
      [
        ["a", "out"],
        ["b", "in"],
      ],
      [
        ["b", "out"],
        ["a", "in"],
      ],
    ],
  });
  await system.start();
  void system.inject(["gate", "in"], 1);
  expect(rounds).toBeGreaterThan(100);
  expect(system.status()).toBe("running");
  system.pause();
  await idle();
});

it("refuses an output that came out of a sink, through which a cycle could lead", async () => {
  const liar = defineProcess({
    ports: { in: { in: { sink: true, optional: true } } },
    transform: (_, value) => ({ outputs: [["out", value]] }),
  });
  const { system, errors } = setting({
    processes: { liar, kept: sinkOf([]) },
    connections: [
      [
        ["liar", "out"],
        ["kept", "in"],
      ],
    ],
  });
  await system.start();
  await system.inject(["liar", "in"], 1);
  expect(errors()).toEqual(["liar: liar.in is a sink, and out came out of it"]);
});

it("works on values of several keys at once, and on those of one key in order", async () => {
  const first = makeDeferred();
  const begun: unknown[] = [];
  const done: unknown[] = [];
  const { process, emit } = source();
  const lookup = defineProcess<undefined, string>({
    ports: { out: [] },
    concurrency: 2,
    transform: async (_, value) => {
      begun.push(value);
      if (value === "ann 1") await first.promise;
      done.push(value);
    },
  });
  const { system, idle } = setting({
    processes: { lookup, process },
    connections: [
      [
        ["process", "out"],
        ["lookup", "in"],
      ],
    ],
  });
  await system.start();
  const sent = [emit("ann 1", "ann"), emit("ann 2", "ann"), emit("bob 1", "bob"), emit("bob 2", "bob")];
  await idle();
  expect([begun, done]).toEqual([
    ["ann 1", "bob 1", "bob 2"],
    ["bob 1", "bob 2"],
  ]);
  first.resolve();
  await Promise.all(sent);
  expect(done).toEqual(["bob 1", "bob 2", "ann 1", "ann 2"]);
});

it("loses nothing, doubles nothing and keeps the order, whatever the processes and queues, in every pause", async () => {
  const stage = fc.record({
    capacity: fc.integer({ min: 1, max: 5 }),
    delays: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
    concurrency: fc.integer({ min: 1, max: 3 }),
    throwsAt: fc.option(fc.integer({ min: 0, max: 40 })),
  });
  const pauses = fc.array(fc.tuple(fc.nat(3), fc.boolean()), { maxLength: 8 });
  const property = fc.asyncProperty(
    fc.array(stage, { minLength: 1, maxLength: 4 }),
    pauses,
    async (stages, toggles) => {
      const time = createTestTime();
      const kept: { key: number; n: number }[] = [];
      const { process, emit } = source();
      const names = stages.map((_, i) => `s${i}`);
      const lost = new Set<number>();
      const processes: Record<string, Process> = { kept: sinkOf(kept) };
      for (const [i, { capacity, delays, concurrency, throwsAt }] of stages.entries()) {
        processes[`s${i}`] = defineProcess<undefined, { key: number; n: number }>({
          ports: { in: { in: { capacity } } },
          concurrency,
          transform: async (_, value) => {
            const ms = delays[value.n % delays.length] ?? 0;
            if (ms > 0) await new Promise<void>((resolve) => void time.clock.setTimer(ms, resolve));
            if (value.n === throwsAt) {
              lost.add(value.n);
              throw new Error("left out");
            }
            return { outputs: [["out", value]] };
          },
        });
      }
      processes.process = process;
      const path = ["process", ...names, "kept"];
      const connections = path.slice(1).map(
        (to, i): Connection => [
          [path[i] ?? "", "out"],
          [to, "in"],
        ],
      );
      const system = buildSystem(
        { processes, connections, errorHandling: { onError: () => {} } },
        { clock: time.clock },
      );
      await system.start();
      const total = 40;
      const sent = Array.from({ length: total }, (_, n) => emit({ key: n % 3, n }, n % 3));
      for (const [which, isOn] of toggles) {
        const name = path[which % path.length] ?? "";
        if (isOn) system.pause(name);
        else system.resume(name);
        await time.advance(2);
      }
      system.resume();
      await time.advance(10_000);
      await Promise.all(sent);
      const wanted = Array.from({ length: total }, (_, n) => n).filter((n) => !lost.has(n));
      expect(kept.map(({ n }) => n).sort((a, b) => a - b)).toEqual(wanted);
      for (const key of [0, 1, 2]) {
        const mine = kept.filter((value) => value.key === key).map(({ n }) => n);
        expect(mine).toEqual([...mine].sort((a, b) => a - b));
      }
      await system.stop();
    },
  );
  await fc.assert(property, { numRuns: 20 });
}, 60_000);
