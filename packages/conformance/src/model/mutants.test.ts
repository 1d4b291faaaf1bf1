import { describe, expect, it } from "vitest";
import { load } from "../../../../tooling/scripts/bundle.mjs";
import { directed } from "./directed.ts";
import { type Change, equivalent, handedOnMutants, inboundMutants, mutants } from "./mutants.ts";
import type { run } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { scheduleOf } from "./sim.ts";

/** Among so many nearly all are noticed. */
const RUNS = 600;

const random = Array.from({ length: RUNS }, (_, n) => scheduleOf(n + 1));

const lagging = Array.from({ length: RUNS }, (_, n) => scheduleOf(n + 1, "lagging"));

const handedOn = Array.from({ length: RUNS / 2 }, (_, n) => scheduleOf(n + 1, "handedOn"));

/** What the first of the schedules that fails says, with the sources changed. */
async function failureOf(changes: readonly Change[], given: readonly Schedule[]): Promise<string | undefined> {
  const changed = (await load("packages/conformance/src/model/run.ts", changes)) as { readonly run: typeof run };
  for (const schedule of given) {
    const { failure } = await changed.run(schedule);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

describe("the model notices", () => {
  it.each(mutants)("$name", { timeout: 60_000 }, async ({ changes, directed: by }) => {
    const given = by === undefined ? [...random, ...Object.values(directed)] : [directed[by]];
    expect(await failureOf(changes, given)).toEqual(expect.any(String));
  });

  it.each(inboundMutants)("$name, where consumers lag behind", { timeout: 60_000 }, async ({ changes }) => {
    expect(await failureOf(changes, lagging)).toEqual(expect.any(String));
  });

  it.each(handedOnMutants)("$name, where sessions are handed on", { timeout: 60_000 }, async ({ changes }) => {
    expect(await failureOf(changes, handedOn)).toEqual(expect.any(String));
  });
});

describe("the model does not notice", () => {
  // A few, as a bundle: model.test.ts plays all of them.
  it("sources without a fault, in the same schedules", { timeout: 60_000 }, async () => {
    const some = [random, lagging, handedOn].flatMap((schedules) => schedules.slice(0, 50));
    expect(await failureOf([], [...Object.values(directed), ...some])).toBeUndefined();
  });

  it.each(equivalent)("$name, as $why", { timeout: 60_000 }, async ({ changes }) => {
    expect(await failureOf(changes, [...Object.values(directed), ...random.slice(0, 100)])).toBeUndefined();
  });
});
