import { once } from "node:events";
import { get } from "node:http";
import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchChromium } from "./e2e/chromium.ts";
import { type Visitor, visit } from "./e2e/visitor.ts";

// `pnpm demo --nodes 3`, for real: a broker, a server on each runtime, the balancer, and people who move, and whose servers
// are restarted and killed from the page.

const demo = new URL("../../../tooling/scripts/demo/", import.meta.url);
const { startBroker }: { startBroker(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> } =
  await import(new URL("broker.mjs", demo).href);
const { startNodes }: { startNodes(count: number, broker: string, log: (line: string) => void): Promise<Nodes> } =
  await import(new URL("nodes.mjs", demo).href);
const { startBalancer }: { startBalancer(nodes: Nodes, where: Where): Promise<Balancer> } = await import(
  new URL("balancer.mjs", demo).href
);

interface Nodes {
  readonly stop: () => Promise<void>;
}
interface Where {
  readonly port: number;
  readonly host: string;
}
interface Balancer {
  readonly port: number;
  readonly close: () => void;
}

let browser: Browser;
let broker: { readonly url: string; readonly stop: () => Promise<void> };
let nodes: Nodes;
let balancer: Balancer;

beforeAll(async () => {
  [browser, broker] = await Promise.all([launchChromium(), startBroker()]);
  nodes = await startNodes(3, broker.url, () => {});
  balancer = await startBalancer(nodes, { port: 0, host: "127.0.0.1" });
});
afterAll(async () => {
  await browser?.close();
  balancer?.close();
  await nodes?.stop();
  await broker?.stop();
});

const people = ({ page }: Visitor) => page.locator("#people-list li");
/** Waits until the others see somebody at another server than that one; which it is. */
async function nodeOf(seer: Visitor, name: string, other = "none"): Promise<string> {
  const row = people(seer)
    .filter({ hasText: name })
    .filter({ hasText: /at \w+-\d/ })
    .filter({ hasNotText: `at ${other}` });
  await row.waitFor({ state: "attached" });
  return /at (\w+-\d)/.exec((await row.textContent()) ?? "")?.[1] ?? "";
}

it("people of three servers are one chat, and go on where they move, and where a server is restarted or killed", async () => {
  const url = `http://127.0.0.1:${balancer.port}/`;
  const ann = await visit(browser, url, "Ann");
  const bob = await visit(browser, url, "Bob");
  const cy = await visit(browser, url, "Cy");
  const all = [ann, bob, cy];
  for (const seer of all) await expect.poll(() => people(seer).count()).toBe(3);
  const places = await Promise.all(["Ann", "Bob", "Cy"].map((name) => nodeOf(ann, name)));
  expect(places.sort()).toEqual(["bun-2", "deno-3", "node-1"]);

  const said: string[] = [];
  const sayToAll = async (text: string) => {
    said.push(text);
    await ann.say(text);
    for (const seer of all) await seer.message(text).waitFor();
  };
  await sayToAll("from one to three");

  await ann.page.getByRole("button", { name: "See the library work" }).click();
  const panel = ann.page.getByRole("region", { name: "See the library work" });
  const first = await nodeOf(bob, "Ann");
  await panel.getByRole("button", { name: "Move me" }).click();
  const second = await nodeOf(bob, "Ann", first);
  await sayToAll("moved");
  expect(await panel.locator("#fact-session").textContent()).toContain("resumed, nothing lost");

  // A restart: what she says meanwhile waits, and her session goes on elsewhere.
  await panel.getByRole("button", { name: `Restart ${second}` }).click();
  await sayToAll("while it restarts");
  const third = await nodeOf(bob, "Ann", second);
  await expect.poll(() => panel.locator("#fact-session").textContent()).toContain("resumed, nothing lost");

  // A kill: the session is lost, and said to be; what is in the room is not.
  await panel.getByRole("button", { name: `Kill ${third}` }).click();
  await sayToAll("while it is gone");
  await nodeOf(bob, "Ann", third);
  for (const seer of all) expect(await seer.page.locator(".bubble").allTextContents()).toEqual(said);
  for (const { faults } of [bob, cy]) expect(faults).toEqual([]);

  // Who cannot read the token does nothing, and no other name leads here.
  const token = await (await fetch(`${url}demo`)).text();
  const post = async (path: string) => (await fetch(`${url}demo/${path}`, { method: "POST" })).status;
  expect(await post("kill/guessed/node-1")).toBe(404);
  expect(await post(`constructor/${token}/node-1`)).toBe(404);
  expect(await post(`move/${token}/nobody`)).toBe(404);
  const rebound = get({ port: balancer.port, path: "/demo", headers: { host: "evil.example" } });
  const [{ statusCode }] = await once(rebound, "response");
  rebound.destroy();
  expect(statusCode).toBe(403);
});
