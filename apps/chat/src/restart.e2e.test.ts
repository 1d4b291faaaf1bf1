import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchChromium } from "./e2e/chromium.ts";
import { endAll, startServer } from "./e2e/programs.ts";
import { visit } from "./e2e/visitor.ts";

// What a visitor of the demo can do to its server, for real: the panel's button, the exit code, and the people who come back.

let browser: Browser;
let data: string;

beforeAll(async () => {
  browser = await launchChromium();
  data = mkdtempSync(join(tmpdir(), "chat-restart-"));
});
afterAll(async () => {
  await browser?.close();
  await endAll();
  rmSync(data, { recursive: true });
});

it("a server that is restarted from the panel comes back with what was said, and the page says what a loss cost", async () => {
  const options = { data, args: ["--demo"] };
  const first = await startServer(0, options);
  const ann = await visit(browser, first.url, "Ann");
  const bob = await visit(browser, first.url, "Bob");

  // Who writes is told, and no longer once it is said.
  await bob.page.getByLabel("Message", { exact: true }).pressSequentially("bef");
  await ann.page.getByText("Bob is typing").waitFor();
  await bob.say("before");
  await ann.message("before").waitFor();
  await ann.page.getByText("Bob is typing").waitFor({ state: "detached" });

  // A cut that the session survives: nothing was missed.
  await ann.page.getByRole("button", { name: "See the library work" }).click();
  const panel = ann.page.getByRole("region", { name: "See the library work" });
  await panel.getByRole("button", { name: "Cut it" }).click();
  await ann.page.getByText("Back again: you missed nothing").waitFor();

  // 75 asks whoever started it to start it again, which pnpm demo does.
  await panel.getByRole("button", { name: "Restart server" }).click();
  expect(await first.server.ended).toBe(75);
  await ann.connection("waiting");
  await ann.say("meanwhile");
  await startServer(first.port, options);
  await ann.connection("connected");
  // The history of the server that came is another one: it cannot tell that nothing came between.
  await ann.page.getByText("The server lost your place: something may be missing").waitFor();
  await bob.message("meanwhile").waitFor();
  for (const visitor of [ann, bob]) {
    expect(await visitor.page.locator(".bubble").allTextContents()).toEqual(["before", "meanwhile"]);
    expect(visitor.faults).toEqual([]);
  }
});
