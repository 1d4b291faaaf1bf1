// The one build preset of every package; run in the package's folder.
// Entries are the export map of package.json: each condition "@sente-lite/source" names the source of its "default". An entry
// without a source is protocol's entry of that name, handed on: the codecs of a runtime package.
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { build } from "tsup";
import { endDeclarations, typesOf } from "./declarations.mjs";

const pkg = JSON.parse(await readFile("package.json", "utf8"));
const entry = {};
const handedOn = [];
for (const [path, target] of Object.entries(pkg.exports ?? {})) {
  const source = target["@sente-lite/source"];
  if (source) entry[basename(target.default, ".js")] = source;
  else if (target.default) handedOn.push({ path, target });
}
const extra = pkg.senteLite ?? {};
for (const [name, source] of Object.entries(extra.programs ?? {})) entry[name] = source;

// Workspace packages in devDependencies are private: they become part of the bundle, code and types.
const bundled = Object.entries(pkg.devDependencies ?? {})
  .filter(([, version]) => version.startsWith("workspace:"))
  .map(([name]) => name)
  .filter((name) => !(name in (pkg.dependencies ?? {})));

const matchWithin = (names) => names.map((name) => new RegExp(`^${name}(/|$)`));

const common = {
  config: false,
  silent: true,
  target: "es2022",
  tsconfig: "tsconfig.json",
  esbuildOptions(options) {
    options.conditions = ["@sente-lite/source"];
  },
};
await build({
  ...common,
  entry,
  format: "esm",
  clean: true,
  sourcemap: true,
  platform: extra.platform ?? "neutral",
  noExternal: matchWithin(bundled),
  dts: pkg.private ? false : await typesOf(entry, bundled),
});
await endDeclarations();
if (handedOn.length > 0) {
  const { exports } = JSON.parse(await readFile("node_modules/@sente-lite/protocol/package.json", "utf8"));
  for (const { path, target } of handedOn) {
    if (!(path in exports)) throw new Error(`${pkg.name}: ${path} has no source, and protocol has no such entry`);
    const text = `export * from "@sente-lite/protocol${path.slice(1)}";\n`;
    for (const file of [target.types, target.default]) await writeFile(file, text);
  }
}
if (extra.global) {
  // The bundle for a <script>: everything inside, one global name.
  await build({
    ...common,
    entry: { [extra.global.file]: extra.global.source },
    format: "iife",
    globalName: extra.global.name,
    platform: "browser",
    minify: true,
    noExternal: [/.*/],
    outExtension: () => ({ js: ".js" }),
  });
}
if (extra.page) {
  // A web page in dist/page: its script as one module with everything inside, beside the files that are served as they are.
  await build({
    ...common,
    entry: { page: extra.page.source },
    outDir: "dist/page",
    format: "esm",
    platform: "browser",
    minify: true,
    noExternal: [/.*/],
    publicDir: extra.page.files,
  });
}
