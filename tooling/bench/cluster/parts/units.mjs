// What one connection, one user and one push cost, of which the paper on many connections is made. All users are on one node.
import { until } from "../../faults/clock.mjs";
import { round } from "../../faults/statistics.mjs";
import { startCluster } from "../cluster.mjs";
import { uidOf } from "../load.mjs";

export const full = { clients: 4_000, pushes: 40_000 };
export const quick = { clients: 100, pushes: 1_000 };

/** For our library alone: what another's cost is for its users to know. */
export const libraries = ["ours"];

export async function run(library, { clients, pushes }) {
  const look = async ([here, there], broker) => ({
    here: { cpuMs: await here.ask("cpuMs"), bytes: await here.ask("memory") },
    there: { cpuMs: await there.ask("cpuMs"), bytes: await there.ask("memory") },
    broker: { cpuMs: await broker.cpuMs(), bytes: broker.netBytes() },
  });
  let empty;
  const started = async (nodes, broker) => {
    empty = await look(nodes, broker);
  };
  const cluster = await startCluster(library, { nodes: 2, serving: 1, clients, started });
  try {
    const there = cluster.nodes[1];
    await until(async () => (await there.ask("users")) === clients, 50);
    const full = await look(cluster.nodes, cluster.broker);
    const users = {
      connectCpuUs: round(((full.here.cpuMs - empty.here.cpuMs) * 1_000) / clients),
      bytes: round((full.here.bytes - empty.here.bytes) / clients, 0),
      elsewhereCpuUs: round(((full.there.cpuMs - empty.there.cpuMs) * 1_000) / clients),
      elsewhereBytes: round((full.there.bytes - empty.there.bytes) / clients, 0),
      brokerCpuUs: round(((full.broker.cpuMs - empty.broker.cpuMs) * 1_000) / clients),
      brokerBytes: round((full.broker.bytes - empty.broker.bytes) / clients, 0),
    };
    const items = Array.from({ length: pushes }, (_, k) => ({
      uid: uidOf(k % clients),
      data: { n: Math.floor(k / clients) + 1, at: 0 },
    }));
    for (let k = 0; k < pushes; k += 100) await there.ask("push", items.slice(k, k + 100));
    await cluster.load.ask("settle", { quietMs: 1_000, withinMs: 40_000 });
    const { seen } = await cluster.load.ask("summary");
    const after = await look(cluster.nodes, cluster.broker);
    const each = (a, b) => round(((b - a) * 1_000) / pushes);
    return {
      clients,
      pushes,
      arrived: seen.reduce((total, count) => total + count, 0),
      users,
      push: {
        fromCpuUs: each(full.there.cpuMs, after.there.cpuMs),
        toCpuUs: each(full.here.cpuMs, after.here.cpuMs),
        brokerCpuUs: each(full.broker.cpuMs, after.broker.cpuMs),
        brokerBytes: round((after.broker.bytes - full.broker.bytes) / pushes, 0),
      },
    };
  } finally {
    await cluster.stop();
  }
}

export const checks = ({ pushes, arrived }) => [{ what: "every push arrived", isMet: arrived === pushes }];
