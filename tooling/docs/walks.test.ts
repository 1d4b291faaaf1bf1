import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

// The walks of CONTRIBUTING.md lead through files that are there, and stay short enough to be walked.

const root = fileURLToPath(new URL("../..", import.meta.url));
const contributing = await readFile(join(root, "CONTRIBUTING.md"), "utf8");

/** The files of the walk of that name, in order. */
function walk(name: string): readonly string[] {
  const from = contributing.indexOf(`<!-- walk: ${name} -->`);
  const to = contributing.indexOf("<!-- end of walk -->", from);
  if (from < 0 || to < 0) throw new Error(`CONTRIBUTING.md has no walk ${name}`);
  return [...contributing.slice(from, to).matchAll(/^\d+\. `([^`]+)`: \S/gm)].map(([, path = ""]) => path);
}

describe.each([
  ["message", 24],
  ["push", 27],
  ["reconnect", 26],
] as const)("the walk of a %s", (name, before) => {
  it(`is shorter than the ${before} files that it once was`, () => {
    const files = walk(name);
    expect(files.length).toBeGreaterThan(0);
    expect(files.length).toBeLessThan(before);
  });

  it("goes through files that are there, each named once", async () => {
    const files = walk(name);
    const found = await Promise.all(
      files.map((file) =>
        stat(join(root, file)).then(
          (at) => at.isFile(),
          () => false,
        ),
      ),
    );
    expect(files.filter((_, n) => found[n] === false)).toEqual([]);
    expect(new Set(files).size).toBe(files.length);
  });
});
