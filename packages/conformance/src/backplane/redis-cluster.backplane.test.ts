import { redisBackplane } from "@sente-lite/redis";
import { createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bytesOf } from "./heard.ts";
import { command, startRedis } from "./redis-broker.ts";
import { type Broker, Stage } from "./stage.ts";
import { backplaneSuite } from "./suite.ts";

// A Redis Cluster of three masters. What a network does to a connection is the other file's; here its servers cut it.

const SLOTS = 16_384;

async function startCluster(): Promise<Broker[]> {
  const servers = await Promise.all([0, 1, 2].map(() => startRedis(["--cluster-enabled", "yes"])));
  const [first] = servers;
  if (first === undefined) throw new Error("no server");
  for (const [index, { port }] of servers.entries()) {
    const bound = (at: number) => Math.floor((at * SLOTS) / servers.length);
    await command(port, ["CLUSTER", "SET-CONFIG-EPOCH", `${index + 1}`]);
    await command(port, ["CLUSTER", "ADDSLOTSRANGE", `${bound(index)}`, `${bound(index + 1) - 1}`]);
    if (port !== first.port) await command(first.port, ["CLUSTER", "MEET", "127.0.0.1", `${port}`]);
  }
  await vi.waitFor(
    async () => {
      for (const { port } of servers) {
        const info = await command(port, ["CLUSTER", "INFO"]);
        expect(info).toContain("cluster_state:ok");
        expect(info).toContain("cluster_known_nodes:3");
      }
    },
    { timeout: 20_000, interval: 50 },
  );
  return servers;
}

let servers: Broker[] = [];
beforeAll(async () => {
  servers = await startCluster();
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

const driver = {
  broker: undefined,
  make: ({ prefix, leaseMs }: { readonly prefix: string; readonly leaseMs?: number | undefined }) =>
    redisBackplane({
      client: createCluster({ rootNodes: servers.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` })) }),
      prefix,
      ...(leaseMs === undefined ? {} : { leaseMs }),
    }),
};

backplaneSuite("redis cluster", { hasBroker: false }, async () => driver);

describe("backplane: redis cluster", () => {
  it("loses nothing where the servers cut every connection", async () => {
    const stage = new Stage(driver);
    const { a, b } = await stage.joinAll("a", "b");
    await b.membership.subscribe("tea");
    const texts = Array.from({ length: 60 }, (_, index) => `${index}`);
    for (const [index, text] of texts.entries()) {
      a.membership.post("tea", bytesOf(text));
      if (index % 20 !== 10) continue;
      for (const type of ["normal", "pubsub"]) {
        await Promise.all(servers.map(({ port }) => command(port, ["CLIENT", "KILL", "TYPE", type, "SKIPME", "yes"])));
      }
      await b.heard.line(`posted a tea ${text}`, 15_000);
    }
    await b.heard.line("posted a tea 59", 15_000);
    expect(b.heard.posts).toEqual(texts);
    expect(b.heard.lines).toContain("failed unreachable");
    await stage.end();
  });
});
