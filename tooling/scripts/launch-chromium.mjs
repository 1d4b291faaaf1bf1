// A Chromium for tests alone: without the sandbox, which root cannot use, and calling nobody.
import { chromium } from "playwright";
import { findChromium } from "./chromium.mjs";

export const chromiumArgs = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/**
 * Launches it; `options` are Playwright's own.
 * @param {import("playwright").LaunchOptions} [options]
 * @returns {Promise<import("playwright").Browser>}
 */
export async function launchChromium(options = {}) {
  const executablePath = await findChromium();
  if (executablePath === undefined) throw new Error("no Chromium found; CHROMIUM_PATH names one");
  return chromium.launch({ executablePath, args: chromiumArgs, ...options });
}
