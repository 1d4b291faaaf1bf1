import fc from "fast-check";
import { draw } from "./diagram.ts";
import { lagging } from "./lagging.ts";
import { run } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { handedOn, schedules } from "./schedules.ts";

/** Where schedules come from: of sessions, of consumers that lag behind, or of houses that follow each other. */
const kinds = { sessions: schedules, lagging, handedOn };
export type Kind = keyof typeof kinds;

/** The schedule of a seed. */
export function scheduleOf(seed: number, kind: Kind = "sessions"): Schedule {
  const [schedule] = fc.sample(kinds[kind], { seed, numRuns: 1 });
  if (schedule === undefined) throw new Error(`no schedule for seed ${seed}`);
  return schedule;
}

export async function isWrong(seed: number, kind?: Kind): Promise<boolean> {
  return (await run(scheduleOf(seed, kind))).failure !== undefined;
}

/** The schedule of a seed; where it fails, the smallest that was found to fail. */
async function findSmallest(seed: number, kind: Kind): Promise<Schedule> {
  const property = fc.asyncProperty(kinds[kind], async (schedule) => {
    const { failure } = await run(schedule);
    if (failure !== undefined) throw new Error(failure);
  });
  const { counterexample } = await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: 20_000 });
  return counterexample?.[0] ?? scheduleOf(seed, kind);
}

export interface Simulation {
  /** What was wrong. */
  readonly failure: string | undefined;
  /** The schedule, a line for each command. */
  readonly schedule: string;
  readonly diagram: string;
}

/** Runs the schedule of a seed, shrunk where it fails. */
export async function simulate(seed: number, kind: Kind = "sessions"): Promise<Simulation> {
  const schedule = await findSmallest(seed, kind);
  const { failure, traces } = await run(schedule, true);
  const lines = [schedule.setup, ...schedule.commands].map((line) => JSON.stringify(line));
  const diagram = draw(traces, { clients: schedule.setup.clients.length });
  return { failure, schedule: lines.join("\n"), diagram: diagram.join("\n") };
}
