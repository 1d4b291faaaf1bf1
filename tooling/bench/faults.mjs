// pnpm bench:faults: what becomes of connections that break, servers that die and clients that stop reading, with our
// library, Socket.IO and bare ws on the same schedule. Build first (pnpm build).
import { writeFileSync } from "node:fs";
import { titleOf } from "./faults/libraries.mjs";
import { machine } from "./faults/machine.mjs";
import { namesFor, optionsOf, paramsFor, usage } from "./faults/options.mjs";
import { parts } from "./faults/parts.mjs";
import { mergeRun, readRecord, writePages } from "./faults/report/record.mjs";
import { plainTable, tablesOf } from "./faults/report/tables.mjs";

const options = optionsOf(process.argv.slice(2));
if (options.help) {
  console.log(usage);
  process.exit();
}

/** One part with each library in turn, or side by side where the part only waits. */
async function measure(part, params) {
  const results = {};
  const one = async (name) => {
    console.error(`  ${titleOf(name)} ...`);
    results[name] = { ...(await part.run(name, params)), measured: new Date().toISOString().slice(0, 10), machine };
  };
  const names = namesFor(part, options);
  if (part.isParallel) await Promise.all(names.map(one));
  else for (const name of names) await one(name);
  // In the order of the list, whoever was ready first.
  return Object.fromEntries(names.map((name) => [name, results[name]]));
}

const run = { parts: {} };
const unmet = [];
if (!options.render) {
  for (const name of options.partNames) {
    const part = parts[name];
    const params = paramsFor(part, options);
    console.error(`${name}: ${JSON.stringify(params)}`);
    const results = await measure(part, params);
    if (Object.keys(results).length === 0) continue;
    run.parts[name] = { params, results };
    console.log(`\n${name}`);
    for (const table of tablesOf[name](results, params)) console.log(plainTable(table));
    for (const { what, isMet } of part.checks(results)) {
      console.log(`${isMet ? "ok     " : "NOT MET"} ${what}`);
      if (!isMet) unmet.push(what);
    }
    // At once: a later part that fails takes nothing away.
    if (options.write && options.isFullScale) writePages(mergeRun(readRecord(), run));
  }
  if (options.write && !options.isFullScale) console.error("nothing written: this was not the full scale");
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(run, null, 2)}\n`);
if (options.render) writePages(readRecord());
// What a small run shows is noise; its numbers are for whoever asked for them.
process.exit(options.isFullScale && unmet.length > 0 ? 1 : 0);
