// How the runtimes of the repository's devDependencies are started: the programs themselves. What node_modules/.bin has for
// Deno is a script that starts it, and killing the script would leave Deno behind.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { serverNames, serverRuntimes } from "../../packages/conformance/src/runtimes.mjs";
import { root } from "./run.mjs";

/** The names of the runtimes that run programs. */
export const runtimes = serverNames;

/**
 * The program of a runtime, to be spawned without a shell. Throws where it is not installed.
 * @param {string} name
 * @returns {string}
 */
export function runtimePath(name) {
  const runtime = serverRuntimes[name];
  if (runtime === undefined) throw new Error(`no runtime ${name}; there are ${runtimes.join(", ")}`);
  if (runtime.program === undefined) return process.execPath;
  const exe = process.platform === "win32" && !runtime.program.endsWith(".exe") ? ".exe" : "";
  const path = join(root, "node_modules", `${runtime.program}${exe}`);
  if (!existsSync(path)) throw new Error(`${name} is not installed at ${path}: run pnpm install`);
  return path;
}

/**
 * The arguments with which a runtime starts a file that may use the network ("net"), or do everything ("all").
 * @param {string} name
 * @param {"net" | "all"} may
 * @returns {readonly string[]}
 */
export function runArgs(name, may) {
  const { run, [may]: allowed } = serverRuntimes[name];
  return [...run, ...allowed];
}
