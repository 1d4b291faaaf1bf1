// pnpm -s fixture:server --runtime node [...]    pnpm -s fixture:client --runtime node [...]
// Runs the conformance suite's scripted peer on one runtime. Standard output is the fixture's alone.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { become } from "./child.mjs";
import { root } from "./run.mjs";
import { runArgs, runtimePath, runtimes } from "./runtimes.mjs";

const [side, ...given] = process.argv.slice(2);
const conformance = join(root, "packages/conformance");
const { programs } = JSON.parse(readFileSync(join(conformance, "package.json"), "utf8")).senteLite;
// A runtime has a fixture when the conformance package has its program.
const names = runtimes.filter((name) => `fixture-${side}-${name}` in programs);

const at = given.indexOf("--runtime");
const runtime = at === -1 ? undefined : given[at + 1];
if (!names.includes(runtime)) {
  const wrong = runtime === undefined ? "--runtime is missing" : `there is no fixture for --runtime ${runtime}`;
  console.error(`${wrong}; there is: ${names.join(", ")}`);
  process.exit(2);
}

try {
  await build("@sente-lite/conformance");
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const file = join(conformance, "dist", `fixture-${side}-${runtime}.js`);
become(runtimePath(runtime), [...runArgs(runtime, "all"), file, ...given.toSpliced(at, 2)]);
