import { readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, it } from "vitest";
import { root } from "./run.mjs";

/** The file that an import of a page names, as built; undefined for what is of no package of ours. */
function resolve(specifier: string, from: string): string | undefined {
  if (specifier.startsWith(".")) return join(dirname(from), specifier);
  const [, name, path] = /^@sente-lite\/(\w+)(\/.+)?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const { exports } = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
  return join(root, "packages", name, exports[`.${path ?? ""}`].default);
}

/** The sources of all that a page loads which takes a built file as it is, without a bundler. */
function sourcesOf(entry: string): readonly string[] {
  const files = new Set([join(root, entry)]);
  const sources = new Set<string>();
  for (const file of files) {
    const code = readFileSync(file, "utf8");
    for (const [, specifier = ""] of code.matchAll(/^(?:import|export|\}) ?[^"\n]*?(?:from )?"([^"\n]+)";$/gm)) {
      const found = resolve(specifier, file);
      if (found === undefined) throw new Error(`${relative(root, file)} loads ${specifier}`);
      files.add(found);
    }
    // What only hands on another package's entry has no map.
    const [, map] = /^\/\/# sourceMappingURL=(.+)$/m.exec(code) ?? [];
    if (map === undefined) continue;
    const { sources: named } = JSON.parse(readFileSync(join(dirname(file), map), "utf8")) as { sources: string[] };
    for (const source of named) sources.add(relative(root, normalize(join(dirname(file), source))));
  }
  return [...sources].sort();
}

const ofServers = /^packages\/(engine\/src\/server|protocol\/src\/(cluster|backplane|testing))\//;

it.each(["packages/browser/dist/index.js", "packages/browser/dist/core.js"])(
  "a page that loads %s loads nothing of servers and of what connects them",
  (entry) => {
    const sources = sourcesOf(entry);
    // It has looked at something.
    expect(sources).toEqual(expect.arrayContaining(["packages/engine/src/client/client.ts"]));
    expect(sources).toEqual(expect.arrayContaining(["packages/protocol/src/session/client-session.ts"]));
    expect(sources.filter((source) => ofServers.test(source))).toEqual([]);
  },
);

it("an entry that has a server inside is found out by that", () => {
  expect(
    sourcesOf("packages/browser/dist/testing.js").filter((source) => ofServers.test(source)).length,
  ).toBeGreaterThan(50);
});
