// What was measured, as tables: for the terminal and for the page.
import { libraries, titleOf } from "../libraries.mjs";

export const count = (value) => value.toLocaleString("en-US");
export const time = (ms) => {
  if (ms === null || ms === undefined) return "–";
  if (ms < 0.1) return "< 0.1 ms";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
};
const megabytes = (value) => `${value.toFixed(0)} MB`;
const share = (some, all) => `${((100 * some) / all).toFixed(some === all ? 0 : 1)} %`;

/** The results in the order in which the libraries are listed. */
const sortByLibrary = (results) =>
  Object.keys(libraries)
    .filter((name) => results[name] !== undefined)
    .map((name) => [titleOf(name), results[name]]);

/** For each part: `(results, params)` to a list of tables, `{ title?, head, rows }`. */
export const tablesOf = {
  jitter: (results) => [
    {
      head: ["", "sent", "lost", "duplicated", "reordered", "cuts", "resumed", "replay p50", "replay p99"],
      rows: sortByLibrary(results).map(([title, r]) => [
        title,
        ...[r.sent, r.lost, r.duplicated, r.reordered, r.cuts, r.resumed].map(count),
        time(r.replayP50Ms),
        time(r.replayP99Ms),
      ]),
    },
  ],
  avalanche: (results, { downMs }) => downMs.map((down) => avalancheTable(results, down)),
  slow: (results) => [
    {
      head: [
        "",
        "server, all read",
        "server, one slow",
        "kept for it",
        "others p99, all read",
        "others p99, one slow",
        "the slow one",
      ],
      rows: sortByLibrary(results).map(([title, r]) => [
        title,
        megabytes(r.rssCalmMb),
        megabytes(r.rssSlowMb),
        megabytes(r.keptMb),
        time(r.calmP99Ms),
        time(r.othersP99Ms),
        r.slowIsOpen ? "still connected" : "closed",
      ]),
    },
  ],
  halfopen: (results) => [
    {
      head: ["", "server, median", "server, last", "client, median", "client, last"],
      rows: sortByLibrary(results).map(([title, r]) => [
        title,
        ...describeNoticing(r, r.server),
        ...describeNoticing(r, r.client),
      ]),
    },
  ],
  cycles: (results) => [
    {
      head: ["", "cycles", "bytes per cycle", "heap after warm-up", "heap at the end"],
      rows: sortByLibrary(results).map(([title, r]) => [
        title,
        count(r.cycles),
        r.bytesPerCycle.toFixed(1),
        `${r.heapFirstMb.toFixed(2)} MB`,
        `${r.heapLastMb.toFixed(2)} MB`,
      ]),
    },
  ],
  echo: (results) => [
    {
      head: ["", "with sessions", "without", "ratio"],
      rows: sortByLibrary(results).map(([title, r]) => [
        title,
        `${r.onMicros.toFixed(1)} µs`,
        `${r.offMicros.toFixed(1)} µs`,
        r.medianOfRatios.toFixed(2),
      ]),
    },
  ],
};

function avalancheTable(results, downMs) {
  const rows = sortByLibrary(results).flatMap(([title, { outages }]) =>
    outages
      .filter((outage) => outage.downMs === downMs)
      .map((r) => [
        title,
        share(r.back, r.clients),
        time(r.backP50Ms),
        time(r.backP95Ms),
        time(r.backP99Ms),
        count(r.attempts),
        count(r.waitsPeak),
        r.waitsRatio === null ? "no jitter" : `${r.waitsRatio.toFixed(2)} x`,
        count(r.anyPeak),
      ]),
  );
  return {
    title: `Server away for ${downMs / 1_000} s`,
    head: [
      "",
      "back",
      "p50",
      "p95",
      "p99",
      "attempts",
      "meant for the same 100 ms",
      "of the uniform share",
      "made in the same 100 ms",
    ],
    rows,
  };
}

function describeNoticing({ clients, withinMs }, { noticed, medianMs, maxMs }) {
  if (noticed === 0) return [`never within ${withinMs / 1_000} s`, "–"];
  return [time(medianMs), noticed === clients ? time(maxMs) : `${clients - noticed} of ${clients} never`];
}

export function markdownTable({ title, head, rows }) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const lines = [line(head), line(head.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(line)];
  return [...(title === undefined ? [] : [`**${title}**`, ""]), ...lines].join("\n");
}

export function plainTable({ title, head, rows }) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  ");
  return [...(title === undefined ? [] : [title]), line(head), ...rows.map(line)].join("\n");
}
