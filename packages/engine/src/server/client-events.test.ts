import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
import { setting } from "../testing/setting.test-support.ts";

/** What a server says of its clients, one line for each event. */
function watched(options: Parameters<typeof setting>[0] = {}) {
  const all = setting(options);
  const said: string[] = [];
  all.server.chRecv.on("*", ({ id, data, uid, clientId }) => {
    if (id === "chsk/ws-ping") return;
    const { reason = "" } = (data ?? {}) as { readonly reason?: string };
    if (id.startsWith("chsk/client-")) expect(data).toMatchObject({ uid, clientId });
    said.push(`${id.slice("chsk/".length)} ${uid} ${id.startsWith("chsk/uidport") ? "" : clientId} ${reason}`.trim());
  });
  return { ...all, said };
}

describe("chsk/uidport-open and chsk/uidport-close", () => {
  it("are told when they happen, and so in their order, whatever the handlers of a connection are busy with", async () => {
    const { server, tab, clock, idle } = setting();
    const told: string[] = [];
    const tell = ({ id, uid, clientId }: { readonly id: string; readonly uid: string | null; clientId: string }) => {
      told.push(`${id.slice("chsk/uidport-".length)} ${uid} ${clientId}`);
    };
    startRouter(server, {
      "a/slow": () => new Promise<void>((resolve) => clock.setTimeout(resolve, 20_000)),
      "chsk/uidport-open": tell,
      "chsk/uidport-close": tell,
    });
    const { client } = tab("ann");
    await idle();
    client.sendFn(["a/slow"]);
    await idle();
    client.chsk.disconnect();
    await clock.advance(2_500);
    expect(told).toEqual(["open ann tab-1", "close ann tab-1"]);
    const second = tab("ann").client;
    await idle();
    expect(told.slice(2)).toEqual(["open ann tab-2"]);
    second.close();
    await clock.advance(2_500);
    expect(told.slice(3)).toEqual(["close ann tab-2"]);
    await clock.advance(20_000);
    expect(told).toHaveLength(4);
  });

  it("come in the order of the connection's events where none of those waits", async () => {
    const { server, tab, clock, idle } = setting();
    const told: string[] = [];
    startRouter(server, ({ id }) => void told.push(id), { concurrency: 1 });
    const { client } = tab("ann");
    client.sendFn(["a/one"]);
    await idle();
    client.close();
    await clock.advance(10_000);
    expect(told).toEqual(["chsk/uidport-open", "chsk/client-open", "a/one", "chsk/client-close", "chsk/uidport-close"]);
  });
});

describe("chsk/client-open and chsk/client-close", () => {
  it("tell of each client of a user, once, whatever happens to its connections in between", async () => {
    const { tab, clock, idle, said } = watched();
    const first = tab("ann").client;
    const second = tab("ann").client;
    await idle();
    first.chsk.breakConnection();
    await clock.advance(10_000);
    expect(first.state.get().resumed).toBe(true);
    first.close();
    await idle();
    second.close();
    await clock.advance(10_000);
    expect(said).toEqual([
      "uidport-open ann",
      "client-open ann tab-1",
      "client-open ann tab-2",
      "client-close ann tab-1 left",
      "client-close ann tab-2 left",
      "uidport-close ann",
    ]);
  });

  it("say why a client is gone", async () => {
    const { server, tab, clock, idle, said } = watched({ sessionWindowMs: 5_000 });
    const closes = () => said.splice(0).filter((line) => line.startsWith("client-close"));
    for (const uid of ["thrown-out", "unplugged", "stays"])
      tab(uid, { reconnectBaseMs: 60_000, reconnectCapMs: 60_000 });
    const bad = await openRawPeer(server, "client-id=bad&uid=bad&sente-lite=1&attempt=1");
    const sente = await openRawPeer(server, "client-id=sente&uid=sente");
    await idle();
    server.disconnectFn("thrown-out");
    bad.handlers.message('[["chsk/ack",7],null]');
    sente.handlers.closed(1006, "");
    expect(closes()).toEqual([
      "client-close thrown-out tab-1 disconnected",
      "client-close bad bad failed",
      "client-close sente sente lost",
    ]);
    const lost = await openRawPeer(server, "client-id=c&uid=unplugged-too&sente-lite=1&attempt=1");
    lost.handlers.closed(1006, "");
    await clock.advance(4_999);
    expect(closes()).toEqual([]);
    await clock.advance(2);
    expect(closes()).toEqual(["client-close unplugged-too c lost"]);
    void server.close();
    await clock.advance(5_000);
    expect(closes()).toContain("client-close stays tab-3 server-closed");
  });

  it("say nothing of who was not let in", async () => {
    const { server, said } = watched({ authorizedFn: () => false });
    await openRawPeer(server, "client-id=c&uid=ann&sente-lite=1&attempt=1");
    expect(said.filter((line) => line.startsWith("client-"))).toEqual([]);
  });
});

it("a client knows its own id, as its server does", async () => {
  const { server, tab, client: connect, idle } = setting();
  const { client } = tab("ann");
  const waiting = connect("bob", { connect: false });
  expect([client.state.get().clientId, waiting.state.get().clientId]).toEqual(["tab-1", "bob"]);
  await idle();
  const told = new Promise((resolve) => server.chRecv.on("a/who", ({ clientId }) => resolve(clientId)));
  client.sendFn(["a/who"]);
  expect(await told).toBe(client.state.get().clientId);
});
