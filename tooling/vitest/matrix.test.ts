import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { matrixOf, testsOf } from "./matrix.mjs";

const servers = ["node", "bun", "deno"];
const clients = [...servers, "chromium"];
const codecs = ["edn", "json", "transit-json"];
const ran = (path: readonly string[], passed = true, meta: Record<string, unknown> = {}) => ({ path, passed, meta });

/** One test of each suite that a whole run has. */
const whole = [
  ...servers.map((name) => ran([`server: ${name}`, "§1 connection", "one"])),
  ...clients.map((name) => ran([`client: ${name}`, "§1 connection", "one"])),
  ...clients.flatMap((client) =>
    servers.flatMap((server) =>
      codecs.map((codec) => ran([`client ${client} and server ${server}, ${codec}`, "client and server: x", "one"])),
    ),
  ),
  ...servers.flatMap((name) => ["server", "client"].map((side) => ran([`the ${side} fixture of ${name}`, "one"]))),
];

const rowOf = (markdown: string, name: string) => markdown.split("\n").find((line) => line.startsWith(`| ${name} |`));

it("counts the tests that passed, by runtime and section", () => {
  const { markdown, missing } = matrixOf([
    ...whole,
    ...servers.map((name) => ran([`server: ${name}`, "§7 liveness", "three"], name !== "deno")),
    ran(["server: node", "§1 refusal: CSRF", "two"]),
    ran(["server: bun", "every known failure names a test of this suite"]),
    ran(["something else", "§1 connection", "four"]),
  ]);
  expect(missing).toEqual([]);
  expect(markdown.split("\n")[0]).toBe(
    "| sections | server on node | server on bun | server on deno | client on node | client on bun | client on deno | client on chromium |",
  );
  expect(rowOf(markdown, "§1 connection, refusal")).toBe("| §1 connection, refusal | 2 | 1 | 1 | 1 | 1 | 1 | 1 |");
  expect(rowOf(markdown, "§7 liveness")).toBe("| §7 liveness | 1 | 1 | – | – | – | – | – |");
  expect(rowOf(markdown, "of the suite itself")).toBe("| of the suite itself | – | 1 | – | – | – | – | – |");
});

it("counts the tests of each client with each server, and those of the scripted programs", () => {
  const { markdown } = matrixOf([...whole, ran(["client bun and server deno, edn", "client and server: x", "two"])]);
  expect(rowOf(markdown, "client on bun, edn")).toBe("| client on bun, edn | 1 | 1 | 2 |");
  expect(rowOf(markdown, "scripted server")).toBe("| scripted server | 1 | 1 | 1 |");
});

it("does not count a known failure as passed", () => {
  const known = ran(["server: deno", "RFC 6455: frames", "one"], true, { knownFailure: true });
  const { markdown } = matrixOf([...whole, known, ran(["server: deno", "RFC 6455: frames", "two"])]);
  expect(markdown).toContain("| RFC 6455 frames as no library sends them | – | – | 1 (+1 known) |");
});

it("names every suite of which nothing ran or passed", () => {
  const isLeftOut = ([suite = ""]: readonly string[]) => /client: chromium|chromium and server bun, json/.test(suite);
  const { missing } = matrixOf([
    ...whole.filter(({ path }) => !isLeftOut(path)),
    ran(["client: chromium", "§1 connection", "one"], false),
  ]);
  expect(missing).toEqual(["client on chromium", "server on bun, client on chromium, json"]);
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
