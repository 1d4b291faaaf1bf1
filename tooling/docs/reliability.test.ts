import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { filesOf, mergeRun, readRecord } from "../bench/faults/report/record.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("docs/reliability.md", async () => {
  const files = filesOf(readRecord());

  it.each(Object.keys(files))("%s is what the bench makes of its numbers", async (path) => {
    expect(await readFile(join(root, path), "utf8")).toBe(files[path as keyof typeof files]);
  });

  it("has no plot of numbers that are gone", async () => {
    const plots = (await readdir(join(root, "docs/images"))).filter((name) => name.startsWith("reliability-"));
    expect(plots.map((name) => `docs/images/${name}`).filter((path) => !(path in files))).toEqual([]);
  });

  it("keeps what was measured before beside what is new, where both were measured alike", () => {
    const record = { parts: { jitter: { params: { clients: 2 }, results: { ours: 1, ws: 1 } } } };
    const run = (clients: number) => ({ parts: { jitter: { params: { clients }, results: { ours: 2 } } } });
    expect(mergeRun(record, run(2)).parts.jitter.results).toEqual({ ours: 2, ws: 1 });
    expect(mergeRun(record, run(3)).parts.jitter.results).toEqual({ ours: 2 });
  });
});
