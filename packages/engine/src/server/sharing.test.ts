import { kw, ReplyError, type ServerMessage } from "@sente-lite/protocol";
import { writeQuestion } from "@sente-lite/protocol/cluster";
import { transitJson } from "@sente-lite/protocol/transit-json";
import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { type Houses, houses } from "../testing/houses.test-support.ts";
import type { Setting } from "../testing/setting.test-support.ts";

type Node = Setting<undefined>;

async function two(options?: Parameters<typeof houses>[1]): Promise<Houses & { readonly a: Node; readonly b: Node }> {
  const all = await houses(2, options);
  const [a, b] = all.nodes as readonly [Node, Node];
  return { ...all, a, b };
}

/** What the applications of all nodes are told of users, as `node: event uid`. */
function toldOf(nodes: readonly Node[]): string[] {
  const told: string[] = [];
  nodes.forEach(({ server }, i) => {
    server.chRecv.on("*", ({ id, uid }: ServerMessage) => {
      if (id.startsWith("chsk/uidport")) told.push(`${i}: ${id} ${uid}`);
    });
  });
  return told;
}

const uidsOf = ({ server }: Node) => [...server.connectedUids.get().any].sort();

describe("pushes over nodes", () => {
  it("reach every tab of the user, at whichever node, in the order of the calls, with all values", async () => {
    const { a, b, pass } = await two();
    const [here, there, other] = [a.tab("ann"), b.tab("ann"), b.tab("bob")];
    await pass();
    expect(a.server.sendFn("ann", ["s/one", { n: 1 }])).toEqual({ connections: 1 });
    expect(a.server.sendFn({ uid: "ann", clientId: "tab-1" }, ["s/labelled"], { flush: true })).toEqual({
      connections: 1,
    });
    a.server.sendFn(["ann", "bob"], ["s/several", [1, null, "é", true]]);
    await pass();
    const all = [["s/one", { n: 1 }], ["s/labelled"], ["s/several", [1, null, "é", true]]];
    expect([here.got, there.got, other.got]).toEqual([all, all, [all[2]]]);
  });

  it("reach the users without an id, and broadcasts all, but those who are left out, at every node", async () => {
    const { a, b, pass } = await two();
    const [ann, nobody, bob] = [b.tab("ann"), b.tab(""), a.tab("bob")];
    await pass();
    a.server.sendFn(null, ["s/nobody"]);
    a.server.broadcastFn(["s/all"]);
    a.server.broadcastFn(["s/not-ann"], { except: "ann" });
    a.server.sendFn("ann", ["s/volatile"], { volatile: true });
    await pass();
    expect(ann.got).toEqual([["s/all"], ["s/volatile"]]);
    expect(nobody.got).toEqual([["s/nobody"], ["s/all"], ["s/not-ann"]]);
    expect(bob.got).toEqual([["s/all"], ["s/not-ann"]]);
  });

  it("of one turn share a frame there, as here", async () => {
    const { a, b, pass } = await two();
    b.tab("ann");
    await pass();
    const before = b.server.metrics().framesOut;
    for (let i = 0; i < 50; i++) a.server.broadcastFn(["s/all", i]);
    await pass();
    expect(b.server.metrics().framesOut - before).toBe(1);
  });

  it("wait for a client that is away there, and throw out who is connected there", async () => {
    const { a, b, pass } = await two();
    const ann = b.tab("ann");
    await pass();
    b.cut();
    await b.idle();
    a.server.sendFn("ann", ["s/while-away"]);
    await pass(3_000);
    expect(ann.got).toEqual([["s/while-away"]]);
    a.server.disconnectFn("ann", { code: 4401, reason: "no" });
    await pass();
    expect(ann.client.state.get()).toMatchObject({ open: false, lastWsClose: { code: 4401 } });
  });

  it("keep a topic for who is here, and give it up a while after the last has gone", async () => {
    const { a, b, pass } = await two({ sessionWindowMs: 1_000, presenceGraceMs: 100 });
    const { client } = b.tab("ann");
    await pass();
    expect([a.server.metrics().clusterTopics, b.server.metrics().clusterTopics]).toEqual([0, 1]);
    client.close();
    await pass(25_000);
    expect(b.server.metrics().clusterTopics).toBe(0);
  }, 60_000);
});

describe("requests to clients over nodes", () => {
  it("find one client wherever it is, and all of them, and say how each ended", async () => {
    const { a, b, pass } = await two();
    const [ann, bob] = [b.tab("ann", { clientId: "there" }).client, a.tab("ann", { clientId: "here" }).client];
    startRouter(ann, { "q/n": ({ data }) => (data as number) + 1, "q/no": () => new ReplyError("no", { data: 5 }) });
    startRouter(bob, { "q/n": ({ data }) => (data as number) + 2 });
    await pass();
    const asked = async (ask: Promise<unknown>) => {
      const settled = Promise.allSettled([ask]);
      await pass(50);
      const [result] = await settled;
      return result?.status === "fulfilled" ? result.value : result?.reason;
    };
    const there = { uid: "ann", clientId: "there" };
    expect(await asked(a.server.requestFn(there, ["q/n", 1]))).toBe(2);
    expect(await asked(a.server.requestFn(there, ["q/no"]))).toMatchObject({ code: "no", data: 5 });
    expect(await asked(a.server.requestFn({ uid: "ann", clientId: "?" }, ["q/n"]))).toMatchObject({
      code: "not-connected",
    });
    expect(await asked(a.server.requestAllFn("ann", ["q/n", 1]))).toEqual([
      { uid: "ann", clientId: "here", status: "fulfilled", value: 3 },
      { ...there, status: "fulfilled", value: 2 },
    ]);
    const stop = new AbortController();
    const aborted = asked(a.server.requestFn(there, ["q/n", 1], { signal: stop.signal }));
    stop.abort(new Error("enough"));
    expect(await aborted).toMatchObject({ message: "enough" });
  });
});

describe("rooms over nodes", () => {
  const rooms = { "chat/*": { joinFn: () => true, sendFn: () => true, members: true } };

  it("have one conversation, and the members of all nodes", async () => {
    const { a, b, pass } = await two({ rooms });
    const [ann, bob] = [a.tab("ann").client.room("chat/tea"), b.tab("bob").client.room("chat/tea")];
    const got: string[] = [];
    ann.chRecv.on("*", ({ event, uid }) => void got.push(`ann: ${event[1]} of ${uid}`));
    bob.chRecv.on("*", ({ event, uid }) => void got.push(`bob: ${event[1]} of ${uid}`));
    await pass();
    ann.sendFn(["chat/said", 1]);
    await pass();
    b.server.sendFn({ room: "chat/tea" }, ["chat/said", 2], { except: "bob" });
    await pass(200);
    expect(got.sort()).toEqual(["ann: 1 of ann", "ann: 2 of undefined", "bob: 1 of ann"]);
    expect([ann.members.get().uids, bob.members.get().uids]).toEqual([
      new Set(["ann", "bob"]),
      new Set(["ann", "bob"]),
    ]);
    expect([...a.server.room("chat/tea").members.get()].sort()).toEqual(["ann", "bob"]);
    bob.leave();
    await pass(200);
    expect([...ann.members.get().uids]).toEqual(["ann"]);
  });

  it("are entered and left by order of any node, lasting for later connections at every one", async () => {
    const { a, b, pass } = await two({ rooms });
    const early = b.tab("ann");
    await pass();
    a.server.joinFn("ann", "chat/tea", { lasting: true });
    await pass();
    const late = b.tab("ann");
    await pass();
    expect([...b.server.room("chat/tea").members.get()]).toEqual(["ann"]);
    b.server.sendFn({ room: "chat/tea" }, ["chat/said", 1]);
    await pass();
    a.server.leaveFn("ann", "chat/tea");
    await pass();
    a.server.sendFn({ room: "chat/tea" }, ["chat/said", 2]);
    await pass();
    expect([...a.server.room("chat/tea").members.get()]).toEqual([]);
    expect([early.got, late.got]).toEqual([[["chat/said", 1]], [["chat/said", 1]]]);
  });
});

describe("rooms with a history over nodes", () => {
  const rooms = { "log/*": { joinFn: () => true, sendFn: () => true, history: { size: 50 } } };

  it("have one order at every node, whoever sends and however fast posts are, and one history", async () => {
    const { nodes, backplane, ids, pass } = await houses(3, { rooms });
    const got = nodes.map((node, i) => {
      const seen: unknown[] = [];
      const room = node.tab(`u${i}`).client.room("log/tea");
      room.chRecv.on("*", ({ event: [, n], position }) => void seen.push([n, position?.offset]));
      return seen;
    });
    await pass(50);
    backplane.delay(ids[0] as string, 7);
    for (let n = 0; n < 8; n++) {
      nodes[n % 3]?.server.sendFn({ room: "log/tea" }, ["log/line", n]);
      await pass(2);
    }
    await pass(100);
    const [first = []] = got;
    expect(first.map((one) => (one as number[])[1])).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...first].map((one) => (one as number[])[0]).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(got).toEqual([first, first, first]);
    const reading = nodes[2]?.server.room("log/tea").history();
    await pass();
    expect((await reading)?.entries.map(({ data }) => data)).toEqual(first.map((one) => (one as number[])[0]));
  });

  it("give who comes to another node after a crash what they missed", async () => {
    const { a, b, backplane, ids, pass } = await two({ rooms });
    const seen: unknown[] = [];
    const early = b.tab("ann").client.room("log/tea");
    early.chRecv.on("*", ({ event: [, n] }) => void seen.push(n));
    await pass();
    a.server.sendFn({ room: "log/tea" }, ["log/line", 1]);
    await pass();
    backplane.stop(ids[1] as string);
    a.server.sendFn({ room: "log/tea" }, ["log/line", 2]);
    const since = early.position();
    const late = a.tab("ann").client.room("log/tea", since === null ? {} : { since });
    late.chRecv.on("*", ({ event: [, n] }) => void seen.push(n));
    await pass(50);
    expect([seen, late.state.get().recovered]).toEqual([[1, 2], true]);
  });
});

describe("presence over nodes", () => {
  it("is of the whole cluster at every node, and told once in it", async () => {
    const { nodes, a, b, add, pass } = await two({ presenceGraceMs: 100, sessionWindowMs: 1_000 });
    const told = toldOf(nodes);
    const one = a.tab("ann");
    await pass();
    const another = b.tab("ann");
    b.tab("bob");
    await pass();
    const c = add();
    await pass();
    expect([a, b, c].map(uidsOf)).toEqual([
      ["ann", "bob"],
      ["ann", "bob"],
      ["ann", "bob"],
    ]);
    one.client.close();
    await pass(300);
    expect([a, b, c].map(uidsOf)).toEqual([
      ["ann", "bob"],
      ["ann", "bob"],
      ["ann", "bob"],
    ]);
    another.client.close();
    await pass(300);
    expect([a, b, c].map(uidsOf)).toEqual([["bob"], ["bob"], ["bob"]]);
    expect(told).toEqual(["0: chsk/uidport-open ann", "1: chsk/uidport-open bob", "1: chsk/uidport-close ann"]);
    expect([a, b, c].map(({ server }) => server.metrics().clusterNodes)).toEqual([3, 3, 3]);
    expect(a.server.metrics().clusterUids).toBe(1);
  });

  it("ends with the node that dies, after the grace, and is told once by one of those that stay", async () => {
    const { nodes, a, backplane, ids, b, pass } = await two({ presenceGraceMs: 100 });
    const told = toldOf(nodes);
    b.tab("ann");
    await pass();
    backplane.stop(ids[1] as string);
    await pass(250);
    expect(uidsOf(a)).toEqual(["ann"]);
    await pass(200);
    expect([uidsOf(a), told]).toEqual([[], ["1: chsk/uidport-open ann", "0: chsk/uidport-close ann"]]);
  });

  it("is told anew of users of a node that stood still past its lease, once it is back, and is right at every node", async () => {
    const { nodes, a, backplane, ids, b, pass } = await two({ presenceGraceMs: 3_000 });
    const told = toldOf(nodes);
    const ann = b.tab("ann");
    await pass();
    backplane.stop(ids[1] as string);
    await pass(3_500);
    expect([uidsOf(a), told]).toEqual([[], ["1: chsk/uidport-open ann", "0: chsk/uidport-close ann"]]);
    backplane.resume(ids[1] as string);
    await pass(10_000);
    expect(b.errors).toContain("lease-lost");
    expect([uidsOf(a), uidsOf(b)]).toEqual([["ann"], ["ann"]]);
    expect(told.slice(2)).toEqual(["1: chsk/uidport-open ann"]);
    ann.client.close();
    await pass(3_500);
    expect([uidsOf(a), uidsOf(b), told.slice(3)]).toEqual([[], [], ["1: chsk/uidport-close ann"]]);
  });

  it("is not told anew where such a node is back within the grace", async () => {
    const { nodes, a, backplane, ids, b, pass } = await two({ presenceGraceMs: 5_000 });
    const told = toldOf(nodes);
    b.tab("ann");
    await pass();
    backplane.stop(ids[1] as string);
    await pass(450);
    backplane.resume(ids[1] as string);
    await pass(20_000);
    expect([uidsOf(a), uidsOf(b), told]).toEqual([["ann"], ["ann"], ["1: chsk/uidport-open ann"]]);
  });

  it("is this node's alone where it is local", async () => {
    const { nodes, a, b, pass } = await two({ presence: "local" });
    const told = toldOf(nodes);
    a.tab("ann");
    b.tab("ann");
    b.tab("bob");
    await pass();
    expect([a, b].map(uidsOf)).toEqual([["ann"], ["ann", "bob"]]);
    expect(told).toHaveLength(3);
  });
});

describe("what may be missing", () => {
  it("is told to both sides: every session here ends with 1012, and it is reported", async () => {
    const { a, b, backplane, ids, pass } = await two();
    const [here, there] = [a.tab("ann"), b.tab("bob")];
    await pass();
    backplane.drop(ids[1] as string, "down");
    a.server.sendFn("bob", ["s/dropped"]);
    await pass();
    expect(there.client.state.get().lastWsClose?.code).toBe(1012);
    expect(here.client.state.get().open).toBe(true);
    expect(b.errors).toContain("posts-missing");
    expect([a.errors, b.server.metrics().clusterGaps]).toEqual([[], 1]);
    await pass(3_000);
    expect(there.client.state.get().open).toBe(true);
  });

  it("of a post that cannot be read, only for whom it was meant; and no node falls", async () => {
    const { a, b, backplane, pass } = await two();
    const [ann, bob] = [b.tab("ann"), b.tab("bob")];
    await pass();
    const inbox = { posted() {}, gap() {}, joined() {}, gone() {}, failed() {}, asked: async () => new Uint8Array() };
    const joining = backplane.join("stranger", inbox);
    await pass();
    const stranger = await joining;
    stranger.post("uid/ann", new Uint8Array([9, 9, 9]));
    await pass();
    expect(ann.client.state.get().lastWsClose?.code).toBe(1012);
    expect(bob.client.state.get().lastWsClose).toBeNull();
    expect(b.errors).toEqual(["cluster-version", "posts-missing"]);
    stranger.post("all", writeQuestion("request", new Uint8Array(20)));
    stranger.post("all", new Uint8Array(1_000_000));
    await pass();
    a.server.broadcastFn(["s/still-here"]);
    await pass(3_000);
    expect(b.errors).toHaveLength(6);
    expect(b.server.isReady()).toBe(true);
  });
});

it("posts every value that a codec can say", async () => {
  const { a, b, pass } = await two({ codec: transitJson });
  const { got } = b.tab("ann", { codec: transitJson });
  await pass();
  const all = [
    kw("a/b"),
    new Set([1]),
    new Map([[[1], 2n ** 70n]]),
    new Date(5),
    new Uint8Array([1, 2]),
    1.5,
    Number.NaN,
  ];
  a.server.sendFn("ann", ["s/values", all]);
  await pass();
  expect(got).toEqual([["s/values", all]]);
});
