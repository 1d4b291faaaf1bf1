import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { launchChromium } from "./e2e/chromium.ts";
import { type Cuttable, cuttable } from "./e2e/cuttable.ts";
import { endAll, type Program, type Runtime, start, startServer, startTerminal } from "./e2e/programs.ts";
import { leaveAll, type Visitor, visit } from "./e2e/visitor.ts";

// Every runtime in one room, against the server of each. Every wait is for the thing itself.

const runtimes: readonly Runtime[] = ["node", "bun", "deno"];
let browser: Browser;
/** With those that speak ClojureScript. */
const everywhere: readonly Runtime[] = [...runtimes, "nbb"];
let ways: Cuttable[] = [];

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());
afterEach(async () => {
  await leaveAll(browser);
  await endAll();
  await Promise.all(ways.map(({ close }) => close()));
  ways = [];
});

/** Somebody in the room, on whichever runtime. */
interface Member {
  readonly name: string;
  readonly say: (text: string) => unknown;
  /** Cuts the connection, while whatever is under way is under way. */
  readonly cut: () => void;
  /** What they have seen said, as `name: text`, in the order in which they see it. */
  readonly seen: () => Promise<readonly string[]>;
}

function atTerminal(name: string, program: Program): Member {
  return {
    name,
    say: program.say,
    cut: () => program.say("/cut"),
    seen: async () => program.lines.flatMap((line) => /^\[\d\d:\d\d\] (.*)$/.exec(line)?.[1] ?? []),
  };
}

function atPage(name: string, { say, page }: Visitor, cut: () => void): Member {
  // The page shows an author once for several messages in a row: the texts carry the names.
  return { name, say, cut, seen: () => page.locator(".bubble").allTextContents() };
}

async function throughCuttable(port: number): Promise<Cuttable> {
  const way = await cuttable(port);
  ways.push(way);
  return way;
}

/** Somebody at the page in Scittle, which a server of its own serves. */
async function atScittle(port: number): Promise<Member & { readonly back: () => Promise<void> }> {
  const { port: cuttablePort, cut } = await throughCuttable(port);
  const served = start("scittle", { args: ["--port", "0", "--chat", String(cuttablePort)] });
  const url = (await served.line("scittle: ")).slice("scittle: ".length);
  const page = await browser.newPage();
  await page.goto(url);
  const back = () => page.getByText("connected", { exact: true }).waitFor();
  await back();
  return {
    name: "Scittle",
    back,
    cut,
    say: async (text) => {
      await page.getByLabel("Message").fill(text);
      await page.keyboard.press("Enter");
    },
    seen: () => page.locator("#said li").allTextContents(),
  };
}

it.each(everywhere)(
  "all runtimes get every message once and in order from a server on %s, each cut twice",
  async (on) => {
    const { port } = await startServer(0, { runtime: on });
    const { port: cuttablePort, cut } = await throughCuttable(port);
    const [ann, scittle, ...terminals] = await Promise.all([
      visit(browser, `http://127.0.0.1:${cuttablePort}/`, "Ann"),
      atScittle(port),
      ...everywhere.map((runtime) => startTerminal(port, runtime, { runtime })),
    ]);
    const members: readonly Member[] = [
      atPage("Ann", ann, cut),
      scittle,
      ...terminals.map((program, i) => atTerminal(everywhere[i] ?? "", program)),
    ];
    await expect
      .poll(async () => (await ann.people()).toSorted(), { timeout: 15_000 })
      .toEqual(["Ann browser", "Scittle scittle", "bun bun", "deno deno", "nbb nbb", "node node"]);

    // Each of them is asked by the server whether somebody is there.
    for (const name of ["Ann", "Scittle", ...everywhere]) {
      terminals[0]?.say(`/there ${name}`);
      await terminals[0]?.line(`* ${name} is there`);
    }

    /** Everybody speaks, everybody is cut while it is on its way, and speaks again. */
    const round = async (n: number) => {
      for (const { name, say } of members) await say(`${name} before cut ${n}`);
      const linesBefore = terminals.map(({ lines }) => lines.length);
      for (const member of members) member.cut();
      for (const { name, say } of members) await say(`${name} after cut ${n}`);
      await Promise.all(
        members.map(({ seen }) =>
          expect
            .poll(async () => (await seen()).length, { timeout: 15_000 })
            .toBeGreaterThanOrEqual(n * 2 * members.length),
        ),
      );
      // Each of them was cut, and came back.
      await ann.connection("connected");
      await scittle.back();
      await Promise.all(
        terminals.map(({ line }, i) =>
          line("* back: the session went on where it was", { after: linesBefore[i] ?? 0 }),
        ),
      );
    };
    await round(1);
    await round(2);

    const texts = await Promise.all(
      members.map(async ({ seen }) => (await seen()).map((line) => line.replace(/^\w+: /, ""))),
    );
    const [first = []] = texts;
    for (const other of texts) expect(other).toEqual(first);
    const said = members.flatMap(({ name }) =>
      [1, 2].flatMap((n) => [`${name} before cut ${n}`, `${name} after cut ${n}`]),
    );
    expect(first.toSorted()).toEqual(said.toSorted());
    // What one of them said is seen in the order in which they said it.
    for (const { name } of members) {
      expect(first.filter((text) => text.startsWith(`${name} `))).toEqual(
        said.filter((text) => text.startsWith(`${name} `)),
      );
    }
    expect(ann.faults).toEqual([]);
  },
);

it.each(runtimes)("what was said, and where, survives the death of a server on %s", async (on) => {
  const data = mkdtempSync(join(tmpdir(), "chat-data-"));
  try {
    const first = await startServer(0, { runtime: on, data });
    const cleo = await startTerminal(first.port, "Cleo", { args: ["--room", "tea-house"] });
    cleo.say("remember me");
    await cleo.line("Cleo: remember me");
    await first.server.kill("SIGKILL");
    const { server, port } = await startServer(0, { runtime: on, data });
    const late = await startTerminal(port, "Late", { args: ["--room", "tea-house"] });
    await late.line("Cleo: remember me");
    await server.kill("SIGTERM");
    expect(await server.ended).toBe(0);
  } finally {
    await endAll();
    rmSync(data, { recursive: true });
  }
});

it("a guest on each runtime greets, answers, says where it speaks from, and ends with its input", async () => {
  const { port } = await startServer();
  const cleo = await startTerminal(port, "Cleo");
  const guests = runtimes.map((runtime) => start("guest", { runtime, args: ["--url", `ws://127.0.0.1:${port}/chsk`] }));
  const names = ["Node guest", "Bun guest", "Deno guest"];
  await Promise.all(names.map((name) => cleo.line(`${name}: Hello from ${name.split(" ")[0]} `)));
  // A guest that has just spoken holds its tongue for a while: who is asked again answers in the end.
  await Promise.all(
    names.map(async (name) => {
      const [runtime = ""] = name.split(" ");
      await expect
        .poll(
          () => {
            cleo.say(`${runtime}, are you there`);
            return cleo.lines.some((line) => line.includes(`${name}: Still on ${runtime}, Cleo`));
          },
          { timeout: 15_000, interval: 1_000 },
        )
        .toBe(true);
    }),
  );
  for (const guest of guests) guest.closeInput();
  expect(await Promise.all(guests.map(({ ended }) => ended))).toEqual([0, 0, 0]);
  await Promise.all(names.map((name) => cleo.line(`* ${name} left`)));
});

it("terminals on several runtimes that have one key are one user, in step", async () => {
  const { port } = await startServer();
  const bob = await startTerminal(port, "Bob");
  const key = ["--key", "one-user"];
  const first = await startTerminal(port, "Ann", { runtime: "bun", args: key });
  const second = await startTerminal(port, "Ann", { runtime: "deno", args: key });
  first.say("from Bun");
  await second.line("Ann: from Bun");
  second.say("/name Anna");
  await Promise.all([first, bob].map(({ line }) => line("* Ann is now Anna")));
  // The other one has taken the name too: it does not bring back the old one when it joins again.
  const cut = first.lines.length;
  first.say("/cut");
  await first.line("* back", { after: cut });
  first.say("and again");
  await bob.line("Anna: and again");
  expect(bob.lines.filter((line) => line.includes("is now"))).toHaveLength(1);
  bob.say("/people");
  await bob.line("Anna (bun, deno)");
});

it.each(runtimes)("a terminal and a guest on %s end when they are told to, with their input open", async (runtime) => {
  const { port } = await startServer();
  const terminal = await startTerminal(port, "Ann", { runtime });
  const bob = await startTerminal(port, "Bob");
  const guest = start("guest", { runtime, args: ["--url", `ws://127.0.0.1:${port}/chsk`] });
  await bob.line("guest: Hello");
  terminal.say("/quit");
  expect(await terminal.ended).toBe(0);
  await bob.line("* Ann left");
  await guest.kill("SIGTERM");
  expect(await guest.ended).toBe(0);
});
