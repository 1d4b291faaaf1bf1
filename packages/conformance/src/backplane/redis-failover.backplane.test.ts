import { redisBackplane } from "@sente-lite/redis";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { bytesOf, textOf } from "./heard.ts";
import { command, startRedis } from "./redis-broker.ts";
import { know, Stage } from "./stage.ts";
import { streamsOf } from "./streams-suite.ts";

// A primary and a replica that takes over; what stands before them sends connections to whichever is the primary.

const PATIENCE_MS = 20_000;
const numbers = (count: number, first = 1) => Array.from({ length: count }, (_, index) => `${first + index}`);
const bounds = { size: 100, ttlMs: 60_000 };

const replication = (port: number) => command(port, ["INFO", "replication"]);
const wait = (check: () => Promise<void>) => vi.waitFor(check, { timeout: PATIENCE_MS, interval: 20 });

async function pair() {
  const primary = await startRedis(["--repl-diskless-sync-delay", "0"]);
  const replica = await startRedis(["--replicaof", "127.0.0.1", `${primary.port}`]);
  const stage = new Stage({
    broker: primary,
    make: ({ port, prefix }) => redisBackplane({ url: `redis://127.0.0.1:${port}`, prefix }),
  });
  onTestFinished(async () => {
    await stage.end();
    await Promise.all([primary.stop(), replica.stop()]);
  });
  await wait(async () => expect(await replication(replica.port)).toContain("master_link_status:up"));
  await wait(async () => expect(await replication(primary.port)).toContain("state=online"));
  const a = await stage.joinThroughProxy("a");
  const b = await stage.joinThroughProxy("b");
  await know(a, b);
  await b.membership.subscribe("tea");
  const post = (...texts: readonly string[]) => {
    for (const text of texts) a.membership.post("tea", bytesOf(text));
  };
  post("0");
  await b.heard.line("posted a tea 0", PATIENCE_MS);
  /** The connections of those go to the replica from now on. */
  const lead = (...nodes: readonly (typeof a)[]) => {
    for (const { proxy } of nodes) {
      proxy.aim(replica.port);
      proxy.do({ type: "cut" });
    }
  };
  const failover = async () => {
    expect(await command(primary.port, ["FAILOVER", "TO", "127.0.0.1", `${replica.port}`])).toContain("OK");
    await wait(async () => expect(await replication(replica.port)).toContain("role:master"));
    await wait(async () => expect(await replication(primary.port)).toContain("role:slave"));
  };
  return { primary, replica, a, b, post, lead, failover };
}

describe("backplane: redis, where a replica takes over", () => {
  it("loses nothing of what is posted meanwhile, nor of what was put and appended", async () => {
    const { a, b, post, lead, failover } = await pair();
    await a.membership.put("session", bytesOf("value"), 60_000);
    const before = await streamsOf(a).append("room", bytesOf("one"), bounds);
    post(...numbers(50));
    const failing = failover();
    post(...numbers(50, 51));
    await failing;
    post(...numbers(50, 101));
    lead(a, b);
    post(...numbers(50, 151));
    await b.heard.line("posted a tea 200", PATIENCE_MS);
    expect(b.heard.posts).toEqual(numbers(201, 0));
    await wait(async () => expect(textOf((await b.membership.take("session")) ?? bytesOf("nothing"))).toBe("value"));
    const after = await streamsOf(b).append("room", bytesOf("two"), bounds);
    expect(after).toEqual({ epoch: before.epoch, offset: 2 });
    expect(await streamsOf(a).read("room", { after: before, limit: 10 }, bounds)).toMatchObject({
      isComplete: true,
      entries: [{ offset: 2 }],
    });
    expect([...a.heard.lines, ...b.heard.lines].filter((line) => line.startsWith("gone"))).toEqual([]);
  });

  it("loses nothing where the primary dies while nodes post", async () => {
    const { primary, replica, a, b, post, lead } = await pair();
    await a.membership.put("session", bytesOf("value"), 60_000);
    await wait(async () => expect(await command(replica.port, ["DBSIZE"])).toContain(":1"));
    post(...numbers(50));
    await primary.stop();
    post(...numbers(50, 51));
    await command(replica.port, ["REPLICAOF", "NO", "ONE"]);
    lead(a, b);
    post(...numbers(50, 101));
    await b.heard.line("posted a tea 150", PATIENCE_MS);
    expect(b.heard.posts).toEqual(numbers(151, 0));
    await wait(async () => expect(textOf((await b.membership.take("session")) ?? bytesOf("nothing"))).toBe("value"));
  });

  it("brings what a node posted to the server that is no primary any more, once it is led to the other, though silence follows", async () => {
    const { a, b, post, lead, failover } = await pair();
    await failover();
    lead(b);
    await b.heard.line("failed unreachable", PATIENCE_MS);
    await wait(async () => expect(await b.membership.isConnected?.("b")).toBe(true));
    // Taken there, and heard by nobody of the other side.
    post(...numbers(3));
    await wait(async () => expect(await a.membership.isConnected?.("a")).toBe(true));
    lead(a);
    await b.heard.line("posted a tea 3", PATIENCE_MS);
    expect(b.heard.posts).toEqual(numbers(4, 0));
  });
});
