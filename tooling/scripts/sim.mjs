// pnpm sim --seed N [--runs M]: prints what happens in the schedule of that seed, as a sequence diagram; where it
// fails, in the smallest that fails. With --runs: the seeds from N on whose schedules fail.
import { parseArgs } from "node:util";
import { load } from "./bundle.mjs";

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" }, runs: { type: "string" } } });
const seed = Number(values.seed);
const { simulate, isWrong } = await load("packages/conformance/src/model/sim.ts");
if (values.runs === undefined) {
  const { failure, schedule, diagram } = await simulate(seed);
  console.log(`${schedule}\n\n${diagram}\n\n${failure ?? "nothing is wrong"}`);
  if (failure !== undefined) process.exitCode = 1;
} else {
  let wrong = 0;
  for (let one = seed; one < seed + Number(values.runs); one++) {
    if (!(await isWrong(one))) continue;
    wrong++;
    console.log(`pnpm sim --seed ${one}`);
  }
  console.log(`${values.runs} schedules, ${wrong} wrong`);
  if (wrong > 0) process.exitCode = 1;
}
