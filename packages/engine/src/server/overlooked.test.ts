import type { ServerOptions } from "@sente-lite/protocol";
import { VirtualClock } from "@sente-lite/protocol/testing";
import { describe, expect, it } from "vitest";
import { pass, VirtualBroker } from "../../../protocol/src/backplane/virtual-broker.test-support.ts";
import { housesOn } from "../testing/houses.test-support.ts";
import { type Setting, testHost } from "../testing/setting.test-support.ts";
import { Overlooked } from "./overlooked.ts";

const LEASE_MS = 10_000;

/** Two servers, and a client at one of them, which loses the broker. */
async function parted(options: ServerOptions = {}) {
  const all = await housesOn((clock) => new VirtualBroker(clock, LEASE_MS), 2, options);
  const { backplane, nodes, ids, add, pass } = all;
  const [a, b] = nodes as readonly [Setting<undefined>, Setting<undefined>];
  await pass(100);
  const ann = b.tab("ann");
  await pass(100);
  const at = ids[1] ?? "";
  /** A server begins, does something, and closes, all while the broker is away at the other one. */
  const between = async (run: (server: Setting<undefined>["server"]) => void) => {
    const c = add();
    await pass(100);
    run(c.server);
    await pass(20);
    const closed = c.server.close();
    await pass(50);
    await closed;
    return c;
  };
  const lost = () => [ann.client.state.get().sessionLost, a.errors, b.errors.filter((code) => code !== "unreachable")];
  return { ...all, a, b, ann, at, between, lost, cut: () => backplane.cut(at), heal: () => backplane.heal(at) };
}

const whole = [false, [], []];

describe("what a server posts that begins and ends while another has lost the broker", () => {
  it("comes to the clients of that one once it is back, once and in order", async () => {
    const { b, ann, at, between, lost, cut, heal, pass, backplane } = await parted();
    cut();
    const c = await between((server) => {
      server.sendFn("ann", ["s/n", 1]);
      server.broadcastFn(["s/n", 2]);
      server.sendFn("bob", ["s/n", "not ann's"]);
      server.sendFn({ uid: "ann", clientId: "tab-9" }, ["s/n", "not that tab's"]);
      server.sendFn("ann", ["s/n", "worth nothing later"], { volatile: true });
      server.sendFn("ann", ["s/n", 3]);
    });
    await pass(3_000);
    expect([ann.got, c.errors]).toEqual([[], []]);
    heal();
    await pass(2_000);
    const all = [1, 2, 3].map((n) => ["s/n", n]);
    expect([ann.got, lost(), b.server.metrics().clusterNodes]).toEqual([all, whole, 2]);
    // Another cut brings nothing of it again.
    backplane.cut(at);
    await pass(1_500);
    backplane.heal(at);
    await pass(20_000);
    expect([ann.got, lost()]).toEqual([all, whole]);
  });

  it("comes of rooms, too, and with orders to join and to leave", async () => {
    const rooms = {
      "chat/*": { joinFn: () => true },
      "log/*": { joinFn: () => true, history: { size: 10, ttlMs: 600_000 } },
    };
    const { ann, between, lost, cut, heal, pass } = await parted({ rooms });
    const said: unknown[] = [];
    const milk = ann.client.room("chat/milk");
    for (const room of [ann.client.room("chat/tea"), ann.client.room("log/tea"), milk]) {
      room.chRecv.on("*", ({ event }) => said.push(event));
    }
    await pass(100);
    cut();
    await between((server) => {
      server.sendFn({ room: "chat/tea" }, ["s/n", 1]);
      server.sendFn({ room: "log/tea" }, ["s/kept", 2]);
      server.leaveFn("ann", "chat/milk");
      server.sendFn({ room: "chat/milk" }, ["s/n", "after it left"]);
    });
    heal();
    await pass(2_000);
    expect(said).toEqual([
      ["s/n", 1],
      ["s/kept", 2],
    ]);
    expect([milk.state.get().status, lost()]).toEqual(["left", whole]);
  });

  it("does not come to who was not there then", async () => {
    const { b, ann, between, lost, cut, heal, pass } = await parted();
    cut();
    await between((server) => server.sendFn("ann", ["s/n", 1]));
    heal();
    await pass(50);
    const late = b.tab("ann");
    await pass(2_000);
    expect([ann.got, late.got, lost()]).toEqual([[["s/n", 1]], [], whole]);
  });

  it("is told as a loss where that server was killed", async () => {
    const { ann, ids, add, lost, cut, heal, pass, backplane } = await parted();
    cut();
    const c = add();
    await pass(100);
    c.server.sendFn("ann", ["s/n", 1]);
    await pass(20);
    backplane.cut(ids[2] ?? "");
    heal();
    await pass(14_000);
    expect(lost()[0]).toBe(false);
    await pass(4_000);
    expect([ann.got, lost()]).toEqual([[], [true, [], ["posts-missing"]]]);
  });

  it("is asked of it, and comes once, where it lives on", async () => {
    const { ann, add, lost, cut, heal, pass } = await parted();
    cut();
    const c = add();
    await pass(100);
    c.server.sendFn("ann", ["s/n", 1]);
    await pass(1_000);
    heal();
    await pass(20_000);
    c.server.sendFn("ann", ["s/n", 2]);
    await pass(50);
    expect([ann.got, lost()]).toEqual([
      [
        ["s/n", 1],
        ["s/n", 2],
      ],
      whole,
    ]);
  });

  it("ends nobody's session for a broker that has forgotten the log, and is found again from then on", async () => {
    const { a, ann, at, between, lost, cut, heal, pass, backplane } = await parted();
    cut();
    backplane.forget();
    await pass(2_000);
    heal();
    await pass(20_000);
    a.server.sendFn("ann", ["s/n", 1]);
    await pass(50);
    backplane.cut(at);
    await between((server) => server.sendFn("ann", ["s/n", 2]));
    backplane.heal(at);
    await pass(2_000);
    expect([ann.got, lost()]).toEqual([
      [
        ["s/n", 1],
        ["s/n", 2],
      ],
      whole,
    ]);
  });

  it("comes to who came while the broker was away", async () => {
    const { b, ann, between, lost, cut, heal, pass } = await parted();
    cut();
    await pass(100);
    const second = b.tab("ann");
    await pass(1_500);
    await between((server) => server.sendFn("ann", ["s/n", 1]));
    heal();
    await pass(2_000);
    expect([ann.got, second.got, lost()]).toEqual([[["s/n", 1]], [["s/n", 1]], whole]);
  });

  it("is told as a loss where it was more than a server keeps", async () => {
    const { between, lost, cut, heal, pass } = await parted();
    cut();
    await between((server) => {
      for (let n = 0; n < 6; n++) server.sendFn("ann", ["s/n", "x".repeat(900_000)]);
    });
    heal();
    await pass(12_000);
    expect([lost()[0], lost()[2]]).toEqual([true, expect.arrayContaining(["posts-missing"])]);
  });

  it("counts for those who come later, too, where it lets somebody into a room with each connection", async () => {
    const { b, between, lost, cut, heal, pass } = await parted({ rooms: { "team/*": {} } });
    cut();
    await between((server) => server.joinFn("bob", "team/a", { lasting: true }));
    heal();
    await pass(2_000);
    b.tab("bob");
    await pass(100);
    expect([b.server.sendFn({ room: "team/a" }, ["s/n", 1]).connections, lost()]).toEqual([1, whole]);
  });
});

/** One that looks for nodes in virtual time; what the log says, and who is met, is the test's. */
function looking(findUnmet: () => Promise<readonly string[]>) {
  const clock = new VirtualClock();
  const told: string[] = [];
  const met = new Set<string>();
  let looks = 0;
  const overlooked = new Overlooked({
    host: {
      ...testHost(),
      setTimer: (ms, fn) => clock.after(ms, fn),
      clearTimer: (timer) => (timer as (() => void) | undefined)?.(),
      monotonic: () => clock.now,
    },
    known: {
      findUnmet: () => {
        looks++;
        return findUnmet();
      },
      isMet: (node) => met.has(node),
      noteMet: (node) => void met.add(node),
      noteEnded: (node) => told.push(`ended ${node}`),
    },
    look: () => ({ topics: [], sessions: new WeakSet() }),
    readLeft: async () => undefined,
    give: (node) => told.push(`give ${node}`),
    gap: (node) => told.push(`gap ${node}`),
  });
  return { overlooked, clock, met, told, looks: () => looks };
}

describe("a server that looks for what it overlooked", () => {
  it("leaves a node that it meets to those who ask it", async () => {
    const { overlooked, clock, met, told } = looking(async () => ["c", "d"]);
    overlooked.noteAway();
    await pass(clock, 5_000);
    met.add("c");
    await pass(clock, 60_000);
    expect([told, clock.pending]).toEqual([["ended d", "gap d"], 0]);
  });

  it("looks again where the broker goes away while it looks", async () => {
    let answer: (nodes: readonly string[]) => void = () => {};
    const { overlooked, clock, looks } = looking(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    overlooked.noteAway();
    await pass(clock, 1_500);
    overlooked.noteAway();
    answer([]);
    await pass(clock, 1_500);
    expect(looks()).toBe(2);
    answer([]);
    await pass(clock, 60_000);
    expect([looks(), clock.pending]).toEqual([2, 0]);
  });

  it("looks no longer once the server ends, whatever it was about to do", async () => {
    const away = () => Promise.reject(new Error("away"));
    let answer: (nodes: readonly string[]) => void = () => {};
    const late = () => {
      return new Promise<readonly string[]>((resolve) => {
        answer = resolve;
      });
    };
    for (const findUnmet of [away, late, async () => ["c"]]) {
      const { overlooked, clock, told, looks } = looking(findUnmet);
      overlooked.noteAway();
      await pass(clock, 2_500);
      overlooked.end();
      const before = looks();
      answer(["c"]);
      await pass(clock, 60_000);
      expect([looks() - before, told, clock.pending]).toEqual([0, [], 0]);
    }
  });
});
