import { describe, expect, it, vi } from "vitest";
import type { ServerName } from "../runtimes.mjs";
import { bytesOf, textOf } from "./heard.ts";
import { know, type Stage } from "./stage.ts";
import { streamsOf } from "./streams-suite.ts";

const numbers = (count: number, first = 1) => Array.from({ length: count }, (_, index) => `${first + index}`);
const bounds = { size: 100, ttlMs: 60_000 };

/** What the network, the broker and the processes do to a driver that has a broker. */
export function networkSuite(stageOf: () => Stage, runtimes: readonly ServerName[]): void {
  /** A poster and a receiver, each behind a proxy. */
  async function pair(options: { readonly leaseMs?: number; readonly keptPosts?: number } = {}) {
    const stage = stageOf();
    const a = await stage.joinThroughProxy("a", options);
    const b = await stage.joinThroughProxy("b", options);
    await know(a, b);
    await b.membership.subscribe("tea");
    const post = (...texts: readonly string[]) => {
      for (const text of texts) a.membership.post("tea", bytesOf(text));
    };
    post("0");
    await b.heard.line("posted a tea 0");
    return { stage, a, b, post };
  }

  describe("network", () => {
    it.for(["a", "b"] as const)("loses nothing where the connection of %s is cut, again and again", async (which) => {
      const { post, b, ...nodes } = await pair();
      const { heard, proxy } = { ...nodes, b }[which];
      for (let round = 0; round < 5; round++) {
        const first = round * 40 + 1;
        const failures = heard.lines.filter((line) => line === "failed unreachable").length;
        post(...numbers(20, first));
        proxy.do({ type: "cut" });
        post(...numbers(20, first + 20));
        await heard.until(
          (lines) => lines.filter((line) => line === "failed unreachable").length > failures,
          "the report of the cut",
        );
        await b.heard.line(`posted a tea ${first + 39}`);
      }
      expect(b.heard.posts).toEqual(numbers(201, 0));
    });

    it("loses nothing where a connection is cut in the middle of a message", async () => {
      const { a, b, post } = await pair();
      a.proxy.do({ type: "cut-after", to: "server", bytes: 777 });
      b.proxy.do({ type: "cut-after", to: "client", bytes: 333 });
      post(...numbers(100));
      await b.heard.line("posted a tea 100");
      expect(b.heard.posts).toEqual(numbers(101, 0));
    });

    it.for(["a", "b"] as const)(
      "keeps what is posted while %s has no broker, and %s has it on return",
      async (which) => {
        const { b, post, ...nodes } = await pair();
        const { proxy, heard } = { ...nodes, b }[which];
        proxy.do({ type: "refuse" });
        await heard.line("failed unreachable");
        post(...numbers(50));
        const subscribed = b.membership.subscribe("milk");
        proxy.do({ type: "flow" });
        await subscribed;
        await b.heard.line("posted a tea 50");
        expect(b.heard.posts).toEqual(numbers(51, 0));
        expect(heard.lines.filter((line) => line === "failed unreachable")).toHaveLength(1);
      },
    );

    it.for(["a", "b"] as const)(
      "says that there is a gap where more was posted than is kept while %s was away",
      async (which) => {
        const { b, post, ...nodes } = await pair({ keptPosts: 10 });
        const { proxy, heard } = { ...nodes, b }[which];
        proxy.do({ type: "refuse" });
        await heard.line("failed unreachable");
        post(...numbers(50));
        proxy.do({ type: "flow" });
        await b.heard.line("posted a tea 50");
        const posts = b.heard.posts;
        expect(posts).toContain("gap a");
        expect(posts.slice(posts.lastIndexOf("gap a") + 1)).toEqual(numbers(10, 41));
      },
    );

    it("goes on after a stall, in order", async () => {
      const { b, post } = await pair();
      b.proxy.do({ type: "stall" });
      post(...numbers(200));
      b.proxy.do({ type: "flow" });
      await b.heard.line("posted a tea 200");
      expect(b.heard.posts).toEqual(numbers(201, 0));
    });

    it.for(["a", "b"] as const)(
      "notices that the connection of %s says nothing any more, and loses nothing",
      async (which) => {
        const { b, post, ...nodes } = await pair({ leaseMs: 2_000 });
        const { proxy, heard } = { ...nodes, b }[which];
        proxy.do({ type: "black-hole" });
        post(...numbers(50));
        await heard.line("failed unreachable");
        await b.heard.line("posted a tea 50");
        expect(b.heard.posts).toEqual(numbers(51, 0));
      },
    );

    it("has two nodes that each held the other for gone hear of it, as both have missed what was posted", async () => {
      const { a, b } = await pair({ leaseMs: 1_000 });
      b.proxy.do({ type: "refuse" });
      await a.heard.line("gone b", 10_000);
      a.proxy.do({ type: "refuse" });
      await a.heard.line("failed unreachable");
      b.proxy.do({ type: "flow" });
      await b.heard.line("gone a", 10_000);
      a.proxy.do({ type: "flow" });
      await Promise.all([a.heard.line("gone a", 10_000), b.heard.line("gone b", 10_000)]);
    });

    it("loses nothing where the broker starts again with nothing, and holds nobody for gone", async () => {
      const { stage, a, b, post } = await pair();
      await a.membership.put("key", bytesOf("value"), 60_000);
      const before = await streamsOf(a).append("room", bytesOf("old"), bounds);
      const restarted = stage.broker.restart();
      post(...numbers(50));
      await a.heard.line("failed unreachable");
      await b.heard.line("failed unreachable");
      await expect(a.membership.take("key")).rejects.toMatchObject({ code: "unreachable" });
      post(...numbers(50, 51));
      await restarted;
      await b.heard.line("posted a tea 100");
      expect(b.heard.posts).toEqual(numbers(101, 0));
      expect(textOf(await a.membership.ask("b", bytesOf("there?"), 5_000))).toBe("there?");
      // What the broker forgot is told, and not taken for what it was.
      expect(await b.membership.take("key")).toBeUndefined();
      const after = await streamsOf(b).append("room", bytesOf("new"), bounds);
      expect(after).toEqual({ epoch: expect.any(String), offset: 1 });
      expect(after.epoch).not.toBe(before.epoch);
      const read = await streamsOf(a).read("room", { after: before, limit: 10 }, bounds);
      expect(read).toMatchObject({ entries: [], isComplete: false, top: after });
      expect([...a.heard.lines, ...b.heard.lines].filter((line) => line.startsWith("gone"))).toEqual([]);
    });

    it("rejects to join where there is no broker", async () => {
      const stage = stageOf();
      const { proxy } = await stage.joinThroughProxy("a");
      const port = await proxy.listen().catch(() => 1);
      proxy.do({ type: "refuse" });
      await expect(stage.join("b", { port })).rejects.toMatchObject({ code: "unreachable" });
    });

    it.for<readonly [string, Uint8Array]>([
      ["garbage", bytesOf("*3\r\n garbage \u0000")],
      ["nothing", new Uint8Array()],
      ["of another version", Uint8Array.from([0x53, 2, 1, 1, 0x7a, 9, 9])],
      ["cut short", Uint8Array.from([0x53, 1, 1, 1, 0x7a, 0, 0])],
    ])("reports what is %s on a topic, and goes on", async ([, bytes]) => {
      const { stage, b, post } = await pair();
      await stage.broker.publish(stage.prefix, "tea", bytes);
      await b.heard.line("failed unreadable");
      post("1");
      await b.heard.line("posted a tea 1");
      expect(b.heard.posts).toEqual(["0", "1"]);
    });

    it("has a gap where a node that is known speaks another version", async () => {
      const { stage, b } = await pair();
      await stage.broker.publish(stage.prefix, "tea", Uint8Array.from([0x53, 2, 1, 1, 0x61, 9, 9]));
      await b.heard.line("gap a");
    });
  });

  describe("processes", () => {
    it.for(runtimes)("are nodes on %s, whatever their clock says", async (runtime) => {
      const stage = stageOf();
      const { a } = await stage.joinAll("a");
      const clockMs = runtime === "bun" ? -60_000 : 60_000;
      const other = await stage.start({ id: "other", runtime, clockMs });
      await a.heard.line("joined other");
      await a.membership.subscribe("tea");
      await other.do("subscribe", "tea");
      await other.do("post", "tea", "from other");
      await a.heard.line("posted other tea from other");
      a.membership.post("tea", bytesOf("from a"));
      await other.line("posted a tea from a");
      expect(textOf(await a.membership.ask("other", bytesOf("how?"), 5_000))).toBe("other answers a how?");
      expect(await other.do("ask", "a", "echo")).toBe("echo");
      // A minute between the clocks changes nothing of half a minute.
      await other.do("put", "one", "value", 30_000);
      expect(await a.membership.take("one")).toEqual(bytesOf("value"));
      await a.membership.put("two", bytesOf("value"), 30_000);
      expect(await other.do("take", "two")).toBe("value");
      await streamsOf(a).append("room", bytesOf("one"), { size: 3, ttlMs: 30_000 });
      expect(await other.do("append", "room", "two")).toMatchObject({ offset: 2 });
      expect(await other.do("read", "room")).toMatchObject({
        entries: [
          [1, "one"],
          [2, "two"],
        ],
        isComplete: true,
      });
      await other.do("leave");
      await a.heard.line("gone other");
    });

    it("that were killed have no connection, before their lease is over", async () => {
      const stage = stageOf();
      const a = await stage.join("a");
      const other = await stage.start({ id: "other" });
      await a.heard.line("joined other");
      expect(await a.membership.isConnected?.("other")).toBe(true);
      other.signal("SIGKILL");
      await vi.waitFor(async () => expect(await a.membership.isConnected?.("other")).toBe(false), 5_000);
      expect(await a.membership.isConnected?.("a")).toBe(true);
      expect(a.heard.lines).not.toContain("gone other");
    });

    it("that were stopped for longer than their lease come back as strangers", async () => {
      const stage = stageOf();
      const leaseMs = 1_000;
      const [a, b] = await Promise.all(["a", "b"].map((id) => stage.join(id, { leaseMs })));
      if (a === undefined || b === undefined) throw new Error("nobody joined");
      const other = await stage.start({ id: "other", leaseMs });
      await a.heard.line("joined other");
      await b.heard.line("joined other");
      await Promise.all([a, b].map(({ membership }) => membership.subscribe("tea")));
      other.signal("SIGSTOP");
      expect(await a.membership.isConnected?.("other")).toBe(true);
      const asked = a.membership.ask("other", bytesOf("?"), 30_000);
      const unanswered = expect(asked).rejects.toMatchObject({ code: "no-answer" });
      await Promise.all([a.heard.line("gone other", 10_000), b.heard.line("gone other", 10_000)]);
      await unanswered;
      other.signal("SIGCONT");
      await other.line("gone other", 10_000);
      await expect(other.do("take", "key")).rejects.toThrow("left");
      await other.do("post", "tea", "from a stranger");
      a.membership.post("tea", bytesOf("from a"));
      await b.heard.line("posted a tea from a");
      expect([...a.heard.posts, ...b.heard.posts]).toEqual(["from a"]);
      // Nobody else is.
      expect([a, b].flatMap(({ heard }) => heard.lines.filter((line) => line.startsWith("gone")))).toEqual([
        "gone other",
        "gone other",
      ]);
    });
  });
}
