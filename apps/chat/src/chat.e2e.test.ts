import type { Browser } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchChromium } from "./e2e/chromium.ts";
import { endAll, type Program, start, startServer, startTerminal } from "./e2e/programs.ts";
import { leaveAll, openTab, type Visitor, visit } from "./e2e/visitor.ts";

// The chat as it was built, in real browsers and processes. Every wait is for the thing itself.

let browser: Browser;
let server: Program;
let url: string;
let port: number;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  ({ server, url, port } = await startServer());
});
afterEach(async () => {
  await leaveAll(browser);
  await endAll();
});

const restart = async () => {
  ({ server } = await startServer(port));
};
/** Waits until the people of the list are these. */
const expectPeople = (visitor: Visitor, people: string[]) =>
  expect.poll(visitor.people, { timeout: 20_000 }).toEqual(people);
/** The texts of all messages shown, in order. */
const texts = ({ page }: Visitor) => page.locator(".bubble").allTextContents();

describe("a conversation", () => {
  it("of two pages and a terminal: each sees each message once, and who is here", async () => {
    const ann = await visit(browser, url, "Ann");
    const bob = await visit(browser, url, "Bob");
    const cleo = await startTerminal(port, "Cleo");

    await ann.say("from Ann");
    await bob.message("from Ann").waitFor();
    await bob.say("from Bob");
    await ann.message("from Bob").waitFor();
    await cleo.line("Bob: from Bob");
    cleo.say("from Cleo");
    for (const visitor of [ann, bob]) {
      await visitor.message("from Cleo").waitFor();
      expect(await texts(visitor)).toEqual(["from Ann", "from Bob", "from Cleo"]);
      await expectPeople(visitor, ["Ann browser", "Bob browser", "Cleo node"]);
      await visitor.message("from Cleo").getByText("node", { exact: true }).waitFor();
    }
    await cleo.line("Cleo: from Cleo");
    const said = cleo.lines.filter((line) => line.includes(": from "));
    expect(said.map((line) => line.replace(/^\[\d\d:\d\d\] /, ""))).toEqual([
      "Ann: from Ann",
      "Bob: from Bob",
      "Cleo: from Cleo",
    ]);

    await ann.page.getByRole("button", { name: "Bob", exact: true }).click();
    await ann.page.getByRole("complementary", { name: "People" }).getByText("is there").waitFor();
    cleo.say("/there Ann");
    await cleo.line("* Ann is there");

    const delivered = ann.message("from Ann");
    expect(await delivered.getAttribute("data-own")).toBe("");
    await delivered.getByText("Delivered").waitFor();

    await cleo.kill("SIGTERM");
    await expectPeople(ann, ["Ann browser", "Bob browser"]);
    expect([...ann.faults, ...bob.faults]).toEqual([]);
  });

  it("is told to those who come later, and goes on where it was for whoever loads the page again", async () => {
    const ann = await visit(browser, url, "Ann");
    await ann.say("before you came");
    await ann.message("before you came").getByText("Delivered").waitFor();
    const bob = await visit(browser, url, "Bob");
    await bob.message("before you came").waitFor();
    const cleo = await startTerminal(port, "Cleo");
    await cleo.line("Ann: before you came");

    await ann.page.goto("about:blank");
    await expectPeople(bob, ["Bob browser", "Cleo node"]);
    for (const text of ["while you were", "on another page"]) cleo.say(text);
    await bob.message("on another page").waitFor();
    await ann.page.goto(url);
    await ann.page.getByText("2 messages came while you were away").waitFor();
    await ann.message("while you were").locator(".divider").waitFor();
    expect(await texts(ann)).toEqual(["before you came", "while you were", "on another page"]);
    expect(await ann.message("before you came").getAttribute("data-own")).toBe("");
    await expectPeople(ann, ["Ann browser", "Bob browser", "Cleo node"]);
    expect(ann.faults).toEqual([]);
  });

  it("shows markup and escape sequences as the text that they are", async () => {
    const markup = `<img src=x onerror="window.wasRun = true">`;
    const ann = await visit(browser, url, "<b>Ann</b>");
    const bob = await visit(browser, url, "Bob");
    const cleo = await startTerminal(port, "Cleo\u001b[31m");
    await ann.say(markup);
    cleo.say("\u001b[2J\u001b]0;title\u0007red");
    for (const visitor of [ann, bob]) {
      await visitor.message(markup).waitFor();
      await visitor.message("red").waitFor();
      expect(await visitor.page.locator("img, b").count()).toBe(0);
      expect(await visitor.page.evaluate("window.wasRun")).toBeUndefined();
      await expectPeople(visitor, ["<b>Ann</b> browser", "Bob browser", "Cleo node"]);
      expect(visitor.faults).toEqual([]);
    }
    const line = await cleo.line("<b>Ann</b>: ");
    expect(line).toContain(markup);
    expect(cleo.lines.join("")).not.toMatch(/\p{Cc}/u);
  });

  it("stays in step between the tabs of one user, who is one person", async () => {
    const one = await visit(browser, url, "Ann");
    const other = await openTab(one.context, url);
    await other.connection("connected");
    await one.say("from one tab");
    await other.message("from one tab").waitFor();
    expect(await other.message("from one tab").getAttribute("data-own")).toBe("");
    await other.say("from the other");
    await one.message("from the other").waitFor();
    for (const tab of [one, other]) {
      expect(await texts(tab)).toEqual(["from one tab", "from the other"]);
      expect(await tab.people()).toEqual(["Ann browser"]);
    }

    await other.page.getByRole("button", { name: "Change your name" }).click();
    await other.page.getByRole("textbox", { name: "Your name" }).fill("Anna");
    await other.page.keyboard.press("Enter");
    await expectPeople(one, ["Anna browser"]);
    await other.page.close();
    await one.say("still here");
    await one.message("still here").getByText("Delivered").waitFor();
    expect(await one.people()).toEqual(["Anna browser"]);
  });

  it("happens in rooms, which have addresses", async () => {
    const ann = await visit(browser, url, "Ann");
    const bob = await visit(browser, url, "Bob");
    await ann.page.getByLabel("Go to another room").fill("Tea House");
    await ann.page.keyboard.press("Enter");
    await ann.page.getByRole("heading", { level: 1, name: "tea-house" }).waitFor();
    await ann.say("just us");
    await expectPeople(bob, ["Bob browser"]);
    expect(await texts(bob)).toEqual([]);
    await bob.page.getByRole("link", { name: /tea-house/ }).click();
    await bob.message("just us").waitFor();
    await expectPeople(ann, ["Ann browser", "Bob browser"]);
    const cleo = await startTerminal(port, "Cleo", { args: ["--room", "tea-house"] });
    await cleo.line("Ann: just us");
    expect(new URL(bob.page.url()).hash).toBe("#tea-house");
  });
});

describe("a server that dies and comes back", () => {
  it("finds everybody again by itself; they keep what was said, and go on", async () => {
    const ann = await visit(browser, url, "Ann");
    const bob = await visit(browser, url, "Bob");
    const cleo = await startTerminal(port, "Cleo");
    await ann.say("before");
    await bob.message("before").waitFor();
    await cleo.line("Ann: before");

    await server.kill("SIGKILL");
    await Promise.all([ann.connection("waiting"), bob.connection("waiting"), cleo.line("* no connection")]);
    const seen = cleo.lines.length;
    await restart();
    await Promise.all([
      ann.connection("connected"),
      bob.connection("connected"),
      cleo.line("* connected", { after: seen }),
      cleo.line("* back: the session began anew, and the server lost our place", { after: seen }),
    ]);
    for (const visitor of [ann, bob]) {
      await expect
        .poll(async () => (await visitor.people()).toSorted(), { timeout: 20_000 })
        .toEqual(["Ann browser", "Bob browser", "Cleo node"]);
    }

    await bob.say("after");
    await ann.message("after").waitFor();
    cleo.say("me too");
    for (const visitor of [ann, bob]) {
      await visitor.message("me too").waitFor();
      expect(await texts(visitor)).toEqual(["before", "after", "me too"]);
      expect(visitor.faults).toEqual([]);
    }
    await cleo.line("Bob: after");
  });

  it("gets what was written meanwhile, once", async () => {
    const ann = await visit(browser, url, "Ann");
    const bob = await visit(browser, url, "Bob");
    const cleo = await startTerminal(port, "Cleo");
    await server.kill("SIGKILL");
    await Promise.all([ann.connection("waiting"), cleo.line("* no connection")]);
    await ann.say("written meanwhile");
    await ann.message("written meanwhile").getByText("Sending").waitFor();
    cleo.say("typed meanwhile");
    await restart();
    await ann.message("written meanwhile").getByText("Delivered").waitFor();
    for (const visitor of [ann, bob]) {
      await visitor.message("written meanwhile").waitFor();
      await visitor.message("typed meanwhile").waitFor();
      expect((await texts(visitor)).toSorted()).toEqual(["typed meanwhile", "written meanwhile"]);
    }
  });

  it("too late: the message has failed, and a retry delivers it", async () => {
    const ann = await visit(browser, url, "Ann", { alone: true });
    const bob = await visit(browser, url, "Bob");
    await ann.page.clock.install();
    await ann.page.reload();
    await ann.connection("connected");
    await server.kill("SIGKILL");
    await ann.connection("waiting");
    await ann.say("out of luck");
    await ann.message("out of luck").getByText("Sending").waitFor();
    await ann.page.clock.fastForward(30_000);
    await ann.message("out of luck").getByText("Not delivered").waitFor();
    await restart();
    await ann.connection("connected");
    await bob.connection("connected");
    expect(await texts(bob)).toEqual([]);
    await ann.page.getByRole("button", { name: "Retry" }).click();
    await ann.message("out of luck").getByText("Delivered").waitFor();
    await bob.message("out of luck").waitFor();
    expect(await texts(bob)).toEqual(["out of luck"]);
  });
});

describe("the page", () => {
  it("moves nothing while it loads, once a name is known", async () => {
    const ann = await visit(browser, url, "Ann");
    await ann.say("something");
    const again = await openTab(ann.context, url);
    await again.message("something").waitFor();
    const shift = await again.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          // Those of the past are told first, in one call.
          new PerformanceObserver((list) => resolve(list.getEntries().length)).observe({
            type: "layout-shift",
            buffered: true,
          });
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(0)));
        }),
    );
    expect(shift).toBe(0);
  });

  it("says who is here, and lets one go to a room, in a window as wide as a phone", async () => {
    const ann = await visit(browser, url, "Ann");
    await ann.page.setViewportSize({ width: 360, height: 640 });
    const panel = ann.page.getByRole("complementary", { name: "People" });
    await panel.waitFor({ state: "hidden" });
    await ann.page.getByRole("button", { name: "1 people here" }).press("Enter");
    await panel.getByText("Ann", { exact: true }).waitFor();
    await ann.page.keyboard.press("Escape");
    await panel.waitFor({ state: "hidden" });
    await ann.page.getByRole("button", { name: "Rooms" }).press("Enter");
    await ann.page.getByRole("link", { name: "clojure" }).press("Enter");
    await ann.page.getByRole("heading", { level: 1, name: "clojure" }).waitFor();
    await ann.page.getByRole("complementary", { name: "Rooms" }).waitFor({ state: "hidden" });
    expect(await ann.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });
});

describe("the programs", () => {
  it("a terminal whose input ends delivers what it was given, and ends", async () => {
    const ann = await visit(browser, url, "Ann");
    const piped = start("terminal", { args: ["--url", `ws://127.0.0.1:${port}/chsk`, "--name", "build"] });
    piped.say("all green");
    piped.closeInput();
    expect(await piped.ended).toBe(0);
    await ann.message("all green").waitFor();
  });

  it("a server ends on SIGTERM with code 0, with people connected", async () => {
    await visit(browser, url, "Ann");
    await server.kill("SIGTERM");
    expect(await server.ended).toBe(0);
  });
});
