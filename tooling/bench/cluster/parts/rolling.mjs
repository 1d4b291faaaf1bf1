// (a) Every node is replaced by another, one after the other, while everybody speaks both ways.
import { sleep } from "../../faults/clock.mjs";
import { startCluster } from "../cluster.mjs";

export const full = { nodes: 4, clients: 1_000, perSecond: 2, betweenMs: 3_000 };
export const quick = { nodes: 2, clients: 50, perSecond: 5, betweenMs: 500 };

export async function run(library, { perSecond, betweenMs, ...params }) {
  const cluster = await startCluster(library, params);
  try {
    await cluster.traffic(perSecond);
    await sleep(betweenMs);
    for (const node of [...cluster.nodes]) {
      await cluster.replace(node);
      await sleep(betweenMs);
    }
    await cluster.quiet();
    return await cluster.result();
  } finally {
    await cluster.stop();
  }
}

export const checks = exactly;

/** Of a part in which nothing may be lost. */
export function exactly({ up, down, reconnects, resumed, open, clients }) {
  return [
    { what: "nothing lost", isMet: up.lost + down.lost === 0 },
    { what: "nothing doubled", isMet: up.doubled + down.doubled === 0 },
    { what: "nothing reordered", isMet: up.reordered + down.reordered === 0 },
    { what: "every session resumed", isMet: resumed === reconnects && reconnects > 0 },
    { what: "everybody is connected", isMet: open === clients },
  ];
}
