// pnpm test [-- vitest's arguments]: finds Chromium and the brokers, builds, and runs every test. In CI a skipped test is a failure.
import { subscribe } from "node:diagnostics_channel";
import { rmSync } from "node:fs";
import { createVitest, parseCLI } from "vitest/node";
import { reportsFolder, testsOf } from "../vitest/matrix.mjs";
import { keep, problemsOf, securityProblemsOf } from "../vitest/record.mjs";
import { findForbiddenSkips, summarise, summaryLine } from "../vitest/summary.mjs";
import { watchForHangs } from "../vitest/unfinished.mjs";
import { ensureBrokers } from "./brokers.mjs";
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
await stage("brokers", () => ensureBrokers());
await stage("build", () => build());

const args = process.argv.slice(2);
if (args[0] === "--") args.shift();
const { filter, options } = parseCLI(["vitest", "run", ...args]);
// Whatever chooses among the tests; of a whole run docs/conformance.md can tell what has to be in it.
const choosing = ["project", "testNamePattern", "changed", "related", "shard", "exclude", "dir", "root", "config"];
const isWhole = filter.length === 0 && choosing.every((name) => options[name] === undefined);
/** Keeps what ran, for the page, and compares them. */
function problemsIn(vitest) {
  const tests = testsOf(vitest.state.getTestModules());
  keep(tests);
  return [...problemsOf(tests), ...securityProblemsOf(tests)];
}

/** What this process started, vitest's workers among them: one that only computes hears no signal but SIGKILL. */
const children = new Set();
subscribe("child_process", ({ process: child }) => children.add(child));
function killChildren() {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
}

process.chdir(root);
// A runtime that does not come to write its report has none.
rmSync(reportsFolder, { recursive: true, force: true });
let summary;
await stage("tests", async () => {
  const vitest = await createVitest("test", { ...options, watch: false });
  const watch = watchForHangs({
    // A single test of ours may take 300 s: the suites inside another runtime.
    hangsAfterMs: 360_000,
    now: () => performance.now(),
    say: (text) => console.error(text),
    onHang: () => {
      killChildren();
      process.exit(1);
    },
  });
  vitest.reporters.push(watch.reporter);
  const looking = setInterval(watch.look, 5_000);
  // What stops the whole stage learns from us what it was at.
  process.once("SIGTERM", () => {
    console.error(`stopped; still running:\n${watch.listUnfinished()}`);
    killChildren();
    process.exit(1);
  });
  await vitest.start(filter).catch((error) => {
    // A filter that names no file has said so already.
    if (vitest.state.getTestModules().length > 0) throw error;
    process.exitCode = 1;
  });
  clearInterval(looking);
  const problems = isWhole ? problemsIn(vitest) : [];
  summary = summarise(vitest.state.getTestModules(), vitest.state.getUnhandledErrors());
  // With a name to look for, all the other tests are skipped.
  const forbidden = process.env.CI && !vitest.config.testNamePattern ? findForbiddenSkips(summary.skipped) : [];
  await vitest.close();
  if (forbidden.length > 0) {
    console.error(`skipped, which is a failure in CI:\n${forbidden.map((name) => `  ${name}`).join("\n")}`);
  }
  if (problems.length > 0) {
    console.error(`this whole run and docs/conformance.md:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  }
  if (summary.failed > 0 || forbidden.length > 0 || problems.length > 0) process.exitCode = 1;
  return process.exitCode ? "failed" : "done";
});
console.log(summaryLine(summary));
// As vitest's own command does: what a test left open does not keep the run from ending.
process.exit();
