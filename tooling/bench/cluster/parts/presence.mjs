// (f) Users come and go on all nodes: do the nodes agree on who is here, also after one was killed and users left meanwhile?
import { now, until } from "../../faults/clock.mjs";
import { round } from "../../faults/statistics.mjs";
import { startCluster } from "../cluster.mjs";
import { digestOf } from "../digest.mjs";
import { uidOf } from "../load.mjs";

export const full = { nodes: 4, clients: 10_000, leaving: 5_000, leavingAtKill: 2_000, balancers: 2 };
export const quick = { nodes: 2, clients: 60, leaving: 30, leavingAtKill: 10 };

/** A user stays among the connected ones for 2.5 s, and the lease of a killed node for some more. */
const WITHIN_MS = 30_000;

export async function run(library, { leaving, leavingAtKill, ...params }) {
  const { clients } = params;
  const cluster = await startCluster(library, params);
  try {
    /** How long it takes until every node sees all but the first `gone` users, and nobody else. */
    const agree = async (gone) => {
      const begun = now();
      const expected = digestOf(Array.from({ length: clients - gone }, (_, index) => uidOf(gone + index)));
      let views = [];
      do {
        views = await Promise.all(cluster.nodes.map((node) => node.ask("users")));
        if (views.every((view) => view === expected)) return { ms: round(now() - begun, 0), views };
        await until(() => false, 50);
      } while (now() < begun + WITHIN_MS);
      return { ms: null, views };
    };
    const all = await agree(0);
    await cluster.load.ask("leave", leaving);
    const left = await agree(leaving);
    // Of those who leave now, some were at the node that is killed.
    await cluster.killNode(cluster.nodes[0]);
    await cluster.load.ask("leave", leaving + leavingAtKill);
    const killed = await agree(leaving + leavingAtKill);
    return { clients, leaving, leavingAtKill, all, left, killed };
  } finally {
    await cluster.stop();
  }
}

export const checks = ({ all, left, killed }) => [
  { what: "all nodes see everybody", isMet: all.ms !== null },
  { what: "all nodes see who left", isMet: left.ms !== null },
  { what: "nobody is left behind by a node that was killed", isMet: killed.ms !== null },
];
