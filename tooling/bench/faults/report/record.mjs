// The numbers that stand in docs/, and the pages that are made of them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pageOf } from "./page.mjs";
import { plotsOf } from "./plots.mjs";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const recordPath = join(root, "docs/data/reliability.json");

export const readRecord = () => (existsSync(recordPath) ? JSON.parse(readFileSync(recordPath, "utf8")) : { parts: {} });

/** The record with what a run measured: what was measured otherwise, or is no longer comparable, goes. */
export function mergeRun(record, run) {
  const parts = { ...record.parts };
  for (const [name, { params, results }] of Object.entries(run.parts)) {
    const before = parts[name];
    const isComparable = JSON.stringify(before?.params) === JSON.stringify(params);
    parts[name] = { params, results: { ...(isComparable ? before.results : {}), ...results } };
  }
  return { parts };
}

/** Every file that is made of the record, by its path in the repository. */
export const filesOf = (record) => ({ "docs/reliability.md": pageOf(record), ...plotsOf(record) });

export function writePages(record) {
  write("docs/data/reliability.json", jsonOf(record));
  for (const [path, text] of Object.entries(filesOf(record))) write(path, text);
}

/** Indented, with the many numbers of a histogram in one line. */
const jsonOf = (record) =>
  `${JSON.stringify(record, null, 2).replace(/\[\s+(-?[\d.]+(?:,\s+-?[\d.]+)*)\s+\]/g, (list) => list.replaceAll(/\s+/g, " "))}\n`;

function write(path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
