import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { histogram, percentile, slope } from "./faults/statistics.mjs";

const bench = fileURLToPath(new URL("./faults.mjs", import.meta.url));

it("loses, doubles and reorders nothing over real connections that are cut again and again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sente-lite-faults-"));
  const file = join(folder, "run.json");
  await promisify(execFile)(process.execPath, [
    ...[bench, "--quick", "--only", "jitter", "--libraries", "ours", "--json", file],
  ]);
  const { ours } = JSON.parse(await readFile(file, "utf8")).parts.jitter.results;
  await rm(folder, { recursive: true });
  expect(ours).toMatchObject({ sent: 800, lost: 0, duplicated: 0, reordered: 0 });
  // That nothing is lost means something only where something was cut.
  expect(ours.cuts).toBeGreaterThan(10);
  expect(ours.resumed).toBe(ours.reconnects);
}, 60_000);

it("takes percentiles by nearest rank, bins from zero on, and slopes by least squares", () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]).toEqual([50, 99, 100]);
  expect(percentile([], 0.5)).toBeNull();
  expect(histogram([-1, 0, 99, 100, 301], 100)).toEqual([2, 1, 0, 1]);
  expect(slope([1, 2, 3].map((x) => [x, 7 + 2 * x]))).toBeCloseTo(2);
});
