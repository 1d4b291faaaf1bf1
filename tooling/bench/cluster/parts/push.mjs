// (e) What a push to a user on another node costs over one to a user here. All users are on the first node.
import { now, sleep } from "../../faults/clock.mjs";
import { round, sum } from "../../faults/statistics.mjs";
import { startCluster } from "../cluster.mjs";
import { uidOf } from "../load.mjs";

export const full = { clients: 200, pushes: 20_000, atOnce: 20, everyMs: 10 };
export const quick = { clients: 20, pushes: 400, atOnce: 20, everyMs: 10 };

const WARM_UP = 1_000;

export async function run(library, { clients, pushes, atOnce, everyMs }) {
  const cluster = await startCluster(library, { nodes: 1, clients });
  try {
    await cluster.startNode();
    const [here, elsewhere] = cluster.nodes;
    let next = 0;
    const push = async (node, count) => {
      for (let rest = count; rest > 0; rest -= atOnce) {
        const items = Array.from({ length: Math.min(atOnce, rest) }, () => {
          const index = next++;
          return { uid: uidOf(index % clients), data: { n: Math.floor(index / clients) + 1, at: now() } };
        });
        await node.ask("push", items);
        await sleep(everyMs);
      }
      await cluster.load.ask("settle", { quietMs: 500, withinMs: 20_000 });
      return cluster.load.ask("latencies");
    };
    const cpu = async () => sum(await Promise.all(cluster.nodes.map((node) => node.ask("cpuMs"))));
    const rows = [];
    for (const [where, node] of [
      ["here", here],
      ["on another node", elsewhere],
    ]) {
      await push(node, WARM_UP);
      const before = [await cpu(), await cluster.broker.cpuMs()];
      const { count, p50Ms, p99Ms } = await push(node, pushes);
      rows.push({
        where,
        pushes: count,
        expected: pushes,
        nodesCpuUs: round(((await cpu()) - before[0]) * (1_000 / count)),
        brokerCpuUs: round(((await cluster.broker.cpuMs()) - before[1]) * (1_000 / count)),
        p50Ms,
        p99Ms,
      });
    }
    return { rows };
  } finally {
    await cluster.stop();
  }
}

export const checks = ({ rows }) => [
  { what: "every push arrived", isMet: rows.every(({ pushes, expected }) => pushes === expected) },
];
