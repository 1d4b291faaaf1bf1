import fc from "fast-check";
import { draw } from "./diagram.ts";
import { run } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { schedules } from "./schedules.ts";

/** The schedule of a seed; where it fails, the smallest that fails like it. */
export async function scheduleOf(seed: number): Promise<Schedule> {
  const property = fc.asyncProperty(schedules, async (schedule) => {
    const { failure } = await run(schedule);
    if (failure !== undefined) throw new Error(failure);
  });
  const found = await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: 20_000 });
  const [schedule] = found.counterexample ?? fc.sample(schedules, { seed, numRuns: 1 });
  if (schedule === undefined) throw new Error(`no schedule for seed ${seed}`);
  return schedule;
}

/** What `pnpm sim --seed N` prints: the schedule, what happened in it, and what was wrong. */
export async function simulate(seed: number): Promise<{ readonly text: string; readonly isWrong: boolean }> {
  const schedule = await scheduleOf(seed);
  const { failure, traces } = await run(schedule, true);
  const lines = [
    `setup ${JSON.stringify(schedule.setup)}`,
    ...schedule.commands.map((command) => JSON.stringify(command)),
    "",
    ...draw(traces, { clients: schedule.setup.clients.length }),
    "",
    failure ?? "nothing is wrong",
  ];
  return { text: lines.join("\n"), isWrong: failure !== undefined };
}

/** The seeds from `first` on whose schedules fail. */
export async function wrongSeeds(first: number, runs: number): Promise<readonly number[]> {
  const wrong: number[] = [];
  for (let seed = first; seed < first + runs; seed++) {
    for (const schedule of fc.sample(schedules, { seed, numRuns: 1 })) {
      if ((await run(schedule)).failure !== undefined) wrong.push(seed);
    }
  }
  return wrong;
}
