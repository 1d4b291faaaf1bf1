import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { transformSync } from "esbuild";
import { type ServerName, serverRuntimes } from "../../packages/conformance/src/runtimes.mjs";
import { newestTsc, run } from "../scripts/run.mjs";
import { runtimePath } from "../scripts/runtimes.mjs";

// The TypeScript of a page: its snippets are one program, and each is run as a module.

const require = createRequire(import.meta.url);

const options = {
  target: "es2022",
  module: "esnext",
  moduleResolution: "bundler",
  lib: ["es2023", "dom", "dom.iterable"],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  // So that runtimes that only leave types out run them too.
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
};

/** The types of what the runtime has without an import; one that prints them prints those of the web too. */
async function globalsOf(runtime: ServerName, folder: string): Promise<Readonly<Record<string, unknown>>> {
  const { types } = serverRuntimes[runtime];
  if (typeof types === "string") return { types: [dirname(require.resolve(`${types}/package.json`))] };
  const own = join(folder, `${runtime}-types`);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, "index.d.ts"), await run(runtimePath(runtime), types, { quiet: true }));
  return { types: [own], lib: ["esnext"] };
}

/** What the compiler says of these files, as that of a strict user of the runtime would. */
export async function typeErrors(
  folder: string,
  names: readonly string[],
  runtime: ServerName,
): Promise<readonly string[]> {
  const compilerOptions = { ...options, ...(await globalsOf(runtime, folder)) };
  const config = join(folder, `tsconfig.${names.join("+")}.json`);
  await writeFile(config, JSON.stringify({ compilerOptions, files: names }));
  try {
    await run(process.execPath, [newestTsc, "-p", config, "--pretty", "false"], { cwd: folder, quiet: true });
    return [];
  } catch (error) {
    return String(error).split("\n");
  } finally {
    await rm(config);
  }
}

/** The name of the module that a snippet is run as. */
export function moduleName(name: string): string {
  return name.replace(/\.ts$/, ".mjs");
}

/** The module itself: without types, and importing its neighbours as modules too. */
export function moduleOf(code: string): string {
  const { code: js } = transformSync(code, {
    loader: "ts",
    target: "es2022",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  return js.replaceAll(/(from "\.\/[\w.-]+)\.ts"/g, '$1.mjs"');
}
