// What one client that sends as fast as it can costs 99 others, and what the limits cost where nobody does so:
//   node tooling/bench/abuse.mjs [--rounds N] [--seconds S] [--kind KIND ...] [--only floods|cost|nginx] [--write] [RUNTIME ...]
// With the defaults. The 99 send a request every 100 ms each, from this process; the one floods from a process of its own. Beside
// our server stand two others, under the same floods: the runtime's alone (bare.mjs), which tells what the runtime makes of a
// flood, and one more of ours, whose flood the 99 of the measured one should not feel at all ("elsewhere"): what they feel of it
// is the flooder's work on this machine. All take turns in each round, so that noise hits all, and each number is the
// lower quartile of the rounds: noise only adds. `--write` puts them into docs/limits.md: about ten minutes. Kinds of floods that are not in that table: pongs, large.
// "nginx": all of them come through nginx, which bounds what one client sends; it has to be there, with its stream module.
// Which process has which core: abuse/processes.mjs.
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { serverNames, titles } from "../../packages/conformance/src/runtimes.mjs";
import { connectOthers, costOfEcho, roundTrips } from "./abuse/others.mjs";
import { isPinned, startFlood, startNginx, startServer } from "./abuse/processes.mjs";
import { writeBetweenMarkers } from "./markers.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "8" },
    seconds: { type: "string", default: "1" },
    kind: { type: "string", multiple: true, default: ["events", "requests", "unreadable", "pings", "fragments"] },
    only: { type: "string" },
    write: { type: "boolean" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const runtimes = positionals.length === 0 ? serverNames : positionals;
const kinds = values.kind;
/** After a flood what it left is read, or thrown away. */
const SETTLE_MS = 300;

const sorted = (numbers) => numbers.toSorted((a, b) => a - b);
const median = (numbers) => sorted(numbers)[numbers.length >> 1];
const lowerQuartile = (numbers) => sorted(numbers)[(numbers.length - 1) >> 2];
const p99 = (numbers) => sorted(numbers)[Math.floor(numbers.length * 0.99)];

/** What each of the 99 waits for at most, but for one answer in a hundred. */
async function measure(sockets, port, kind) {
  const flood = kind === undefined ? undefined : await startFlood(port, kind);
  const { taken, late } = await roundTrips(sockets, seconds);
  await flood?.stop();
  await late;
  if (flood !== undefined) await wait(SETTLE_MS);
  return p99(taken);
}

/** By the kind of flood: the p99 of the 99 in each round. `calm` has those of the rounds without. */
async function measureFloods(runtime) {
  const ours = await startServer(runtime, "server.mjs", ["defaults"]);
  const aside = await startServer(runtime, "server.mjs", ["defaults"], { isAside: true });
  const bare = await startServer(runtime, "bare.mjs", []);
  const ofOurs = await connectOthers(ours.port);
  const ofBare = await connectOthers(bare.port);
  const byKind = () => Object.fromEntries(["calm", ...kinds].map((kind) => [kind, []]));
  const taken = { ours: byKind(), bare: byKind(), elsewhere: byKind() };
  // Code that ran often is compiled.
  for (const sockets of [ofOurs, ofBare]) await measure(sockets);
  for (const kind of kinds) await measure(ofOurs, ours.port, kind);
  for (let round = 0; round < rounds; round++) {
    taken.ours.calm.push(await measure(ofOurs));
    taken.bare.calm.push(await measure(ofBare));
    for (const kind of kinds) {
      taken.ours[kind].push(await measure(ofOurs, ours.port, kind));
      taken.elsewhere[kind].push(await measure(ofOurs, aside.port, kind));
      taken.bare[kind].push(await measure(ofBare, bare.port, kind));
    }
  }
  for (const socket of [...ofOurs, ...ofBare]) socket.removeAllListeners("close").terminate();
  await Promise.all([ours.stop(), aside.stop(), bare.stop()]);
  return taken;
}

/** The same behind nginx, of our server alone. */
async function measureBehindNginx(runtime) {
  const ours = await startServer(runtime, "server.mjs", ["defaults"]);
  const nginx = await startNginx(ours.port);
  const sockets = await connectOthers(nginx.port);
  const taken = Object.fromEntries(["calm", ...kinds].map((kind) => [kind, []]));
  await measure(sockets);
  for (let round = 0; round < rounds; round++) {
    taken.calm.push(await measure(sockets));
    for (const kind of kinds) taken[kind].push(await measure(sockets, nginx.port, kind));
  }
  for (const socket of sockets) socket.removeAllListeners("close").terminate();
  await nginx.stop();
  await ours.stop();
  return taken;
}

/** The processor time of an echo with the limits, as a ratio to one without: the median of paired rounds. */
async function measureCost(runtime) {
  const servers = [];
  for (const how of ["defaults", "unlimited"]) {
    const server = await startServer(runtime, "server.mjs", [how]);
    servers.push({ ...server, sockets: await connectOthers(server.port) });
  }
  // Slower than the limits, and all at once.
  const cost = (server) => costOfEcho(server, 40);
  for (let warm = 0; warm < 5; warm++) for (const server of servers) await cost(server);
  const ratios = [];
  for (let round = 0; round < rounds * 4; round++) {
    const [limited, unlimited] = servers;
    // Each goes first as often as the other.
    const first = round % 2 === 0 ? await cost(limited) : undefined;
    const without = await cost(unlimited);
    ratios.push((first ?? (await cost(limited))) / without);
  }
  for (const { sockets, stop } of servers) {
    for (const socket of sockets) socket.removeAllListeners("close").terminate();
    await stop();
  }
  return median(ratios);
}

const ms = (number) => `${number.toFixed(2)} ms`;
const range = (numbers) => `${sorted(numbers)[0].toFixed(2)}-${sorted(numbers).at(-1).toFixed(2)}`;
const ratioOf = (flooded, calm) => (lowerQuartile(flooded) / lowerQuartile(calm)).toFixed(2);

const floodHead = ["", "flood", "ours, calm", "flooded", "ratio", "elsewhere", "bare, calm", "flooded", "ratio"];
const floodRows = [];
const costRows = [];
const nginxRows = [];
console.log(isPinned ? "the servers have a core of their own" : "no process is bound to a core: the server shares all");
async function reportFloods(runtime) {
  const { ours, bare, elsewhere } = await measureFloods(runtime);
  console.log(`${runtime}, calm: ours ${range(ours.calm)}, bare ${range(bare.calm)} ms`);
  for (const kind of kinds) {
    const row = [
      titles[runtime],
      kind,
      ms(lowerQuartile(ours.calm)),
      ms(lowerQuartile(ours[kind])),
      ratioOf(ours[kind], ours.calm),
      ratioOf(elsewhere[kind], ours.calm),
      ms(lowerQuartile(bare.calm)),
      ms(lowerQuartile(bare[kind])),
      ratioOf(bare[kind], bare.calm),
    ];
    floodRows.push(row);
    console.log(`${runtime}, ${kind}: ours ${ms(lowerQuartile(ours[kind]))}, ratio ${row[4]} (${range(ours[kind])}); \
elsewhere ${row[5]}; bare ${ms(lowerQuartile(bare[kind]))}, ratio ${row[8]} (${range(bare[kind])})`);
  }
}

async function reportCost(runtime) {
  const cost = `${((await measureCost(runtime)) * 100 - 100).toFixed(1)} %`;
  console.log(`${runtime}: the limits cost ${cost} of an echo`);
  costRows.push([titles[runtime], cost]);
}
async function reportBehindNginx(runtime) {
  const taken = await measureBehindNginx(runtime);
  for (const kind of kinds) {
    const ratio = ratioOf(taken[kind], taken.calm);
    nginxRows.push([titles[runtime], kind, ms(lowerQuartile(taken.calm)), ms(lowerQuartile(taken[kind])), ratio]);
    console.log(`${runtime} behind nginx, ${kind}: ratio ${ratio} (${range(taken.calm)} and ${range(taken[kind])} ms)`);
  }
}
const reports = { floods: reportFloods, nginx: reportBehindNginx, cost: reportCost };
for (const runtime of runtimes) {
  for (const [name, report] of Object.entries(reports)) if ((values.only ?? name) === name) await report(runtime);
}
const write = (marker, head, rows) => {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  if (rows.length > 0) writeBetweenMarkers("docs/limits.md", marker, lines.join("\n"));
};
if (values.write) {
  write("abuse", floodHead, floodRows);
  write("abuse nginx", ["behind nginx", "flood", "calm", "flooded", "ratio"], nginxRows);
  write("abuse cost", ["", "more processor time of an echo"], costRows);
}
process.exit();
