// Clients that come and go, a hundred thousand times: does the server's heap grow?
import { once } from "node:events";
import { sleep } from "../clock.mjs";
import { connectRaw } from "../libraries/ours.mjs";
import { hostOf } from "../network.mjs";
import { start } from "../processes.mjs";
import { round, slope } from "../statistics.mjs";

export const libraryNames = ["ours"];
export const full = { cycles: 100_000, samples: 20 };
export const quick = { cycles: 500, samples: 5 };

const AT_ONCE = 20;
// A session whose client was cut off waits for it: with the default of two minutes none would end in this run.
const WINDOW_MS = 1_000;
// The window, and the 2.5 s for which a user stays among the connected ones, are over.
const REST_MS = 3_500;
/** Samples before this share of the cycles are warm-up: code is compiled, tables reach their size. */
const WARM_UP = 0.2;
const SLOPE_MAX_BYTES = 50;

export async function server(library) {
  const { port } = await library.serve({ sessionWindowMs: WINDOW_MS });
  return {
    ready: { port },
    heap: () => {
      global.gc();
      global.gc();
      return process.memoryUsage().heapUsed;
    },
  };
}

export async function load(_library, { port }) {
  let cycle = 0;
  /** Every second one says goodbye, the others are cut off. */
  const comeAndGo = async (n) => {
    const name = `visitor-${n}`;
    const socket = await new Promise((ready) => {
      const opening = connectRaw({
        host: hostOf(n % 5_000),
        port,
        uid: name,
        clientId: name,
        opened: () => ready(opening),
      });
    });
    if (n % 2 === 0) socket.close(1000);
    else socket.terminate();
    await once(socket, "close");
  };
  return {
    ready: {},
    cycles: async (count) => {
      const end = cycle + count;
      const runInTurn = async () => {
        while (cycle < end) await comeAndGo(cycle++);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, runInTurn));
    },
  };
}

export async function run(name, { cycles, samples }) {
  const serving = await start("server", "cycles", name);
  const loading = await start("load", "cycles", name, { port: serving.port });
  const each = Math.round(cycles / samples);
  const points = [];
  for (let sample = 1; sample <= samples; sample++) {
    await loading.ask("cycles", each);
    await sleep(REST_MS);
    points.push([sample * each, await serving.ask("heap")]);
  }
  await Promise.all([loading.kill(), serving.kill()]);
  const afterWarmUp = points.filter(([done]) => done > cycles * WARM_UP);
  return {
    cycles: samples * each,
    bytesPerCycle: round(slope(afterWarmUp), 2),
    heapFirstMb: round(afterWarmUp[0][1] / 1e6, 2),
    heapLastMb: round(afterWarmUp.at(-1)[1] / 1e6, 2),
    samples: points.map(([done, heap]) => [done, round(heap / 1e6, 3)]),
  };
}

export function checks({ ours }) {
  if (ours === undefined) return [];
  return [{ what: `at most ${SLOPE_MAX_BYTES} bytes of heap per cycle`, isMet: ours.bytesPerCycle <= SLOPE_MAX_BYTES }];
}
