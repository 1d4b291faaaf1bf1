import { describe, expect, it } from "vitest";
import { Allowance, AllowanceTable } from "./allowance.ts";

const rate = { eventsPerSecond: 10, bytesPerSecond: 1_000 };
const all = Number.POSITIVE_INFINITY;

/** How many events of so many bytes pass at that time. */
function passing(allowance: Allowance, now: number, bytes = 0): number {
  let count = 0;
  for (; count < 1_000 && allowance.waitMs(now) === 0; count++) allowance.charge(bytes);
  return count;
}

describe("an allowance", () => {
  it("lets ten seconds' worth of events through at once, and then as many as come to it", () => {
    const allowance = new Allowance(rate, 0);
    expect(passing(allowance, 0)).toBe(100);
    expect(allowance.waitMs(0)).toBe(100);
    expect(allowance.waitMs(99)).toBe(1);
    expect(passing(allowance, 100)).toBe(1);
    expect(passing(allowance, 2_000)).toBe(19);
  });

  it("does the same with bytes, and what is larger than all of it passes once and is a debt", () => {
    const allowance = new Allowance(rate, 0);
    expect(passing(allowance, 0, 2_500)).toBe(4);
    allowance.charge(5_000);
    expect(allowance.waitMs(0)).toBe(5_001);
    expect(allowance.waitMs(5_001)).toBe(0);
  });

  it("saves no more than ten seconds' worth, and takes back nothing where the clock stands", () => {
    const allowance = new Allowance(rate, 0);
    expect(passing(allowance, 3_600_000)).toBe(100);
    expect(passing(allowance, 3_600_000)).toBe(0);
    expect(passing(allowance, 0)).toBe(0);
  });

  it("of Infinity is never used up", () => {
    const allowance = new Allowance({ eventsPerSecond: all, bytesPerSecond: all }, 0);
    allowance.charge(1e9);
    expect(allowance.waitMs(0)).toBe(0);
    expect(allowance.waitMs(1)).toBe(0);
    expect(allowance.isFull(2)).toBe(true);
    const ofEvents = new Allowance({ eventsPerSecond: 1, bytesPerSecond: all }, 0);
    expect(passing(ofEvents, 0)).toBe(10);
    expect(ofEvents.waitMs(0)).toBe(1_000);
  });
});

describe("a table of allowances", () => {
  it("keeps one that is not full for whoever comes again, and forgets one that is", () => {
    const table = new AllowanceTable(rate);
    const ann = table.of("ann", 0);
    ann.charge(0);
    table.of("bob", 50);
    expect(table.of("ann", 50)).toBe(ann);
    table.of("cid", 1_000);
    expect(table.of("ann", 1_000)).not.toBe(ann);
  });

  it("holds no more names than it may, but for those that are used", () => {
    const table = new AllowanceTable(rate, 100);
    const used = table.of("used", 0);
    used.holders = 1;
    for (let i = 0; i < 10_000; i++) table.of(`stranger ${i}`, 0).charge(0);
    expect(table.size).toBeLessThanOrEqual(100);
    expect(table.of("used", 0)).toBe(used);
  });
});
