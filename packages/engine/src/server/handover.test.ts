import { type ChannelSocketClient, SessionLostError } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { type Node, nodes } from "../testing/nodes.test-support.ts";

/** What a client was pushed, `chsk/*` left out. */
function gotBy(client: ChannelSocketClient): unknown[] {
  const got: unknown[] = [];
  client.chRecv.on("*", ({ event }) => {
    if (!event[0].startsWith("chsk/")) got.push(event[1]);
  });
  return got;
}

/** What a server was sent under `a/n`. */
function takenBy({ server }: Node): unknown[] {
  const taken: unknown[] = [];
  server.chRecv.on("a/n", ({ data }) => taken.push(data));
  return taken;
}

/** The session of a client, and the server that it names. */
function namedBy(client: ChannelSocketClient): { readonly id: string; readonly node: string } {
  const id = client.state.get().sessionId ?? "";
  return { id, node: id.slice(0, id.lastIndexOf("_", id.length - 23)) };
}

/** A server with a client, and how that client is. */
async function connected(options: Parameters<typeof nodes>[0] = {}) {
  const all = nodes(options);
  const from = all.start();
  all.land(from);
  await all.clock.advance(10);
  const client = all.client("ann");
  const errors: string[] = [];
  client.errorChan.on(({ error }) => errors.push((error as { code?: string }).code ?? error.message));
  // A client is let in once the server hears what others push to its user.
  await all.clock.advance(10);
  return { ...all, from, client, errors, sessionLost: () => client.state.get().sessionLost };
}

describe("a session over several servers (PROTOCOL.md section 6.13)", () => {
  it.each([
    ["drains", { drainMs: 4_000 }],
    ["closes at once", {}],
  ])("goes on at the server that is started once the other one, which %s, has ended", async (_how, how) => {
    const { from, client, errors, clock, start, land, sessionLost } = await connected();
    const [taken, got] = [takenBy(from), gotBy(client)];
    client.sendFn(["a/n", 1]);
    from.server.sendFn("ann", ["s/n", 1]);
    const closed = from.server.close(how);
    client.sendFn(["a/n", 2]);
    await clock.advance(5_000);
    await closed;
    land(undefined);
    client.sendFn(["a/n", 3]);
    await clock.advance(1_000);
    const to = start();
    const takenThere = takenBy(to);
    land(to);
    await clock.advance(30_000);
    to.server.sendFn("ann", ["s/n", 2]);
    client.sendFn(["a/n", 4]);
    await clock.advance(1_000);
    expect([...taken, ...takenThere]).toEqual([1, 2, 3, 4]);
    expect(got).toEqual([1, 2]);
    expect([sessionLost(), errors, from.errors, to.errors]).toEqual([false, [], [], []]);
    expect([to.server.metrics().sessionsResumed, from.server.metrics().sessionsLost]).toEqual([1, 0]);
  });

  it("takes with it what its client had not got while it was away", async () => {
    const { from, client, clock, start, land, cut, idle, sessionLost } = await connected();
    const got = gotBy(client);
    land(undefined);
    cut();
    await idle();
    for (let n = 1; n <= 3; n++) from.server.sendFn("ann", ["s/n", n]);
    const closed = from.server.close({ drainMs: 1_000 });
    await clock.advance(2_000);
    await closed;
    land(start());
    await clock.advance(30_000);
    expect([got, sessionLost(), from.errors]).toEqual([[1, 2, 3], false, []]);
  });

  it("says nothing of it to the application: one client opened, and one closes", async () => {
    const { from, client, clock, start, land } = await connected();
    const told: string[] = [];
    const listen = ({ server }: Node, name: string) => {
      for (const id of ["chsk/client-open", "chsk/client-close"] as const) {
        server.chRecv.on(id, ({ id: its }) => told.push(`${name} ${its}`));
      }
    };
    listen(from, "first");
    void from.server.close();
    await clock.advance(2_000);
    const to = start();
    listen(to, "second");
    land(to);
    await clock.advance(30_000);
    client.close();
    await clock.advance(100);
    expect(told).toEqual(["first chsk/client-open", "second chsk/client-close"]);
  });

  it("answers a request whose handler has not ended, and what the server asked, with closed", async () => {
    const { from, client, clock, start, land } = await connected();
    startRouter(from.server, { "a/never": () => new Promise(() => {}) });
    startRouter(client, { "s/never": () => new Promise(() => {}) });
    const codeOf = (asked: Promise<unknown>) => asked.then(String, ({ code }: { code: string }) => code);
    const reply = codeOf(client.requestFn(["a/never"], { timeoutMs: 100_000 }));
    const answer = codeOf(from.server.requestFn({ uid: "ann", clientId: "ann" }, ["s/never"], { timeoutMs: 100_000 }));
    await clock.advance(100);
    void from.server.close({ drainMs: 2_000 });
    await clock.advance(3_000);
    land(start());
    await clock.advance(30_000);
    expect([await reply, await answer, from.errors]).toEqual(["closed", "closed", []]);
  });

  it("keeps its rooms, in which nobody is asked again, and whose histories go on", async () => {
    let asked = 0;
    const rooms = {
      "chat/*": { joinFn: () => ++asked > 0 },
      "log/*": { joinFn: () => ++asked > 0, history: { size: 10, ttlMs: 600_000 } },
    };
    const { from, client, clock, start, land } = await connected({ rooms });
    const tea = client.room("chat/tea");
    const log = client.room("log/tea");
    const got: unknown[] = [];
    tea.chRecv.on("*", ({ data }) => got.push(["tea", data]));
    log.chRecv.on("*", ({ data }) => got.push(["log", data]));
    await clock.advance(10);
    from.server.sendFn({ room: "log/tea" }, ["s/n", 1]);
    await clock.advance(10);
    void from.server.close();
    await clock.advance(2_000);
    const to = start();
    land(to);
    await clock.advance(30_000);
    for (const room of ["chat/tea", "log/tea"]) to.server.sendFn({ room }, ["s/n", 2]);
    await clock.advance(10);
    expect(got).toEqual([
      ["log", 1],
      ["tea", 2],
      ["log", 2],
    ]);
    expect([asked, tea.state.get(), log.state.get()]).toMatchObject([
      2,
      { status: "joined" },
      { status: "joined", recovered: null },
    ]);
    expect([...to.server.room("chat/tea").members.get()]).toEqual(["ann"]);
  });

  it("is told who is in its rooms, whom nobody told it of meanwhile", async () => {
    const { start, land, client, clock } = nodes({ rooms: { "chat/*": { joinFn: () => true, members: true } } });
    const [from, to] = [start(), start()];
    land(to);
    await clock.advance(10);
    const bob = client("bob").room("chat/tea");
    await clock.advance(500);
    land(from);
    const ann = client("ann").room("chat/tea");
    await clock.advance(500);
    expect([...ann.members.get().uids].sort()).toEqual(["ann", "bob"]);
    void from.server.close();
    land(undefined);
    await clock.advance(1_000);
    bob.leave();
    await clock.advance(500);
    land(to);
    await clock.advance(30_000);
    expect([...ann.members.get().uids]).toEqual(["ann"]);
  });

  it("asks to join again where the server ended before it was decided", async () => {
    let isDecided = false;
    const rooms = { "chat/*": { joinFn: () => (isDecided ? true : new Promise<boolean>(() => {})) } };
    const { from, client, clock, start, land } = await connected({ rooms });
    const tea = client.room("chat/tea");
    await clock.advance(10);
    isDecided = true;
    void from.server.close();
    await clock.advance(2_000);
    land(start());
    await clock.advance(30_000);
    expect(tea.state.get()).toMatchObject({ status: "joined" });
  });

  it("is lost, and told to both sides, where the backplane does not keep it", async () => {
    const { from, client, errors, clock, start, land, backplane, cut, idle, sessionLost } = await connected();
    land(undefined);
    cut();
    await idle();
    const lost: SessionLostError[] = [];
    from.server.errorChan.on(({ error }) => {
      if (error instanceof SessionLostError) lost.push(error);
    });
    from.server.sendFn("ann", ["s/n", 1]);
    const { node } = namedBy(client);
    backplane.split(node);
    void from.server.close();
    await clock.advance(8_000);
    expect(lost.map(({ undelivered }) => undelivered)).toEqual([[["s/n", 1]]]);
    expect(from.errors).toEqual(["unreachable", "handover-timeout", "session-lost"]);
    land(start());
    await clock.advance(30_000);
    expect([sessionLost(), errors]).toEqual([true, []]);
  });

  it("waits for a backplane that is away for a moment, at the server that has it and at the one that takes it", async () => {
    const { from, client, errors, clock, start, land, backplane, nodeOf, sessionLost } = await connected();
    const got = gotBy(client);
    const { node } = namedBy(client);
    from.server.sendFn("ann", ["s/n", 1]);
    await clock.advance(100);
    backplane.split(node);
    land(undefined);
    void from.server.close();
    await clock.advance(4_000);
    backplane.heal(node);
    await clock.advance(1_000);
    const to = start();
    await clock.advance(100);
    backplane.split(nodeOf(to));
    land(to);
    await clock.advance(4_000);
    backplane.heal(nodeOf(to));
    await clock.advance(20_000);
    to.server.sendFn("ann", ["s/n", 2]);
    await clock.advance(100);
    expect([sessionLost(), errors, from.errors, to.errors, got]).toEqual([
      false,
      [],
      ["unreachable"],
      ["unreachable"],
      [1, 2],
    ]);
  });

  it("is as good as new to a client that another server forgot: it is told of the loss", async () => {
    const { from, client, clock, start, land, backplane, sessionLost } = await connected();
    void from.server.close();
    await clock.advance(2_000);
    backplane.forget();
    const to = start();
    land(to);
    await clock.advance(30_000);
    expect([sessionLost(), client.state.get().open, to.errors]).toEqual([true, true, []]);
  });

  it("is refused where its bytes are none of this version, and reported", async () => {
    const { from, client, clock, start, land, backplane, sessionLost } = await connected();
    const { id } = namedBy(client);
    void from.server.close();
    await clock.advance(2_000);
    const inbox = { posted() {}, gap() {}, joined() {}, gone() {}, failed() {}, asked: async () => new Uint8Array() };
    void backplane.join("probe", inbox).then(async (probe) => {
      const bytes = await probe.take(id);
      await probe.put(id, bytes?.with(3, 9) ?? new Uint8Array(), 60_000);
    });
    await clock.advance(100);
    const to = start();
    land(to);
    await clock.advance(30_000);
    expect([sessionLost(), to.errors]).toEqual([true, ["snapshot-version"]]);
  });

  it("is not touched by who names it as another user, and waits for whom it is", async () => {
    const { from, client, clock, start, land, backplane, arrive, sessionLost } = await connected();
    const { id } = namedBy(client);
    void from.server.close();
    await clock.advance(2_000);
    const to = start();
    await clock.advance(10);
    const arriving = arrive(to, "bob", id);
    await clock.advance(100);
    const decision = await arriving;
    expect([decision.type, to.server.metrics().sessionsAway, backplane.leftovers > 0]).toEqual(["accept", 0, true]);
    land(to);
    await clock.advance(30_000);
    expect([sessionLost(), to.server.metrics().sessionsResumed]).toEqual([false, 1]);
  });

  it("has an id that names its server, and that nobody can guess", async () => {
    const { client } = await connected();
    const { id, node } = namedBy(client);
    expect([/^[0-9A-Za-z_-]{1,64}$/.test(id), node.length, id.length]).toEqual([true, 16, 16 + 1 + 22]);
  });
});
