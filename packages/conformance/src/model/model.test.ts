import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { directed } from "./directed.ts";
import { run } from "./run.ts";
import { schedules } from "./schedules.ts";

const runs = Number(process.env.MODEL_RUNS ?? 4_000);
const firstSeed = Number(process.env.MODEL_SEED ?? 1);

/** What is wrong with the schedule of a seed, with the smallest that shows it; undefined where nothing is. */
async function faultOf(seed: number): Promise<string | undefined> {
  const [schedule] = fc.sample(schedules, { seed, numRuns: 1 });
  if (schedule === undefined || (await run(schedule)).failure === undefined) return undefined;
  const property = fc.asyncProperty(schedules, async (one) => {
    const { failure } = await run(one);
    if (failure !== undefined) throw new Error(failure);
  });
  const { counterexample, errorInstance } = await fc.check(property, {
    seed,
    numRuns: 1,
    interruptAfterTimeLimit: 20_000,
  });
  const shrunk = JSON.stringify(counterexample?.[0] ?? schedule, undefined, 1);
  return `${String(errorInstance)}\npnpm sim --seed ${seed}\n${shrunk}`;
}

describe("sessions and liveness (PROTOCOL.md sections 6 and 7)", () => {
  it(
    "keep their promises in every schedule that chance comes up with",
    async () => {
      for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
        expect(await faultOf(seed)).toBeUndefined();
      }
    },
    60_000 + runs * 50,
  );

  it.each(Object.entries(directed))("%s", async (_name, schedule) => {
    expect((await run(schedule)).failure).toBeUndefined();
  });
});
