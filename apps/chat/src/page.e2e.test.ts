import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import type axe from "axe-core";
import type { Browser } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchChromium } from "./e2e/chromium.ts";
import { endAll, startServer } from "./e2e/programs.ts";
import { leaveAll, type Visitor, visit } from "./e2e/visitor.ts";

// The page as it was built: what it shows of the library, what it makes of messages, and for whom it can be used.

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 640 };

let browser: Browser;
let url: string;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  ({ url } = await startServer());
});
afterEach(async () => {
  await leaveAll(browser);
  await endAll();
});

const panel = ({ page }: Visitor) => page.getByRole("region", { name: "See the library work" });
const unfold = async (visitor: Visitor) => {
  await visitor.page.getByRole("button", { name: "See the library work" }).click();
  await panel(visitor).waitFor();
};
const frame = (visitor: Visitor, label: string) => panel(visitor).locator(".frame-label").getByText(label);
const texts = ({ page }: Visitor) => page.locator(".bubble").allTextContents();

describe("the panel that shows the library work", () => {
  it("is folded away until one asks; it names each frame, and says what is in it only when asked", async () => {
    const ann = await visit(browser, url, "Ann");
    await panel(ann).waitFor({ state: "hidden" });
    await unfold(ann);
    // What went on before is there as well.
    await frame(ann, "handshake, new session").waitFor();
    await panel(ann).getByText("transit-json").waitFor();
    await ann.say("not to be read");
    await frame(ann, "chat/send r").waitFor();
    await panel(ann)
      .getByText(/^Last /)
      .waitFor();
    expect(await panel(ann).textContent()).not.toContain("not to be read");

    await panel(ann).getByLabel("Show what they say").check();
    await ann.say("to be read");
    await panel(ann).locator(".frame-payload").getByText("to be read").first().waitFor();
    await panel(ann).getByLabel("Show what they say").uncheck();
    await expect.poll(() => panel(ann).textContent()).not.toContain("to be read");
  });

  it("cuts the connection, and one sees that nothing is lost, doubled or out of order", async () => {
    const ann = await visit(browser, url, "Ann");
    const bob = await visit(browser, url, "Bob");
    await unfold(ann);
    const all: string[] = [];
    for (const round of [1, 2, 3]) {
      await panel(ann).getByRole("button", { name: "Cut it" }).click();
      for (const [who, visitor] of [
        ["Ann", ann],
        ["Bob", bob],
      ] as const) {
        all.push(`${who} ${round}`);
        await visitor.say(`${who} ${round}`);
      }
      for (const visitor of [ann, bob]) await visitor.message(`Bob ${round}`).waitFor();
      await ann.message(`Ann ${round}`).getByText("Delivered").waitFor();
      await bob.message(`Ann ${round}`).waitFor();
    }
    await panel(ann).getByText("resumed, nothing lost").waitFor();
    await frame(ann, "handshake, resumed session").first().waitFor();
    await frame(ann, "closed, ").first().waitFor();
    for (const visitor of [ann, bob]) {
      // What two people say at one time has no order between them; what one says has.
      const said = await texts(visitor);
      expect(said.toSorted()).toEqual(all.toSorted());
      for (const who of ["Ann", "Bob"]) {
        expect(said.filter((text) => text.startsWith(who))).toEqual(all.filter((text) => text.startsWith(who)));
      }
    }
    // However many frames there are, only their list scrolls.
    const overflow = () => (document.scrollingElement?.scrollHeight ?? 0) - innerHeight;
    expect(await ann.page.evaluate(overflow)).toBe(0);
    // A server that is not in demo mode says so with 404, which Chromium tells the console.
    expect(ann.faults.filter((fault) => !fault.includes("404"))).toEqual([]);
  });

  it("stalls the connection: what is written waits, stays connected, and goes out when it is over", async () => {
    const ann = await visit(browser, url, "Ann", { alone: true });
    const bob = await visit(browser, url, "Bob");
    await ann.page.clock.install();
    await ann.page.reload();
    await ann.connection("connected");
    await unfold(ann);
    // Her time stands still, so that however slow the machine is, she says it as the stall begins.
    await ann.page.clock.pauseAt(Date.now() + 60_000);
    await panel(ann).getByRole("button", { name: "Stall it for 5 s" }).click();
    await panel(ann)
      .getByRole("button", { name: /^Stalled/ })
      .waitFor();
    await ann.say("held");
    await bob.say("held too");
    await bob.message("held too").getByText("Delivered").waitFor();
    await ann.message("held").getByText("Sending").waitFor();
    expect([...(await texts(ann)), ...(await texts(bob))]).toEqual(["held", "held too"]);
    await ann.page.clock.runFor(6_000);
    await ann.page.clock.resume();
    await ann.message("held").getByText("Delivered").waitFor();
    await ann.message("held too").waitFor();
    await bob.message("held").waitFor();
    // How much longer than the stall itself is up to the machine.
    await panel(ann)
      .getByText(/longest (?:[5-9]|\d\d)[.\d]* s/)
      .waitFor();
    expect(await frame(ann, "closed, ").count()).toBe(0);
  });

  it("restarts the server where the server lets one, and else does not offer it", async () => {
    const ann = await visit(browser, url, "Ann", { alone: true });
    const answered = ann.page.waitForResponse((response) => new URL(response.url()).pathname === "/demo");

    await unfold(ann);
    await answered;
    const restart = panel(ann).getByRole("button", { name: "Restart server" });
    await restart.waitFor({ state: "hidden" });

    await ann.page.route("**/demo", (route) => route.fulfill({ status: 200, body: "token" }));
    await ann.page.route("**/demo/restart/token", (route) => route.fulfill({ status: 202 }));
    await ann.page.reload();
    await ann.connection("connected");
    await unfold(ann);
    const asked = ann.page.waitForRequest("**/demo/restart/token");
    await restart.click();
    expect((await asked).method()).toBe("POST");
  });

  it("is worked by keyboard alone: Escape folds it and gives the focus back, Ctrl+K leads to the rooms", async () => {
    for (const size of [DESKTOP, PHONE]) {
      const { page, ...ann } = await visit(browser, url, "Ann");
      await page.setViewportSize(size);
      const button = page.getByRole("button", { name: "See the library work" });
      await button.press("Enter");
      await panel({ page, ...ann }).waitFor();
      expect(await button.getAttribute("aria-expanded")).toBe("true");
      await page.getByRole("button", { name: "Cut it" }).focus();
      await page.keyboard.press("Escape");
      await panel({ page, ...ann }).waitFor({ state: "hidden" });
      expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
      await page.keyboard.press("Control+k");
      await page.keyboard.type("go");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "go" }).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(size.width);
    }
  });
});

describe("a message", () => {
  it("has links to the web, which tell it nothing of this page, and no others", async () => {
    const ann = await visit(browser, url, "Ann");
    const said = [
      `javascript:alert(1) data:text/html,<b>x</b> vbscript:x`,
      `https://x.example/"onmouseover="window.wasRun=true`,
      `https://y.example/'><img src=x onerror=window.wasRun=true>`,
      `<a href="https://z.example/&quot;">z</a>, and (https://w.example/a_(b)).`,
      `https://bank.example@evil.example/ JAVASCRIPT:https://v.example`,
    ];
    for (const text of said) {
      await ann.say(text);
      await ann.message(text).waitFor();
    }
    expect(await texts(ann)).toEqual(said);
    const links = await ann.page.locator(".bubble *").evaluateAll((elements) =>
      elements.map((element) => [
        element.tagName,
        ...element
          .getAttributeNames()
          .toSorted()
          .map((name) => element.getAttribute(name)),
      ]),
    );
    const link = (href: string) => ["A", href, "noopener noreferrer nofollow", "_blank"];
    expect(links).toEqual([
      link("https://x.example/"),
      link("https://y.example/"),
      link("https://z.example/&quot"),
      link("https://w.example/a_(b)"),
      link("https://v.example/"),
    ]);
    expect(await ann.page.evaluate("window.wasRun")).toBeUndefined();
    expect(ann.faults).toEqual([]);
  });

  it("that is one emoji is shown larger", async () => {
    const ann = await visit(browser, url, "Ann");
    await ann.say("👩‍💻");
    await ann.say("👩‍💻 at work");
    const size = (text: string) =>
      ann
        .message(text)
        .locator(".bubble")
        .evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));
    expect(await size("👩‍💻")).toBeGreaterThan(2 * (await size("👩‍💻 at work")));
  });

  it("that came while nobody looked is counted in the title, and stands below a line until one answers", async () => {
    const ann = await visit(browser, url, "Ann");
    const bob = await visit(browser, url, "Bob");
    await bob.say("seen");
    await ann.message("seen").waitFor();
    const look = (isLooking: boolean) =>
      ann.page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, !isLooking);
    await look(false);
    await bob.say("one");
    await bob.say("two");
    await ann.message("two").waitFor();
    await expect.poll(() => ann.page.title()).toMatch(/^\(2\) #lobby/);
    await look(true);
    await expect.poll(() => ann.page.title()).toMatch(/^#lobby/);
    await ann.message("one").locator(".divider").waitFor();
    expect(await ann.page.locator(".divider").count()).toBe(1);
    await ann.say("an answer");
    await ann.page.locator(".divider").waitFor({ state: "detached" });
  });
});

describe("everybody", () => {
  const axePath = createRequire(import.meta.url).resolve("axe-core");

  it.each([
    ["light", DESKTOP],
    ["dark", DESKTOP],
    ["light", PHONE],
    ["dark", PHONE],
  ] as const)("can use it, says axe: %s, %o, with the panel and without", async (colorScheme, size) => {
    const ann = await visit(browser, url, "Ann");
    const bob = await visit(browser, url, "Bob");
    await ann.page.setViewportSize(size);
    await ann.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await bob.say("see https://x.example");
    await ann.say("and http://y.example");
    await ann.message("and http://y.example").getByText("Delivered").waitFor();
    const source = await readFile(axePath, "utf8");
    const serious = async () => {
      await ann.page.evaluate(source);
      const { violations } = await ann.page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(
          ({ id, nodes }) =>
            `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`,
        );
    };
    expect(await serious()).toEqual([]);
    await unfold(ann);
    await panel(ann).getByRole("button", { name: "Cut it" }).click();
    await panel(ann).getByText("resumed, nothing lost").waitFor();
    expect(await serious()).toEqual([]);
  });
});

describe("loading", () => {
  it("takes less than 60 KB, compressed", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const bodies = new Map<string, Promise<Buffer>>();
    page.on("response", (response) => bodies.set(new URL(response.url()).pathname, response.body()));
    await page.goto(url, { waitUntil: "networkidle" });
    expect([...bodies.keys()].toSorted()).toEqual(["/", "/favicon.svg", "/page.css", "/page.js"]);
    const sizes = (await Promise.all(bodies.values())).map((body) => gzipSync(body).length);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(60 * 1_024);
  });

  it("moves nothing, in a window as wide as a phone either", async () => {
    const ann = await visit(browser, url, "Ann");
    await ann.say("something");
    const page = await ann.context.newPage();
    await page.setViewportSize(PHONE);
    await page.goto(url);
    await page.locator(".bubble").getByText("something").waitFor();
    const shifts = await page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const moved = (entry: PerformanceEntry & { sources?: { node?: Node & { outerHTML?: string } }[] }) =>
            String(entry.sources?.map(({ node }) => node?.outerHTML));
          // Those of the past are told first, in one call.
          new PerformanceObserver((list) => resolve(list.getEntries().map(moved))).observe({
            type: "layout-shift",
            buffered: true,
          });
          requestAnimationFrame(() => requestAnimationFrame(() => resolve([])));
        }),
    );
    expect(shifts).toEqual([]);
  });
});
