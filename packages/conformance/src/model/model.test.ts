import { describe, expect, it } from "vitest";
import { directed } from "./directed.ts";
import { run } from "./run.ts";
import { isWrong, simulate } from "./sim.ts";

const runs = Number(process.env.MODEL_RUNS ?? 4_000);
const firstSeed = Number(process.env.MODEL_SEED ?? 1);

describe("sessions and liveness (PROTOCOL.md sections 6 and 7)", () => {
  it(
    "keep their promises in every schedule that chance comes up with",
    async () => {
      for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
        if (!(await isWrong(seed))) continue;
        const { failure, schedule } = await simulate(seed);
        expect.fail(`${failure}\npnpm sim --seed ${seed}\n${schedule}`);
      }
    },
    60_000 + runs * 50,
  );

  it.each(Object.entries(directed))("%s", async (_name, schedule) => {
    expect((await run(schedule)).failure).toBeUndefined();
  });
});
