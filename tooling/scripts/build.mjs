// Builds packages with turbo, one build at a time, and only where something changed.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bin, pnpm, root, run } from "./run.mjs";
import { closure, workspacePackages } from "./workspace.mjs";

const stamps = join(root, ".turbo", "built");
const stampOf = ({ folder }) => join(stamps, folder.replaceAll("/", "-"));

/** The latest change of a file, or of any file below a folder; 0 where there is none. */
function changed(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => changed(join(path, name))));
}

/** Whether these packages are built, and were built after their last change. */
function isFresh(packages) {
  const sources = ["src", "package.json", "tsconfig.json"];
  const newest = Math.max(
    changed(join(root, "tooling/build")),
    ...packages.flatMap(({ folder }) => sources.map((source) => changed(join(root, folder, source)))),
  );
  const built = packages.filter(({ manifest }) => manifest.scripts?.build);
  return built.every((one) => existsSync(join(root, one.folder, "dist")) && changed(stampOf(one)) > newest);
}

async function turbo(filters) {
  const args = ["run", "build", "--output-logs=errors-only", ...filters];
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" };
  // Turbo looks for pnpm in the PATH, where it is when pnpm runs this script.
  const inPnpm = process.env.npm_execpath?.includes("pnpm");
  await (inPnpm
    ? run(bin("turbo"), args, { env, quiet: true })
    : pnpm(["exec", "turbo", ...args], { env, quiet: true }));
}

/** Holds a lock file while `work` runs, so that two fixtures started at once do not build over each other. */
async function locked(work) {
  mkdirSync(stamps, { recursive: true });
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

/**
 * Builds one package with all that it depends on, or every package. With `ifStale`, does nothing where no source is
 * newer than the last build. Quiet, unless it fails: then it throws with turbo's output.
 */
export async function build({ name, ifStale = false } = {}) {
  const all = workspacePackages();
  const packages = name === undefined ? all : closure(name, all);
  if (ifStale && isFresh(packages)) return;
  await locked(async () => {
    if (ifStale && isFresh(packages)) return;
    const begun = new Date();
    await turbo(name === undefined ? [] : [`--filter=${name}`]);
    for (const one of packages) {
      // The time at which it began: what was changed meanwhile may not be in it.
      writeFileSync(stampOf(one), "");
      utimesSync(stampOf(one), begun, begun);
    }
  });
}
