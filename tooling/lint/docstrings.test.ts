import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "../scripts/run.mjs";
import { entriesOf as builtOf, listPublished } from "../scripts/workspace.mjs";

const packages = listPublished()
  .filter((one) => builtOf(one).length > 0)
  .map(({ folder }) => basename(folder));

/** The sources behind the entries of a package's export map. */
function entriesOf(name: string): string[] {
  const folder = join(root, "packages", name);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly "@sente-lite/source"?: string }>>;
  };
  return Object.values(exports).flatMap((entry) => {
    const source = typeof entry === "string" ? undefined : entry["@sente-lite/source"];
    return source === undefined ? [] : [join(folder, source)];
  });
}

/** All packages are one program: most of what they reach is the same. */
const program = ts.createProgram(packages.flatMap(entriesOf), {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  target: ts.ScriptTarget.ES2022,
  customConditions: ["@sente-lite/source"],
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
  types: ["node"],
});
const checker = program.getTypeChecker();

/** Every name that an entry exports and that has no docstring. */
function undocumented(entries: readonly string[]): string[] {
  const missing = new Set<string>();
  for (const entry of entries) {
    const file = program.getSourceFile(entry);
    const symbol = file && checker.getSymbolAtLocation(file);
    if (symbol === undefined) throw new Error(`${entry} exports nothing`);
    for (const exported of checker.getExportsOfModule(symbol)) {
      const aliased = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const docs = [exported, aliased].flatMap((one) => one.getDocumentationComment(checker));
      if (docs.length === 0) missing.add(exported.name);
    }
  }
  return [...missing].sort();
}

describe("docstrings", () => {
  it.each(packages)("stand on every public name of %s", (name) => {
    const entries = entriesOf(name);
    expect(entries.length).toBeGreaterThan(0);
    expect(undocumented(entries)).toEqual([]);
  });
});
