import type { Server } from "node:http";
import { type ChannelSocketClient, type ClientState, makeChannelSocketClient } from "@sente-lite/node";
import type { Browser, CDPSession } from "playwright";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { DevtoolsPage } from "./page/devtools-page.ts";
import { serveClient } from "./page/serve-client.ts";
import { TcpProxy } from "./stage/tcp-proxy.ts";
import { serverOf } from "./targets/servers.ts";
import type { RunningServer } from "./targets/target.ts";

// What befalls a page in Chromium, by its devtools protocol, and what the client in it makes of it: docs/lifecycle.md.

let browser: Browser;
let context: { readonly browser: CDPSession; readonly id: string };
let server: RunningServer;
let pages: { readonly server: Server; readonly origin: string };
let other: ChannelSocketClient;

beforeAll(async () => {
  const {
    launchChromium,
  }: { launchChromium(options: { readonly ignoreDefaultArgs: readonly string[] }): Promise<Browser> } = await import(
    new URL("../../../tooling/scripts/launch-chromium.mjs", import.meta.url).href
  );
  [browser, server, pages] = await Promise.all([
    // Playwright turns the cache off.
    launchChromium({ ignoreDefaultArgs: ["--disable-back-forward-cache"] }),
    serverOf("node").start({ options: { allowedOrigins: "*" } }),
    serveClient(),
  ]);
  context = await DevtoolsPage.context(browser);
  other = makeChannelSocketClient(`${server.url}?uid=other`);
  await other.ready();
});
afterAll(async () => {
  other?.close();
  await browser?.close();
  await server?.stop();
  pages?.server.close();
});

const stateOf = (page: DevtoolsPage) => page.evaluate<ClientState>("client.state.get()");
const eventsOf = (page: DevtoolsPage) => page.evaluate<string[]>("events");
const visibilityOf = (page: DevtoolsPage) => page.evaluate<string>("document.visibilityState");
const patience = { timeout: 15_000, interval: 30 };
const expectOpen = (page: DevtoolsPage) =>
  expect.poll(() => page.evaluate("client.state.get().open"), patience).toBe(true);

/** A tab with an open client, and what is between it and its server. */
async function opened(uid: string, options = {}): Promise<{ readonly page: DevtoolsPage; readonly proxy: TcpProxy }> {
  const proxy = new TcpProxy(server.port);
  const port = await proxy.listen();
  onTestFinished(() => proxy.close());
  const query = new URLSearchParams({
    chsk: `ws://127.0.0.1:${port}/chsk?uid=${uid}`,
    options: JSON.stringify({ reconnectBaseMs: 50, ...options }),
  });
  const page = await DevtoolsPage.open(context.browser, context.id, `${pages.origin}/?${query}`);
  onTestFinished(() => page.close());
  await expect.poll(() => page.evaluate("document.readyState"), patience).toBe("complete");
  await expectOpen(page);
  return { page, proxy };
}

/** Another tab, in front of the others. */
async function another(): Promise<DevtoolsPage> {
  const page = await DevtoolsPage.open(context.browser, context.id, `${pages.origin}/elsewhere`);
  onTestFinished(() => page.close());
  return page;
}

/** Pushes these to somebody, from elsewhere. */
async function push(uid: string, ...numbers: readonly number[]): Promise<void> {
  for (const x of numbers) await other.requestFn(["test/to", { uid, x }]);
}

const expectGot = (page: DevtoolsPage, ...what: readonly unknown[]) =>
  expect.poll(() => page.evaluate("got"), patience).toEqual(what);

/** The session went on, and nothing was amiss. */
async function expectResumed(page: DevtoolsPage, sessionId: string | null): Promise<void> {
  expect(await stateOf(page)).toMatchObject({ open: true, sessionId, resumed: true, sessionLost: false });
  expect(await page.evaluate("faults")).toEqual([]);
}

/** How long the client waits for its next attempt. */
const waitOf = async (page: DevtoolsPage) =>
  page.evaluate<number>("(client.state.get().udtNextReconnect ?? 0) - Date.now()");

describe("a page that goes into the back/forward cache and comes back (§6, §8.2)", () => {
  it("is the same page, goes on with its session, and has missed nothing", async () => {
    const { page } = await opened("cached");
    const { sessionId } = await stateOf(page);
    const born = await page.evaluate("born");
    await push("cached", 1);
    await expectGot(page, 1);
    await page.navigate(`${pages.origin}/elsewhere`);
    await expect.poll(() => page.evaluate("document.title"), patience).toBe("elsewhere");
    await push("cached", 2, 3);
    await page.goBack();
    await expect.poll(() => page.evaluate("globalThis.born"), patience).toBe(born);
    await expectOpen(page);
    await expectGot(page, 1, "in pagehide", 2, 3);
    await expectResumed(page, sessionId);
    expect((await stateOf(page)).lastWsClose?.code).toBe(4000);
    expect(await eventsOf(page)).toEqual(expect.arrayContaining(["pagehide", "freeze", "resume", "pageshow"]));
  });

  it("does so again and again", async () => {
    const { page } = await opened("commuter");
    const { sessionId } = await stateOf(page);
    for (const round of [1, 2, 3]) {
      await page.navigate(`${pages.origin}/elsewhere`);
      await expect.poll(() => page.evaluate("document.title"), patience).toBe("elsewhere");
      await push("commuter", round);
      await page.goBack();
      await expect.poll(() => page.evaluate("typeof client"), patience).toBe("object");
      await expect.poll(() => page.evaluate(`got.includes(${round})`), patience).toBe(true);
    }
    await expectGot(page, "in pagehide", 1, "in pagehide", 2, "in pagehide", 3);
    await expectResumed(page, sessionId);
  });

  it("a page that is reloaded is a new client", async () => {
    const { page } = await opened("reloaded");
    const before = await stateOf(page);
    const born = await page.evaluate("born");
    await page.send("Page.reload");
    await expect.poll(() => page.evaluate(`globalThis.born !== undefined && born !== ${born}`), patience).toBe(true);
    await expectOpen(page);
    const { sessionId, resumed, sessionLost } = await stateOf(page);
    expect(sessionId).not.toBe(before.sessionId);
    expect({ resumed, sessionLost }).toEqual({ resumed: false, sessionLost: false });
  });
});

describe("a tab in the background (§7, §8.2)", () => {
  it("stays connected, and hears what is pushed", async () => {
    const { page } = await opened("background", { pingIntervalMs: 200 });
    await another();
    await expect.poll(() => visibilityOf(page), patience).toBe("hidden");
    await push("background", 1, 2);
    await expectGot(page, 1, 2);
    expect(await stateOf(page)).toMatchObject({ open: true, lastWsClose: null });
  });

  it("that is frozen closes, keeps its session, and goes on when it is resumed", async () => {
    const { page } = await opened("frozen");
    const { sessionId } = await stateOf(page);
    await another();
    await expect.poll(() => visibilityOf(page), patience).toBe("hidden");
    await page.send("Page.setWebLifecycleState", { state: "frozen" });
    await expect.poll(() => eventsOf(page), patience).toContain("freeze");
    await push("frozen", 1, 2, 3);
    await page.send("Page.setWebLifecycleState", { state: "active" });
    await expectGot(page, 1, 2, 3);
    await expectResumed(page, sessionId);
    expect((await stateOf(page)).lastWsClose?.code).toBe(4000);
    expect(await visibilityOf(page)).toBe("hidden");
  });

  it("that waits to reconnect does not wait long once somebody looks at it", async () => {
    const { page, proxy } = await opened("looked-at");
    await another();
    await expect.poll(() => visibilityOf(page), patience).toBe("hidden");
    proxy.do({ type: "refuse" });
    await expect.poll(() => waitOf(page), patience).toBeGreaterThan(1_500);
    proxy.do({ type: "flow" });
    await page.bringToFront();
    await expect.poll(() => waitOf(page), patience).toBeLessThan(100);
    await expectOpen(page);
  });
});

describe("a network that goes and comes (§7, §8.2)", () => {
  const network = (page: DevtoolsPage, offline: boolean) =>
    page.send("Network.emulateNetworkConditions", {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });

  it("is noticed by a ping; back online the client does not wait long, and both sides have missed nothing", async () => {
    const { page } = await opened("offline", { pingIntervalMs: 150, pingTimeoutMs: 2_000 });
    const { sessionId } = await stateOf(page);
    await network(page, true);
    await page.evaluate('for (const n of [1, 2, 3]) client.sendFn(["test/push-me", n])');
    await expect.poll(() => page.evaluate("client.state.get().open"), patience).toBe(false);
    expect(["4408", "1006"]).toContain(String((await stateOf(page)).lastWsClose?.code));
    await push("offline", 10, 11);
    await page.evaluate('client.sendFn(["test/push-me", 4])');
    await expect.poll(() => waitOf(page), patience).toBeGreaterThan(1_500);
    await network(page, false);
    await expect.poll(() => waitOf(page), patience).toBeLessThan(100);
    await expectOpen(page);
    await expect.poll(async () => (await page.evaluate<number[]>("got")).length, patience).toBe(6);
    const got = await page.evaluate<number[]>("got");
    expect(got.filter((n) => n < 10)).toEqual([1, 2, 3, 4]);
    expect(got.filter((n) => n >= 10)).toEqual([10, 11]);
    await expectResumed(page, sessionId);
    expect(await eventsOf(page)).toEqual(["pageshow", "offline", "online"]);
  });
});
