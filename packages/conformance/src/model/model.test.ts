import { describe, expect, it } from "vitest";
import { directed } from "./directed.ts";
import { run } from "./run.ts";
import { isWrong, type Kind, simulate } from "./sim.ts";

const runs = Number(process.env.MODEL_RUNS ?? 4_000);
const runsOfLagging = Math.ceil(runs / 4);
const runsOfHandedOn = Math.ceil(runs / 8);
const runsOfNodes = Math.ceil(runs / 8);
const firstSeed = Number(process.env.MODEL_SEED ?? 1);

/** Fails with the smallest schedule of the first seed that goes wrong. */
async function checkSeeds(kind: Kind, count: number): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    if (!(await isWrong(seed, kind))) continue;
    const { failure, schedule } = await simulate(seed, kind);
    expect.fail(`${failure}\npnpm sim --kind ${kind} --seed ${seed}\n${schedule}`);
  }
}

describe("sessions and liveness (PROTOCOL.md sections 6 and 7)", () => {
  it(
    "keep their promises in every schedule that chance comes up with",
    () => checkSeeds("sessions", runs),
    60_000 + runs * 50,
  );

  it(
    "lose nothing in silence, and keep order and bounds, where those who take events lag behind",
    () => checkSeeds("lagging", runsOfLagging),
    60_000 + runs * 50,
  );

  it(
    "lose nothing where one server hands its sessions on to the next, which starts only then (section 6.13)",
    () => checkSeeds("handedOn", runsOfHandedOn),
    60_000 + runs * 50,
  );

  it(
    "lose nothing over deploys and moves among several nodes, and nothing in silence where nodes and their broker fail",
    () => checkSeeds("nodes", runsOfNodes),
    60_000 + runs * 50,
  );

  it(
    "give each request one answer, that of its handler where that is in time, wherever sessions go meanwhile (section 6.13)",
    () => checkSeeds("replies", runsOfNodes),
    60_000 + runs * 50,
  );

  it.each(Object.entries(directed))("%s", async (_name, schedule) => {
    expect((await run(schedule)).failure).toBeUndefined();
  });
});
