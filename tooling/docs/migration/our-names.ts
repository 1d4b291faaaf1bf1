import { fileURLToPath } from "node:url";
import ts from "typescript";

// Does what a page calls ours exist? The compiler is asked, over the sources.

const OURS = fileURLToPath(new URL("ours.ts", import.meta.url));
/** The entry points whose exports a page may name. */
const ENTRIES = ["node", "node/edn", "node/json", "node/transit-json", "node/testing"].map(
  (name) => `@sente-lite/${name}`,
);

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  customConditions: ["@sente-lite/source"],
  lib: ["lib.es2023.d.ts"],
  types: [],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
};

/**
 * The judge of names: true for an entry point (`@sente-lite/node/edn`), an export of one (`startRouter`), one of the
 * protocol's events (`chsk/state`), and a path of properties that begins with a word of `Ours` (`client.chsk.connect`);
 * with `within`, the table's own word, also for a path that begins there (`userIdFn` within `serverOptions`).
 */
export function ourNames(): (name: string, within?: string) => boolean {
  const program = ts.createProgram([OURS], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(OURS);
  const module = source && checker.getSymbolAtLocation(source);
  const ours = module && checker.getExportsOfModule(module).find(({ name }) => name === "Ours");
  if (ours === undefined) throw new Error("ours.ts has no Ours");

  const exports = new Set<string>();
  for (const entry of ENTRIES) for (const name of exportsOf(entry)) exports.add(name);

  const has = (path: readonly string[]): boolean => {
    let type: ts.Type | undefined = checker.getDeclaredTypeOfSymbol(ours);
    for (const name of path) {
      const property = checker.getPropertyOfType(checker.getNonNullableType(type), name);
      if (property === undefined) return false;
      type = checker.getTypeOfSymbol(property);
    }
    return true;
  };
  return (name, within) =>
    ENTRIES.includes(name) ||
    exports.has(name) ||
    has(["events", name]) ||
    has(name.split(".")) ||
    (within !== undefined && has([within, ...name.split(".")]));
}

/** The names that an entry point exports, types included. */
function exportsOf(entry: string): readonly string[] {
  const { resolvedModule } = ts.resolveModuleName(entry, OURS, options, ts.sys);
  if (resolvedModule === undefined) throw new Error(`there is no ${entry}`);
  const program = ts.createProgram([resolvedModule.resolvedFileName], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(resolvedModule.resolvedFileName);
  const module = source && checker.getSymbolAtLocation(source);
  return module === undefined ? [] : checker.getExportsOfModule(module).map(({ name }) => name);
}
