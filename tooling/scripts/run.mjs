// Running other programs, the same way in every script.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A program that the root package.json installs. */
export const bin = (name) => join(root, "node_modules", ".bin", name);

/** The newest TypeScript's compiler: a program of Node. */
export const newestTsc = join(root, "tooling/node_modules/typescript-7.0/bin/tsc");

/**
 * Runs a program to its end. Its output is shown, or with `quiet` kept: it is what this resolves to (stdout), and all
 * of it is in the message when the program fails.
 */
export function run(command, args, { cwd = root, env = process.env, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit" });
    let stdout = "";
    let all = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      all += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      all += text;
    });
    child.on("error", (cause) => reject(new Error(`${command} cannot be run: ${cause.message}`, { cause })));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(stdout);
      const ended = `${[command, ...args].join(" ")}: ended with ${signal ?? `code ${code}`}`;
      reject(new Error(all === "" ? ended : `${ended}\n${all.trimEnd()}`));
    });
  });
}

/** Runs pnpm: the one that runs this script, else the one that package.json names. */
export function pnpm(args, options) {
  const running = process.env.npm_execpath;
  if (running?.endsWith("pnpm.cjs")) return run(process.execPath, [running, ...args], options);
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return run("npx", ["-y", packageManager, ...args], options);
}

/** Milliseconds, as "1.2 s". */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
