import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchChromium, openTab } from "./chromium.ts";
import { copyOf, removeCopies } from "./copy.ts";
import { textAt } from "./peer.ts";
import { endAll, startProgram, startServer } from "./program.ts";

let browser: Browser;
let address: string;
beforeAll(async () => {
  const folder = await copyOf("react");
  [browser, address] = await Promise.all([launchChromium(), startServer("server.mjs", { folder })]);
});
afterAll(async () => {
  await browser?.close();
  await endAll();
  await removeCopies();
});

it("is imported, and made, without a global of a page", async () => {
  const program = startProgram("src/touched-globals.mjs");
  const touched: unknown = JSON.parse(await program.line("{"));
  // For its client id: every runtime that renders pages has it.
  expect(touched).toEqual({ imported: [], made: [] });
  expect(await program.ended).toBe(0);
});

it("is rendered by Vite where every global of a page throws", async () => {
  const program = startProgram("src/render-without-page.mjs");
  expect(await program.line("<main>")).toContain("not connected");
  expect(await program.ended).toBe(0);
});

it("is rendered on the server, and opens one socket in the page, under StrictMode too", async () => {
  expect(await textAt(address)).toContain(`<p role="status">not connected</p>`);

  const { page, channelSockets, faults } = await openTab(browser);
  await page.goto(address);
  await page.getByRole("status").getByText("connected", { exact: true }).waitFor();
  await page.getByText("you are ").waitFor();
  expect(await textAt(`${address}/sockets`)).toBe("1");

  for (let i = 0; i < 3; i++) {
    await page.getByRole("button", { name: "Hide" }).click();
    await page.getByText("you are ").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("you are ").waitFor();
  }
  expect(await textAt(`${address}/sockets`)).toBe("1");
  expect(channelSockets).toHaveLength(1);
  expect(faults).toEqual([]);
});
