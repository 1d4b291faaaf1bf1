// pnpm sim --seed N [--runs M]: prints what happens in the schedule of that seed, as a sequence diagram; where it
// fails, of the smallest that fails like it. With --runs: the seeds from N on whose schedules fail.
import { parseArgs } from "node:util";
import { load } from "./bundle.mjs";

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" }, runs: { type: "string" } } });
const seed = Number(values.seed);
const { simulate, wrongSeeds } = await load("packages/conformance/src/model/sim.ts");
if (values.runs === undefined) {
  const { text, isWrong } = await simulate(seed);
  console.log(text);
  process.exitCode = isWrong ? 1 : 0;
} else {
  const wrong = await wrongSeeds(seed, Number(values.runs));
  console.log(wrong.length === 0 ? "nothing is wrong" : wrong.map((one) => `pnpm sim --seed ${one}`).join("\n"));
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
