import { readFileSync } from "node:fs";
import { describe as topologyOf } from "@sente-lite/flow";
import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { connectInMemory } from "@sente-lite/node/testing";
import { expect, it, onTestFinished } from "vitest";
import type { ChatState } from "../domain/chat-state.ts";
import { MAX_HISTORY } from "../domain/limits.ts";
import { chatEndpoints, chatOptions, chatSystem } from "./chat-server.ts";
import { memoryStore, type Store } from "./file-store.ts";

async function setting(store: Store = memoryStore) {
  const server = makeChannelSocketServer(chatOptions);
  const memory = connectInMemory({ server });
  const system = chatSystem(server, startRouter, store);
  await system.start();
  onTestFinished(() => system.stop());
  return { system, ...memory };
}

it("is wired as docs/flow.md draws it", async () => {
  const { system } = await setting();
  const page = readFileSync(new URL("../../../../docs/flow.md", import.meta.url), "utf8");
  expect(page).toContain(`\`\`\`mermaid\n${topologyOf(system).mermaid}\n\`\`\`\n`);
});

it("keeps each change before anybody is told of it, and forgets who left", async () => {
  const log: string[] = [];
  const store: Store = { load: () => new Map(), keep: (room, { id }) => void log.push(`kept ${id} of ${room}`) };
  const { client, idle, clock, system } = await setting(store);
  const [ann, bob] = [client("ann"), client("bob")];
  bob.room("chat/lobby").chRecv.on("chat/message", () => log.push("told"));
  await idle();
  await ann.requestFn(["chat/send", { room: "lobby", id: "m1", text: "hi" }]);
  await idle();
  expect(log).toEqual(["kept m1 of lobby", "told"]);
  ann.close();
  await clock.advance(60_000);
  const { users } = system.ping().chat.state as ChatState;
  expect(users.size).toBe(1);
});

it("refuses by code, and reports no refusal", async () => {
  const { client, system } = await setting();
  const reports: unknown[] = [];
  system.errorChan.on((report) => reports.push(report));
  const ann = client("ann");
  await expect(ann.requestFn(["chat/send", { room: "lobby", id: "m1", text: "" }])).rejects.toMatchObject({
    code: "bad-text",
  });
  expect(reports).toEqual([]);
});

it("lets through what is in the contract, and of its size, and survives the rest", async () => {
  const { client, system } = await setting();
  const reported: unknown[] = [];
  system.errorChan.on(({ error, context }) => reported.push([(error as { code?: string }).code, context.event]));
  const ann = client("ann");
  const hello = (room: unknown) => ann.requestFn(["chat/hello", { room }]).catch(({ code }) => code);
  const refusals = [await hello("x".repeat(33)), await hello({}), await hello("x".repeat(100_000))];
  expect(refusals).toEqual(Array(3).fill("invalid-data"));
  await expect(ann.requestFn(["chat/unheard-of"])).rejects.toMatchObject({ code: "not-in-contract" });
  expect(await hello("lobby")).toBe(true);
  expect(reported).toEqual([...Array(3).fill(["invalid-data", "chat/hello"]), ["not-in-contract", "chat/unheard-of"]]);
  expect((await system.systemHealth()).status).toBe("healthy");
});

it("bounds what one person says in a moment, and in how many rooms one is", async () => {
  const { client, system, clock } = await setting();
  const ann = client("ann");
  await ann.ready();
  let told = 0;
  for (let n = 0; n < 2 * MAX_HISTORY; n++) {
    const event = ["chat/send", { room: "lobby", id: `m${n}`, text: "again" }] as const;
    void ann.requestFn(event, { timeoutMs: 60_000 }).then(() => told++);
  }
  await clock.advance(0);
  expect(told).toBeLessThanOrEqual(MAX_HISTORY);
  await clock.advance(20_000);
  expect(told).toBe(2 * MAX_HISTORY);
  const rooms = Array.from({ length: 5 }, (_, n) => ann.room(`chat/room-${n}`));
  await clock.advance(2_000);
  expect(rooms.map((room) => room.state.get().status)).toEqual([...Array(4).fill("joined"), "refused"]);
  await system.stop();
});

it("tells how it is", async () => {
  const { client, system } = await setting();
  await client("ann").requestFn(["chat/hello", { room: "lobby" }]);
  const { fetch } = chatEndpoints(system, { withMetrics: true });
  const get = async (path: string) => (await fetch({ method: "GET", url: `http://chat${path}` })) as Response;
  expect([(await get("/readyz")).status, await (await get("/healthz")).json()]).toEqual([
    200,
    { status: "healthy", reasons: [] },
  ]);
  expect(await (await get("/metrics")).text()).toContain('flow_handled_total{process="chat"} 2');
  const open = chatEndpoints(system, { withMetrics: false });
  expect(((await open.fetch({ method: "GET", url: "http://chat/metrics" })) as Response).status).toBe(404);
  system.pause("chat");
  expect([(await get("/readyz")).status, (await get("/healthz")).status]).toEqual([503, 200]);
});

it("says once more what was kept, and lets clients into rooms of its own, to type in them", async () => {
  const message = { id: "m0", uid: "u", name: "Kay", runtime: "node", text: "kept", at: 5 };
  const { client, idle, system } = await setting({ load: () => new Map([["tea", [message]]]), keep: () => {} });
  const ann = client("ann");
  const codes: unknown[] = [];
  ann.errorChan.on(({ error }) => codes.push((error as { code?: string }).code));
  const [tea, path, other] = [ann.room("chat/tea"), ann.room("chat/../x"), ann.room("elsewhere")];
  await idle();
  expect((await tea.history()).entries.map(({ data }) => data)).toEqual([message]);
  expect([tea, path, other].map(({ state }) => state.get().code)).toEqual([null, "bad-room", "unknown-room"]);
  expect((system.ping().chat.state as ChatState).rooms.get("tea")).toMatchObject({ people: 1, said: 1 });
  const typed: unknown[] = [];
  tea.chRecv.on("*", ({ event }) => typed.push(event));
  tea.sendFn(["chat/message", { ...message, name: "Ann" }]);
  tea.sendFn(["chat/typing"]);
  await idle();
  expect([typed, codes]).toEqual([[["chat/typing"]], ["refused"]]);
});
