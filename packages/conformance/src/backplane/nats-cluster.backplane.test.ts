import { once } from "node:events";
import { connect } from "node:net";
import { natsBackplane } from "@sente-lite/nats";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { freePort } from "./broker-process.ts";
import { bytesOf, textOf } from "./heard.ts";
import { startNats } from "./nats-broker.ts";
import { type Broker, know, Stage } from "./stage.ts";
import { streamsOf } from "./streams-suite.ts";

// Three servers of NATS, on each of which sessions and histories are kept; the one that leads them is killed.

const PATIENCE_MS = 30_000;
const numbers = (count: number, first = 1) => Array.from({ length: count }, (_, index) => `${first + index}`);
const bounds = { size: 100, ttlMs: 60_000 };
const wait = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: PATIENCE_MS, interval: 50 });

/** What JetStream answers to a request without a body. */
async function askJetStream(port: number, subject: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`CONNECT {"verbose":false}\r\nSUB inbox 1\r\nPUB ${subject} inbox 0\r\n\r\n`);
  let said = "";
  try {
    while (!/MSG inbox[\s\S]*\}\r\n/.test(said)) {
      const [chunk] = await once(socket, "data", { signal: AbortSignal.timeout(PATIENCE_MS) });
      said += String(chunk);
    }
    return said;
  } finally {
    socket.destroy();
  }
}

describe("backplane: nats, a cluster of three", () => {
  const servers: Broker[] = [];
  beforeAll(async () => {
    const routes = await Promise.all([0, 1, 2].map(freePort));
    const urls = routes.map((port) => `nats://127.0.0.1:${port}`);
    servers.push(
      ...(await Promise.all(
        urls.map((url, index) =>
          startNats(["-n", `s${index}`, "--cluster_name", "c", "--cluster", url, "--routes", urls.join(",")]),
        ),
      )),
    );
  }, 60_000);
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  const makeAt = (order: readonly Broker[], prefix: string) =>
    natsBackplane({
      servers: order.map(({ port }) => `127.0.0.1:${port}`),
      connection: { noRandomize: true, ignoreClusterUpdates: true },
      prefix,
      replicas: 3,
    });
  /** Those that live. */
  let living: readonly Broker[] = [];

  it("loses nothing where the server dies that leads it and that the poster is at, also where silence follows", async () => {
    const [first] = servers;
    if (first === undefined) throw new Error("no server");
    let order: readonly Broker[] = servers;
    const stage = new Stage({ broker: first, make: ({ prefix }) => makeAt(order, prefix) });
    onTestFinished(() => stage.end());
    // Until the servers have found each other there is nobody who keeps anything.
    const scout = await wait(() => stage.join(`scout-${Date.now()}`));
    await wait(() => streamsOf(scout).append("room", bytesOf("one"), bounds));
    const [, name = ""] =
      /"leader":\s*"(s\d)"/.exec(await askJetStream(first.port, `$JS.API.STREAM.INFO.${stage.prefix}-streams`)) ?? [];
    const leader = servers[Number(name.slice(1))];
    if (leader === undefined) throw new Error(`no leader: ${name}`);
    const others = servers.filter((server) => server !== leader);

    order = [leader, ...others];
    const a = await stage.join("a");
    order = [...others, leader];
    const b = await stage.join("b");
    await know(a, b);
    await Promise.all(["tea", "milk"].map((topic) => b.membership.subscribe(topic)));
    const before = (await streamsOf(b).read("room", { limit: 10 }, bounds)).top;
    await a.membership.put("session", bytesOf("value"), 60_000);
    for (const text of numbers(100)) a.membership.post("tea", bytesOf(text));
    await b.heard.line("posted a tea 1", PATIENCE_MS);
    a.membership.post("milk", bytesOf("last"));
    await leader.stop();
    living = others;
    for (const text of numbers(100, 101)) a.membership.post("tea", bytesOf(text));
    await b.heard.line("posted a tea 200", PATIENCE_MS);
    expect(b.heard.posts.filter((text) => text !== "last")).toEqual(numbers(200));
    expect(b.heard.posts.indexOf("last")).toBe(100);

    const taken = await wait(() => b.membership.take("session"));
    expect(textOf(taken ?? bytesOf("nothing"))).toBe("value");
    const after = await wait(() => streamsOf(a).append("room", bytesOf("two"), bounds));
    expect(after.epoch).toBe(before.epoch);
    const read = await wait(() => streamsOf(b).read("room", { after: before, limit: 10 }, bounds));
    expect(read.isComplete).toBe(true);
    expect(read.entries.map(({ bytes }) => textOf(bytes))).toContain("two");
    expect([...a.heard.lines, ...b.heard.lines].filter((line) => line.startsWith("gone"))).toEqual([]);
  }, 90_000);

  it("carries posts while too few servers are left to keep anything, and says so of what is to be kept", async () => {
    const [staying, dying] = living;
    if (staying === undefined || dying === undefined) throw new Error("too few servers");
    const stage = new Stage({
      broker: staying,
      make: ({ port, prefix }) =>
        natsBackplane({
          servers: `127.0.0.1:${port}`,
          connection: { ignoreClusterUpdates: true },
          prefix,
          replicas: 3,
        }),
    });
    onTestFinished(() => stage.end());
    // Who leads all was perhaps the one that the test before has killed: until another does, nothing can be made.
    const a = await wait(() => stage.joinThroughProxy("a"));
    const b = await wait(() => stage.joinThroughProxy("b"));
    await know(a, b);
    await b.membership.subscribe("tea");
    a.membership.post("tea", bytesOf("1"));
    await b.heard.line("posted a tea 1", PATIENCE_MS);
    await dying.stop();
    // Whoever leads goes on with what was under way.
    await wait(async () => {
      const put = a.membership.put("probe", bytesOf("value"), 60_000);
      expect(
        await put.then(
          () => "kept",
          ({ code }) => code,
        ),
      ).toBe("unreachable");
    });
    for (const { proxy } of [a, b]) proxy.do({ type: "cut" });
    for (const { heard } of [a, b]) await heard.line("failed unreachable", PATIENCE_MS);
    a.membership.post("tea", bytesOf("2"));
    await b.heard.line("posted a tea 2", PATIENCE_MS);
    expect(b.heard.posts).toEqual(["1", "2"]);
    await expect(a.membership.put("key", bytesOf("value"), 60_000)).rejects.toMatchObject({ code: "unreachable" });
    expect([...a.heard.lines, ...b.heard.lines].filter((line) => line.startsWith("gone"))).toEqual([]);
  }, 90_000);
});
