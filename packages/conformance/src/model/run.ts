import { end } from "./ending.ts";
import { play } from "./plays.ts";
import type { Schedule } from "./schedule.ts";
import type { Trace } from "./trace.ts";
import { World } from "./world.ts";

/** Attempts in a minute of handshakes that are followed by a close, at most. */
const HOT_ATTEMPTS = 60;

export interface Outcome {
  /** Which invariant was broken; undefined: none. */
  readonly failure: string | undefined;
  readonly traces: readonly Trace[];
}

/** Runs a schedule: the engine's own client and server, on a network that does what the schedule says. */
export async function run(schedule: Schedule, isTraced = false, ends = true): Promise<Outcome> {
  const world = new World(schedule, isTraced);
  try {
    // The first consumer of a receiver gets what comes from the next turn on.
    for (let turn = 0; turn < 4; turn++) await undefined;
    for (const { client } of world.tabs) client.chsk.connect();
    for (const command of schedule.commands) {
      await play(world, command);
      if (world.failure !== undefined) break;
    }
    const isHot = schedule.commands.some(({ type }) => type === "hot");
    if (isHot && world.tabs.some(({ attempts }) => attempts > HOT_ATTEMPTS)) world.fail("attempts without bound");
    if (ends && world.failure === undefined) await end(world, schedule.isCalm);
  } catch (error) {
    world.fail(`threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  return { failure: world.failure, traces: world.tracing.traces };
}
