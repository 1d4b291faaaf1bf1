// The tables of docs/conformance.md: how many tests every runtime has passed, by section of PROTOCOL.md, and each
// client with each server.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/run.mjs";

const servers = ["node", "bun", "deno"];
const clients = [...servers, "chromium"];
const codecs = ["edn", "json", "transit-json"];

const titles = {
  "§1": "connection, refusal",
  "§2": "events",
  "§3": "wrapped frames, requests",
  "§4": "bare frames",
  "§5": "codecs",
  "§6": "sessions, what waits to be sent",
  "§7": "liveness",
  "§8": "close codes, reconnecting",
  "§9": "numbers, limits",
  "RFC 6455": "frames as no library sends them",
};
/** Tests of none of those sections; so that no test of a suite is counted nowhere. */
const others = "of the suite itself";

/** Where the vitests inside Bun and Deno leave their reports. */
export const reportsFolder = join(root, "packages/conformance/reports");

/**
 * What ran in this vitest, and in those inside Bun and Deno: path, outcome, and what the test said of itself.
 * @typedef {{ readonly path: readonly string[]; readonly passed: boolean; readonly meta: Record<string, unknown> }} Ran
 * @returns {readonly Ran[]}
 */
export function testsOf(modules, reports = reportsFolder) {
  const here = modules
    .flatMap((module) => [...module.children.allTests()])
    .map((test) => ({
      path: test.fullName.split(" > "),
      passed: test.result().state === "passed",
      meta: test.meta(),
    }));
  const inside = ["bun", "deno"]
    .map((name) => join(reports, `${name}.json`))
    .filter((file) => existsSync(file))
    .flatMap((file) => JSON.parse(readFileSync(file, "utf8")).testResults)
    .flatMap(({ assertionResults }) => assertionResults)
    .map(({ ancestorTitles, title, status, meta = {} }) => ({
      path: [...ancestorTitles, title],
      passed: status === "passed",
      meta,
    }));
  return [...here, ...inside];
}

/** The cell that a test counts in: `[table, row, column]`; undefined where it is of no conformance suite. */
function cellOf([suite, heading = ""]) {
  const alone = /^(server|client): (\w+)$/.exec(suite);
  if (alone !== null) {
    const section = Object.keys(titles).find((key) => heading.startsWith(key));
    return ["sections", section === undefined ? others : `${section} ${titles[section]}`, `${alone[1]} on ${alone[2]}`];
  }
  const pair = /^client (\w+) and server (\w+), ([\w-]+)$/.exec(suite);
  if (pair !== null) return ["pairs", `client on ${pair[1]}, ${pair[3]}`, `server on ${pair[2]}`];
  const program = /^the (server|client) fixture of (\w+)$/.exec(suite);
  if (program !== null) return ["programs", `scripted ${program[1]}`, program[2]];
  return undefined;
}

const tables = [
  {
    name: "sections",
    rows: [...Object.entries(titles).map(([section, title]) => `${section} ${title}`), others],
    columns: [...servers.map((name) => `server on ${name}`), ...clients.map((name) => `client on ${name}`)],
    // A section may have nothing to say of servers, or of clients.
    mayBeEmpty: true,
  },
  {
    name: "pairs",
    rows: clients.flatMap((name) => codecs.map((codec) => `client on ${name}, ${codec}`)),
    columns: servers.map((name) => `server on ${name}`),
    mayBeEmpty: false,
  },
  { name: "programs", rows: ["scripted server", "scripted client"], columns: servers, mayBeEmpty: false },
];

/**
 * The tables of a run as Markdown, and what is missing for a whole run: suites of which nothing passed.
 * A known failure of a runtime is none that passed: `23 (+1 known)`.
 * @param {readonly Ran[]} tests
 */
export function matrixOf(tests) {
  const counts = new Map();
  for (const { path, passed, meta } of tests) {
    const cell = cellOf(path);
    if (cell === undefined || !passed) continue;
    const key = cell.join("|");
    const count = counts.get(key) ?? { passed: 0, known: 0 };
    count[meta.knownFailure ? "known" : "passed"]++;
    counts.set(key, count);
  }
  const missing = [];
  const markdown = tables.map(({ name, rows, columns, mayBeEmpty }) => {
    const countOf = (row, column) => counts.get([name, row, column].join("|")) ?? { passed: 0, known: 0 };
    for (const column of columns) {
      const empty = rows.filter((row) => countOf(row, column).passed === 0);
      if (!mayBeEmpty) missing.push(...empty.map((row) => `${column}, ${row}`));
      else if (empty.length === rows.length) missing.push(column);
    }
    const line = (cells) => `| ${cells.join(" | ")} |`;
    return [
      line([name, ...columns]),
      line(["---", ...columns.map(() => "---:")]),
      ...rows.map((row) => line([row, ...columns.map((column) => textOf(countOf(row, column)))])),
    ].join("\n");
  });
  return { markdown: markdown.join("\n\n"), missing };
}

function textOf({ passed, known }) {
  if (known > 0) return `${passed} (+${known} known)`;
  return passed > 0 ? String(passed) : "–";
}
