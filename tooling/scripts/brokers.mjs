// The brokers that the drivers are tested with: programs of the system, which the tests start by themselves.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./run.mjs";

/** By program, the package of Debian that has it. */
const packages = { "redis-server": "redis-server", "nats-server": "nats-server" };

/** Debian has some where only root's PATH leads. */
const folders = () => [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];

/**
 * The path of a broker's program, or undefined.
 * @param {string} program
 * @returns {string | undefined}
 */
export function findBroker(program) {
  return folders()
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}

/**
 * Installs what is missing, where this runs as root on Debian. Throws with one line that says what to do.
 * @param {(line: string) => void} log
 * @returns {Promise<string>} Which there are.
 */
export async function ensureBrokers(log = console.error) {
  const missing = () => Object.keys(packages).filter((program) => findBroker(program) === undefined);
  const names = missing();
  if (names.length > 0 && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    const install = `apt-get install -y --no-install-recommends ${names.map((name) => packages[name]).join(" ")}`;
    log(`no ${names.join(", ")} found: ${install}`);
    // By that runlevel the service that comes with it is not started.
    await run("sh", ["-c", `apt-get update && RUNLEVEL=1 ${install}`], { quiet: true }).catch((error) =>
      log(error.message),
    );
  }
  const left = missing();
  if (left.length > 0)
    throw new Error(`${left.join(" and ")} missing: the drivers are tested with them. Install them.`);
  return Object.keys(packages)
    .map((program) => `${program} ${versionOf(program)}`)
    .join(", ");
}

function versionOf(program) {
  const text = execFileSync(findBroker(program) ?? program, ["--version"], { encoding: "utf8", timeout: 30_000 });
  return /v=?([\d.]+)/.exec(text)?.[1] ?? "of unknown version";
}
