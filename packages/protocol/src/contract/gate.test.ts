import fc from "fast-check";
import { expect, it } from "vitest";
import { defineContract, event } from "./contract.ts";
import { Gate, type GateSource } from "./gate.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** A source that counts how it is treated. */
function countedSource(maxReceived: number) {
  const counts = { pauses: 0, resumes: 0, overflows: 0 };
  const source: GateSource = {
    maxReceived,
    maxReceivedBytes: 1_000_000,
    pause: () => void counts.pauses++,
    resume: () => void counts.resumes++,
    overflow: () => void counts.overflows++,
    report: () => {},
  };
  return { source, counts };
}

type Way = "pass" | "refuse" | "throw" | "pass later" | "refuse later" | "reject later";
const ways: readonly Way[] = ["pass", "refuse", "throw", "pass later", "refuse later", "reject later"];
interface Datum {
  readonly n: number;
  readonly way: Way;
  readonly turns: number;
}

const schema: StandardSchema<Datum> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (given) => {
      const datum = given as Datum;
      const result = datum.way.startsWith("pass") ? { value: datum } : { issues: [{ message: datum.way }] };
      if (datum.way === "throw") throw new Error("thrown");
      if (!datum.way.endsWith("later")) return result;
      return (async () => {
        for (let i = 0; i < datum.turns; i++) await Promise.resolve();
        if (datum.way === "reject later") throw new Error("rejected");
        return result;
      })();
    },
  },
};
const { toServer } = defineContract({ toServer: { "a/b": event({ data: schema }) } });

const arrivals = fc.array(
  fc.record({ way: fc.constantFrom(...ways), turns: fc.nat(5), rest: fc.nat(3), isOwn: fc.boolean() }),
  { maxLength: 60 },
);

it("lets through in order what fits, refuses the rest in order, and loses nothing", async () => {
  await fc.assert(
    fc.asyncProperty(arrivals, async (items) => {
      const gate = new Gate(toServer, {});
      const { source, counts } = countedSource(1_000);
      const out: string[] = [];
      for (const [n, { way, turns, rest, isOwn }] of items.entries()) {
        gate.event(
          source,
          isOwn ? ["chsk/ws-ping"] : ["a/b", { n, way, turns }],
          () => out.push(`passed ${n}`),
          () => out.push(`refused ${n}`),
        );
        for (let i = 0; i < rest; i++) await Promise.resolve();
      }
      await new Promise((resolve) => setImmediate(resolve));
      expect(out).toEqual(
        items.map(({ way, isOwn }, n) => `${isOwn || way.startsWith("pass") ? "passed" : "refused"} ${n}`),
      );
      expect([counts.overflows, counts.pauses - counts.resumes]).toEqual([0, 0]);
    }),
  );
});

it("has its source paused while it lags behind, and overflow at the bound", async () => {
  const gate = new Gate(toServer, {});
  const { source, counts } = countedSource(70);
  let passed = 0;
  for (let n = 0; n < 80; n++) {
    gate.event(
      source,
      ["a/b", { n, way: "pass later", turns: 1 }],
      () => passed++,
      () => {},
    );
  }
  expect(counts).toEqual({ pauses: 1, resumes: 0, overflows: 9 });
  await new Promise((resolve) => setImmediate(resolve));
  expect([passed, counts.resumes]).toEqual([71, 1]);
});
