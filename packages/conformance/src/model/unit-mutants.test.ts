import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { unitMutants } from "./unit-mutants.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

/** What a run of a test file with a mutant said. */
interface Line {
  readonly mutant: string;
  /** The tests that failed. */
  readonly failed: readonly string[];
  /** The file itself did not run. */
  readonly errors: readonly string[];
}

let lines: readonly Line[];
const said = (mutant: string) => lines.filter((line) => line.mutant === mutant);

// One vitest for all of them, with a bundle for each.
beforeAll(async () => {
  const config = "--config=packages/conformance/vitest.mutants.config.ts";
  const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--root=.", config], {
    cwd: root,
    // A mutant that loops without end would never let it end.
    timeout: 280_000,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
  lines = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line);
}, 300_000);

describe("unit tests notice", () => {
  it.each(unitMutants)("$name", ({ name, change: { file, search } }) => {
    expect(readFileSync(join(root, file), "utf8").split(search), "the file has the text once").toHaveLength(2);
    const [line] = said(name);
    expect(line?.errors).toEqual([]);
    expect(line?.failed).not.toEqual([]);
  });

  it("nothing where nothing was changed", () => {
    expect(said("unchanged")).toHaveLength(new Set(unitMutants.map(({ test }) => test)).size);
    expect(said("unchanged").flatMap(({ failed, errors }) => [...failed, ...errors])).toEqual([]);
  });
});
