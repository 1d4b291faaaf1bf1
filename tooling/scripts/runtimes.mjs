// Where the runtimes of the repository's devDependencies are: the programs themselves. What node_modules/.bin has for
// Deno is a script that starts it, and killing the script would leave Deno behind.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

const exe = process.platform === "win32" ? ".exe" : "";
const programs = {
  node: process.execPath,
  bun: join(root, "node_modules/bun/bin/bun.exe"),
  deno: join(root, `node_modules/deno/deno${exe}`),
};

/** The names of the runtimes. */
export const runtimes = Object.keys(programs);

/**
 * The program of a runtime, to be spawned without a shell. Throws where it is not installed.
 * @param {string} name
 * @returns {string}
 */
export function runtimePath(name) {
  const path = programs[name];
  if (path === undefined) throw new Error(`no runtime ${name}; there are ${runtimes.join(", ")}`);
  if (!existsSync(path)) throw new Error(`${name} is not installed at ${path}: run pnpm install`);
  return path;
}
