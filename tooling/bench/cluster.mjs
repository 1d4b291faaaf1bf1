// pnpm bench:cluster: what a rolling restart, a killed node, moves and a broker that is away do to events and sessions, and what
// many nodes cost, with our library and Socket.IO on the same schedule and the same broker. Build first (pnpm build).
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { libraries, titleOf } from "./cluster/libraries.mjs";
import { lossPlot, tablesOf } from "./cluster/report.mjs";
import { machine } from "./faults/machine.mjs";
import { writeBetweenMarkers } from "./markers.mjs";

const partNames = ["rolling", "moves", "kill", "rooms", "broker", "cost", "push", "presence", "units"];
const usage = `pnpm bench:cluster [options]
  --only ${partNames.join(",")}   some of the parts
  --libraries ${Object.keys(libraries).join(",")}   some of what is compared
  --quick     everything small and fast
  --json FILE what this run measured, as JSON
  --write     puts what was measured at full scale into docs/`;

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: {
    only: { type: "string" },
    libraries: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit();
}

const listOf = (given, known) => {
  const names = given?.split(",") ?? known;
  for (const name of names) if (!known.includes(name)) throw new Error(`no such thing: ${name}\n\n${usage}`);
  return names;
};

const root = fileURLToPath(new URL("../..", import.meta.url));
const recordPath = join(root, "docs/data/cluster.json");
const record = existsSync(recordPath) ? JSON.parse(readFileSync(recordPath, "utf8")) : { parts: {} };
const run = { parts: {} };
const unmet = [];

for (const part of listOf(values.only, partNames)) {
  const { run: measure, checks, full, quick, libraries: measured } = await import(`./cluster/parts/${part}.mjs`);
  const params = values.quick ? quick : full;
  const results = {};
  for (const name of listOf(values.libraries, Object.keys(libraries))) {
    if (measured?.includes(name) === false) continue;
    console.error(`${part}, ${titleOf(name)} ...`);
    results[name] = await measure(name, params);
    if (!name.startsWith("ours")) continue;
    for (const { what, isMet } of checks(results[name])) {
      console.error(`  ${isMet ? "ok     " : "NOT MET"} ${what}`);
      if (!isMet) unmet.push(`${part}: ${what}`);
    }
  }
  run.parts[part] = { params, results, machine, measured: new Date().toISOString().slice(0, 10) };
  console.log(`\n${part} ${JSON.stringify(params)}\n${tablesOf[part](results)}`);
}

if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(run, null, 2)}\n`);
if (values.write && !values.quick) {
  Object.assign(record.parts, run.parts);
  writeFileSync(recordPath, `${JSON.stringify(record, null, 2)}\n`);
  for (const [part, { results }] of Object.entries(record.parts)) {
    writeBetweenMarkers("docs/cluster.md", part, `\n${tablesOf[part](results)}\n`);
  }
  const lossesOf = (part) => record.parts[part]?.results;
  writeFileSync(
    join(root, "docs/images/cluster-losses.svg"),
    lossPlot({ rolling: lossesOf("rolling"), moves: lossesOf("moves") }),
  );
}
// What a small run shows is noise; its numbers are for whoever asked for them.
process.exit(!values.quick && unmet.length > 0 ? 1 : 0);
