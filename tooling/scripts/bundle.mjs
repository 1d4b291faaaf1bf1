// Bundles TypeScript sources in memory: what Node 20 cannot run, and sources with a line changed.
import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "./run.mjs";

// The bundler that Vite brings.
const { build } = createRequire(realpathSync(join(root, "node_modules/vite/package.json")))("esbuild");

/** The source with each change made; each `search` must be there exactly once. */
function applyChanges(source, changes) {
  return changes.reduce((text, { file, search, replace }) => {
    const found = text.split(search).length - 1;
    if (found !== 1) throw new Error(`${file} has ${found} times: ${search}`);
    return text.replace(search, () => replace);
  }, source);
}

/**
 * Runs a module of the repository and returns what it exports. `changes` are made to its sources: `file` is a path in
 * the repository, `search` a text that it has once, `replace` the text in its place.
 *
 * @param {string} entry
 * @param {readonly { readonly file: string, readonly search: string, readonly replace: string }[]} changes
 */
export async function load(entry, changes = []) {
  const code = await bundleEntry(entry, changes);
  return new Function("require", `${code}\nreturn bundled;`)(createRequire(import.meta.url));
}

async function bundleEntry(entry, changes) {
  const files = new Map(changes.map(({ file }) => [join(root, file), changes.filter((one) => one.file === file)]));
  const missed = new Set(files.keys());
  const plugin = {
    name: "changes",
    setup({ onLoad }) {
      if (files.size === 0) return;
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const given = files.get(path);
        if (given === undefined) return undefined;
        missed.delete(path);
        return { contents: applyChanges(readFileSync(path, "utf8"), given), loader: "ts" };
      });
    },
  };
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "bundled",
    platform: "node",
    target: "node20",
    conditions: ["@sente-lite/source"],
    logLevel: "silent",
    plugins: [plugin],
  });
  if (missed.size > 0) throw new Error(`not part of ${entry}: ${[...missed].join(", ")}`);
  return outputFiles[0].text;
}
