import fc from "fast-check";
import { draw } from "./diagram.ts";
import { run } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { schedules } from "./schedules.ts";

/** The schedule of a seed. */
export function scheduleOf(seed: number): Schedule {
  const [schedule] = fc.sample(schedules, { seed, numRuns: 1 });
  if (schedule === undefined) throw new Error(`no schedule for seed ${seed}`);
  return schedule;
}

export async function isWrong(seed: number): Promise<boolean> {
  return (await run(scheduleOf(seed))).failure !== undefined;
}

/** The schedule of a seed; where it fails, the smallest that was found to fail. */
async function smallest(seed: number): Promise<Schedule> {
  const property = fc.asyncProperty(schedules, async (schedule) => {
    const { failure } = await run(schedule);
    if (failure !== undefined) throw new Error(failure);
  });
  const { counterexample } = await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: 20_000 });
  return counterexample?.[0] ?? scheduleOf(seed);
}

export interface Simulation {
  /** What was wrong. */
  readonly failure: string | undefined;
  /** The schedule, a line for each command. */
  readonly schedule: string;
  readonly diagram: string;
}

/** Runs the schedule of a seed, shrunk where it fails. */
export async function simulate(seed: number): Promise<Simulation> {
  const schedule = await smallest(seed);
  const { failure, traces } = await run(schedule, true);
  const lines = [schedule.setup, ...schedule.commands].map((line) => JSON.stringify(line));
  const diagram = draw(traces, { clients: schedule.setup.clients.length });
  return { failure, schedule: lines.join("\n"), diagram: diagram.join("\n") };
}
