import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import {
  clientNames as clients,
  serverNames as servers,
  testedNames as tested,
} from "../../packages/conformance/src/runtimes.mjs";
import { matrixOf, testsOf } from "./matrix.mjs";

const codecs = ["edn", "json", "transit-json"];
const ran = (path: readonly string[], passed = true, meta: Record<string, unknown> = {}) => ({ path, passed, meta });

/** One test of each suite that a whole run has. */
const whole = [
  ...tested.map((name) => ran([`server: ${name}`, "§1 connection", "one"])),
  ...clients.map((name) => ran([`client: ${name}`, "§1 connection", "one"])),
  ...clients.flatMap((client) =>
    servers.flatMap((server) =>
      codecs.map((codec) => ran([`client ${client} and server ${server}, ${codec}`, "client and server: x", "one"])),
    ),
  ),
  ...[...servers.map((server) => ["node", server]), ...clients.slice(1).map((client) => [client, "node"])].map((pair) =>
    ran([`client ${pair[0]} and server ${pair[1]}, faults`, "§6 over a network that fails", "one"]),
  ),
  ...servers.flatMap((name) => ["server", "client"].map((side) => ran([`the ${side} fixture of ${name}`, "one"]))),
];

const rowOf = (markdown: string, name: string) => markdown.split("\n").find((line) => line.startsWith(`| ${name} |`));

it("says of every runtime which sections it passed", () => {
  const { markdown, problems } = matrixOf([
    ...whole,
    ...tested.map((name) => ran([`server: ${name}`, "§7 liveness", "two"])),
    ran(["something else", "§2 events", "three"]),
  ]);
  expect(problems).toEqual([]);
  expect(markdown.split("\n")[0]).toBe(
    "| sections | server on node | server on bun | server on deno | server on node-on-deno | client on node | client on bun | client on deno | client on chromium |",
  );
  expect(rowOf(markdown, "§1 connection, refusal")).toBe("| §1 connection, refusal | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ |");
  expect(rowOf(markdown, "§7 liveness")).toBe("| §7 liveness | ✓ | ✓ | ✓ | ✓ | – | – | – | – |");
  expect(rowOf(markdown, "§2 events")).toBe("| §2 events | – | – | – | – | – | – | – | – |");
});

it("says it of each client with each server in every codec that ran, and of the scripted programs", () => {
  const { markdown } = matrixOf(whole);
  for (const codec of codecs) {
    expect(rowOf(markdown, `client on bun, ${codec}`)).toBe(`| client on bun, ${codec} | ✓ | ✓ | ✓ |`);
  }
  expect(rowOf(markdown, "client on bun, xml")).toBe(undefined);
  expect(rowOf(markdown, "client on bun, faults")).toBe(undefined);
  expect(rowOf(markdown, "scripted server")).toBe("| scripted server | ✓ | ✓ | ✓ |");
});

it("says which pairs met the faults: each client, and each server, and all of them the same", () => {
  const { markdown } = matrixOf(whole);
  expect(
    markdown
      .split("\n")
      .filter((line) => line.startsWith("| client on "))
      .slice(-clients.length),
  ).toEqual([
    "| client on node | ✓ | ✓ | ✓ |",
    "| client on bun | ✓ | – | – |",
    "| client on deno | ✓ | – | – |",
    "| client on chromium | ✓ | – | – |",
  ]);
  const without = (...pairs: readonly string[]) => whole.filter(({ path }) => !pairs.includes(path[0] ?? ""));
  expect(matrixOf(without("client deno and server node, faults")).problems).toEqual([
    "faults, client on deno: nothing passed",
  ]);
  expect(matrixOf(without("client node and server deno, faults")).problems).toEqual(["server on deno: nothing passed"]);
  const { problems } = matrixOf([
    ...whole,
    ran(["client bun and server node, faults", "§8 the end of a client", "two"]),
  ]);
  expect(problems).toHaveLength(5);
});

it("is the same for any number of tests in a suite", () => {
  const more = tested.map((name) => ran([`server: ${name}`, "§1 refusal: CSRF", "two"]));
  expect(matrixOf([...whole, ...more])).toEqual(matrixOf(whole));
});

it("counts a known failure as run, and tells it", () => {
  const { markdown, problems } = matrixOf([
    ...whole,
    ...tested.map((name) => ran([`server: ${name}`, "RFC 6455: x", "a"], true, { knownFailure: name === "deno" })),
  ]);
  expect(problems).toEqual([]);
  expect(markdown).toContain("| RFC 6455 frames as no library sends them | ✓ | ✓ | ✓ (1 known failure) | ✓ |");
});

it("names every suite of which nothing ran or passed", () => {
  const isLeftOut = ([suite = ""]: readonly string[]) => /client: chromium|chromium and server bun, json/.test(suite);
  const { problems } = matrixOf([
    ...whole.filter(({ path }) => !isLeftOut(path)),
    ran(["client: chromium", "§1 connection", "one"], false),
  ]);
  expect(problems).toEqual([
    "client on chromium: nothing passed",
    "server on bun, client on chromium, json: nothing passed",
  ]);
  expect(matrixOf([]).problems).toContain("server on node: nothing passed");
});

it("names every test that passed on one runtime and not on another of its side", () => {
  const { problems } = matrixOf([
    ...whole,
    ran(["server: node", "§1 refusal", "two"]),
    ran(["server: bun", "§1 refusal", "two"], false),
    ran(["client bun and server deno, edn", "client and server: x", "three"]),
    ran(["the client fixture of node", "four"]),
  ]);
  const elsewhere = "1 of 2 tests passed elsewhere and not here";
  expect(problems).toHaveLength(3 + 11 + 2);
  expect(problems).toContain(`server on bun, §1 connection, refusal: ${elsewhere}: §1 refusal > two`);
  expect(problems).toContain(`server on node, client on chromium, edn: ${elsewhere}: client and server: x > three`);
  expect(problems).toContain(`deno, scripted client: ${elsewhere}: four`);
});

it("reads what ran inside Bun and Deno from their reports, and nothing where there is none", () => {
  const reports = mkdtempSync(join(tmpdir(), "reports-"));
  onTestFinished(() => rmSync(reports, { recursive: true }));
  expect(testsOf([], reports)).toEqual([]);
  const assertionResults = [
    { ancestorTitles: ["client: bun", "§1 connection"], title: "one", status: "passed", meta: { knownFailure: true } },
    { ancestorTitles: ["client: bun"], title: "two", status: "failed" },
  ];
  writeFileSync(join(reports, "bun.json"), JSON.stringify({ testResults: [{ assertionResults }] }));
  expect(testsOf([], reports)).toEqual([
    ran(["client: bun", "§1 connection", "one"], true, { knownFailure: true }),
    ran(["client: bun", "two"], false),
  ]);
});
