import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchChromium, openTab } from "./chromium.ts";
import { copyOf, removeCopies } from "./copy.ts";
import { clientOf, closeClients, nextEvent, post, textAt } from "./peer.ts";
import { endAll, startServer } from "./program.ts";

const vite = fileURLToPath(new URL("../node_modules/vite/bin/vite.js", import.meta.url));

let browser: Browser;
let folder: string;
let address: string;
beforeAll(async () => {
  folder = await copyOf("vite");
  [browser, address] = await Promise.all([
    launchChromium(),
    startServer(vite, { folder, env: { PORT: String(await freePort()) } }),
  ]);
});
afterAll(async () => {
  closeClients();
  await browser?.close();
  await endAll();
  await removeCopies();
});

/** To Vite, 0 is its default port; where this one is taken meanwhile, it takes the next. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/**
 * In one step, as editors save. Vite may read a file that is written in place while it is still empty, and then drops the
 * change that follows within 50 ms.
 */
async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  await writeFile(beside, text);
  await rename(beside, path);
}

it("answers the application's own routes", async () => {
  expect(await textAt(`${address}/hello`)).toBe("hello from Vite");
});

it("replies over the channel socket, and pushes what a route has to say", async () => {
  const client = clientOf(address);
  expect(await client.requestFn(["math/add", [1, 2]])).toBe(3);
  const notice = nextEvent(client, "notice/new");
  expect(await post(address, "tea is ready")).toEqual({ connections: 1 });
  expect(await notice).toEqual({ text: "tea is ready" });
  client.close();
});

it("still updates a page in place, whose channel socket stays", async () => {
  const { page, channelSockets, faults } = await openTab(browser);
  // Vite says so once the page would hear of a change.
  const listening = page.waitForEvent("console", (message) => message.text().includes("[vite] connected"));
  await page.goto(address);
  await page.getByRole("heading", { name: "hello", exact: true }).waitFor();
  await page.getByText("1 + 2 = 3").waitFor();
  await listening;
  await page.evaluate("globalThis.isSamePage = true");

  await replaceFile(join(folder, "greeting.js"), `export const greeting = "hello again";\n`);
  await page.getByRole("heading", { name: "hello again" }).waitFor();
  expect(await page.evaluate("globalThis.isSamePage")).toBe(true);

  await post(address, "tea is ready");
  await page.getByText("The last notice: tea is ready").waitFor();
  expect(channelSockets).toHaveLength(1);
  expect(faults).toEqual([]);
});
