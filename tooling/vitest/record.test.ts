import { describe, expect, it } from "vitest";
import {
  clientNames as clients,
  serverNames as servers,
  testedNames as tested,
} from "../../packages/conformance/src/runtimes.mjs";
import { differencesOf } from "./differences.mjs";
import { pageOf, pageWith, problemsOf } from "./record.mjs";

const page = [
  "before",
  "<!-- passed: written by `pnpm conformance:page` -->",
  "",
  "old",
  "",
  "<!-- end of what is written by it -->",
  "between",
  "<!-- differences: written by `pnpm conformance:page` -->",
  "",
  "as they were",
  "",
  "<!-- end of what is written by it -->",
  "after",
].join("\n");

const ran = (...path: readonly string[]) => ({ path, passed: true, meta: {} });
const whole = [
  ...tested.map((name) => ran(`server: ${name}`, "§1 connection", "one")),
  ...clients.map((name) => ran(`client: ${name}`, "§1 connection", "one")),
  ...clients.flatMap((client) => servers.map((server) => ran(`client ${client} and server ${server}, edn`, "one"))),
  ...clients.flatMap((client) => servers.map((server) => ran(`client ${client} and server ${server}, faults`, "one"))),
  ...servers.flatMap((name) => ["server", "client"].map((side) => ran(`the ${side} fixture of ${name}`, "one"))),
];

describe("the page", () => {
  it("changes in the one part only, and not at all for the same text", () => {
    expect(pageWith(page, "passed", "new")).toBe(page.replace("old", "new"));
    expect(pageWith(page, "differences", "new")).toBe(page.replace("as they were", "new"));
    expect(pageWith(page, "passed", "old")).toBe(page);
    expect(() => pageWith(page, "nothing", "new")).toThrow(/no part/);
  });

  it("agrees with the run that it was made of, with one that has more tests, and with none that lacks a row", () => {
    const { text, problems } = pageOf(page, whole);
    expect(problems).toEqual([]);
    expect(problemsOf(whole, text)).toEqual([]);
    const more = tested.map((name) => ran(`server: ${name}`, "§1 refusal", "two"));
    expect(problemsOf([...whole, ...more], text)).toEqual([]);
    const section = tested.map((name) => ran(`server: ${name}`, "§7 liveness", "two"));
    const anew = ["docs/conformance.md says something else: `pnpm conformance:page` writes it anew"];
    expect(problemsOf([...whole, ...section], text)).toEqual(anew);
    expect(problemsOf(whole, pageOf(page, [...whole, ...section]).text)).toEqual(anew);
    const codec = clients.flatMap((client) =>
      servers.map((one) => ran(`client ${client} and server ${one}, json`, "x")),
    );
    expect(problemsOf([...whole, ...codec], text)).toEqual(anew);
  });

  it("agrees with no run in which a suite did not run, or ran less than elsewhere", () => {
    expect(problemsOf([])).toContain("client on chromium: nothing passed");
    expect(problemsOf([...whole, ran("server: bun", "§1 connection", "two")], page)).toEqual([
      "server on node, §1 connection, refusal: 1 of 2 tests passed elsewhere and not here: §1 connection > two",
      "server on deno, §1 connection, refusal: 1 of 2 tests passed elsewhere and not here: §1 connection > two",
      "server on node-on-deno, §1 connection, refusal: 1 of 2 tests passed elsewhere and not here: §1 connection > two",
    ]);
  });
});

it("tells the differences in the words of what the targets say of themselves", () => {
  const target = (side: string, name: string, capabilities: object, knownFailures: object = {}) => ({
    path: [`${side}: ${name}`, "every known failure names a test of this suite"],
    passed: true,
    meta: { target: { capabilities, knownFailures } },
  });
  const lines = differencesOf([
    target("server", "node", { terminates: true, resetsUnread: false }),
    target("server", "deno", { terminates: false, resetsUnread: true }, { "some test": "it takes what it should not" }),
    target("client", "deno", { setsHeaders: false }),
    target("client", "chromium", { setsHeaders: false }),
    { path: ["server: node", "§1"], passed: true, meta: {} },
  ]).split("\n");
  expect(lines).toEqual([
    "| where | side | what |",
    "| --- | --- | --- |",
    expect.stringMatching(/^\| Deno \| server \| a connection cannot be cut /),
    expect.stringMatching(/^\| Deno \| server \| a close code can be lost /),
    "| Deno, pages | client | no headers of one's own in the upgrade request |",
    "| Deno | server | known failure: it takes what it should not |",
  ]);
});
