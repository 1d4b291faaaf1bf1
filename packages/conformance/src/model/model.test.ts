import { describe, expect, it } from "vitest";
import { directed } from "./directed.ts";
import { run } from "./run.ts";
import { isWrong, simulate } from "./sim.ts";

const runs = Number(process.env.MODEL_RUNS ?? 4_000);
const runsOfLagging = Math.ceil(runs / 4);
const runsOfHandedOn = Math.ceil(runs / 8);
const runsOfNodes = Math.ceil(runs / 8);
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

  it(
    "lose nothing in silence, and keep order and bounds, where those who take events lag behind",
    async () => {
      for (let seed = firstSeed; seed < firstSeed + runsOfLagging; seed++) {
        if (!(await isWrong(seed, "lagging"))) continue;
        const { failure, schedule } = await simulate(seed, "lagging");
        expect.fail(`${failure}\npnpm sim --kind lagging --seed ${seed}\n${schedule}`);
      }
    },
    60_000 + runs * 50,
  );

  it(
    "lose nothing where one server hands its sessions on to the next, which starts only then (section 6.13)",
    async () => {
      for (let seed = firstSeed; seed < firstSeed + runsOfHandedOn; seed++) {
        if (!(await isWrong(seed, "handedOn"))) continue;
        const { failure, schedule } = await simulate(seed, "handedOn");
        expect.fail(`${failure}\npnpm sim --kind handedOn --seed ${seed}\n${schedule}`);
      }
    },
    60_000 + runs * 50,
  );

  it(
    "lose nothing over deploys and moves among several nodes, and nothing in silence where nodes and their broker fail",
    async () => {
      for (let seed = firstSeed; seed < firstSeed + runsOfNodes; seed++) {
        if (!(await isWrong(seed, "nodes"))) continue;
        const { failure, schedule } = await simulate(seed, "nodes");
        expect.fail(`${failure}\npnpm sim --kind nodes --seed ${seed}\n${schedule}`);
      }
    },
    60_000 + runs * 50,
  );

  it(
    "give each request one answer, that of its handler where that is in time, wherever sessions go meanwhile (section 6.13)",
    async () => {
      for (let seed = firstSeed; seed < firstSeed + runsOfNodes; seed++) {
        if (!(await isWrong(seed, "replies"))) continue;
        const { failure, schedule } = await simulate(seed, "replies");
        expect.fail(`${failure}\npnpm sim --kind replies --seed ${seed}\n${schedule}`);
      }
    },
    60_000 + runs * 50,
  );

  it.each(Object.entries(directed))("%s", async (_name, schedule) => {
    expect((await run(schedule)).failure).toBeUndefined();
  });
});
