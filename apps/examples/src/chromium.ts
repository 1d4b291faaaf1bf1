import type { Browser, Page } from "playwright";

/** A Chromium for tests alone. */
export const { launchChromium }: { launchChromium(): Promise<Browser> } = await import(
  new URL("../../../tooling/scripts/launch-chromium.mjs", import.meta.url).href
);

/** A page, the channel sockets that it opened, and what went wrong in it. */
export interface Tab {
  readonly page: Page;
  readonly channelSockets: readonly string[];
  readonly faults: readonly string[];
}

export async function openTab(browser: Browser): Promise<Tab> {
  const page = await browser.newPage();
  // Less than a test has, so that what is missing is named.
  page.setDefaultTimeout(20_000);
  const channelSockets: string[] = [];
  const faults: string[] = [];
  page.on("websocket", (socket) => {
    if (new URL(socket.url()).pathname === "/chsk") channelSockets.push(socket.url());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    const isFault = message.type() === "error" || message.type() === "warning";
    // Chromium asks for an icon that no example has.
    if (isFault && !message.location().url.endsWith("/favicon.ico")) faults.push(message.text());
  });
  return { page, channelSockets, faults };
}
