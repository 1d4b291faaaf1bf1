// (b) One node is killed while everybody speaks both ways.
import { sleep } from "../../faults/clock.mjs";
import { startCluster } from "../cluster.mjs";

export const full = { nodes: 4, clients: 1_000, perSecond: 2, beforeMs: 5_000, afterMs: 10_000 };
export const quick = { nodes: 2, clients: 50, perSecond: 5, beforeMs: 1_000, afterMs: 3_000 };

export async function run(library, { perSecond, beforeMs, afterMs, ...params }) {
  const cluster = await startCluster(library, params);
  try {
    await cluster.traffic(perSecond);
    await sleep(beforeMs);
    await cluster.killNode(cluster.nodes[0]);
    await sleep(afterMs);
    await cluster.quiet();
    return await cluster.result();
  } finally {
    await cluster.stop();
  }
}

/** What is lost is told: at least once for each client whose session ended with the node. */
export function checks({ reconnects, resumed, open, clients, told, up, down }) {
  return [
    { what: "everybody is connected", isMet: open === clients },
    { what: "nothing doubled or reordered", isMet: up.doubled + down.doubled + up.reordered + down.reordered === 0 },
    { what: "every loss is told", isMet: told >= reconnects - resumed },
  ];
}
