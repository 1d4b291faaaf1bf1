import { ContractError, defineContract, event } from "@sente-lite/protocol";
import { edn } from "@sente-lite/protocol/edn";
import { json } from "@sente-lite/protocol/json";
import { transitJson } from "@sente-lite/protocol/transit-json";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createClient } from "../client/client.ts";
import { startRouter } from "../router.ts";
import { createServer } from "../server/server.ts";
import { connectInMemory } from "../testing/in-memory.ts";
import { setting, testHost } from "../testing/setting.test-support.ts";

const chat = defineContract({
  toServer: {
    "chat/send": event({ data: z.object({ text: z.string(), room: z.string().default("lobby") }), reply: z.string() }),
    "chat/rename": event({ data: v.object({ name: v.pipe(v.string(), v.minLength(2)) }) }),
    "chat/typed": event<{ n: number }, { m: number }>(),
    "chat/leave": event(),
  },
  toClient: {
    "chat/message": event({ data: z.object({ items: z.array(z.object({ text: z.string() })) }) }),
    "chat/members": event({ data: v.array(v.string()) }),
    "chat/at": event({ data: z.iso.datetime().transform((text) => new Date(text)) }),
  },
});

/** A server with the contract, and a tab of a peer without one, which sends what it likes. */
function strictServer() {
  const made = setting({ contract: chat });
  const reports: ContractError[] = [];
  made.server.errorChan.on(({ error }) => {
    if (error instanceof ContractError) reports.push(error);
  });
  const got: unknown[] = [];
  made.server.chRecv.on("*", (message) => {
    if (!message.id.startsWith("chsk/")) got.push(message.event);
  });
  return { ...made, reports, got, peer: made.tab("ann").client };
}

/** A client with the contract, and a server without one. */
function strictClient() {
  const made = setting();
  const { client, got } = made.tab("ann", { contract: chat });
  const reports: ContractError[] = [];
  client.errorChan.on(({ error }) => {
    if (error instanceof ContractError) reports.push(error);
  });
  return { ...made, client, got, reports };
}

const failureOf = (asked: Promise<unknown>) => asked.catch((error: unknown) => error);

describe("a server with a contract", () => {
  it("hands on what the schema makes of the data: defaults, and no unknown keys", async () => {
    const { peer, got, idle, errors } = strictServer();
    peer.sendFn(["chat/send", { text: "hello", extra: 1 }]);
    peer.sendFn(["chat/rename", { name: "Ann" }]);
    peer.sendFn(["chat/typed", { n: "types alone are not checked" }]);
    peer.sendFn(["chat/leave"]);
    await idle();
    expect(got).toEqual([
      ["chat/send", { text: "hello", room: "lobby" }],
      ["chat/rename", { name: "Ann" }],
      ["chat/typed", { n: "types alone are not checked" }],
      ["chat/leave"],
    ]);
    expect(errors).toEqual([]);
  });

  it("does not deliver data that zod refuses; reports the issues, and where the first is", async () => {
    const { peer, got, idle, reports, server } = strictServer();
    peer.sendFn(["chat/send", { text: 5, room: 6 }]);
    await idle();
    expect(got).toEqual([]);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ name: "ContractError", code: "invalid-data", path: ["text"] });
    expect(reports[0]?.message).toBe(
      "chat/send: data.text does not fit the contract: Invalid input: expected string, received number",
    );
    expect(reports[0]?.issues).toHaveLength(2);
    expect(server.metrics()).toMatchObject({ badEvents: 1, errors: 1, connections: 1 });
  });

  it("does not deliver data that valibot refuses", async () => {
    const { peer, got, idle, reports } = strictServer();
    peer.sendFn(["chat/rename", { name: "A" }]);
    peer.sendFn(["chat/rename"]);
    await idle();
    expect(got).toEqual([]);
    expect(reports.map(({ message }) => message)).toEqual([
      "chat/rename: data.name does not fit the contract: Invalid length: Expected >=2 but received 1",
      "chat/rename: data does not fit the contract: Invalid type: Expected Object but received undefined",
    ]);
  });

  it("answers a request that it refuses with code and place, and with nothing that the validator quotes", async () => {
    const { tab, idle } = setting({
      contract: defineContract({ toServer: { "a/login": event({ data: z.object({ key: z.literal("s3cret") }) }) } }),
    });
    const { client } = tab("ann");
    const wrong = failureOf(client.requestFn(["a/login", { key: "guess" }]));
    const unknown = failureOf(client.requestFn(["a/logout", { key: "guess" }]));
    const replies: unknown[] = [];
    client.sendFn(["a/login", 5], 1_000, (reply) => replies.push(reply));
    await idle();
    expect(await wrong).toMatchObject({
      name: "ReplyError",
      code: "invalid-data",
      message: "a/login: data.key does not fit the contract",
      data: null,
    });
    expect(await unknown).toMatchObject({ code: "not-in-contract", message: "a/logout is not in the contract" });
    expect(replies).toEqual(["chsk/error"]);
  });

  it("does not deliver an event that the contract does not have, or has for the other direction", async () => {
    const { peer, got, idle, reports } = strictServer();
    peer.sendFn(["chat/sned", { text: "hello" }]);
    peer.sendFn(["chat/message", { items: [] }]);
    peer.sendFn(["constructor/name"]);
    peer.sendFn([`long/${"x".repeat(5_000)}`]);
    await idle();
    expect(got).toEqual([]);
    expect(reports.map(({ code }) => code)).toEqual(Array(4).fill("not-in-contract"));
    expect(Math.max(...reports.map(({ message }) => message.length))).toBeLessThan(300);
  });

  it("never checks the protocol's own events", async () => {
    const { server, tab, idle, errors } = strictServer();
    const opened: unknown[] = [];
    server.chRecv.on("chsk/uidport-open", ({ data }) => opened.push(data));
    tab("bob");
    await idle();
    expect(opened).toContain("bob");
    expect(errors).toEqual([]);
  });

  it("routes by the contract, and replies with what it says", async () => {
    const { server, tab, idle } = setting({ contract: chat });
    startRouter(server, {
      "chat/send": ({ data }) => `${data.room}: ${data.text}`,
      "chat/typed": async ({ data }) => ({ m: data.n + 1 }),
      "chat/leave": () => {},
    });
    const { client } = tab("ann", { contract: chat });
    const replies = [client.requestFn(["chat/send", { text: "hello" }]), client.requestFn(["chat/typed", { n: 1 }])];
    await idle();
    expect(await Promise.all(replies)).toEqual(["lobby: hello", { m: 2 }]);
  });

  it("throws for what its own contract does not have, before it is sent", () => {
    const { server, tab } = setting({ contract: chat });
    const { client } = tab("ann", { contract: chat });
    const wrong = expect.objectContaining({ name: "UsageError", code: "not-in-contract" });
    expect(() => server.sendFn("ann", ["chat/mesage", 1] as never)).toThrow(wrong);
    expect(() => server.broadcastFn(["chat/send", { text: "" }] as never)).toThrow(wrong);
    expect(() => client.sendFn(["chat/sned"] as never)).toThrow(wrong);
    expect(() => server.sendFn("ann", ["chsk/x"] as never)).toThrow(
      expect.objectContaining({ code: "reserved-event-id" }),
    );
  });

  it("rejects a request for what the contract does not have", async () => {
    const { client } = strictClient();
    const error = await failureOf(client.requestFn(["chat/message", { items: [] }] as never));
    expect(error).toMatchObject({ name: "UsageError", code: "not-in-contract" });
  });

  it("refuses a contract that is none", () => {
    const bad = expect.objectContaining({ name: "UsageError", code: "bad-contract" });
    expect(() => setting({ contract: "chat" as never })).toThrow(bad);
    expect(() => setting({ contract: { toServer: { "a/b": {} } } as never })).toThrow(bad);
  });
});

describe("a client with a contract", () => {
  it("hands on what the schema makes of a push, and reports what it refuses", async () => {
    const { server, idle, got, reports } = strictClient();
    await idle();
    server.sendFn("ann", ["chat/message", { items: [{ text: "hello", by: "bob" }] }]);
    server.sendFn("ann", ["chat/message", { items: [{ text: "hello" }, { text: null }] }]);
    server.sendFn("ann", ["chat/members", ["ann", 5]]);
    server.sendFn("ann", ["chat/other"]);
    server.sendFn("ann", ["chat/at", "2020-01-01T00:00:00Z"]);
    await idle();
    expect(got).toEqual([
      ["chat/message", { items: [{ text: "hello" }] }],
      ["chat/at", new Date("2020-01-01T00:00:00Z")],
    ]);
    expect(reports.map(({ code, path }) => [code, ...path])).toEqual([
      ["invalid-data", "items", 1, "text"],
      ["invalid-data", 1],
      ["not-in-contract"],
    ]);
    expect(reports[0]?.message).toMatch(/^chat\/message: data\.items\[1\]\.text does not fit the contract: /);
  });

  it("rejects a request whose reply is not what the contract says", async () => {
    const { server, client, idle, reports } = strictClient();
    startRouter(server, { "chat/send": () => ({ id: 1 }), "chat/typed": () => "types alone are not checked" });
    const refused = failureOf(client.requestFn(["chat/send", { text: "hello" }]));
    const passed = client.requestFn(["chat/typed", { n: 1 }]);
    const replies: unknown[] = [];
    client.sendFn(["chat/send", { text: "hello" }], 1_000, (reply) => replies.push(reply));
    await idle();
    expect(await refused).toMatchObject({ name: "ReplyError", code: "invalid-reply", cause: { path: [] } });
    expect(await passed).toBe("types alone are not checked");
    expect(replies).toEqual(["chsk/error"]);
    expect(reports.map(({ code }) => code)).toEqual(["invalid-reply", "invalid-reply"]);
  });

  it("still learns of a request that failed", async () => {
    const { client, idle, clock } = strictClient();
    const error = failureOf(client.requestFn(["chat/send", { text: "hello" }], { timeoutMs: 100 }));
    await idle();
    await clock.advance(100);
    expect(await error).toMatchObject({ code: "timeout" });
  });

  it("follows its own state", async () => {
    const { client, idle } = strictClient();
    const states: string[] = [];
    client.chRecv.on("chsk/state", ({ data: [, next] }) => states.push(next.status));
    await idle();
    expect(states).toEqual(["opening", "open"]);
  });
});

describe("a contract with another codec", () => {
  it("checks values of Clojure as they are", async () => {
    const contract = defineContract({
      toServer: { "a/at": event({ data: z.object({ at: z.date(), ids: z.set(z.string()) }) }) },
    });
    const { server, tab, idle, errors } = setting({ contract, codec: transitJson });
    const got: unknown[] = [];
    server.chRecv.on("a/at", ({ data }) => got.push(data));
    tab("ann", { contract, codec: transitJson }).client.sendFn(["a/at", { at: new Date(0), ids: new Set(["x"]) }]);
    await idle();
    expect([got, errors]).toEqual([[{ at: new Date(0), ids: new Set(["x"]) }], []]);
  });
});

describe("a contract for one codec", () => {
  const counts = defineContract({
    codec: json,
    toServer: { "vote/count": event<Record<string, number>, Record<string, number>>() },
  });

  it("is spoken by both sides, and json's objects have any keys", async () => {
    const host = testHost();
    const { server } = createServer({ host, codecs: [transitJson, edn], options: { contract: counts } });
    startRouter(server, { "vote/count": ({ data }) => data });
    const client = connectInMemory({ server }).client("ann", { contract: counts });
    const votes = { "ann@b.c": 1, "": 2, __proto__: null as never };
    expect(await client.requestFn(["vote/count", votes])).toEqual({ "ann@b.c": 1, "": 2 });
  });

  it("goes with no other codec", () => {
    const core = { host: testHost(), codecs: [transitJson, edn], openSocket: () => expect.unreachable() };
    const other = { contract: counts, codec: edn as never, connect: false };
    for (const make of [
      () => createClient(core, "ws://h/chsk", other),
      () => createServer({ ...core, options: { contract: counts, codecs: [json, edn] } }),
    ]) {
      expect(make).toThrow(expect.objectContaining({ name: "UsageError", code: "contract-codec" }));
    }
    const named = { contract: counts, serialization: "edn" };
    for (const make of [
      () => createClient(core, "ws://h/chsk", { ...named, connect: false }),
      () => createServer({ ...core, options: named }),
    ]) {
      expect(make).toThrow(expect.objectContaining({ name: "UsageError", code: "unknown-codec" }));
    }
    expect(() => defineContract({ codec: "json" as never })).toThrow(expect.objectContaining({ code: "bad-contract" }));
  });
});
