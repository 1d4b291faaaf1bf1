import type { Backplane, Inbox, Membership } from "@sente-lite/protocol/backplane";
import { readAnswer, writeQuestion } from "@sente-lite/protocol/cluster";
import { VirtualClock } from "@sente-lite/protocol/testing";
import { describe, expect, it } from "vitest";
import { setting, testHost } from "../testing/setting.test-support.ts";
import { Cluster } from "./cluster.ts";

/** A backplane of one node, whose joins a test lets succeed or fail; with a `subscribed` that is waited for after those. */
function scripted(subscribed?: Promise<void>) {
  const joins: { node: string; inbox: Inbox; resolve: () => void; reject: (error: Error) => void }[] = [];
  const calls: string[] = [];
  const membership: Membership = {
    maxBytes: 1_000_000,
    subscribe: async (topic) => {
      calls.push(`subscribe ${topic}`);
      await subscribed;
    },
    unsubscribe: (topic) => void calls.push(`unsubscribe ${topic}`),
    post: (topic) => calls.push(`post ${topic}`),
    ask: async () => new Uint8Array(),
    put: async () => {},
    take: async () => undefined,
    leave: async () => void calls.push("leave"),
  };
  const backplane: Backplane = {
    join: (node, inbox) =>
      new Promise((resolve, reject) => {
        joins.push({ node, inbox, resolve: () => resolve(membership), reject });
      }),
  };
  return { backplane, joins, calls };
}

describe("a server with a backplane", () => {
  it("lets nobody in until it has joined, and is ready from then on", async () => {
    const { backplane, joins } = scripted();
    const { server, tab, idle } = setting({ backplane });
    const { client } = tab("ann");
    await idle();
    expect([client.state.get().open, server.isReady(), joins.length]).toEqual([false, false, 1]);
    joins[0]?.resolve();
    await idle();
    expect([client.state.get().open, server.isReady()]).toEqual([true, true]);
    expect(joins[0]?.node).toMatch(/^[0-9a-f]{16}$/);
  });

  it("reports a join that fails, tells clients to come again, and tries again as another node", async () => {
    const { backplane, joins } = scripted();
    const { server, tab, idle, clock, errors } = setting({ backplane });
    const { client } = tab("ann");
    await idle();
    joins[0]?.reject(Object.assign(new Error("no broker"), { code: "unreachable" }));
    await idle();
    expect([errors, client.state.get().lastWsClose?.code, server.isReady()]).toEqual([["unreachable"], 4503, false]);
    await clock.advance(500);
    joins[1]?.resolve();
    await clock.advance(5_000);
    expect([client.state.get().open, server.isReady(), joins.length]).toEqual([true, true, 2]);
    expect(joins[1]?.node).not.toBe(joins[0]?.node);
  });

  it("leaves at the end of close, also where it closes while it joins", async () => {
    for (const isEarly of [true, false]) {
      const { backplane, joins, calls } = scripted();
      const { server, idle } = setting({ backplane });
      await idle();
      if (!isEarly) joins[0]?.resolve();
      await idle();
      const closed = server.close();
      await idle();
      if (isEarly) joins[0]?.resolve();
      await closed;
      expect([calls.at(-1), server.isReady()]).toEqual(["leave", false]);
    }
  });

  it("gives up a join that hangs, reports it, and leaves where that comes to something later", async () => {
    const { backplane, joins, calls } = scripted();
    const { server, clock, errors } = setting({ backplane });
    await clock.advance(29_999);
    expect([errors, joins.length]).toEqual([[], 1]);
    await clock.advance(501);
    expect([errors, joins.length]).toEqual([["join-timeout"], 2]);
    joins[0]?.resolve();
    await clock.advance(10);
    expect([calls, server.isReady()]).toEqual([["leave"], false]);
    // Of what it gave up nothing is heard any more.
    joins[0]?.inbox.gap("all");
    joins[1]?.resolve();
    await clock.advance(10);
    joins[0]?.inbox.gone(joins[0].node);
    await clock.advance(10);
    expect([errors, server.isReady(), joins.length]).toEqual([["join-timeout"], true, 2]);
  });

  it("gives up a join after which the broker does not let it subscribe, and posts nothing there", async () => {
    const { backplane, joins, calls } = scripted(new Promise(() => {}));
    const { server, clock, errors } = setting({ backplane });
    await clock.advance(10);
    joins[0]?.resolve();
    await clock.advance(29_999);
    expect([calls, server.isReady()]).toEqual([["subscribe all", "leave"], false]);
    server.sendFn("ann", ["a/early"]);
    await clock.advance(100);
    expect([errors, calls.filter((call) => call.startsWith("post"))]).toEqual([["join-timeout"], []]);
  });

  it("closes within seconds where a join hangs, and begins none after that", async () => {
    for (const isJoined of [false, true]) {
      const { backplane, joins, calls } = scripted(new Promise(() => {}));
      const { server, clock, errors } = setting({ backplane });
      await clock.advance(10);
      if (isJoined) joins[0]?.resolve();
      let isClosed = false;
      void server.close().then(() => {
        isClosed = true;
      });
      await clock.advance(4_999);
      expect(isClosed).toBe(false);
      await clock.advance(2);
      expect([isClosed, errors, calls.at(-1)]).toEqual([true, ["join-timeout"], isJoined ? "leave" : undefined]);
      await clock.advance(60_000);
      expect([joins.length, errors]).toEqual([1, ["join-timeout"]]);
    }
  });

  it("begins no further join once it leaves, and leaves no timer behind", async () => {
    for (const when of ["at once", "while it joins", "between two"]) {
      const { backplane, joins } = scripted();
      const clock = new VirtualClock();
      const setTimer = (ms: number, fn: () => void) => clock.after(ms, fn);
      const host = { ...testHost(), setTimer, clearTimer: (timer: unknown) => (timer as (() => void) | undefined)?.() };
      const hearing = {
        begun: async () => {},
        isIn() {},
        posted() {},
        gap() {},
        joined() {},
        gone() {},
        away() {},
        lostLease() {},
      };
      const cluster = new Cluster({ host, backplane, hearing, report: () => {} });
      if (when !== "at once") await Promise.resolve();
      const begun = joins.length;
      if (when === "between two") {
        joins[0]?.reject(new Error("no broker"));
        await cluster.joining;
      }
      const left = cluster.leave();
      joins[0]?.reject(new Error("no broker"));
      await left;
      expect([when, joins.length, clock.pending]).toEqual([when, begun, 0]);
    }
  });

  it("joins as another where the others held it for gone before it had joined", async () => {
    const { backplane, joins, calls } = scripted(new Promise(() => {}));
    const { clock, errors } = setting({ backplane });
    await clock.advance(10);
    joins[0]?.resolve();
    await clock.advance(10);
    joins[0]?.inbox.gone(joins[0].node);
    await clock.advance(510);
    expect([errors, joins.length, calls.at(-1)]).toEqual([["lease-lost"], 2, "leave"]);
  });

  it("does not serve rooms with a history over a backplane that keeps no streams, and says so", async () => {
    const { backplane, joins, calls } = scripted();
    const { server, idle, errors } = setting({ backplane, rooms: { log: { history: {} } } });
    await idle();
    joins[0]?.resolve();
    await idle();
    expect([errors, server.isReady(), calls]).toEqual([["no-streams"], false, ["leave"]]);
  });

  it("joins as another where the others hold it for gone", async () => {
    const { backplane, joins } = scripted();
    const { server, idle, errors } = setting({ backplane });
    await idle();
    joins[0]?.resolve();
    await idle();
    joins[0]?.inbox.gone(joins[0].node);
    await idle();
    expect([errors, server.isReady(), joins.length]).toEqual([["lease-lost", "posts-missing"], false, 2]);
    joins[1]?.resolve();
    await idle();
    expect(server.isReady()).toBe(true);
  });

  it("answers what cannot be read with an error, and reports it", async () => {
    const { backplane, joins } = scripted();
    const { idle, errors } = setting({ backplane });
    await idle();
    joins[0]?.resolve();
    await idle();
    const ask = async (bytes: Uint8Array) => {
      try {
        return readAnswer((await joins[0]?.inbox.asked("other", bytes)) ?? new Uint8Array());
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const unknownVersion = writeQuestion("session", new Uint8Array(3)).with(0, 9);
    const unknownKind = writeQuestion("session", new Uint8Array(3)).with(1, 250);
    const huge = new Uint8Array(10_000_000).with(0, 1);
    const asked = [new Uint8Array(), unknownVersion, unknownKind, huge];
    const codes = ["cluster-version", "cluster-version", "unknown-question", "too-large"];
    expect(await Promise.all(asked.map(ask))).toEqual(codes);
    expect(errors).toEqual(codes);
  });
});
