import { readFileSync } from "node:fs";
import { describe as topologyOf } from "@sente-lite/flow";
import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { connectInMemory } from "@sente-lite/node/testing";
import type { Room } from "@sente-lite/protocol";
import { expect, it, onTestFinished } from "vitest";
import type { ChatState } from "../domain/chat-state.ts";
import { MAX_HISTORY, MAX_QUESTIONS, MAX_ROOMS } from "../domain/limits.ts";
import { chatEndpoints, chatSystem, makeChatServer } from "./chat-server.ts";
import { memoryStore, type Store } from "./file-store.ts";

async function setting(store: Store = memoryStore) {
  const server = makeChatServer(makeChannelSocketServer);
  const memory = connectInMemory({ server });
  const system = chatSystem(server, startRouter, store);
  await system.start();
  onTestFinished(async () => {
    await Promise.all([system.stop(), memory.clock.advance(10_000)]);
  });
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

const keyed = (key: string) => ({ params: { key } });
const statesOf = (rooms: readonly Room[]) => rooms.map(({ state }) => state.get().code ?? state.get().status);

it("leaves one user no more made-up rooms on many connections than on one, and the permanent ones beside them", async () => {
  const { client, clock } = await setting();
  const taken: Room[] = [];
  for (let n = 0; n < 14; n++) {
    const tab = client(`tab-${n}`, keyed("mallory"));
    tab.errorChan.on(() => {});
    for (let k = 0; k < 4; k++) taken.push(tab.room(`chat/made-up-${n}-${k}`));
    await clock.advance(2_000);
  }
  expect(statesOf(taken).filter((code) => code === "joined")).toHaveLength(4);
  expect(statesOf(taken).filter((code) => code === "too-many-rooms")).toHaveLength(14 * 4 - 4);
  const [tab, ann] = [client("tab", keyed("mallory")), client("ann")];
  const entered = [
    tab.room("chat/lobby"),
    tab.room("chat/clojure"),
    tab.room("chat/made-up-0-0"),
    ann.room("chat/tea"),
  ];
  await clock.advance(2_000);
  expect(statesOf(entered)).toEqual(["joined", "joined", "joined", "joined"]);
  // A place that they leave is theirs again.
  for (const room of taken) room.leave();
  entered[2]?.leave();
  await clock.advance(1_000);
  const next = tab.room("chat/next");
  await clock.advance(1_000);
  expect(statesOf([next])).toEqual(["joined"]);
});

it("has a place in the lobby, and what was said there, whatever many users do with rooms of their own", async () => {
  const { client, clock, idle } = await setting();
  const ann = client("ann");
  for (const id of ["m1", "m2"]) await ann.requestFn(["chat/send", { room: "lobby", id, text: `text ${id}` }]);
  const stays: Room[] = [];
  for (let n = 0; n < MAX_ROOMS / 4 + 1; n++) {
    const other = client(`stays-${n}`);
    for (let k = 0; k < 4; k++) stays.push(other.room(`chat/stays-${n}-${k}`));
    await idle();
  }
  await clock.advance(2_000);
  const places = MAX_ROOMS;
  const codes = statesOf(stays);
  expect(codes).toEqual([...Array(places).fill("joined"), ...Array(codes.length - places).fill("rooms-full")]);
  // Beside them, hundreds that are spoken in, and left again.
  for (let n = 0; n < 10; n++) {
    const passer = client(`passes-${n}`);
    for (let k = 0; k < 40; k++) {
      const asked = passer.requestFn(["chat/send", { room: `p-${n}-${k}`, id: "m", text: "hi" }], {
        timeoutMs: 60_000,
      });
      asked.catch(() => {});
    }
    stays[n]?.leave();
    const passed = passer.room(`chat/passes-${n}`);
    await clock.advance(10_000);
    passed.leave();
    passer.close();
  }
  const lobby = ann.room("chat/lobby");
  const crowded = ann.room("chat/stays-1-1");
  await idle();
  expect(statesOf([lobby, crowded])).toEqual(["joined", "joined"]);
  const said = (await lobby.history()).entries.map(({ data }) => (data as { text: string }).text);
  expect([...new Set(said)]).toEqual(["text m1", "text m2"]);
});

it("answers whether somebody is there at once, however many ask about somebody who never answers", async () => {
  const { client, clock, idle } = await setting();
  const asked: Promise<unknown>[] = [];
  const silent = client("silent");
  let heard = 0;
  silent.chRecv.on("chat/there", () => {
    heard++;
    return new Promise(() => {});
  });
  const bob = client("bob");
  bob.chRecv.on("chat/there", ({ replyFn }) => replyFn?.(true));
  await Promise.all([silent.ready(), bob.ready()]);
  const uidOf = ({ state }: typeof bob) => state.get().uid ?? "";
  const ask = (asker: typeof bob, about: typeof bob) =>
    asker.requestFn(["chat/there", { uid: uidOf(about) }]).catch(({ code }) => code);
  const answers: unknown[] = [];
  const note = (answer: unknown) => answers.push(answer);
  // One user on many connections is told to wait; many users are not.
  for (let n = 0; n < 5; n++) asked.push(ask(client(`tab-${n}`, keyed("mallory")), silent).then(note));
  for (let n = 0; n < 60; n++) asked.push(ask(client(`asks-${n}`), silent).then(note));
  await idle();
  expect([answers, heard]).toEqual([["busy", "busy"], 1]);
  const carol = client("carol");
  void ask(carol, bob).then(note);
  void carol.requestFn(["chat/hello", { room: "lobby" }]).then(note);
  await idle();
  expect(answers.slice(2)).toEqual([true, true]);
  for (let n = 60; n < MAX_QUESTIONS + 1; n++) asked.push(ask(client(`asks-${n}`), silent).then(note));
  await idle();
  expect(answers.filter((answer) => answer === "busy")).toHaveLength(2 + 4);
  await clock.advance(3_000);
  await Promise.all(asked);
  expect(answers.filter((answer) => answer === false)).toHaveLength(MAX_QUESTIONS);
  // They are free again.
  expect(await ask(carol, bob)).toBe(true);
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
