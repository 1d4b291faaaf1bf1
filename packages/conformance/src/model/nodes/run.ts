import type { Outcome } from "../run.ts";
import { end } from "./ending.ts";
import { play } from "./plays.ts";
import type { NodesSchedule } from "./schedule.ts";
import { NodesWorld } from "./world.ts";

/** Runs a schedule of several nodes: the engine's own clients and servers, on the memory backplane. */
export async function runNodes(schedule: NodesSchedule, isTraced = false): Promise<Outcome> {
  const world = new NodesWorld(schedule, isTraced);
  try {
    await world.advance(10);
    for (const { client } of world.tabs) client.chsk.connect();
    for (const command of schedule.commands) {
      await play(world, command);
      if (world.failure !== undefined) break;
    }
    if (world.failure === undefined) await end(world);
  } catch (error) {
    world.fail(`threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  return { failure: world.failure, traces: world.tracing.traces };
}
