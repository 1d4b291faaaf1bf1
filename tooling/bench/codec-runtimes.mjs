// pnpm bench:codecs [--write] [RUNTIME ...]: how fast and how large every codec is, beside its peers, on Node, Bun, Deno and
// Chromium: times are the best of many rounds in turn. Build first (pnpm build).
// --write puts the numbers into docs/data/codecs.json, and the tables and the plot that are made of them into docs/codecs.md.
import { execFile } from "node:child_process";
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { serverNames, serverRuntimes, titles } from "../../packages/conformance/src/runtimes.mjs";
import { launchChromium } from "../scripts/launch-chromium.mjs";
import { root } from "../scripts/run.mjs";
import { runtimePath } from "../scripts/runtimes.mjs";
import { encodeAll } from "./codec-contest.mjs";
import { claims, plot, tables } from "./codec-report.mjs";
import { machine } from "./faults/machine.mjs";
import { writeBetweenMarkers } from "./markers.mjs";

const contest = join(import.meta.dirname, "codec-contest.mjs");
const program = `
  const { measure } = await import(${JSON.stringify(`file://${contest}`)});
  console.log(JSON.stringify(measure()));
`;

const command = (runtime, args) => async () =>
  JSON.parse((await promisify(execFile)(runtimePath(runtime), [...args, program], { cwd: root })).stdout);

const runtimes = {
  ...Object.fromEntries(serverNames.map((name) => [titles[name], command(name, serverRuntimes[name].evaluate)])),
  Chromium: async () => {
    // The bundler that Vite brings.
    const { build } = createRequire(realpathSync(join(root, "node_modules/vite/package.json")))("esbuild");
    const options = { entryPoints: [contest], bundle: true, write: false, format: "iife", globalName: "contest" };
    const { outputFiles } = await build({ ...options, platform: "browser", logLevel: "error" });
    const browser = await launchChromium();
    const page = await browser.newPage();
    await page.addScriptTag({ content: outputFiles[0].text });
    const results = await page.evaluate("contest.measure()");
    await browser.close();
    return results;
  },
};

const asked = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const chosen = Object.keys(runtimes).filter((name) => asked.length === 0 || asked.includes(name));
const times = {};
for (const name of chosen) {
  console.error(`${name} ...`);
  times[name] = await runtimes[name]();
}
const sizes = {};
for (const [message, encoded] of Object.entries(encodeAll())) {
  sizes[message] = {};
  for (const [name, data] of Object.entries(encoded)) {
    const bytes = Buffer.from(data);
    sizes[message][name] = { bytes: bytes.length, gzipped: gzipSync(bytes).length };
  }
}
const record = { measured: new Date().toISOString().slice(0, 10), machine, times, sizes };
console.log(`${tables(record)}\n\n${claims(record)}`);
if (process.argv.includes("--write")) {
  if (chosen.length < Object.keys(runtimes).length) throw new Error("nothing written: this was not every runtime");
  writeFileSync(join(root, "docs/data/codecs.json"), `${JSON.stringify(record, null, 2)}\n`);
  writeBetweenMarkers("docs/codecs.md", "bench:codecs", tables(record));
  writeBetweenMarkers("docs/codecs.md", "bench:claims", claims(record));
  writeFileSync(join(root, "docs/images/codecs.svg"), plot(record));
  // So that what was written is what the page says.
  console.error(readFileSync(join(root, "docs/codecs.md"), "utf8").length, "characters in docs/codecs.md");
}
