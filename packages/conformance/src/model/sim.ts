import fc from "fast-check";
import { draw } from "./diagram.ts";
import { lagging } from "./lagging.ts";
import { runNodes } from "./nodes/run.ts";
import { lateReplies, type NodesSchedule, severalNodes } from "./nodes/schedule.ts";
import { type Outcome, run } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { handedOn, schedules } from "./schedules.ts";

/** Where schedules come from: of sessions, of consumers that lag behind, or of houses that follow each other. */
const kinds = { sessions: schedules, lagging, handedOn };
/** Of several nodes at a time, and of those where handlers answer late. */
const nodesKinds = { nodes: severalNodes, replies: lateReplies };
export type NodesKind = keyof typeof nodesKinds;
/** Of one house at a time, or of several nodes. */
export type Kind = keyof typeof kinds | NodesKind;

const sample = <T>(arbitrary: fc.Arbitrary<T>, seed: number): T => {
  const [schedule] = fc.sample(arbitrary, { seed, numRuns: 1 });
  if (schedule === undefined) throw new Error(`no schedule for seed ${seed}`);
  return schedule;
};

/** The schedule of a seed. */
export function scheduleOf(seed: number, kind: keyof typeof kinds = "sessions"): Schedule {
  return sample(kinds[kind], seed);
}

/** The same of several nodes. */
export function nodesScheduleOf(seed: number, kind: NodesKind = "nodes"): NodesSchedule {
  return sample(nodesKinds[kind], seed);
}

export async function isWrong(seed: number, kind: Kind = "sessions"): Promise<boolean> {
  const { failure } = await (isOfNodes(kind) ? runNodes(nodesScheduleOf(seed, kind)) : run(scheduleOf(seed, kind)));
  return failure !== undefined;
}

/** The schedule of a seed; where it fails, the smallest that was found to fail. */
async function findSmallest<T>(
  arbitrary: fc.Arbitrary<T>,
  seed: number,
  runOne: (schedule: T) => Promise<Outcome>,
): Promise<T> {
  const property = fc.asyncProperty(arbitrary, async (schedule) => {
    const { failure } = await runOne(schedule);
    if (failure !== undefined) throw new Error(failure);
  });
  const { counterexample } = await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: 20_000 });
  return counterexample?.[0] ?? sample(arbitrary, seed);
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
  if (isOfNodes(kind)) {
    const schedule = await findSmallest(nodesKinds[kind], seed, (one) => runNodes(one));
    return show(schedule, await runNodes(schedule, true));
  }
  const schedule = await findSmallest(kinds[kind], seed, (one) => run(one));
  return show(schedule, await run(schedule, true));
}

function isOfNodes(kind: Kind): kind is NodesKind {
  return kind in nodesKinds;
}

function show(schedule: Schedule | NodesSchedule, { failure, traces }: Outcome): Simulation {
  const { setup, commands } = schedule;
  const nodes = "nodes" in schedule ? [{ nodes: schedule.nodes }] : [];
  const lines = [...nodes, setup, ...commands].map((line) => JSON.stringify(line));
  const diagram = draw(traces, { clients: setup.clients.length });
  return { failure, schedule: lines.join("\n"), diagram: diagram.join("\n") };
}
