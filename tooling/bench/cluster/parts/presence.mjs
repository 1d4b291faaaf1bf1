// (f) Users come and go on all nodes: do the nodes agree at the end on who is here, also after one was killed?
import { now, until } from "../../faults/clock.mjs";
import { round } from "../../faults/statistics.mjs";
import { startCluster } from "../cluster.mjs";

export const full = { nodes: 4, clients: 10_000, leaving: 5_000, balancers: 2 };
export const quick = { nodes: 2, clients: 60, leaving: 30 };

/** A user stays among the connected ones for 2.5 s, and the lease of a killed node for some more. */
const WITHIN_MS = 30_000;

export async function run(library, { leaving, ...params }) {
  const { clients } = params;
  const cluster = await startCluster(library, params);
  try {
    const views = () => Promise.all(cluster.nodes.map((node) => node.ask("users")));
    const agreed = async (expected) => {
      const begun = now();
      let last = [];
      const end = begun + WITHIN_MS;
      do {
        last = await views();
        if (last.every((count) => count === expected)) return { ms: round(now() - begun, 0), views: last };
        await until(() => false, 50);
      } while (now() < end);
      return { ms: null, views: last };
    };
    const all = await agreed(clients);
    await cluster.load.ask("leave", leaving);
    const left = await agreed(clients - leaving);
    await cluster.killNode(cluster.nodes[0]);
    const killed = await agreed(clients - leaving);
    return { clients, leaving, all, left, killed };
  } finally {
    await cluster.stop();
  }
}

export const checks = ({ all, left, killed }) => [
  { what: "all nodes see everybody", isMet: all.ms !== null },
  { what: "all nodes see who left", isMet: left.ms !== null },
  { what: "nobody is left behind by a node that was killed", isMet: killed.ms !== null },
];
