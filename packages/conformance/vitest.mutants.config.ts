import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { context, type Plugin } from "esbuild";
import { defineConfig } from "vitest/config";
import type { Reporter, TestModule } from "vitest/node";
import type { Change } from "./src/model/mutants.ts";
import { unitMutants } from "./src/model/unit-mutants.ts";

// Each mutant is a bundle of its own: its test file and all sources that it imports, with one of them changed.
// `unit-mutants.test.ts` runs this, and reads a line for each. Some bundles have no change. A project of vitest for each mutant
// would compile all sources again by vite, which takes six times as long.

const root = fileURLToPath(new URL("../..", import.meta.url));
// Where imports of packages find them, and where vitest leaves what is imported as it is.
const folder = join(root, "packages/conformance/node_modules/.mutants");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

/** Our packages from source, as unit tests have them; others, but for what is named as ours, where their importer finds them. */
const imports: Plugin = {
  name: "imports",
  setup(build) {
    build.onResolve({ filter: /^([^./@]|@[^s])/ }, async ({ path, importer, kind, pluginData, resolveDir }) => {
      if (pluginData === imports || kind === "entry-point") return undefined;
      if (path.startsWith("node:") || path === "vitest") return { path, external: true };
      const found = await build.resolve(path, { importer, kind, resolveDir, pluginData: imports });
      if (found.errors.length > 0 || !found.path.includes("/node_modules/")) return found;
      return { path: pathToFileURL(found.path).href, external: true };
    });
  },
};

/** Bundles a test file and all that it imports again and again, each time with another change of one of these files; what is the same is read once. */
async function bundlerFor(test: string, changed: readonly string[]) {
  let change: Change | undefined;
  const changing: Plugin = {
    name: "change",
    setup(build) {
      build.onLoad({ filter: new RegExp(`/(${changed.join("|")})$`) }, async ({ path }) => {
        const contents = await readFile(path, "utf8");
        if (change === undefined || path !== join(root, change.file)) return { contents, loader: "ts" };
        const { search, replace } = change;
        return { contents: contents.replace(search, () => replace), loader: "ts" };
      });
    },
  };
  const bundler = await context({
    absWorkingDir: root,
    entryPoints: [test],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    conditions: ["@sente-lite/source"],
    logLevel: "error",
    plugins: [imports, changing],
  });
  return {
    /** Writes a bundle, and a test file that imports it, and returns that file. */
    async bundle(name: string, changeOfThis?: Change): Promise<string> {
      change = changeOfThis;
      const [output] = (await bundler.rebuild()).outputFiles;
      if (output === undefined) throw new Error(`${test} makes no bundle`);
      writeFileSync(join(folder, `${name}.mjs`), output.contents);
      const file = join(folder, `${name}.test.mjs`);
      writeFileSync(file, `import "./${name}.mjs";\n`);
      return file;
    },
    end: () => bundler.dispose(),
  };
}

/** The mutant of each test file; those without a change have none. */
const mutants = new Map<string, string>();
for (const [index, test] of [...new Set(unitMutants.map((one) => one.test))].entries()) {
  const those = unitMutants.filter((one) => one.test === test);
  const bundler = await bundlerFor(
    test,
    those.map(({ change }) => change.file),
  );
  mutants.set(await bundler.bundle(`unchanged-${index}`), "unchanged");
  for (const { name, change } of those) mutants.set(await bundler.bundle(name, change), name);
  await bundler.end();
}

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
