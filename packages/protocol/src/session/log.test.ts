import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Log } from "./log.ts";

const entry = (name: string, bytes = 10) => ({ name, bytes });

describe("Log (PROTOCOL.md section 6)", () => {
  it("gives frames in order, and keeps what was transmitted until it is acknowledged", () => {
    const log = new Log<ReturnType<typeof entry>>(10, 1_000);
    for (const name of ["a", "b", "c"]) log.append(entry(name));
    expect([log.next()?.name, log.next()?.name]).toEqual(["a", "b"]);
    expect([log.transmitted, log.waiting, log.size]).toEqual([2, 1, 3]);
    expect(log.acknowledge(1).map(({ name }) => name)).toEqual(["a"]);
    expect([log.transmitted, log.waiting, log.bytes]).toEqual([1, 1, 20]);
  });

  it("acknowledges no more than was transmitted", () => {
    const log = new Log<ReturnType<typeof entry>>(10, 1_000);
    log.append(entry("a"));
    expect(log.acknowledge(5)).toEqual([]);
    expect(log.waiting).toBe(1);
  });

  it("is bounded in frames and in bytes, but takes any one frame when it is empty", () => {
    const log = new Log<ReturnType<typeof entry>>(2, 25);
    expect(log.hasRoom(10_000)).toBe(true);
    log.append(entry("a"));
    expect([log.hasRoom(15), log.hasRoom(16)]).toEqual([true, false]);
    log.append(entry("b", 1));
    expect(log.hasRoom(1)).toBe(false);
    log.take();
    expect(log.hasRoom(1)).toBe(true);
  });

  it("takes out only what was never transmitted", () => {
    const log = new Log<ReturnType<typeof entry>>(10, 1_000);
    for (const name of ["a", "b", "c"]) log.append(entry(name));
    log.next();
    expect(log.removeWaiting(({ name }) => name === "a")).toBeUndefined();
    expect(log.removeWaiting(({ name }) => name === "b")?.name).toBe("b");
    expect([log.next()?.name, log.next()]).toEqual(["c", undefined]);
    expect(log.bytes).toBe(20);
  });

  it("stays in order and in size over many thousand frames", () => {
    const log = new Log<ReturnType<typeof entry>>(1_000, 1_000_000);
    const seen: string[] = [];
    for (let i = 0; i < 5_000; i++) {
      log.append(entry(String(i)));
      if (i % 3 !== 0) continue;
      for (let taken = log.take(); taken !== undefined; taken = log.take()) seen.push(taken.name);
    }
    for (let taken = log.take(); taken !== undefined; taken = log.take()) seen.push(taken.name);
    expect(seen).toEqual(Array.from({ length: 5_000 }, (_, i) => String(i)));
    expect([log.size, log.bytes]).toEqual([0, 0]);
  });

  it("holds on to nothing that was acknowledged, also before it cuts its slots off", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const log = new Log<ReturnType<typeof entry>>(10, 1_000);
    const first = new WeakRef(entry("a"));
    log.append(first.deref() ?? entry("gone already"));
    log.append(entry("b"));
    log.next();
    log.acknowledge(1);
    // A reference that was looked at lives until the turn has ended.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(first.deref()).toBeUndefined();
    expect(log.size).toBe(1);
  });
});
