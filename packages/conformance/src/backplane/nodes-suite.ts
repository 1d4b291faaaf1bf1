import { randomUUID } from "node:crypto";
import { type ChannelSocketClient, makeChannelSocketClient } from "@sente-lite/node";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { ServerName } from "../runtimes.mjs";
import { Balancer } from "../stage/balancer.ts";
import { until } from "../suites/client/section.ts";
import { fixtureOf, startServer } from "../targets/fixtures.ts";
import type { RunningServer } from "../targets/target.ts";
import type { Broker } from "./stage.ts";

/** How long a test waits for what must come, on a machine that has much to do. A guard: no test waits for it to pass. */
const PATIENCE_MS = 20_000;
const BUSY = 6;

const wait = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: PATIENCE_MS, interval: 20 });
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** A server of a cluster, and a client of it by which a test has it do things. */
interface Place {
  readonly runtime: ServerName;
  readonly server: RunningServer;
  readonly admin: ChannelSocketClient;
}

/**
 * What clients are promised of servers that are processes of their own, on these runtimes, over a real broker: sessions that
 * move, one application, a deploy and a crash. The last two take servers away, so the order counts.
 */
export function nodesSuite(brokerOf: () => Broker, runtimes: readonly ServerName[]): void {
  describe(`servers on ${[...new Set(runtimes)].join(", ")}`, () => {
    const prefix = `test-${randomUUID()}`;
    const places: Place[] = [];

    const start = async (runtime: ServerName): Promise<Place> => {
      const { name, port } = brokerOf();
      const options = { backplane: name, brokerPort: port, prefix, rooms: true, drainMs: 600, presenceGraceMs: 300 };
      const server = await startServer(fixtureOf(runtime, "broker"), { options });
      const admin = makeChannelSocketClient(`${server.url}?uid=admin-${randomUUID()}`);
      await admin.ready();
      return { runtime, server, admin };
    };
    const at = (index: number): Place => {
      const place = places[index];
      if (place === undefined) throw new Error(`no server ${index}`);
      return place;
    };
    const ask = (index: number, id: string, data?: unknown) =>
      at(index).admin.requestFn([id, data], { timeoutMs: PATIENCE_MS });

    beforeAll(async () => {
      places.push(...(await Promise.all(runtimes.map(start))));
    }, 60_000);
    afterAll(async () => {
      for (const { admin } of places) admin.close();
      await Promise.all(places.map(({ server }) => server.kill()));
    });

    /** Clients behind a balancer of their own, with what they were pushed. */
    async function behindBalancer(...indexes: readonly number[]) {
      const balancer = new Balancer();
      onTestFinished(() => balancer.close());
      const port = await balancer.listen();
      balancer.use(indexes.map((index) => at(index).server.port));
      const connect = async (uid: string) => {
        const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk?uid=${uid}`, { reconnectBaseMs: 20 });
        onTestFinished(() => client.close());
        const reports: string[] = [];
        client.errorChan.on(({ error }) => reports.push((error as { readonly code?: string }).code ?? error.message));
        const pushed: unknown[] = [];
        client.chRecv.on("*", ({ event: [id, data] }) => {
          if (id.startsWith("test/")) pushed.push([id, data]);
        });
        await client.ready();
        const { sessionId } = client.state.get();
        const session = () => {
          const { sessionId: now, sessionLost } = client.state.get();
          return { isSame: now === sessionId, sessionLost, reports };
        };
        return { client, pushed, reports, session };
      };
      return { balancer, connect };
    }
    const whole = { isSame: true, sessionLost: false, reports: [] };

    it("take a session over from each other, once round, and lose, double and reorder nothing of what is sent and pushed", async () => {
      const { balancer, connect } = await behindBalancer(0);
      const uid = `ann-${randomUUID()}`;
      const { client, pushed, session } = await connect(uid);
      let n = 0;
      const asked: Promise<unknown>[] = [];
      /** An event from the client, and a push by each server. */
      const speak = () => {
        n++;
        client.sendFn(["test/count", n]);
        for (const index of [0, 1, 2]) asked.push(ask(index, "test/to", { uid, x: [index, n] }));
      };
      for (const to of [1, 2, 0, 1]) {
        speak();
        balancer.use([at(to).server.port]);
        balancer.cut();
        speak();
        await until(client.state, ({ open }) => !open);
        speak();
        await client.ready();
        speak();
        const last = n;
        await at(to).server.next(({ event, uid: of }) => of === uid && event?.[1] === last, PATIENCE_MS);
      }
      await Promise.all(asked);
      await wait(() => expect(pushed).toHaveLength(3 * n));
      const taken = places.flatMap(({ server }) =>
        server.events().flatMap(({ event, uid: of }) => (of === uid && event?.[0] === "test/count" ? [event[1]] : [])),
      );
      expect(taken.toSorted((a, b) => Number(a) - Number(b))).toEqual(upTo(n));
      for (const { server } of places) {
        const here = server.events().filter(({ event, uid: of }) => of === uid && event?.[0] === "test/count");
        const numbers = here.map(({ event }) => Number(event?.[1]));
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        expect(numbers.length).toBeGreaterThan(0);
      }
      for (const index of [0, 1, 2]) {
        const of = pushed.flatMap((one) => {
          const [, [from, number]] = one as [string, [number, number]];
          return from === index ? [number] : [];
        });
        expect(of).toEqual(upTo(n));
      }
      expect(session()).toEqual(whole);
    });

    it("are one application: pushes, rooms with and without a history, requests, orders, and who is here", async () => {
      const tag = randomUUID();
      const [ann, bob] = [`ann-${tag}`, `bob-${tag}`];
      const one = await (await behindBalancer(0)).connect(ann);
      const other = await (await behindBalancer(1)).connect(bob);
      const uids = async () => {
        const seen = await Promise.all([0, 1, 2].map((index) => ask(index, "test/uids")));
        return seen.map((all) => (all as string[]).filter((uid) => uid.endsWith(tag)));
      };
      await wait(async () => expect(await uids()).toEqual([0, 1, 2].map(() => [ann, bob])));

      await ask(2, "test/to", { uid: ann, x: 1 });
      await ask(1, "test/to", { uid: ann, x: 2 });
      await ask(2, "test/broadcast", tag);
      await wait(() => {
        expect(one.pushed).toEqual(
          expect.arrayContaining([
            ["test/direct", 1],
            ["test/direct", 2],
          ]),
        );
        for (const { pushed } of [one, other]) expect(pushed).toContainEqual(["test/broadcast", tag]);
      });

      const rooms = [`open/${tag}`, `kept/${tag}`];
      const said: [string, unknown][][] = [[], []];
      const handles = [one, other].map(({ client }, index) =>
        rooms.map((name) => {
          const room = client.room(name);
          room.chRecv.on("test/said", ({ data }) => said[index]?.push([name, data]));
          return room;
        }),
      );
      await wait(() => {
        for (const room of handles.flat()) expect(room.state.get().status).toBe("joined");
      });
      // By a server at which nobody is in there, and by those of both.
      for (const name of rooms)
        for (const index of [2, 0, 1]) await ask(index, "test/room-send", { room: name, x: index });
      const everything = rooms.flatMap((name) => [2, 0, 1].map((x) => [name, x]));
      await wait(() => {
        for (const got of said) expect(got).toHaveLength(everything.length);
      });
      for (const got of said) expect(got).toEqual(expect.arrayContaining(everything));
      // In a room with a history they have one order.
      const kept = said.map((got) => got.filter(([name]) => name === rooms[1]));
      expect(kept[0]).toEqual(kept[1]);
      expect(await ask(2, "test/room-members", { room: rooms[1] })).toEqual([ann, bob]);
      await ask(0, "test/put-out", { room: rooms[0], uid: bob });

      one.client.chRecv.on("test/asked", ({ data, replyFn }) => replyFn?.(["ann says", data]));
      const answers = (await ask(2, "test/ask-all", { uid: ann, x: 7 })) as [string, unknown][];
      expect(answers.map(([, answer]) => answer)).toEqual([["ann says", 7]]);

      expect([one.session(), other.session()]).toEqual([whole, whole]);
      await ask(2, "test/expel", bob);
      await wait(() => expect(other.session().isSame).toBe(false));
      other.client.close();
      await wait(async () => expect(await uids()).toEqual([0, 1, 2].map(() => [ann])));
    });

    it("replace one under load at a deploy: nothing is lost, doubled or reordered, and every session goes on", async () => {
      const { balancer, connect } = await behindBalancer(0, 1);
      const clients = await Promise.all(upTo(BUSY).map((n) => connect(`busy-${n}-${randomUUID()}`)));
      let isOver = false;
      onTestFinished(() => {
        isOver = true;
      });
      /** Sends numbered events, which come back, and requests, without a pause; resolves to how many, once all came back. */
      const work = async ({ client, pushed, reports }: (typeof clients)[number]) => {
        let n = 0;
        while (!isOver) {
          for (let burst = 0; burst < 5; burst++) client.sendFn(["test/echo", ++n]);
          await client.requestFn(["test/slow", 5], { timeoutMs: PATIENCE_MS }).catch(({ code }) => reports.push(code));
        }
        await wait(() => expect(pushed).toHaveLength(n));
        return n;
      };
      const working = clients.map(work);
      const next = await start(at(1).runtime);
      balancer.use([next.server.port, at(1).server.port]);
      const { server: old, admin } = at(0);
      admin.close();
      expect(await old.stop()).toBe(0);
      places[0] = next;
      await Promise.all(clients.map(({ client }) => client.ready()));
      isOver = true;
      const counts = await Promise.all(working);
      clients.forEach(({ pushed, session }, index) => {
        expect(pushed).toEqual(upTo(counts[index] ?? 0).map((x) => ["test/echoed", x]));
        expect(session()).toEqual(whole);
      });
      expect(old.events().at(-1)).toEqual({ ended: { sessionsLost: 0 } });
    });

    it("lose one that is killed: its clients are told, and go on at another with what the room had; the others notice nothing", async () => {
      const tag = randomUUID();
      const { balancer, connect } = await behindBalancer(1);
      const eve = await connect(`eve-${tag}`);
      const bob = await (await behindBalancer(2)).connect(`bob-${tag}`);
      const name = `kept/${tag}`;
      const said: unknown[][] = [[], []];
      const rooms = [eve, bob].map(({ client }, index) => {
        const room = client.room(name);
        room.chRecv.on("test/said", ({ data }) => said[index]?.push(data));
        return room;
      });
      await wait(() => {
        for (const room of rooms) expect(room.state.get().status).toBe("joined");
      });
      await ask(0, "test/room-send", { room: name, x: 1 });
      await wait(() => expect(said).toEqual([[1], [1]]));
      const { server, admin } = at(1);
      admin.close();
      await server.kill();
      await ask(0, "test/room-send", { room: name, x: 2 });
      balancer.use([at(0).server.port]);
      await wait(() => expect(eve.client.state.get()).toMatchObject({ open: true, sessionLost: true }));
      await wait(() =>
        expect(said).toEqual([
          [1, 2],
          [1, 2],
        ]),
      );
      await ask(2, "test/to", { uid: `eve-${tag}`, x: 3 });
      await wait(() => expect(eve.pushed).toEqual([["test/direct", 3]]));
      expect(rooms.map((room) => room.state.get().status)).toEqual(["joined", "joined"]);
      expect(bob.session()).toEqual(whole);
    });
  });
}
