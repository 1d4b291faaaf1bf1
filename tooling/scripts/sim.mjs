// pnpm sim --seed N [--runs M]: prints what happens in the schedule of that seed, as a sequence diagram; where it
// fails, in the smallest that fails. With --runs: the seeds from N on whose schedules fail. --kind lagging: of those in
// which the consumers lag behind.
import { parseArgs } from "node:util";
import { load } from "./bundle.mjs";

const text = { type: "string" };
const options = { seed: { ...text, default: "1" }, runs: text, kind: { ...text, default: "sessions" } };
const { values } = parseArgs({ options });
const { kind } = values;
const seed = Number(values.seed);
const { simulate, isWrong } = await load("packages/conformance/src/model/sim.ts");
if (values.runs === undefined) {
  const { failure, schedule, diagram } = await simulate(seed, kind);
  console.log(`${schedule}\n\n${diagram}\n\n${failure ?? "nothing is wrong"}`);
  if (failure !== undefined) process.exitCode = 1;
} else {
  let wrong = 0;
  for (let one = seed; one < seed + Number(values.runs); one++) {
    if (!(await isWrong(one, kind))) continue;
    wrong++;
    console.log(`pnpm sim --kind ${kind} --seed ${one}`);
  }
  console.log(`${values.runs} schedules, ${wrong} wrong`);
  if (wrong > 0) process.exitCode = 1;
}
