// What one client that sends as fast as it can costs 99 others, and what the limits cost where nobody does so:
//   node tooling/bench/abuse.mjs [--rounds N] [--seconds S] [--kind KIND ...] [--only floods|cost|nginx|echo] [--write] [SERVER ...]
// With the defaults. The 99 send a request every 100 ms each, from this process; the one floods from a process of its own. Beside
// our server stand two others, under the same floods: the runtime's alone (bare.mjs), which tells what the runtime makes of a
// flood, and one more of ours, whose flood the 99 of the measured one should not feel at all ("elsewhere"): what they feel of it
// is the flooder's work on this machine. All take turns in each round, so that noise hits all, and each number is the
// lower quartile of the rounds: noise only adds. `--write` puts them into docs/limits.md: about ten minutes. Kinds of floods that are not in that table: pongs, large.
// "nginx": all of them come through nginx, which bounds what one client sends; it has to be there, with its stream module.
// "echo": what an echo takes of the processor at one server beside the others.
// Which process has which core: abuse/processes.mjs.
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { serverNames, testedNames, testedServers, titles } from "../../packages/conformance/src/runtimes.mjs";
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
const names = positionals.length === 0 ? testedNames : positionals;
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
async function measureFloods(name) {
  const ours = await startServer(name, "server.mjs", ["defaults"]);
  const aside = await startServer(name, "server.mjs", ["defaults"], { isAside: true });
  const bare = await startServer(name, "bare.mjs", []);
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
async function measureBehindNginx(name) {
  const ours = await startServer(name, "server.mjs", ["defaults"]);
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

// Slower than the limits, and all at once.
const cost = (server) => costOfEcho(server, 40);

/** Starts these servers, each a name and how, with the 99 at each; code that ran often is compiled. */
async function startForEchoes(...all) {
  const servers = [];
  for (const [name, how] of all) {
    const server = await startServer(name, "server.mjs", [how]);
    servers.push({ ...server, sockets: await connectOthers(server.port) });
  }
  for (let warm = 0; warm < 5; warm++) for (const server of servers) await cost(server);
  return servers;
}

async function stopServers(servers) {
  for (const { sockets, stop } of servers) {
    for (const socket of sockets) socket.removeAllListeners("close").terminate();
    await stop();
  }
}

/** The processor time of an echo with the limits, as a ratio to one without: the median of paired rounds. */
async function measureCost(name) {
  const servers = await startForEchoes([name, "defaults"], [name, "unlimited"]);
  const ratios = [];
  for (let round = 0; round < rounds * 4; round++) {
    const [limited, unlimited] = servers;
    // Each goes first as often as the other.
    const first = round % 2 === 0 ? await cost(limited) : undefined;
    const without = await cost(unlimited);
    ratios.push((first ?? (await cost(limited))) / without);
  }
  await stopServers(servers);
  return median(ratios);
}

/** The microseconds of processor time of an echo at each of these servers, in turns: the lower quartile of the rounds. */
async function measureEchoes() {
  const servers = await startForEchoes(...names.map((name) => [name, "defaults"]));
  const taken = servers.map(() => []);
  for (let round = 0; round < rounds * 4; round++) {
    for (const [index, server] of servers.entries()) taken[index].push(await cost(server));
  }
  await stopServers(servers);
  return taken.map(lowerQuartile);
}

const titleOf = (name) => {
  const { package: of, runtime } = testedServers[name];
  return of === runtime ? titles[runtime] : `${titles[runtime]}, package for ${titles[of]}`;
};
const ms = (number) => `${number.toFixed(2)} ms`;
const range = (numbers) => `${sorted(numbers)[0].toFixed(2)}-${sorted(numbers).at(-1).toFixed(2)}`;
const ratioOf = (flooded, calm) => (lowerQuartile(flooded) / lowerQuartile(calm)).toFixed(2);

const floodHead = ["", "flood", "ours, calm", "flooded", "ratio", "elsewhere", "bare, calm", "flooded", "ratio"];
const floodRows = [];
const costRows = [];
const nginxRows = [];
console.log(isPinned ? "the servers have a core of their own" : "no process is bound to a core: the server shares all");
async function reportFloods(name) {
  const { ours, bare, elsewhere } = await measureFloods(name);
  console.log(`${name}, calm: ours ${range(ours.calm)}, bare ${range(bare.calm)} ms`);
  for (const kind of kinds) {
    const row = [
      titleOf(name),
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
    console.log(`${name}, ${kind}: ours ${ms(lowerQuartile(ours[kind]))}, ratio ${row[4]} (${range(ours[kind])}); \
elsewhere ${row[5]}; bare ${ms(lowerQuartile(bare[kind]))}, ratio ${row[8]} (${range(bare[kind])})`);
  }
}

async function reportCost(name) {
  const cost = `${((await measureCost(name)) * 100 - 100).toFixed(1)} %`;
  console.log(`${name}: the limits cost ${cost} of an echo`);
  costRows.push([titleOf(name), cost]);
}
async function reportBehindNginx(name) {
  const taken = await measureBehindNginx(name);
  for (const kind of kinds) {
    const ratio = ratioOf(taken[kind], taken.calm);
    nginxRows.push([titleOf(name), kind, ms(lowerQuartile(taken.calm)), ms(lowerQuartile(taken[kind])), ratio]);
    console.log(`${name} behind nginx, ${kind}: ratio ${ratio} (${range(taken.calm)} and ${range(taken[kind])} ms)`);
  }
}
const reports = { floods: reportFloods, nginx: reportBehindNginx, cost: reportCost };
for (const name of names) {
  for (const [part, report] of Object.entries(reports)) {
    // Nobody needs both nginx and another package.
    const isWorthIt = part !== "nginx" || serverNames.includes(name);
    if ((values.only ?? part) === part && isWorthIt) await report(name);
  }
}
if (values.only === "echo") {
  const echoes = await measureEchoes();
  for (const [index, name] of names.entries()) console.log(`${name}: ${echoes[index].toFixed(1)} µs for an echo`);
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
