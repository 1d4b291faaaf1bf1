// pnpm test [-- vitest's arguments]: finds Chromium, builds, and runs every test. In CI a skipped test is a failure.
import { writeFileSync } from "node:fs";
import { parseCLI, startVitest } from "vitest/node";
import { updateMatrix } from "../vitest/matrix.mjs";
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
process.chdir(root);
let summary;
await stage("tests", async () => {
  const vitest = await startVitest("test", filter, { ...options, watch: false });
  const isOutdated = updateMatrix(vitest.state.getTestModules(), writeFileSync);
  summary = summarise(vitest.state.getTestModules(), vitest.state.getUnhandledErrors());
  // With a name to look for, all the other tests are skipped.
  const forbidden = process.env.CI && !vitest.config.testNamePattern ? forbiddenSkips(summary.skipped) : [];
  await vitest.close();
  if (forbidden.length > 0) {
    console.error(`skipped, which is a failure in CI:\n${forbidden.map((name) => `  ${name}`).join("\n")}`);
  }
  // The page is the record: in CI a runtime that ran fewer tests than it says, or more, is a failure.
  if (isOutdated) console.error("docs/conformance.md has new numbers: commit it");
  if (summary.failed > 0 || forbidden.length > 0 || (isOutdated && process.env.CI)) process.exitCode = 1;
  return process.exitCode ? "failed" : "done";
});
console.log(summaryLine(summary));
// As vitest's own command does: what a test left open does not keep the run from ending.
process.exit();
