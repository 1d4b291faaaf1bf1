// (b) One node is killed while its clients are in a room with a history: have all of them all that was said?
import { now, sleep } from "../../faults/clock.mjs";
import { sum } from "../../faults/statistics.mjs";
import { startCluster } from "../cluster.mjs";

export const full = { nodes: 4, clients: 400, posts: 600, everyMs: 20 };
export const quick = { nodes: 2, clients: 20, posts: 60, everyMs: 20 };

export async function run(library, { posts, everyMs, ...params }) {
  const cluster = await startCluster(library, params);
  try {
    await cluster.load.ask("join");
    for (let n = 1; n <= posts; n++) {
      if (n === Math.floor(posts / 3)) await cluster.killNode(cluster.nodes[0]);
      await cluster.nodes[n % cluster.nodes.length].ask("post", { n, at: now() });
      await sleep(everyMs);
    }
    await cluster.load.ask("settle", { quietMs: 3_000, withinMs: 40_000 });
    const { seen, open, doubled, reordered, awayP50Ms, awayP99Ms } = await cluster.load.ask("summary");
    const missing = sum(seen.map((count) => posts - count));
    return { posts, clients: params.clients, open, missing, doubled, reordered, awayP50Ms, awayP99Ms };
  } finally {
    await cluster.stop();
  }
}

/** Posts of two nodes have no order between them. */
export const checks = ({ clients, open, missing, doubled }) => [
  { what: "everybody is connected", isMet: open === clients },
  { what: "everybody has all that was said", isMet: missing === 0 },
  { what: "nothing doubled", isMet: doubled === 0 },
];
