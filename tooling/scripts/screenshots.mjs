// node tooling/scripts/screenshots.mjs [--out docs/images]: a conversation between browsers and terminals, photographed for the README.
// Runs the built server and terminal client, so build first.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { chatProgram } from "./chat-programs.mjs";
import { ensureChromium } from "./chromium.mjs";
import { startBalancer } from "./demo/balancer.mjs";
import { startBroker } from "./demo/broker.mjs";
import { startNodes } from "./demo/nodes.mjs";
import { palettePng } from "./palette-png.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { values: args } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "docs/images") },
    /** Also takes pictures of the states that the README does not show. */
    all: { type: "boolean", default: false },
  },
});
mkdirSync(args.out, { recursive: true });

/** Runs one of our programs; `line(text)` resolves to its first line, past or to come, with that text in it. */
function start(name, runtime, ...rest) {
  const { command, args: given } = chatProgram(name, runtime, rest);
  const child = spawn(command, given, { stdio: ["pipe", "pipe", "inherit"] });
  // However this script ends, they end with it.
  process.on("exit", () => child.kill("SIGTERM"));
  const lines = [];
  const waiting = new Set();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const each of waiting) each(line);
  });
  const line = (text) =>
    new Promise((resolve) => {
      const check = (candidate) => {
        if (!candidate.includes(text)) return;
        waiting.delete(check);
        resolve(candidate);
      };
      waiting.add(check);
      lines.forEach(check);
    });
  return { child, line, say: (text) => child.stdin.write(`${text}\n`) };
}

const server = start("server", "node", "--port", "0");
const url = (await server.line("chat: ")).slice("chat: ".length);
const { port, host } = new URL(url);

const browser = await chromium.launch({
  executablePath: await ensureChromium(),
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--hide-scrollbars"],
});

/** Opens the page as somebody: the key decides the colour, so it is always the same one. */
async function open(name, { at = url, ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    deviceScaleFactor: 2,
    locale: "en-GB",
    ...options,
  });
  await context.addInitScript(
    ([item, key, called]) =>
      localStorage.getItem(item) ?? localStorage.setItem(item, JSON.stringify({ key, name: called })),
    ["sente-lite-chat", `key-of-${name.replaceAll(" ", "-")}`, name],
  );
  const page = await context.newPage();
  await page.goto(at);
  await page.locator('.link[data-state="connected"]').waitFor();
  return {
    page,
    say: async (text) => {
      await page.getByLabel("Message", { exact: true }).fill(text);
      await page.keyboard.press("Enter");
      await page.getByText(text, { exact: true }).waitFor();
    },
  };
}
const terminal = async (name, runtime) => {
  const key = `key-of-${name.replaceAll(" ", "-")}`;
  const one = start("terminal", runtime, "--url", `ws://${host}/chsk`, "--name", name, "--key", key);
  await one.line("you are in");
  const say = (text) => {
    one.say(text);
    return one.line(text);
  };
  return { ...one, say };
};

const ann = await open("Ann");
const jonas = await terminal("Jonas", "node");
const mei = await open("Mei Tanaka", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
const bot = await terminal("deploy-bot", "bun");
const priya = await terminal("Priya Nair", "nbb");
const sam = await terminal("Sam Okafor", "deno");

await bot.say("v2.4.1 is live in Stockholm and Osaka");
await priya.say("Did anyone notice the restart?");
await jonas.say("My terminal dropped for a second and came back by itself");
await ann.say("Same here. The page kept everything and just carried on.");
await mei.say("I was in a tunnel the whole time");
await mei.say("When I came out, all of it was there, in order, once");
await sam.say("Once is my favourite number of times");
await ann.say("Then let us call it done. Whose move is it?");
await jonas.say("Yours. It is always yours, that is what sente means");
for (const { page } of [ann, mei])
  await page.getByText("Yours. It is always yours, that is what sente means").waitFor();

async function shoot(name, { page }, scheme = "light") {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
  const png = palettePng(await page.screenshot({ animations: "disabled", caret: "hide" }));
  writeFileSync(join(args.out, `${name}.png`), png);
  console.log(`${name}.png: ${Math.round(png.length / 1024)} KB`);
}

await shoot("chat-desktop-light", ann);
await shoot("chat-desktop-dark", ann, "dark");
await shoot("chat-phone", mei);
await shoot("chat-phone-dark", mei, "dark");

// The panel, after a connection that stood still and one that was cut.
const panelButton = ({ page }) => page.getByRole("button", { name: "See the library work" });
for (const one of [ann, mei]) await panelButton(one).click();
await ann.page.getByRole("button", { name: "Stall it" }).click();
await ann.say("This one stood still for five seconds, and came once");
await ann.page.getByRole("button", { name: "Stall it" }).waitFor();
await mei.page.getByText("This one stood still").waitFor();
await ann.page.getByText(/longest (?:[5-9]|\d\d)/).waitFor();
for (const one of [ann, mei]) {
  await one.page.getByRole("button", { name: "Cut it" }).click();
  await one.page.getByText("resumed, nothing lost").waitFor();
}
await jonas.say("Read about it at https://senseis.xmp.net/?Sente");
for (const { page } of [ann, mei]) await page.getByText("senseis.xmp.net").waitFor();
// A pointer over a button, or the focus on it, is not what the picture is about.
for (const { page } of [ann, mei]) {
  await page.mouse.move(0, 0);
  await page.getByLabel("Message", { exact: true }).focus();
}
await shoot("chat-panel-light", ann);
await shoot("chat-panel-dark", ann, "dark");
await shoot("chat-panel-phone", mei);
if (args.all) {
  for (const [name, width, height] of [
    ["panel-360", 360, 640],
    ["panel-tablet", 900, 700],
    ["panel-wide", 1600, 900],
  ]) {
    await ann.page.setViewportSize({ width, height });
    await shoot(name, ann);
  }
  await ann.page.getByLabel("Show what they say").check();
  await ann.say("This one can be read");
  await ann.page.getByText("frames, ").first().waitFor();
  await ann.page.locator(".frame-payload").first().scrollIntoViewIfNeeded();
  await shoot("panel-payloads", ann);
  await ann.page.setViewportSize({ width: 1280, height: 800 });
}
for (const one of [ann, mei]) await panelButton(one).click();

if (args.all) {
  await mei.page.getByRole("button", { name: "Rooms" }).click();
  await shoot("phone-rooms", mei);
  await mei.page.keyboard.press("Escape");
  await mei.page.getByRole("button", { name: "people here" }).click();
  await shoot("phone-people", mei);
  await mei.page.keyboard.press("Escape");
  await mei.page.setViewportSize({ width: 360, height: 640 });
  await shoot("phone-360", mei);
  await mei.page.setViewportSize({ width: 390, height: 844 });
  await ann.page.setViewportSize({ width: 900, height: 700 });
  await shoot("tablet", ann);
  await ann.page.setViewportSize({ width: 1280, height: 800 });

  const guest = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await guest.newPage();
  await page.goto(url);
  await shoot("welcome-light", { page });
  await shoot("welcome-dark", { page }, "dark");
  await page.setViewportSize({ width: 390, height: 844 });
  await shoot("welcome-phone", { page });
  await page.getByLabel("Your name").fill("Guest");
  await page.keyboard.press("Enter");
  await page.goto(`${url}#new-room`);
  await page.getByText("It is your move.").waitFor();
  await shoot("empty-phone", { page });
  await guest.close();
}

server.child.kill("SIGKILL");
for (const one of [ann, mei]) {
  await one.page.locator('.link[data-state="waiting"]').waitFor();
  await one.say("Written while the server is away");
  await one.page.locator('.link[data-state="waiting"]').waitFor();
}
await shoot("chat-reconnecting-light", ann);
await shoot("chat-reconnecting-dark", ann, "dark");
await shoot("chat-reconnecting-phone", mei);
if (args.all) {
  await ann.page.getByRole("button", { name: "Retry" }).waitFor();
  await shoot("failed-light", ann);
  await shoot("failed-dark", ann, "dark");
  await mei.page.getByRole("button", { name: "Retry" }).waitFor();
  await shoot("failed-phone", mei);
  start("server", "node", "--port", port);
  for (const one of [ann, mei]) await one.page.locator('.link[data-state="connected"]').waitFor();
  await ann.page.getByRole("button", { name: "Retry" }).click();
  await ann.page.getByRole("button", { name: "Retry" }).waitFor({ state: "detached" });
  await shoot("back-again", ann);
}

// The same over three servers, one of which was just restarted.
const broker = await startBroker();
const nodes = await startNodes(3, broker.url, console.log);
const at = `http://127.0.0.1:${(await startBalancer(nodes, { port: 0, host: "127.0.0.1" })).port}/`;
const wide = await open("Ann", { at, viewport: { width: 1600, height: 900 } });
const others = [await open("Mei Tanaka", { at, viewport: { width: 390, height: 844 } }), await open("Jonas", { at })];
await others[0].say("I am on Bun, by the way. Or my server is");
await others[1].say("Mine is Deno. Restart it, I want to see what happens");
await panelButton(wide).click();
await wide.page.getByRole("button", { name: "Restart deno-3" }).click();
await wide.page.getByText("at deno-3").waitFor({ state: "detached" });
await wide.page.locator("#people-list li").nth(2).waitFor({ state: "attached" });
await others[1].say("Well. Nothing did");
await wide.page.getByText("Well. Nothing did").waitFor();
await shoot("chat-nodes", wide);
if (args.all) {
  await panelButton(others[0]).click();
  await others[0].page.locator("#nodes").scrollIntoViewIfNeeded();
  await shoot("nodes-phone", others[0]);
}
await nodes.stop();

await browser.close();
process.exit();
