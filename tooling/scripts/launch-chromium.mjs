// A Chromium for tests alone: without the sandbox, which root cannot use, and calling nobody.
import { chromium } from "playwright";
import { findChromium } from "./chromium.mjs";

/**
 * The popups of the address bar are pages, two for each window, and take more time than ours. The others are of Playwright's
 * list, which this one stands for: what calls somebody, or changes pages.
 */
const withoutFeatures = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "AimEnabled",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "ThirdPartyStoragePartitioning",
];

export const chromiumArgs = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  `--disable-features=${withoutFeatures.join(",")}`,
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
