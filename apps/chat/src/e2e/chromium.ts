import { type Browser, chromium } from "playwright";

/** A Chromium for tests alone: without the sandbox, which root cannot use, and calling nobody. */
export async function launchChromium(): Promise<Browser> {
  const tools: { findChromium(): Promise<string | undefined> } = await import(
    new URL("../../../../tooling/scripts/chromium.mjs", import.meta.url).href
  );
  const executablePath = await tools.findChromium();
  if (executablePath === undefined) throw new Error("no Chromium found; CHROMIUM_PATH names one");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}
