// (d) The broker is away for 5 s, while everybody speaks both ways.
import { sleep } from "../../faults/clock.mjs";
import { startCluster } from "../cluster.mjs";

export const full = { nodes: 4, clients: 1_000, perSecond: 2, beforeMs: 5_000, awayMs: 5_000, afterMs: 5_000 };
export const quick = { nodes: 2, clients: 50, perSecond: 5, beforeMs: 1_000, awayMs: 1_000, afterMs: 1_000 };

export async function run(library, { perSecond, beforeMs, awayMs, afterMs, ...params }) {
  const cluster = await startCluster(library, params);
  try {
    await cluster.traffic(perSecond);
    await sleep(beforeMs);
    await cluster.broker.away(awayMs);
    await sleep(afterMs);
    await cluster.quiet();
    return await cluster.result();
  } finally {
    await cluster.stop();
  }
}

export function checks({ up, down, open, clients, told }) {
  const lost = up.lost + down.lost;
  return [
    { what: "nothing lost, or told as a gap", isMet: lost === 0 || told > 0 },
    { what: "nothing doubled or reordered", isMet: up.doubled + down.doubled + up.reordered + down.reordered === 0 },
    { what: "everybody is connected", isMet: open === clients },
  ];
}
