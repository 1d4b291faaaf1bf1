// One client stops reading while 100 MB are pushed to it; 99 others get ten small messages a second.
import { now, pace } from "../clock.mjs";
import { connectCrowd, uidOf } from "../crowd.mjs";
import { hostOf } from "../network.mjs";
import { start } from "../processes.mjs";
import { percentile, round } from "../statistics.mjs";

export const libraryNames = ["ours", "ours-drop-oldest", "socket.io", "socket.io-recovery", "ws"];
export const full = { others: 99, megabytes: 100, overMs: 10_000, warmMs: 3_000 };
export const quick = { others: 10, megabytes: 5, overMs: 500, warmMs: 500 };

const MESSAGE_BYTES = 65_536;
const OTHERS_PER_SECOND = 10;
/** Twice the bound of what waits for a client (`maxQueuedBytes`, 1 MiB), and 30 MB. */
const GROWTH_MAX_MB = (2 * 1_048_576 + 30_000_000) / 1e6;

export async function server(library, { others, megabytes, overMs, warmMs }) {
  const { port, push, connections } = await library.serve();
  const big = "x".repeat(MESSAGE_BYTES);
  const small = "x".repeat(60);
  /** Both streams side by side: the big messages to one, the small ones to the others. */
  const streams = (uid, ms) =>
    Promise.all([
      pace(Math.ceil(((megabytes * 1e6) / MESSAGE_BYTES) * (ms / overMs)), ms, (n) => push(uid, { n, text: big })),
      pace(Math.ceil((others * OTHERS_PER_SECOND * ms) / 1_000), ms, (k) => {
        push(uidOf(k % others), { n: k, at: now(), text: small });
      }),
    ]);
  return {
    ready: { port },
    /** Until code is compiled and the heap has the size that this traffic takes. */
    warm: () => streams("reader", warmMs),
    /** What the traffic alone takes, when everybody reads. */
    calm: () => observe(() => streams("reader", overMs)),
    slow: async () => ({ ...(await observe(() => streams("slow", overMs))), open: connections() }),
  };
}

/** The memory during some work: the highest resident size, and what is kept of it after a garbage collection. */
async function observe(work) {
  const before = measureHeap();
  let highest = 0;
  const sampling = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, 50);
  await work();
  clearInterval(sampling);
  return { highest, kept: measureHeap() - before };
}

function measureHeap() {
  global.gc();
  global.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export async function load(library, { port, others }) {
  let latencies = [];
  const take = () => {
    const taken = latencies;
    latencies = [];
    return {
      p50Ms: round(percentile(taken, 0.5), 2),
      p99Ms: round(percentile(taken, 0.99), 2),
      messages: taken.length,
    };
  };
  await connectCrowd(library, { count: others, port, received: (_, { at }) => latencies.push(now() - at) });
  const connectBeside = (connect, uid, index) =>
    new Promise((opened) => {
      connect({ host: hostOf(index), port, uid, opened, closed: () => {}, received: () => {} });
    });
  await connectBeside(library.connect, "reader", others);
  return {
    ready: {},
    take,
    slow: () => connectBeside(library.connectSlow, "slow", others + 1),
  };
}

export async function run(name, params) {
  const serving = await start("server", "slow", name, params);
  const loading = await start("load", "slow", name, { ...params, port: serving.port });
  await serving.ask("warm");
  await loading.ask("take");
  const calm = await serving.ask("calm");
  const calmOthers = await loading.ask("take");
  await loading.ask("slow");
  const slow = await serving.ask("slow");
  const others = await loading.ask("take");
  await Promise.all([loading.kill(), serving.kill()]);
  return {
    rssCalmMb: round(calm.highest / 1e6),
    rssSlowMb: round(slow.highest / 1e6),
    rssGrowthMb: round((slow.highest - calm.highest) / 1e6),
    keptMb: round(Math.max(0, slow.kept) / 1e6),
    // Beside the others and the reader.
    slowIsOpen: slow.open > params.others + 1,
    othersP50Ms: others.p50Ms,
    othersP99Ms: others.p99Ms,
    calmP99Ms: calmOthers.p99Ms,
    messages: others.messages,
  };
}

export function checks(results) {
  return ["ours", "ours-drop-oldest"]
    .filter((name) => results[name] !== undefined)
    .map((name) => ({
      what: `${name}: memory grows by at most ${round(GROWTH_MAX_MB)} MB`,
      isMet: results[name].rssGrowthMb <= GROWTH_MAX_MB,
    }));
}
