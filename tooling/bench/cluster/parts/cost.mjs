// (e) What a delivery costs the nodes, and how long the slowest take, over 1, 2 and 4 nodes; and a push to another node's user.
import { sleep } from "../../faults/clock.mjs";
import { round, sum } from "../../faults/statistics.mjs";
import { startCluster } from "../cluster.mjs";

const WARM_UP = 200;

export const full = { nodes: [1, 2, 4], clients: 400, broadcasts: 200, everyMs: 20 };
export const quick = { nodes: [1, 2], clients: 20, broadcasts: 20, everyMs: 20 };

export async function run(library, { nodes: counts, clients, broadcasts, everyMs }) {
  const rows = [];
  for (const nodes of counts) {
    const cluster = await startCluster(library, { nodes, clients });
    try {
      const cpu = async () => sum(await Promise.all(cluster.nodes.map((node) => node.ask("cpuMs"))));
      const broadcast = async (n) => {
        await cluster.nodes[n % nodes].ask("broadcast", [{ n, at: Number(process.hrtime.bigint()) / 1e6 }]);
        await sleep(everyMs);
      };
      // What the nodes, and the one process that plays all clients, compile at the first events would be the slowest of all times.
      for (let n = 1; n <= WARM_UP; n++) await broadcast(n);
      await cluster.load.ask("settle", { quietMs: 500, withinMs: 20_000 });
      await cluster.load.ask("latencies");
      const before = [await cpu(), await cluster.broker.cpuMs()];
      for (let n = 1; n <= broadcasts; n++) await broadcast(WARM_UP + n);
      await cluster.load.ask("settle", { quietMs: 500, withinMs: 20_000 });
      const { count, p50Ms, p99Ms } = await cluster.load.ask("latencies");
      rows.push({
        nodes,
        deliveries: count,
        expected: broadcasts * clients,
        nodesCpuUs: round(((await cpu()) - before[0]) * (1_000 / count)),
        brokerCpuUs: round(((await cluster.broker.cpuMs()) - before[1]) * (1_000 / count)),
        p50Ms,
        p99Ms,
      });
    } finally {
      await cluster.stop();
    }
  }
  return { rows };
}

export const checks = ({ rows }) => [
  {
    what: "every broadcast reached everybody",
    isMet: rows.every(({ deliveries, expected }) => deliveries === expected),
  },
];
