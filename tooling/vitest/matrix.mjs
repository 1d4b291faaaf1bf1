// The tables of docs/conformance.md: what every runtime has passed, by section of PROTOCOL.md, and each client with each
// server.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  clientNames as clients,
  insideNames,
  serverNames as servers,
  testedNames,
} from "../../packages/conformance/src/runtimes.mjs";
import { root } from "../scripts/run.mjs";

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
  const inside = insideNames
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

const pairOf = (suite) => /^client (\w+) and server (\w+), ([\w-]+)$/.exec(suite);

/** The cell that a test counts in: `[table, row, column]`; undefined where it is of no conformance suite. */
function cellOf([suite, heading = ""]) {
  const alone = /^(server|client): ([\w-]+)$/.exec(suite);
  if (alone !== null) {
    const section = Object.keys(titles).find((key) => heading.startsWith(key));
    return ["sections", section === undefined ? others : `${section} ${titles[section]}`, `${alone[1]} on ${alone[2]}`];
  }
  const pair = pairOf(suite);
  if (pair?.[3] === "faults") return ["faults", `client on ${pair[1]}`, `server on ${pair[2]}`];
  if (pair !== null) return ["pairs", `client on ${pair[1]}, ${pair[3]}`, `server on ${pair[2]}`];
  const program = /^the (server|client) fixture of (\w+)$/.exec(suite);
  if (program !== null) return ["programs", `scripted ${program[1]}`, program[2]];
  return undefined;
}

/** The codecs are those that ran: one that no longer does is missing on the page. */
const tablesWith = (codecs) => [
  {
    name: "sections",
    rows: [...Object.entries(titles).map(([section, title]) => `${section} ${title}`), others],
    // Columns of one group run the same tests; a section may have nothing to say of servers, or of clients.
    groups: [testedNames.map((name) => `server on ${name}`), clients.map((name) => `client on ${name}`)],
    mayBeEmpty: true,
  },
  {
    name: "pairs",
    rows: clients.flatMap((name) => codecs.map((codec) => `client on ${name}, ${codec}`)),
    groups: [servers.map((name) => `server on ${name}`)],
    // A codec's tests are the same for each client, too.
    rowGroups: codecs.map((codec) => clients.map((name) => `client on ${name}, ${codec}`)),
    mayBeEmpty: false,
  },
  {
    name: "faults",
    rows: clients.map((name) => `client on ${name}`),
    groups: [servers.map((name) => `server on ${name}`)],
    // Not each with each: every client, and every server.
    rowGroups: [clients.map((name) => `client on ${name}`)],
    mayBeEmpty: true,
    noRowMayBeEmpty: true,
  },
  { name: "programs", rows: ["scripted server", "scripted client"], groups: [servers], mayBeEmpty: false },
];

/**
 * The tables of a whole run as Markdown, and what is wrong with that run: suites of which nothing passed, and tests
 * that passed on some runtimes and did not run, or not pass, on others. A known failure of a runtime counts as run.
 * @param {readonly Ran[]} tests
 */
export function matrixOf(tests) {
  const cells = new Map();
  for (const { path, passed, meta } of tests) {
    const cell = cellOf(path);
    if (cell === undefined || !passed) continue;
    const key = cell.join("|");
    if (!cells.has(key)) cells.set(key, { names: new Set(), known: 0 });
    cells.get(key).names.add(path.slice(1).join(" > "));
    if (meta.knownFailure) cells.get(key).known++;
  }
  const problems = [];
  const codecs = [...new Set(tests.flatMap(({ path }) => pairOf(path[0])?.[3] ?? []))]
    .filter((name) => name !== "faults")
    .sort();
  const markdown = tablesWith(codecs).map(
    ({ name, rows, groups, rowGroups = rows.map((row) => [row]), mayBeEmpty, noRowMayBeEmpty = false }) => {
      const cellAt = (row, column) => cells.get([name, row, column].join("|")) ?? { names: new Set(), known: 0 };
      for (const columns of groups) {
        for (const column of columns) {
          const empty = rows.filter((row) => cellAt(row, column).names.size === 0);
          if (empty.length === rows.length) problems.push(`${column}: nothing passed`);
          else if (!mayBeEmpty) problems.push(...empty.map((row) => `${column}, ${row}: nothing passed`));
        }
        for (const group of rowGroups) {
          problems.push(
            ...findUneven(group.flatMap((row) => columns.map((column) => [`${column}, ${row}`, cellAt(row, column)]))),
          );
        }
      }
      const columns = groups.flat();
      if (noRowMayBeEmpty) {
        const empty = rows.filter((row) => columns.every((column) => cellAt(row, column).names.size === 0));
        problems.push(...empty.map((row) => `${name}, ${row}: nothing passed`));
      }
      const line = (texts) => `| ${texts.join(" | ")} |`;
      return [
        line([name, ...columns]),
        line(["---", ...columns.map(() => ":---:")]),
        ...rows.map((row) => line([row, ...columns.map((column) => textOf(cellAt(row, column)))])),
      ].join("\n");
    },
  );
  return { markdown: markdown.join("\n\n"), problems };
}

/** What passed in one of these cells and not in another, in words; an example of each. */
function findUneven(cells) {
  const all = new Set(cells.flatMap(([, { names }]) => [...names]));
  return cells.flatMap(([cell, { names }]) => {
    const lacking = [...all].filter((name) => !names.has(name));
    if (lacking.length === 0 || names.size === 0) return [];
    return [`${cell}: ${lacking.length} of ${all.size} tests passed elsewhere and not here: ${lacking[0]}`];
  });
}

function textOf({ names, known }) {
  if (names.size === 0) return "–";
  return known === 0 ? "✓" : `✓ (${known} known failure${known === 1 ? "" : "s"})`;
}
