import { describe, expect, it } from "vitest";
import { gate, setting, sinkOf } from "../system/setting.test-support.ts";
import type { System } from "../system/system.ts";
import { reducer } from "./reducer.ts";
import { router } from "./router.ts";
import { ticker } from "./ticker.ts";

describe("the small ones", () => {
  it("a router sends on by id, and the rest by *", async () => {
    const kept: unknown[] = [];
    const { system } = setting({
      processes: {
        r: {
          ...router({ "a/b": "one", "*": "rest" }),
          ports: { in: { in: { optional: true } }, out: ["one", "rest"] },
        },
        one: sinkOf(kept),
        rest: sinkOf(kept, { transform: (_, m) => void kept.push(["rest", m]) }),
      },
      connections: [
        [
          ["r", "one"],
          ["one", "in"],
        ],
        [
          ["r", "rest"],
          ["rest", "in"],
        ],
      ],
    });
    await system.start();
    for (const id of ["a/b", "c/d", "toString"]) await system.inject(["r", "in"], { id });
    expect(kept).toEqual([{ id: "a/b" }, ["rest", { id: "c/d" }], ["rest", { id: "toString" }]]);
  });

  it("a ticker ticks in virtual time, never before the last tick was dealt with, and stops", async () => {
    const kept: unknown[] = [];
    const made = setting({
      processes: { kept: sinkOf(kept), tick: ticker({ everyMs: 100 }) },
      connections: [
        [
          ["tick", "out"],
          ["kept", "in"],
        ],
      ],
    });
    await made.system.start();
    await made.advance(250);
    expect(kept).toEqual([
      { at: 1_000_100, count: 1 },
      { at: 1_000_200, count: 2 },
    ]);
    made.system.pause("kept");
    await made.advance(1_000);
    made.system.resume("kept");
    await made.advance(100);
    expect(kept).toHaveLength(4);
    await made.system.stop();
    await made.advance(1_000);
    expect(kept).toHaveLength(4);
    expect(() => ticker({ everyMs: 0 })).toThrow(expect.objectContaining({ code: "bad-option" }));
  });

  it("a reducer folds, and emits each new state", async () => {
    const kept: unknown[] = [];
    const sum: System<"kept" | "sum" | "gate"> = setting({
      processes: { kept: sinkOf(kept), sum: reducer(0, (total: number, n: number) => total + n), gate: gate() },
      connections: [
        [
          ["gate", "out"],
          ["sum", "in"],
        ],
        [
          ["sum", "out"],
          ["kept", "in"],
        ],
      ],
    }).system;
    await sum.start();
    for (const n of [1, 2, 0, 3]) await sum.inject(["gate", "in"], n);
    expect([kept, sum.ping().sum.state]).toEqual([[1, 3, 6], 6]);
  });
});
