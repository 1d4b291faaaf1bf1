// Which Chromium the browser tests run in. CHROMIUM_PATH names one; else the usual places are searched.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";

const places = {
  linux: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"],
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
  ],
  win32: [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, "Google", "Chrome", "Application", "chrome.exe")),
};

/** Where Playwright's installer puts its own Chromium; undefined where it has none for this system. */
async function playwrightPath() {
  const { chromium } = await import("playwright");
  try {
    return chromium.executablePath();
  } catch {
    return undefined;
  }
}

/**
 * The path of a Chromium, or undefined. Throws where CHROMIUM_PATH names no file, so that a typing error is not
 * silently another browser.
 * @returns {Promise<string | undefined>}
 */
export async function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM_PATH names no file: ${named}`);
  }
  const usual = (places[process.platform] ?? []).find((path) => existsSync(path));
  if (usual) return usual;
  const own = await playwrightPath();
  return own && existsSync(own) ? own : undefined;
}

/** How Chromium can be installed here, the likeliest way first. */
function installers() {
  const root = process.getuid?.() === 0;
  const debian = existsSync("/usr/bin/apt-get");
  const ways = [{ command: process.execPath, args: [playwrightCli(), "install", "chromium"] }];
  if (root && debian) {
    // Before Playwright's, which would leave the system's libraries to be installed.
    ways.unshift({
      command: "sh",
      args: ["-c", "apt-get update && apt-get install -y --no-install-recommends chromium"],
    });
  }
  return ways;
}

function playwrightCli() {
  return join(import.meta.dirname, "../../node_modules/playwright/cli.js");
}

function starts(path) {
  try {
    execFileSync(path, ["--version"], { stdio: "ignore", timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}

/**
 * The path of a Chromium that starts; installs one where there is none. Throws with one line that says what to do.
 * @param {(line: string) => void} log
 * @returns {Promise<string>}
 */
export async function ensureChromium(log = console.error) {
  const found = await findChromium();
  if (found) return found;
  for (const { command, args } of installers()) {
    log(`no Chromium found: ${command} ${args.join(" ")}`);
    await run(command, args, { quiet: true }).catch((error) => log(error.message));
    const installed = await findChromium();
    if (installed && starts(installed)) return installed;
  }
  throw new Error("Chromium is missing and could not be installed: install it, and set CHROMIUM_PATH to its path.");
}
