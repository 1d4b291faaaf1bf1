import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { packageNames } from "../../packages/conformance/src/runtimes.mjs";

// An editor that adds imports offers every name that a package exports. One that is also a global of the web would be
// taken for that global, and found out much later.

const packages = ["protocol", "flow", ...packageNames];

it.each(packages)("nothing that @sente-lite/%s exports hides a global", (name) => {
  const page = readFileSync(new URL(`../../packages/${name}/api.md`, import.meta.url), "utf8");
  const [, exported = ""] = /\n## Exported\n([\s\S]*?)(?:\n## |$)/.exec(page) ?? [];
  const names = [...exported.matchAll(/^### (\S+)/gm)].map(([, found = ""]) => found);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((found) => found in globalThis)).toEqual([]);
});
