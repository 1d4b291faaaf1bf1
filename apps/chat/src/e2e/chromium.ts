import type { Browser } from "playwright";

/** A Chromium for tests alone. */
export const { launchChromium }: { launchChromium(): Promise<Browser> } = await import(
  new URL("../../../../tooling/scripts/launch-chromium.mjs", import.meta.url).href
);
