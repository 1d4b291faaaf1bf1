// (c) Every second the balancer cuts a tenth of the connections, which come back to whichever node it chooses.
import { sleep } from "../../faults/clock.mjs";
import { startCluster } from "../cluster.mjs";
import { exactly } from "./rolling.mjs";

export const full = { nodes: 4, clients: 1_000, perSecond: 2, seconds: 20, share: 0.1 };
export const quick = { nodes: 2, clients: 50, perSecond: 5, seconds: 4, share: 0.1 };

export async function run(library, { perSecond, seconds, share, ...params }) {
  const cluster = await startCluster(library, params);
  try {
    await cluster.traffic(perSecond);
    let cuts = 0;
    for (let k = 0; k < seconds; k++) {
      await sleep(1_000);
      cuts += await cluster.cutShare(share);
    }
    await cluster.quiet();
    return { ...(await cluster.result()), cuts };
  } finally {
    await cluster.stop();
  }
}

export const checks = exactly;
