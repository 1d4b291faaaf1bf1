// pnpm check:sizes [--write]: how much each entry of each published package weighs in a page, min + gzip, and whether that is
// within tooling/sizes.json. Needs a build. --write gives the entries that have none their budget: what they weigh, and 2 %.
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { root } from "./run.mjs";
import { entriesOf, listPublished } from "./workspace.mjs";

// The bundler that Vite brings.
const { build } = createRequire(realpathSync(join(root, "node_modules/vite/package.json")))("esbuild");
const budgetFile = join(root, "tooling/sizes.json");

const kib = (bytes) => Math.ceil((bytes / 1024) * 100) / 100;

/** A module of a package with all that it needs of ours; what comes from others is not counted. */
async function weigh({ folder, manifest }, contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(root, folder) },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "neutral",
    external: [
      "node:*",
      ...builtinModules,
      ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
        (name) => !name.startsWith("@sente-lite/"),
      ),
    ],
    logLevel: "silent",
  });
  return kib(gzipSync(outputFiles[0].contents, { level: 9 }).length);
}

/** What every entry weighs, each file for a `<script>`, and a page that has a client with one codec. */
export async function sizes() {
  const found = {};
  for (const one of listPublished()) {
    for (const { name, code } of entriesOf(one)) found[name] = await weigh(one, `export * from "${code}";`);
    const { global } = one.manifest.senteLite ?? {};
    if (global === undefined) continue;
    const file = `dist/${global.file}.js`;
    found[`${one.name}/${file}`] = kib(gzipSync(readFileSync(join(root, one.folder, file)), { level: 9 }).length);
    for (const codec of ["json", "edn", "transit-json"]) {
      const client = `export { makeChannelSocketClient } from "./dist/core.js"; export * from "./dist/${codec}.js";`;
      found[`a client with ${codec}`] = await weigh(one, client);
    }
  }
  return found;
}

/** What is wrong with these sizes, in words. */
export function problemsOf(found, budgets) {
  const names = [...new Set([...Object.keys(found), ...Object.keys(budgets)])];
  return names.flatMap((name) => {
    if (found[name] === undefined) return [`${name} has a budget, and is no entry`];
    if (budgets[name] === undefined) return [`${name} has no budget: pnpm check:sizes --write gives it one`];
    return found[name] > budgets[name] ? [`${name} weighs ${found[name]} KiB, more than ${budgets[name]}`] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = await sizes();
  const file = JSON.parse(readFileSync(budgetFile, "utf8"));
  const { goals } = file;
  let { budgets } = file;
  if (process.argv.includes("--write")) {
    const added = Object.entries(found).map(([name, size]) => [name, Math.ceil(size * 10.2) / 10]);
    budgets = Object.fromEntries(added.map(([name, size]) => [name, budgets[name] ?? size]));
    writeFileSync(budgetFile, `${JSON.stringify({ budgets, goals }, null, 2)}\n`);
  }
  for (const [name, size] of Object.entries(found)) {
    const goal = goals[name] === undefined ? "" : `, to become ${goals[name]}`;
    console.log(`${name.padEnd(46)} ${size} of ${budgets[name]} KiB${goal}`);
  }
  const problems = Object.keys(found).length === 0 ? ["nothing was weighed"] : problemsOf(found, budgets);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
