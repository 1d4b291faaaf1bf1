// Nodes behind a balancer on a broker, a crowd that sends, and a parent that has the nodes push: what all parts share.
import { now, sleep } from "../faults/clock.mjs";
import { sum } from "../faults/statistics.mjs";
import { startBroker } from "./broker.mjs";
import { uidOf } from "./load.mjs";
import { start } from "./processes.mjs";

/** Clients are sent to the first `serving` nodes. `started(nodes, broker)` is called before the clients come. `balancers`: a process has two descriptors for each connection that it hands on, and may have so many only. */
export async function startCluster(
  library,
  { nodes: count, clients, balancers: balancerCount = 1, serving = count, started = () => {} },
) {
  const broker = await startBroker();
  const balancers = await Promise.all(Array.from({ length: balancerCount }, () => start("balancer", library, {})));
  const askBalancers = (type, data) => Promise.all(balancers.map((balancer) => balancer.ask(type, data)));
  /** The living ones, oldest first. */
  const nodes = [];
  const ups = new Map();
  let named = 0;
  let toldByNodes = 0;

  const startNode = async (isServing = true) => {
    const name = `node-${named++}`;
    const node = await start("node", library, { redisUrl: broker.url }, (_type, { uid, n, at }) => {
      const list = ups.get(uid) ?? [];
      ups.set(uid, list);
      list.push({ n, at });
    });
    if (isServing) await askBalancers("add", { name, port: node.port });
    nodes.push({ name, ...node });
    return nodes.at(-1);
  };
  const takeOut = async (node) => {
    await askBalancers("remove", { name: node.name });
    nodes.splice(nodes.indexOf(node), 1);
  };
  for (let k = 0; k < count; k++) await startNode(k < serving);
  await started(nodes, broker);
  const load = await start("load", library, { ports: balancers.map(({ port }) => port), clients });

  /** Of each client: how many pushes are the library's. */
  const pushed = new Array(clients).fill(0);
  let isPushing = false;
  let pushing = Promise.resolve();
  async function pushAll(perSecond) {
    const begun = now();
    let k = 0;
    while (isPushing) {
      const due = ((now() - begun) / 1_000) * perSecond * clients;
      const byNode = nodes.map((node) => ({ node, items: [], indexes: [] }));
      for (; k < due; k++) {
        const index = k % clients;
        const turn = byNode[index % byNode.length];
        turn.items.push({ uid: uidOf(index), data: { n: Math.floor(k / clients) + 1, at: now() } });
        turn.indexes.push(index);
      }
      // In the next round another node may push to the same user: by then these are out.
      await Promise.all(
        byNode.map(async ({ node, items, indexes }) => {
          if (items.length === 0) return;
          try {
            await node.ask("push", items);
            for (const index of indexes) pushed[index]++;
          } catch {
            // The node is gone, and nobody knows whether it pushed them.
            for (const index of indexes) pushed[index] = Number.NaN;
          }
        }),
      );
      await sleep(10);
    }
  }

  return {
    nodes,
    load,
    broker,
    /** Resets such a share of all connections; resolves to how many. */
    cutShare: async (share) => sum(await askBalancers("cutShare", share)),
    startNode,
    /** Another one first, as a deploy does it; then this one takes nobody new, and ends. */
    replace: async (node) => {
      await startNode();
      await takeOut(node);
      toldByNodes += (await node.ask("drain")).told;
      await node.exited;
    },
    killNode: async (node) => {
      await takeOut(node);
      await node.kill();
    },
    traffic: async (perSecond) => {
      isPushing = true;
      pushing = pushAll(perSecond);
      await load.ask("send", { perSecond });
    },
    quiet: async (settle = { quietMs: 3_000, withinMs: 40_000 }) => {
      isPushing = false;
      await pushing;
      await load.ask("stop");
      await load.ask("settle", settle);
    },
    result: async () => {
      for (const node of nodes) toldByNodes += await node.ask("told");
      return resultOf(await load.ask("summary"), { ups, pushed, toldByNodes });
    },
    stop: async () => {
      await load.kill();
      await Promise.all(nodes.map((node) => node.kill()));
      await Promise.all(balancers.map((balancer) => balancer.kill()));
      await broker.stop();
    },
  };
}

function resultOf(summary, { ups, pushed, toldByNodes }) {
  const up = { sent: sum(summary.sent), lost: 0, doubled: 0, reordered: 0 };
  summary.sent.forEach((sent, index) => {
    const list = (ups.get(uidOf(index)) ?? []).toSorted((a, b) => a.at - b.at);
    const seen = new Set();
    let highest = 0;
    for (const { n } of list) {
      if (seen.has(n)) up.doubled++;
      else if (n < highest) up.reordered++;
      seen.add(n);
      highest = Math.max(highest, n);
    }
    up.lost += sent - seen.size;
  });
  const known = pushed.map((count, index) => [count, summary.seen[index]]).filter(([count]) => !Number.isNaN(count));
  const down = {
    sent: sum(known.map(([count]) => count)),
    lost: sum(known.map(([count, seen]) => Math.max(0, count - seen))),
    doubled: summary.doubled,
    reordered: summary.reordered,
  };
  const { reconnects, resumed, open, told, awayP50Ms, awayP99Ms } = summary;
  return {
    up,
    down,
    reconnects,
    resumed,
    open,
    clients: pushed.length,
    told: told + toldByNodes,
    awayP50Ms,
    awayP99Ms,
  };
}
