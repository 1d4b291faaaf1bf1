// pnpm test [-- vitest's arguments]: finds Chromium, builds, and runs every test. In CI a skipped test is a failure.
import { rmSync, writeFileSync } from "node:fs";
import { parseCLI, startVitest } from "vitest/node";
import { reportsFolder } from "../vitest/matrix.mjs";
import { updateRecord } from "../vitest/record.mjs";
import { forbiddenSkips, summarise, summaryLine } from "../vitest/summary.mjs";
import { build } from "./build.mjs";
import { ensureChromium } from "./chromium.mjs";
import { root, seconds } from "./run.mjs";

/** Runs one stage and says how long it took. Where it fails, that is the end. */
async function stage(name, work) {
  const begun = performance.now();
  try {
    const note = await work();
    console.log(`${name}: ${note ?? "done"} (${seconds(performance.now() - begun)})`);
  } catch (error) {
    console.error(error.message);
    console.error(`${name}: failed after ${seconds(performance.now() - begun)}`);
    process.exit(1);
  }
}

await stage("chromium", async () => {
  process.env.CHROMIUM_PATH = await ensureChromium();
  return process.env.CHROMIUM_PATH;
});
await stage("build", () => build());

const args = process.argv.slice(2);
if (args[0] === "--") args.shift();
const { filter, options } = parseCLI(["vitest", "run", ...args]);
// Whatever chooses among the tests; of a whole run the record can tell whether a suite ran less than it did once.
const choosing = ["project", "testNamePattern", "changed", "related", "shard", "exclude", "dir", "root", "config"];
const isWhole = filter.length === 0 && choosing.every((name) => options[name] === undefined);
process.chdir(root);
// A runtime that does not come to write its report has none.
rmSync(reportsFolder, { recursive: true, force: true });
let summary;
await stage("tests", async () => {
  const vitest = await startVitest("test", filter, { ...options, watch: false });
  const record = isWhole ? updateRecord(vitest.state.getTestModules(), writeFileSync) : undefined;
  summary = summarise(vitest.state.getTestModules(), vitest.state.getUnhandledErrors());
  // With a name to look for, all the other tests are skipped.
  const forbidden = process.env.CI && !vitest.config.testNamePattern ? forbiddenSkips(summary.skipped) : [];
  await vitest.close();
  if (forbidden.length > 0) {
    console.error(`skipped, which is a failure in CI:\n${forbidden.map((name) => `  ${name}`).join("\n")}`);
  }
  const { problems = [], isUpdated = false } = record ?? {};
  if (problems.length > 0) {
    console.error(`less ran than docs/conformance.md records; where that is meant, write the lower number there:`);
    console.error(problems.map((problem) => `  ${problem}`).join("\n"));
  }
  if (isUpdated) console.error("docs/conformance.md has new numbers: commit it");
  const isBehind = problems.length > 0 || (isUpdated && process.env.CI);
  if (summary.failed > 0 || forbidden.length > 0 || isBehind) process.exitCode = 1;
  return process.exitCode ? "failed" : "done";
});
console.log(summaryLine(summary));
// As vitest's own command does: what a test left open does not keep the run from ending.
process.exit();
