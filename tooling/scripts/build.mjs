// Builds packages with turbo, whose cache makes that a matter of 0.3 s where nothing changed; one build at a time.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bin, pnpm, root, run } from "./run.mjs";

/** Runs turbo's tasks. Quiet, unless one fails: then it rejects with their output. */
export async function turbo(tasks) {
  const args = ["run", ...tasks, "--output-logs=errors-only"];
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" };
  // Turbo looks for pnpm in the PATH, where it is when pnpm runs this script.
  const inPnpm = process.env.npm_execpath?.includes("pnpm");
  await (inPnpm
    ? run(bin("turbo"), args, { env, quiet: true })
    : pnpm(["exec", "turbo", ...args], { env, quiet: true }));
}

/** Holds a lock file while `work` runs, so that two fixtures started at once do not build over each other. */
async function runLocked(work) {
  mkdirSync(join(root, ".turbo"), { recursive: true });
  const lock = join(root, ".turbo", "build.lock");
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    else await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isAbandoned(lock) {
  try {
    const pid = Number(readFileSync(lock, "utf8"));
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** Builds one package with all that it depends on, or every package. Rejects with turbo's output where that fails. */
export async function build(name) {
  await runLocked(() => turbo(["build", ...(name === undefined ? [] : [`--filter=${name}`])]));
}
