// The declarations of the package in whose folder this runs. The compiler in JavaScript, by which tsup would make them of
// sources, is several times as slow as the newest one; what it bundles here are declarations already.
import { mkdir, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { newestTsc, run } from "../scripts/run.mjs";

const workspace = fileURLToPath(new URL("../..", import.meta.url));
/** Where the declarations of the sources are, before they are bundled. */
const declared = resolve(".declarations");

const testFiles = ["*.test.ts", "*.test-d.ts", "*.test-support.ts"].map((name) => resolve("src/**", name));

/** The declaration file of a source. */
const declarationOf = (source) => resolve(declared, relative(workspace, resolve(source)).replace(/\.ts$/, ".d.ts"));

const mapValues = (object, fn) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, fn(value)]));

/** The sources of the bundled packages by what imports name; through node_modules they would be others' packages. */
async function sourcesOf(bundled) {
  const sources = {};
  for (const name of bundled) {
    const folder = await realpath(join("node_modules", name));
    const { exports } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    for (const [path, target] of Object.entries(exports)) {
      const source = target["@sente-lite/source"];
      if (source) sources[name + path.slice(1)] = join(folder, source);
    }
  }
  return sources;
}

/** Checks the sources and writes their declarations. */
async function writeDeclarations(sources) {
  await endDeclarations();
  await mkdir(declared, { recursive: true });
  const project = join(declared, "tsconfig.json");
  const options = { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: workspace, outDir: "." };
  const config = { extends: resolve("tsconfig.json"), include: [resolve("src")], exclude: testFiles };
  await writeFile(
    project,
    JSON.stringify({ ...config, compilerOptions: { ...options, paths: mapValues(sources, (file) => [file]) } }),
  );
  await run(process.execPath, [newestTsc, "-p", project], { quiet: true });
  // A declaration that names a source would not find its neighbour, which is a declaration, too.
  for (const path of await readdir(declared, { recursive: true })) {
    if (!path.endsWith(".d.ts")) continue;
    const file = join(declared, path);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replaceAll(/((?:from|import) ?\(?"\.[^"]*)\.ts"/g, '$1.js"'));
  }
}

/** What tsup is to make of the types of each entry: one file, of the declarations; with those of the packages that are bundled. */
export async function typesOf(entries, bundled) {
  const sources = await sourcesOf(bundled);
  await writeDeclarations(sources);
  const paths = mapValues(sources, (file) => [declarationOf(file)]);
  return {
    entry: mapValues(entries, declarationOf),
    compilerOptions: { customConditions: ["@sente-lite/source"], baseUrl: ".", paths },
  };
}

/** Takes the declarations away. */
export async function endDeclarations() {
  await rm(declared, { recursive: true, force: true });
}
