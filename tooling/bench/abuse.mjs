// What one client that sends as fast as it can costs 99 others, and what the limits cost where nobody does so:
//   node tooling/bench/abuse.mjs [--rounds N] [--seconds S] [--write] [RUNTIME ...]
// With the defaults. The 99 send a request every 100 ms each, from this process; the one floods from a process of its own. Calm
// rounds and flooded ones take turns, and so do the two servers of the second part, so that noise hits all. `--write` puts the
// numbers into docs/limits.md. It needs a machine with nothing else to do: two processes compete for what the server lacks.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { serverNames, titles } from "../../packages/conformance/src/runtimes.mjs";
import { runArgs, runtimePath } from "../scripts/runtimes.mjs";
import { writeBetweenMarkers } from "./markers.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string" }, seconds: { type: "string" }, write: { type: "boolean" } },
});
const rounds = Number(values.rounds ?? 3);
const seconds = Number(values.seconds ?? 2.5);
const runtimes = positionals.length === 0 ? serverNames : positionals;
const kinds = ["events", "requests", "unreadable", "pings"];
const OTHERS = 99;
const EVERY_MS = 100;

const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const sorted = (numbers) => numbers.toSorted((a, b) => a - b);
const median = (numbers) => sorted(numbers)[numbers.length >> 1];
const p99 = (numbers) => sorted(numbers)[Math.floor(numbers.length * 0.99)];

/** A server in a process of its own. */
async function start(runtime, how) {
  const args = [...runArgs(runtime, "all"), fileOf("abuse-server.mjs"), runtime, how];
  const child = spawn(runtimePath(runtime), args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const { port } = await next();
  const usage = async () => {
    child.stdin.write("usage\n");
    return (await next()).cpu;
  };
  return { port, usage, stop: () => child.stdin.end() };
}

async function connectOthers(port) {
  const sockets = [];
  for (let i = 0; i < OTHERS; i++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chsk?client-id=c${i}`, { perMessageDeflate: false });
    await once(socket, "message");
    sockets.push(socket);
  }
  return sockets;
}

/** What each answer took in one round, in milliseconds. Who waits for one asks no other meanwhile, and is counted with its wait. */
async function roundTrips(sockets) {
  const taken = [];
  const until = performance.now() + seconds * 1_000;
  await Promise.all(
    sockets.map(async (socket, i) => {
      await wait((i * EVERY_MS) / sockets.length);
      for (let n = 0; performance.now() < until; n++) {
        const begun = performance.now();
        socket.send(JSON.stringify([["bench/echo", n], `r${n}`]));
        await once(socket, "message");
        const took = performance.now() - begun;
        taken.push(took);
        await wait(Math.max(0, EVERY_MS - took));
      }
    }),
  );
  return taken;
}

/** The p99 of the 99, calm and flooded, as medians of the rounds. */
async function measureFlood(runtime, kind) {
  const server = await start(runtime, "defaults");
  const sockets = await connectOthers(server.port);
  await roundTrips(sockets);
  const [calm, flooded] = [[], []];
  for (let round = 0; round < rounds; round++) {
    calm.push(p99(await roundTrips(sockets)));
    const flood = spawn(process.execPath, [fileOf("abuse-flood.mjs"), String(server.port), kind], {
      stdio: ["pipe", "inherit", "inherit"],
    });
    await wait(1_000);
    flooded.push(p99(await roundTrips(sockets)));
    flood.stdin.end();
    await once(flood, "exit");
    await wait(500);
  }
  for (const socket of sockets) socket.terminate();
  server.stop();
  return { calm: median(calm), flooded: median(flooded) };
}

/** The processor time of an echo with the limits, as a ratio to one without: the median of paired rounds. */
async function measureCost(runtime) {
  const servers = [];
  for (const how of ["defaults", "unlimited"]) {
    const server = await start(runtime, how);
    servers.push({ ...server, sockets: await connectOthers(server.port) });
  }
  const cost = async ({ usage, sockets }) => {
    // Slower than the limits, and all at once.
    const each = 40;
    const before = await usage();
    await Promise.all(
      sockets.map(async (socket) => {
        for (let n = 0; n < each; n++) {
          socket.send(JSON.stringify([["bench/echo", n], `r${n}`]));
          await once(socket, "message");
        }
      }),
    );
    return ((await usage()) - before) / (sockets.length * each);
  };
  for (let warm = 0; warm < 5; warm++) for (const server of servers) await cost(server);
  const ratios = [];
  for (let round = 0; round < rounds * 6; round++) {
    const [limited, unlimited] = servers;
    // Each goes first as often as the other.
    const first = round % 2 === 0 ? await cost(limited) : undefined;
    const without = await cost(unlimited);
    ratios.push((first ?? (await cost(limited))) / without);
  }
  for (const { sockets, stop } of servers) {
    for (const socket of sockets) socket.terminate();
    stop();
  }
  return median(ratios);
}

const ms = (number) => `${number.toFixed(1)} ms`;
const rows = [];
for (const runtime of runtimes) {
  const floods = [];
  for (const kind of kinds) {
    const { calm, flooded } = await measureFlood(runtime, kind);
    console.log(
      `${runtime}, ${kind}: p99 ${ms(calm)} calm, ${ms(flooded)} flooded, ratio ${(flooded / calm).toFixed(2)}`,
    );
    floods.push(`${ms(calm)} → ${ms(flooded)} (${(flooded / calm).toFixed(2)})`);
  }
  const ratio = await measureCost(runtime);
  console.log(`${runtime}: the limits cost ${((ratio - 1) * 100).toFixed(1)} % of an echo`);
  rows.push([titles[runtime], ...floods, `${((ratio - 1) * 100).toFixed(1)} %`]);
}
if (values.write) {
  const head = ["", ...kinds, "cost of the limits"];
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  writeBetweenMarkers("docs/limits.md", "abuse", lines.join("\n"));
}
process.exit();
