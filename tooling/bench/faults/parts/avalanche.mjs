// A crowd whose server is killed and started again: who is back when, and how hard does the crowd knock?
import { createServer } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { now, sleep, until } from "../clock.mjs";
import { connectCrowd } from "../crowd.mjs";
import { onAttempt } from "../network.mjs";
import { start } from "../processes.mjs";
import { histogram, percentile, round } from "../statistics.mjs";

export const full = { clients: 5_000, downMs: [1_000, 30_000], withinMs: 60_000 };
export const quick = { clients: 100, downMs: [1_000], withinMs: 10_000 };

export const BIN_MS = 100;
/** The time over which each library spreads its first attempt after a loss; bare ws does not. */
const JITTER_MS = { ours: 500, "socket.io": 1_000, "socket.io-recovery": 1_000, ws: 0 };

export async function server(library, { port }) {
  const serving = await library.serve({ port });
  return { ready: { port: serving.port, upAt: now() } };
}

export async function load(library, { port, clients, withinMs }) {
  const crowd = Array.from({ length: clients }, () => ({
    lostAt: null,
    backAt: null,
    firstWaitMs: null,
    attempts: [],
  }));
  onAttempt((index, at) => crowd[index].attempts.push(at));
  await connectCrowd(library, {
    count: clients,
    port,
    opened: (index) => {
      if (crowd[index].lostAt !== null) crowd[index].backAt ??= now();
    },
    closed: (index) => {
      crowd[index].lostAt ??= now();
    },
    waits: (index, ms) => {
      crowd[index].firstWaitMs ??= ms;
    },
  });
  const delay = monitorEventLoopDelay({ resolution: 10 });
  return {
    ready: {},
    watch: () => {
      for (const client of crowd) {
        client.attempts = [];
        client.firstWaitMs = null;
      }
      delay.enable();
    },
    back: async ({ killedAt, upAt }) => {
      const left = Math.max(0, upAt + withinMs - now());
      await until(() => crowd.every(({ backAt }) => backAt !== null), left);
      delay.disable();
      return { ...summary(crowd, killedAt, upAt), loadDelayMaxMs: round(delay.max / 1e6, 0) };
    },
  };
}

function summary(crowd, killedAt, upAt) {
  const times = crowd.filter(({ backAt }) => backAt !== null).map(({ backAt }) => backAt - upAt);
  const attempts = crowd.flatMap((client) => client.attempts);
  const first = crowd
    .filter((client) => client.lostAt !== null && client.attempts.length > 0)
    .map((client) => client.attempts[0] - client.lostAt);
  const waits = crowd.map(({ firstWaitMs }) => firstWaitMs).filter((ms) => ms !== null);
  return {
    clients: crowd.length,
    back: times.length,
    backP50Ms: round(percentile(times, 0.5), 0),
    backP95Ms: round(percentile(times, 0.95), 0),
    backP99Ms: round(percentile(times, 0.99), 0),
    attempts: attempts.length,
    // What each client means to do, by its own clock; what comes of it when one machine plays them all; and altogether.
    waits: histogram(waits, BIN_MS),
    firstAttempts: histogram(first, BIN_MS),
    bins: histogram(
      attempts.map((at) => at - killedAt),
      BIN_MS,
    ),
  };
}

export async function run(name, { downMs, ...params }) {
  const outages = [];
  for (const down of downMs) outages.push({ downMs: down, ...(await outage(name, down, params)) });
  return { outages };
}

async function outage(name, downMs, { clients, withinMs }) {
  const port = await findFreePort();
  const first = await start("server", "avalanche", name, { port });
  const loading = await start("load", "avalanche", name, { port, clients, withinMs });
  // Once it was open for 5 s a connection counts as a good one, and the backoff begins anew (PROTOCOL.md section 8.2).
  await sleep(6_000);
  await loading.ask("watch");
  const killedAt = now();
  await first.kill();
  await sleep(killedAt + downMs - now());
  const second = await start("server", "avalanche", name, { port });
  const result = await loading.ask("back", { killedAt, upAt: second.upAt });
  await Promise.all([loading.kill(), second.kill()]);
  const jitterMs = JITTER_MS[name];
  return { ...result, jitterMs, ...peaks(result, jitterMs) };
}

/** The fullest bins, and the multiple of what each would hold if the crowd were spread evenly over the jitter window. */
function peaks({ clients, waits, firstAttempts, bins }, jitterMs) {
  const peak = (counts) => Math.max(0, ...counts);
  const ratio = (count) => (jitterMs === 0 ? null : round(count / ((clients * BIN_MS) / jitterMs), 2));
  return {
    waitsPeak: peak(waits),
    waitsRatio: ratio(peak(waits)),
    firstAttemptsRatio: ratio(peak(firstAttempts)),
    anyPeak: peak(bins),
    anyRatio: ratio(peak(bins)),
  };
}

/** A server that was killed must come back where it was. */
async function findFreePort() {
  const probe = createServer();
  await new Promise((listening) => probe.listen(0, "127.0.0.1", listening));
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}

export function checks({ ours }) {
  return (ours?.outages ?? []).flatMap(({ downMs, clients, back, waitsRatio, firstAttemptsRatio, anyRatio }) => [
    { what: `after ${downMs / 1_000} s everybody is back`, isMet: back === clients },
    {
      what: `after ${downMs / 1_000} s no 100 ms above three times the uniform share`,
      isMet: Math.max(waitsRatio, firstAttemptsRatio, anyRatio) <= 3,
    },
  ]);
}
