import { readFileSync } from "node:fs";
import { describe as topologyOf } from "@sente-lite/flow";
import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { connectInMemory } from "@sente-lite/node/testing";
import { expect, it, onTestFinished } from "vitest";
import type { ChatState } from "../domain/chat-state.ts";
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
  const store: Store = { load: (initial) => initial, keep: (_, after) => void log.push(`kept ${saidIn(after)}`) };
  const { client, idle, clock, system } = await setting(store);
  const [ann, bob] = [client("ann"), client("bob")];
  for (const one of [ann, bob]) await one.requestFn(["chat/join", { room: "lobby" }]);
  log.length = 0;
  bob.chRecv.on("chat/message", () => log.push("told"));
  await ann.requestFn(["chat/send", { room: "lobby", id: "m1", text: "hi" }]);
  await idle();
  expect(log).toEqual(["kept 1", "told"]);
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
  const join = (room: unknown) => ann.requestFn(["chat/join", { room }]).catch(({ code }) => code);
  const refusals = [await join("x".repeat(33)), await join({}), await join("x".repeat(100_000))];
  expect(refusals).toEqual(Array(3).fill("invalid-data"));
  await expect(ann.requestFn(["chat/unheard-of"])).rejects.toMatchObject({ code: "not-in-contract" });
  expect(await join("lobby")).toMatchObject({ room: "lobby" });
  expect(reported).toEqual([...Array(3).fill(["invalid-data", "chat/join"]), ["not-in-contract", "chat/unheard-of"]]);
  expect((await system.systemHealth()).status).toBe("healthy");
});

it("tells how it is", async () => {
  const { client, system } = await setting();
  await client("ann").requestFn(["chat/join", { room: "lobby" }]);
  const { fetch } = chatEndpoints(system);
  const get = async (path: string) => (await fetch({ method: "GET", url: `http://chat${path}` })) as Response;
  expect([(await get("/readyz")).status, await (await get("/healthz")).json()]).toEqual([
    200,
    { status: "healthy", reasons: [] },
  ]);
  expect(await (await get("/metrics")).text()).toContain('flow_handled_total{process="chat"} 2');
  system.pause("chat");
  expect([(await get("/readyz")).status, (await get("/healthz")).status]).toEqual([503, 200]);
});

const saidIn = ({ rooms }: ChatState) => rooms.get("lobby")?.said;
