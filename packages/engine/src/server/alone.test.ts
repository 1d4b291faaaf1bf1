import type { Encoded, ServerOptions } from "@sente-lite/protocol";
import { json } from "@sente-lite/protocol/json";
import { memoryBackplane, VirtualClock } from "@sente-lite/protocol/testing";
import { describe, expect, it } from "vitest";
import { load } from "../../../../tooling/scripts/bundle.mjs";
import { startRouter } from "../router.ts";
import type { ConnectionHandlers } from "../sockets.ts";
import { testHost } from "../testing/setting.test-support.ts";
import type { Decision } from "./decision.ts";
import { createServer } from "./server.ts";

// "Without a backplane nothing costs anything": what a server does without one, counted, and its bytes.

type Create = typeof createServer;

/** A server whose timers run when a test says so. */
function alone({ hasBackplane = false, create = createServer as Create } = {}) {
  const clock = new VirtualClock();
  /** How long each timer was to take, in ms. */
  const timers: number[] = [];
  const host = {
    ...testHost(),
    now: () => clock.now,
    monotonic: () => clock.now,
    setTimer: (ms: number, fn: () => void) => {
      timers.push(ms);
      return clock.after(ms, fn);
    },
    clearTimer: (timer: unknown) => (timer as (() => void) | undefined)?.(),
  };
  const options: ServerOptions = {
    userIdFn: () => "ann",
    rooms: { tea: { joinFn: () => true } },
    ...(hasBackplane && { backplane: memoryBackplane({ clock }) }),
  };
  const { server, admit } = create({ host, codecs: [json], options });
  startRouter(server, { "a/echo": ({ data }) => data ?? null, "a/event": () => {} });
  /** Lets so many ms pass, each with all that promises do. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed++) {
      await turn();
      clock.advance(1);
    }
    await turn();
  };
  const arrive = () =>
    admit({
      url: new URL("ws://memory/chsk?client-id=tab&sente-lite=1&codec=json&attempt=1"),
      headers: new Headers({ "sec-websocket-protocol": "sente-lite" }),
      raw: undefined,
    });
  const sent: string[] = [];
  const enter = (decision: Decision): ConnectionHandlers => {
    if (decision.type === "refuse") throw new Error(decision.body);
    return decision.opened({
      send: (frame: Encoded) => {
        sent.push(String(frame));
        return "written";
      },
      close: () => {},
      terminate: () => {},
      bufferedAmount: 0,
    });
  };
  return { server, timers, pass, arrive, enter, sent };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** How many microtasks one after the other it takes, of those that take no timer; undefined where that is not enough. */
async function countMicrotasks(promise: Promise<unknown>): Promise<number | undefined> {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  for (let count = 0; count < 1_000; count++) {
    if (isDone) return count;
    await undefined;
  }
  return undefined;
}

/** What the way of a client in has for nodes. */
const partsForNodes = [
  { search: "if (cluster?.joining !== undefined) await cluster.joining;", replace: "" },
  {
    search: "const held = sharing?.holdUid(judged.admitted.uid);",
    replace: "const held = undefined as Promise<void> | undefined;",
  },
  {
    search:
      "if (handover !== undefined && arrival?.named !== undefined && (await handover.fetch(admitted, arrival))) {",
    replace: "if (false) {",
  },
].map((change) => ({ file: "packages/engine/src/server/door.ts", ...change }));

describe("a server without a backplane", () => {
  it("lets a client in after as many microtasks as where the code of nodes is taken out, and without a timer", async () => {
    const { createServer: create } = (await load("packages/engine/src/server/server.ts", partsForNodes)) as {
      readonly createServer: Create;
    };
    const measure = async (options: Parameters<typeof alone>[0]) => {
      const { timers, pass, arrive } = alone(options);
      await pass(20);
      timers.length = 0;
      const arrived = arrive();
      const cost = { microtasks: await countMicrotasks(arrived), timers: timers.length };
      await Promise.all([arrived, pass(20)]);
      return cost;
    };
    expect(await measure({})).toEqual({ microtasks: 12, timers: 0 });
    expect(await measure({ create })).toEqual({ microtasks: 12, timers: 0 });
    // It asks the broker for what is posted to the user.
    expect(await measure({ hasBackplane: true })).toEqual({ microtasks: undefined, timers: expect.any(Number) });
  });

  it("handles, answers and pushes in the call in which it is told to, or at the end of its turn", async () => {
    const { server, timers, pass, arrive, enter, sent } = alone();
    const { message } = enter(await arrive());
    expect(sent.length).toBe(1);
    await pass(20);
    const done: string[] = [];
    server.chRecv.on("a/event", () => done.push("handled"));
    const run = (name: string, fn: () => void) => {
      timers.length = 0;
      const before = sent.length;
      fn();
      done.push(`${name}: ${sent.length - before} frames, timers [${timers}]`);
    };
    run("request", () => message('[["a/echo",1],"c1"]'));
    run("event", () => message('[["a/event",1],null]'));
    run("push", () => server.sendFn("ann", ["s/n", 1], { flush: true }));
    run("broadcast", () => server.broadcastFn(["s/n", 2], { flush: true }));
    run("volatile", () => server.sendFn("ann", ["s/n", 3], { volatile: true }));
    run("push later", () => server.sendFn("ann", ["s/n", 4]));
    await pass(20);
    // The timers are of the acknowledgement of what came, and of the end of the turn.
    expect(done).toEqual([
      "request: 1 frames, timers [2000]",
      "handled",
      "event: 0 frames, timers []",
      "push: 1 frames, timers [0]",
      "broadcast: 1 frames, timers []",
      "volatile: 1 frames, timers []",
      "push later: 0 frames, timers [0]",
    ]);
  });

  it("sends the bytes that one with a backplane sends, but for the name of its session", async () => {
    const transcript = async (hasBackplane: boolean) => {
      const { server, pass, arrive, enter, sent } = alone({ hasBackplane });
      await pass(20);
      const [decision] = await Promise.all([arrive(), pass(20)]);
      const { message } = enter(decision);
      await pass(20);
      const deeds = [
        () => message('[["a/echo",{"n":[1,"é",null]}],"c1"]'),
        () => message('[["a/event",1],null]'),
        () => server.sendFn("ann", ["s/n", 1]),
        () => server.broadcastFn(["s/n", 2]),
        () => server.sendFn("ann", ["s/n", 3], { volatile: true }),
        () => server.joinFn("ann", "tea"),
        () => server.sendFn({ room: "tea" }, ["s/said", 4]),
        () => server.leaveFn("ann", "tea"),
        () => server.disconnectFn("ann", { code: 4401, reason: "out" }),
      ];
      for (const deed of deeds) {
        deed();
        await pass(20);
      }
      expect(server.metrics()).toMatchObject({ clusterNodes: 1, connections: 0 });
      return sent.map((frame) => frame.replace(/"session":"[^"]+"/, '"session":ID'));
    };
    const frames = await transcript(false);
    expect(frames).toEqual([
      '[["chsk/handshake",["ann",null,null,{"session":ID,"resumed?":false,"received":0,"max-frame":1048576,' +
        '"ack":{"frames":64,"bytes":65536}}]],null]',
      '[{"n":[1,"é",null]},"c1"]',
      '[[["s/n",1]],null]',
      '[[["s/n",2]],null]',
      '[[["s/n",3]],null]',
      '[[["s/said",4]],null]',
    ]);
    expect(await transcript(true)).toEqual(frames);
  });
});
