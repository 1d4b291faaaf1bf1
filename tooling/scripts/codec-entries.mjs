// pnpm codec:entries: gives every codec its entry in the package.json of protocol and of the runtimes, which hand it on.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageNames } from "../../packages/conformance/src/runtimes.mjs";
import { root } from "./run.mjs";

const codecs = join(root, "packages/protocol/src/codecs");
/** The folders of codecs: those that have an index. */
const folders = readdirSync(codecs).filter((name) => existsSync(join(codecs, name, "index.ts")));

for (const name of ["protocol", ...packageNames]) {
  const file = join(root, "packages", name, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  const missing = folders.filter((folder) => !(`./${folder}` in manifest.exports));
  if (missing.length === 0) continue;
  for (const folder of missing) {
    const built = { types: `./dist/${folder}.d.ts`, default: `./dist/${folder}.js` };
    const source = { "@sente-lite/source": `./src/codecs/${folder}/index.ts` };
    manifest.exports[`./${folder}`] = name === "protocol" ? { ...source, ...built } : built;
  }
  writeFileSync(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
  console.log(`packages/${name}/package.json: ${missing.join(", ")}`);
}
