import { ReplyError } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { defineProcess, type ProcessContext } from "./process.ts";
import { gate, makeDeferred, setting, sinkOf } from "./setting.test-support.ts";
import { buildSystem } from "./system.ts";

describe("the life of a system", () => {
  it("starts processes in their order and stops them in the reverse one, waiting for each", async () => {
    const log: string[] = [];
    const part = (name: string) =>
      defineProcess({
        init: () => `${name}'s state`,
        start: async ({ clock }) => {
          log.push(`${name} starts`);
          await new Promise<void>((resolve) => void clock.setTimer(100, resolve));
          log.push(`${name} runs`);
        },
        stop: async (state) => void log.push(`${state} is closed`),
      });
    const { system, advance, idle } = setting({ processes: { a: part("a"), b: part("b") } });
    const started = system.start();
    expect(system.status()).toBe("starting");
    await advance(100);
    expect([log, system.isReady()]).toEqual([["a starts", "a runs", "b starts"], false]);
    await advance(100);
    await started;
    expect([system.status(), system.isReady()]).toEqual(["running", true]);
    await system.stop();
    await idle();
    expect(log.slice(4)).toEqual(["b's state is closed", "a's state is closed"]);
    expect([system.status(), await system.ended()]).toEqual(["stopped", undefined]);
    expect(() => system.start()).toThrow(expect.objectContaining({ code: "already-started" }));
  });

  it("stops those that started where one cannot, and rejects with its error", async () => {
    const log: string[] = [];
    const fine = defineProcess({ start: () => {}, stop: () => void log.push("closed") });
    const broken = defineProcess({ start: () => Promise.reject(new Error("no port")) });
    const { system, errors } = setting({ processes: { fine, broken, fine2: fine } });
    await expect(system.start()).rejects.toThrow("no port");
    expect([log, system.status(), errors()]).toEqual([["closed"], "failed", ["broken: no port"]]);
    expect(await system.systemHealth()).toMatchObject({ status: "unhealthy" });
  });

  it("closes what was being started when it was told to stop, and starts nothing more", async () => {
    const log: string[] = [];
    const part = (name: string) =>
      defineProcess({
        start: async ({ clock }) => {
          await new Promise<void>((resolve) => void clock.setTimer(100, resolve));
          log.push(`${name} runs`);
        },
        stop: () => void log.push(`${name} is closed`),
      });
    const { system, advance } = setting({ processes: { a: part("a"), b: part("b") } });
    const started = system.start();
    const stopped = system.stop();
    await advance(1_000);
    await Promise.all([started, stopped]);
    expect([log, system.status()]).toEqual([["a runs", "a is closed"], "stopped"]);
  });

  it("rejects the start where an error escalates meanwhile, and closes what was started", async () => {
    const log: string[] = [];
    const weak = defineProcess({
      ports: { out: [] },
      start: () => {},
      stop: () => void log.push("weak is closed"),
      transform: () => {
        throw new Error("too much");
      },
      onError: "escalate",
    });
    const source = defineProcess({
      start: ({ emit }) => void emit("out", 1),
      stop: () => void log.push("source is closed"),
    });
    const { system } = setting({
      processes: { weak, source },
      connections: [
        [
          ["source", "out"],
          ["weak", "in"],
        ],
      ],
    });
    await expect(system.start()).rejects.toThrow("too much");
    expect(await system.ended()).toMatchObject({ message: "too much" });
    expect([log, system.status()]).toEqual([["source is closed", "weak is closed"], "failed"]);
  });

  it("gives up on a start or a stop that takes too long", async () => {
    const never = () => new Promise<void>(() => {});
    const slow = defineProcess({ start: () => {}, stop: never, stopTimeoutMs: 500 });
    const one = setting({ processes: { slow, gate: gate() } });
    await one.system.start();
    const stopped = one.system.stop();
    await one.advance(500);
    await stopped;
    expect(one.errors()).toEqual(["slow: stopping slow took longer than 500 ms"]);

    const other = setting({ processes: { stuck: defineProcess({ start: never, startTimeoutMs: 300 }) } });
    const started = expect(other.system.start()).rejects.toThrow("starting stuck took longer than 300 ms");
    await other.advance(300);
    await started;
  });

  it("takes what waits before it stops", async () => {
    const kept: unknown[] = [];
    const slow = sinkOf(kept, {
      transform: async (_, value) => {
        await time.clock.setTimer(10, () => kept.push(value));
        await new Promise<void>((resolve) => void time.clock.setTimer(10, resolve));
      },
    });
    const time = setting({
      processes: { slow, gate: gate() },
      connections: [
        [
          ["gate", "out"],
          ["slow", "in"],
        ],
      ],
    });
    await time.system.start();
    for (let i = 0; i < 20; i++) void time.system.inject(["gate", "in"], i);
    const stopped = time.system.stop();
    await time.advance(1_000);
    await stopped;
    expect(kept).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(time.reports).toEqual([]);
  });

  it("reports what could not be dealt with in time, and refuses the requests among it", async () => {
    const replies: unknown[] = [];
    const stuck = gate({ transform: () => new Promise<void>(() => {}), stopTimeoutMs: 100 });
    const { system, advance, errors } = setting({ processes: { stuck } });
    await system.start();
    for (let i = 0; i < 3; i++) {
      void system.inject(["stuck", "in"], i, { replyFn: (value) => replies.push(value) > 0 });
    }
    const stopped = system.stop();
    await advance(100);
    await stopped;
    expect(errors()).toEqual(["stuck: stopping stuck took longer than 100 ms", "stuck: 2 values were left in stuck"]);
    expect(replies).toEqual([expect.any(ReplyError), expect.any(ReplyError)]);
  });

  it("stops, though a process is paused and everything before it waits", async () => {
    const kept: unknown[] = [];
    const { system } = setting({
      processes: { kept: sinkOf(kept, { ports: { in: { in: { capacity: 1 } }, out: [] } }), gate: gate() },
      connections: [
        [
          ["gate", "out"],
          ["kept", "in"],
        ],
      ],
    });
    await system.start();
    system.pause("kept");
    for (const value of [1, 2, 3]) void system.inject(["gate", "in"], value);
    await system.stop();
    expect(kept).toEqual([1, 2, 3]);
  });

  it("has each process's state and queues to show", async () => {
    const { promise, resolve } = makeDeferred();
    const slow = defineProcess({
      ports: { in: { in: { optional: true, capacity: 5 } } },
      init: () => 0,
      transform: async (count) => {
        await promise;
        return { state: count + 1 };
      },
    });
    const { system } = setting({ processes: { slow } });
    await system.start();
    const all = [1, 2, 3].map((value) => system.inject(["slow", "in"], value));
    expect(system.ping().slow).toEqual({ status: "running", state: 0, queues: { in: { depth: 2, capacity: 5 } } });
    expect(system.metrics.snapshot().gauges['flow_queue_depth{port="in",process="slow"}']).toBe(2);
    resolve();
    await Promise.all(all);
    expect(system.ping().slow).toEqual({ status: "running", state: 3, queues: { in: { depth: 0, capacity: 5 } } });
  });

  it("refuses names that it does not know", async () => {
    const { system } = setting({ processes: { gate: gate() } });
    await system.start();
    await expect(system.inject(["gate", "nowhere"], 1)).rejects.toMatchObject({ code: "unknown-port" });
    expect(() => system.pause("nobody" as "gate")).toThrow(expect.objectContaining({ code: "unknown-process" }));
    await system.stop();
    await expect(system.inject(["gate", "in"], 1)).rejects.toMatchObject({ code: "not-running" });
    expect(() => buildSystem({ processes: {} })).toThrow(expect.objectContaining({ code: "bad-system" }));
  });

  it("needs no clock but the machine's", async () => {
    const kept: unknown[] = [];
    const system = buildSystem({
      processes: { kept: sinkOf(kept), gate: gate() },
      connections: [
        [
          ["gate", "out"],
          ["kept", "in"],
        ],
      ],
    });
    await system.start();
    await system.inject(["gate", "in"], 7);
    await system.stop();
    expect(kept).toEqual([7]);
  });
});

describe("pause and resume", () => {
  it("of one process: what comes waits, and goes on in order", async () => {
    const kept: unknown[] = [];
    const { system } = setting({
      processes: { kept: sinkOf(kept), gate: gate() },
      connections: [
        [
          ["gate", "out"],
          ["kept", "in"],
        ],
      ],
    });
    await system.start();
    system.pause("kept");
    const all = [1, 2, 3].map((value) => system.inject(["gate", "in"], value));
    expect([kept, system.isReady(), system.ping().kept.status]).toEqual([[], false, "paused"]);
    expect(await system.systemHealth()).toEqual({ status: "degraded", reasons: ["The process kept is paused."] });
    system.resume("kept");
    await Promise.all(all);
    expect(kept).toEqual([1, 2, 3]);
  });

  it("of a source: it sends nothing, and loses nothing", async () => {
    const kept: unknown[] = [];
    let context: ProcessContext<undefined> | undefined;
    const source = defineProcess({
      start: (given) => {
        context = given;
      },
    });
    const { system } = setting({
      processes: { kept: sinkOf(kept), source },
      connections: [
        [
          ["source", "out"],
          ["kept", "in"],
        ],
      ],
    });
    await system.start();
    system.pause();
    const sent = [1, 2].map((value) => context?.emit("out", value));
    system.resume("kept");
    expect(kept).toEqual([]);
    system.resume();
    await Promise.all(sent);
    expect(kept).toEqual([1, 2]);
  });
});
