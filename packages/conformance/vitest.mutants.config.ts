import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { defineConfig } from "vitest/config";
import type { Reporter, TestModule } from "vitest/node";
import { type UnitMutant, unitMutants } from "./src/model/unit-mutants.ts";

// Each mutant is a bundle of its own: its test file and all sources that it imports, with one of them changed.
// `unit-mutants.test.ts` runs this, and reads a line for each. Some bundles have no change. A project of vitest for each mutant
// would compile all sources again by vite, which takes six times as long.

const root = fileURLToPath(new URL("../..", import.meta.url));
// Where imports of packages find them, and where vitest leaves what is imported as it is.
const folder = join(root, "packages/conformance/node_modules/.mutants");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

/** Our packages from source, as unit tests have them; others where their importer finds them. */
const imports: Plugin = {
  name: "imports",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path, importer, kind, pluginData, resolveDir }) => {
      if (pluginData === imports || kind === "entry-point") return undefined;
      if (path.startsWith("node:") || path === "vitest") return { path, external: true };
      const found = await build.resolve(path, { importer, kind, resolveDir, pluginData: imports });
      if (found.errors.length > 0 || !found.path.includes("/node_modules/")) return found;
      return { path: pathToFileURL(found.path).href, external: true };
    });
  },
};

const changing = ({ change: { file, search, replace } }: UnitMutant): Plugin => ({
  name: "change",
  setup(build) {
    const path = join(root, file);
    build.onLoad({ filter: /\.ts$/ }, (args) =>
      args.path === path
        ? { contents: readFileSync(path, "utf8").replace(search, () => replace), loader: "ts" }
        : undefined,
    );
  },
});

/** Bundles a test file and what it imports, and returns the test file that imports the bundle. */
async function bundled(name: string, test: string, plugins: readonly Plugin[]): Promise<string> {
  await build({
    absWorkingDir: root,
    entryPoints: [test],
    outfile: join(folder, `${name}.mjs`),
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["@sente-lite/source"],
    logLevel: "error",
    plugins: [imports, ...plugins],
  });
  const file = join(folder, `${name}.test.mjs`);
  writeFileSync(file, `import "./${name}.mjs";\n`);
  return file;
}

const tests = [...new Set(unitMutants.map(({ test }) => test))];
/** The mutant of each test file; those without a change have none. */
const mutants = new Map<string, string>();
for (const mutant of unitMutants) mutants.set(await bundled(mutant.name, mutant.test, [changing(mutant)]), mutant.name);
for (const [index, test] of tests.entries()) mutants.set(await bundled(`unchanged-${index}`, test, []), "unchanged");

const reporter: Reporter = {
  onTestModuleEnd(module: TestModule) {
    const failed = [...module.children.allTests()].filter((test) => test.result().state === "failed");
    const line = {
      mutant: mutants.get(module.moduleId),
      failed: failed.map(({ fullName }) => fullName),
      errors: module.errors().map(({ message }) => message),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  },
};

export default defineConfig({
  test: {
    root,
    dir: folder,
    include: ["**/*.test.mjs"],
    exclude: [],
    reporters: [reporter],
    pool: "threads",
    isolate: false,
    setupFiles: ["packages/conformance/src/model/unit-mutants.setup.ts"],
  },
});
