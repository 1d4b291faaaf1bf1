import {
  type ClientMessage,
  makeChannelSocketServer,
  type ServerMessage,
  type ServerOptions,
  startRouter,
} from "@sente-lite/node";
import { connectInMemory } from "@sente-lite/node/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import type { StandardOutput } from "../steps/step.ts";
import { defineProcess, type Process } from "../system/process.ts";
import { gate, makeDeferred, setting, sinkOf } from "../system/setting.test-support.ts";
import { buildSystem } from "../system/system.ts";
import { type ClientReply, channelSocketClient } from "./channel-socket-client.ts";
import { channelSocketServer } from "./channel-socket-server.ts";
import { router } from "./router.ts";

/** A server, a router and one process of business, which throws at "crash" and keeps count. */
async function served(business: Partial<Process> = {}, options: ServerOptions = {}) {
  const server = makeChannelSocketServer(options);
  const memory = connectInMemory({ server });
  const told: unknown[] = [];
  const transform = (count: number, { data }: ServerMessage) => {
    if (data === "crash") throw new Error("crashed");
    const outputs: StandardOutput[] = [
      { type: "broadcast", event: ["app/count", count + 1] },
      { type: "push", to: "ann", event: ["app/whisper", data] },
      { type: "reply", value: count + 1 },
    ];
    return { state: count + 1, outputs };
  };
  const app = defineProcess({
    ports: { out: ["push", "broadcast", "reply", "refuse"] },
    init: () => 0,
    transform,
    onError: "restart",
    ...(business as Partial<Process<number, ServerMessage>>),
  });
  const system = buildSystem({
    processes: {
      presence: sinkOf([], { transform: (_, { id, uid }: never) => void told.push(`${id} ${uid}`) }),
      app,
      router: router({ "app/say": "app" }),
      ws: channelSocketServer(server, startRouter, { drainMs: 0 }),
    },
    connections: [
      [
        ["ws", "out"],
        ["router", "in"],
      ],
      [
        ["ws", "uidport"],
        ["presence", "in"],
      ],
      [
        ["ws", "client"],
        ["presence", "in"],
      ],
      [
        ["router", "app"],
        ["app", "in"],
      ],
      ...(["push", "broadcast", "reply", "refuse"] as const).map(
        (port) =>
          [
            ["app", port],
            ["ws", port],
          ] as const,
      ),
    ],
  });
  await system.start();
  onTestFinished(() => system.stop());
  return { server, system, told, ...memory };
}

describe("a channel-socket server as a process", () => {
  it("gives its events, and takes pushes, broadcasts and replies", async () => {
    const { client, idle, told, system } = await served();
    const ann = client("ann");
    const bob = client("bob");
    const heard: unknown[][] = [[], []];
    for (const [i, one] of [ann, bob].entries()) {
      one.chRecv.on("*", ({ id, data }) => !id.startsWith("chsk/") && heard[i]?.push([id, data]));
    }
    await Promise.all([ann.ready(), bob.ready()]);
    expect(await bob.requestFn(["app/say", "hi"])).toBe(1);
    await idle();
    expect(heard).toEqual([
      [
        ["app/count", 1],
        ["app/whisper", "hi"],
      ],
      [["app/count", 1]],
    ]);
    expect(told).toEqual(["ann", "bob"].flatMap((uid) => [`chsk/uidport-open ${uid}`, `chsk/client-open ${uid}`]));
    expect(system.metrics.snapshot()).toMatchObject({
      gauges: { sente_connections: 2 },
      counters: { 'flow_handled_total{process="app"}': 1, sente_events_in_total: 1 },
      histograms: { 'flow_latency_seconds{process="ws"}': { count: 5 } },
    });
    expect(await system.systemHealth()).toEqual({ status: "healthy", reasons: [] });
  });

  it("refuses a request that no route and nobody answers", async () => {
    const { client } = await served();
    await expect(client("ann").requestFn(["app/unknown"])).rejects.toMatchObject({ code: "unhandled" });
  });

  it("keeps every connection while a process throws and restarts, and reports it once, with whom it concerned", async () => {
    const { client, system, idle, server } = await served();
    const reports: unknown[] = [];
    system.errorChan.on(({ error, context }) => reports.push([error.message, context]));
    const ann = client("ann");
    expect(await ann.requestFn(["app/say", "hi"])).toBe(1);
    await expect(ann.requestFn(["app/say", "crash"])).rejects.toMatchObject({ code: "error" });
    expect(await ann.requestFn(["app/say", "again"])).toBe(1);
    await idle();
    expect(reports).toEqual([
      ["crashed", { process: "app", port: "in", id: "app/say", uid: "ann", clientId: "ann", action: "restart" }],
    ]);
    expect([ann.state.get().reconnectCount, server.metrics().connectionsTotal]).toEqual([0, 1]);
  });

  it("restarts itself without dropping a connection, and hears of the server's own errors", async () => {
    const { client, system, server, idle } = await served({
      transform: () => ({ outputs: [{ type: "push", to: "ann", event: ["not a valid id"] }] }) as never,
    });
    const reports: unknown[] = [];
    system.errorChan.on(({ error, context }) => reports.push([error.name, context.process]));
    const ann = client("ann");
    await expect(ann.requestFn(["app/say"])).rejects.toMatchObject({ code: "error" });
    server.errorChan.report(new Error("of the server"));
    await idle();
    expect(reports).toEqual([
      ["UsageError", "ws"],
      ["Error", "ws"],
    ]);
    expect(ann.state.get().open).toBe(true);
  });

  it("takes what one connection sends one after the other, others meanwhile, and waits while the system does", async () => {
    const first = makeDeferred();
    const begun: unknown[] = [];
    const { client, idle, system } = await served({
      init: undefined,
      concurrency: 10,
      transform: (async (_: undefined, { data }: ServerMessage) => {
        begun.push(data);
        if (data === "ann 1") await first.promise;
      }) as never,
    } as unknown as Partial<Process>);
    const [ann, bob] = [client("ann"), client("bob")];
    for (const n of [1, 2]) ann.sendFn(["app/say", `ann ${n}`]);
    bob.sendFn(["app/say", "bob 1"]);
    await idle();
    expect(begun).toEqual(["ann 1", "bob 1"]);
    first.resolve();
    await idle();
    expect(begun).toEqual(["ann 1", "bob 1", "ann 2"]);
    system.pause("app");
    ann.sendFn(["app/say", "ann 3"]);
    await idle();
    expect(begun).toHaveLength(3);
    system.resume("app");
    await idle();
    expect(begun).toHaveLength(4);
  });

  it("closes the server when the system stops, after what was being handled", async () => {
    const { promise, resolve } = makeDeferred();
    const done: unknown[] = [];
    const { client, idle, system, server } = await served({
      transform: (async (_: unknown, { data }: ServerMessage) => {
        await promise;
        done.push(data);
      }) as never,
    });
    client("ann").sendFn(["app/say", "late"]);
    await idle();
    expect(system.isReady()).toBe(true);
    const stopped = system.stop();
    expect(system.isReady()).toBe(false);
    resolve();
    await stopped;
    expect([done, server.isReady(), server.metrics().connections]).toEqual([["late"], false, 0]);
  });
});

describe("a channel-socket client as a process", () => {
  it("sends, asks, and gives what is pushed and how the connection is", async () => {
    const server = makeChannelSocketServer();
    startRouter(server, {
      "app/double": ({ data }) => (data as number) * 2,
      "app/hello": ({ uid, sendFn }) => void sendFn(uid, ["app/welcome", uid]),
    });
    const { client, idle } = connectInMemory({ server });
    const [events, states, replies]: [unknown[], boolean[], unknown[]] = [[], [], []];
    const ann = client("ann", { connect: false });
    const { system, errors } = setting({
      processes: {
        events: sinkOf(events, { transform: (_, { event }: never) => void events.push(event) }),
        states: sinkOf(states, { transform: (_, { open }: never) => void states.push(open) }),
        replies: sinkOf(replies, {
          transform: (_, reply: never) =>
            void replies.push(
              "value" in (reply as ClientReply)
                ? (reply as { value: unknown }).value
                : (reply as { error: { code: string } }).error.code,
            ),
        }),
        client: channelSocketClient(ann, startRouter as never),
        gate: gate({
          ports: { in: { in: { optional: true } }, out: ["send", "request"] },
          transform: (_, output) => ({ outputs: [output as never] }),
        }),
      },
      connections: [
        [
          ["client", "out"],
          ["events", "in"],
        ],
        [
          ["client", "state"],
          ["states", "in"],
        ],
        [
          ["client", "replies"],
          ["replies", "in"],
        ],
        [
          ["gate", "send"],
          ["client", "send"],
        ],
        [
          ["gate", "request"],
          ["client", "request"],
        ],
      ],
    });
    await system.start();
    ann.chsk.connect();
    await idle();
    await system.inject(["gate", "in"], { type: "send", event: ["app/hello"] });
    await system.inject(["gate", "in"], { type: "request", event: ["app/double", 21] });
    await system.inject(["gate", "in"], { type: "request", event: ["app/nobody"] });
    await idle();
    expect([events, replies, states.at(-1), errors()]).toEqual([[["app/welcome", "ann"]], [42, "unhandled"], true, []]);
    await system.stop();
    expect(ann.state.get().lastClose?.reason).toBe("requested-disconnect");
  });

  it("answers requests of the server, and refuses those that nobody answers", async () => {
    const server = makeChannelSocketServer();
    const { client, idle } = connectInMemory({ server });
    const ann = client("ann", { connect: false });
    const { system } = setting({
      processes: {
        client: channelSocketClient(ann, startRouter as never),
        step: defineProcess({
          ports: { out: ["reply", "refuse", "send"] },
          transform: (_, { id, data }: ClientMessage) => {
            if (id === "file/confirm") return { outputs: [{ type: "reply", value: [data, "sure"] }] };
            if (id === "file/busy") return { outputs: [{ type: "refuse", code: "busy" }] };
            return { outputs: [{ type: "send", event: ["app/typing"], volatile: true }] };
          },
        }),
      },
      connections: [
        [
          ["client", "out"],
          ["step", "in"],
        ],
        ...["reply", "refuse", "send"].map(
          (port) =>
            [
              ["step", port],
              ["client", port],
            ] as never,
        ),
      ],
    });
    const typed: unknown[] = [];
    startRouter(server, { "app/typing": ({ uid }) => void typed.push(uid) });
    await system.start();
    ann.chsk.connect();
    await idle();
    const [{ clientId }] = [ann.state.get()];
    const asked = ["file/confirm", "file/busy", "file/other"].map((id) =>
      server.requestFn({ uid: "ann", clientId: clientId as string }, [id, 1]).catch(({ code }) => code),
    );
    await idle();
    expect(await Promise.all(asked)).toEqual([[1, "sure"], "busy", "unhandled"]);
    expect(typed).toEqual(["ann"]);
    await system.stop();
  });
});
