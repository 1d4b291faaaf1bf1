import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { connectInMemory } from "@sente-lite/node/testing";
import type { ChannelSocketClient } from "@sente-lite/protocol";
import { expect, it, onTestFinished } from "vitest";
import { MAX_HISTORY } from "../domain/limits.ts";
import { chatSystem, makeChatServer } from "../server/chat-server.ts";
import type { ChatServerOptions } from "../server/chat-types.ts";
import { memoryStore } from "../server/file-store.ts";
import { type ChatClientOptions, createChatClient, type Kept } from "./chat-client.ts";
import { talkIn } from "./view.ts";

// The client with the chat's server, in memory and in virtual time.

async function chatServer(options: Partial<ChatServerOptions> = {}) {
  const server = makeChatServer(makeChannelSocketServer, options);
  const memory = connectInMemory({ server });
  const system = chatSystem(server, startRouter, memoryStore);
  await system.start();
  onTestFinished(() => system.stop());
  const { clock, idle } = memory;

  /** Somebody in the chat. `key` makes several of them one user. */
  const join = (name: string, given: Partial<ChatClientOptions> & { readonly key?: string } = {}) => {
    const { key = name, ...options } = given;
    let called = name;
    let ids = 0;
    const id = `${name}-${Math.random().toString(36).slice(2)}`;
    const client = memory.client(id, { params: () => ({ key, name: called, runtime: "node" }) });
    client.errorChan.on(() => {});
    const chat = createChatClient({
      client,
      room: "lobby",
      runtime: "node",
      name: () => called,
      newId: () => `${id}-${++ids}`,
      now: clock.now,
      runLater: (ms, fn) => {
        const timer = clock.setTimeout(fn, ms);
        return () => clock.clearTimeout(timer);
      },
      onRenamed: (taken) => {
        called = taken;
      },
      ...options,
    });
    const talk = (room = chat.view().room) => talkIn(chat.view(), room);
    const leave = () => {
      chat.stop();
      client.close();
    };
    onTestFinished(leave);
    return {
      client,
      chat,
      leave,
      entries: (room?: string) => talk(room).entries.map(({ text, status }) => `${text} ${status}`),
      people: () => talk().people.map((person) => person.name),
      typing: () => talk().typing.map((writer) => writer.name),
      called: () => called,
      rename: (wanted: string) => {
        called = wanted;
        chat.rename();
      },
    };
  };
  /** Ends the session of a client, which comes again to a new one. */
  const loseSession = (client: ChannelSocketClient) => {
    server.disconnectFn({ uid: client.state.get().uid, clientId: client.state.get().clientId ?? "" });
    return clock.advance(3_000);
  };
  /** Members are told together with those of the next moment. */
  const told = () => clock.advance(200);
  return { server, system, clock, idle, cut: memory.cut, join, loseSession, told };
}

it("is in its room: who is there, what was said, and what is", async () => {
  const { join, idle, told } = await chatServer();
  const ann = join("Ann");
  await idle();
  ann.chat.send("before");
  await idle();
  const bob = join("Bob");
  await told();
  expect(ann.people()).toEqual(["Ann", "Bob"]);
  expect(bob.people()).toEqual(["Ann", "Bob"]);
  bob.chat.send("hello");
  expect(bob.entries()).toEqual(["before delivered", "hello sending"]);
  await idle();
  for (const { entries } of [ann, bob]) expect(entries()).toEqual(["before delivered", "hello delivered"]);
  bob.leave();
  await told();
  expect(ann.people()).toEqual(["Ann"]);
});

it("goes from room to room, and gets of each what came meanwhile by its position", async () => {
  const { join, idle, told } = await chatServer();
  const ann = join("Ann");
  const bob = join("Bob");
  await idle();
  expect(await ann.chat.enter("garden")).toBeUndefined();
  bob.chat.send("where is Ann");
  await told();
  expect([ann.entries("lobby"), bob.people(), ann.people()]).toEqual([[], ["Bob"], ["Ann"]]);
  expect(ann.chat.view().unread.get("lobby")).toBe(1);
  expect(ann.chat.view().rooms.map(({ name, people, said }) => [name, people, said])).toEqual([
    ["lobby", 1, 1],
    ["typescript", 0, 0],
    ["clojure", 0, 0],
    ["garden", 1, 0],
  ]);
  await ann.chat.enter("lobby");
  await idle();
  expect(ann.entries()).toEqual(["where is Ann delivered"]);
  expect(ann.chat.view().notice).toEqual({ type: "resumed", missed: 1 });
});

it("stays where it is when a room cannot be entered", async () => {
  const { join, idle } = await chatServer({ maxRooms: 1 });
  const ann = join("Ann");
  join("Bob");
  await idle();
  expect(await ann.chat.enter("garden")).toBe("rooms-full");
  await idle();
  expect(ann.chat.view().room).toBe("lobby");
  ann.chat.send("still here");
  await idle();
  expect(ann.entries()).toEqual(["still here delivered"]);
});

it("takes a room while there is no connection, and is in it with the next one", async () => {
  const { join, idle, cut, clock } = await chatServer();
  const ann = join("Ann");
  await idle();
  cut();
  const entering = ann.chat.enter("garden");
  expect(ann.chat.view().room).toBe("garden");
  await clock.advance(3_000);
  expect(await entering).toBeUndefined();
  expect(ann.people()).toEqual(["Ann"]);
});

it("says of a reconnect what was missed: replayed in the session, or by its position in another one", async () => {
  const { join, idle, clock, loseSession } = await chatServer();
  const ann = join("Ann");
  const bob = join("Bob");
  await idle();
  expect(ann.chat.view().notice).toBeUndefined();
  ann.client.chsk.breakConnection();
  bob.chat.send("a");
  await clock.advance(3_000);
  expect(ann.chat.view().notice).toEqual({ type: "resumed", missed: 1 });
  ann.client.chsk.breakConnection();
  await clock.advance(3_000);
  expect(ann.chat.view().notice).toEqual({ type: "resumed", missed: 0 });

  const losing = loseSession(ann.client);
  for (const text of ["b", "c"]) bob.chat.send(text);
  await losing;
  expect(ann.chat.view().notice).toEqual({ type: "recovered", missed: 2 });
  expect(ann.entries()).toEqual(["a delivered", "b delivered", "c delivered"]);
});

it("says so where the history does not reach back to where it was, and shows what it has", async () => {
  const { join, idle, loseSession } = await chatServer();
  const ann = join("Ann");
  const bob = join("Bob");
  await idle();
  bob.chat.send("first");
  await idle();
  const losing = loseSession(ann.client);
  // So much one person alone does not say in a moment.
  const cy = join("Cy");
  for (let i = 0; i <= MAX_HISTORY; i++) (i < MAX_HISTORY / 2 ? bob : cy).chat.send(`m${i}`);
  await losing;
  expect(ann.chat.view().notice).toEqual({ type: "incomplete", missed: MAX_HISTORY });
  expect(ann.entries()).toHaveLength(1 + MAX_HISTORY);
  ann.chat.send("an answer");
  expect(ann.chat.view().notice).toBeUndefined();
});

it("goes on where an earlier one was, as a page after its reload", async () => {
  const { join, idle } = await chatServer();
  const bob = join("Bob");
  const before = join("Ann");
  await idle();
  bob.chat.send("seen");
  await idle();
  const kept: Kept | undefined = JSON.parse(JSON.stringify(before.chat.keep()));
  before.leave();
  bob.chat.send("missed");
  await idle();
  const ann = join("Ann", { kept });
  expect(ann.entries()).toEqual(["seen delivered"]);
  await idle();
  expect(ann.entries()).toEqual(["seen delivered", "missed delivered"]);
  expect(ann.chat.view().notice).toEqual({ type: "resumed", missed: 1 });

  const strange = join("Cy", { kept: kept && { ...kept, position: { epoch: "another", offset: 1 } } });
  await idle();
  expect(strange.chat.view().notice).toEqual({ type: "incomplete", missed: 1 });
  const elsewhere = join("Dee", { kept, room: "garden" });
  await idle();
  expect([elsewhere.entries(), elsewhere.chat.view().notice]).toEqual([[], undefined]);
});

it("delivers what is written without a connection, and once where its session was lost on the way", async () => {
  const { join, idle, cut, clock, server } = await chatServer();
  const ann = join("Ann");
  const bob = join("Bob");
  await idle();
  cut();
  ann.chat.send("waits");
  expect(ann.entries()).toEqual(["waits sending"]);
  await clock.advance(3_000);
  expect(bob.entries()).toEqual(["waits delivered"]);

  ann.chat.send("once");
  server.disconnectFn(ann.client.state.get().uid);
  await clock.advance(3_000);
  for (const { entries } of [ann, bob]) expect(entries()).toEqual(["waits delivered", "once delivered"]);
});

it("says that a message failed when it was refused or took too long, and tries again when asked", async () => {
  const { join, idle, clock } = await chatServer();
  const ann = join("Ann");
  await idle();
  ann.chat.send("\u0000");
  await idle();
  expect(talkIn(ann.chat.view(), "lobby").entries[0]?.reason).toBe("bad-text");
  ann.client.chsk.disconnect();
  ann.chat.send("hello");
  await clock.advance(20_000);
  const failed = talkIn(ann.chat.view(), "lobby").entries[1];
  expect(failed).toMatchObject({ text: "hello", status: "failed", reason: "timeout" });
  ann.client.chsk.connect();
  if (failed !== undefined) ann.chat.retry(failed);
  await clock.advance(1_000);
  expect(ann.entries()[1]).toBe("hello delivered");
});

it("gives up a message once it is stopped", async () => {
  const { join, idle } = await chatServer();
  const ann = join("Ann");
  await idle();
  ann.client.chsk.disconnect();
  ann.chat.send("late");
  ann.leave();
  await idle();
  expect(ann.entries()).toEqual(["late failed"]);
});

it("is called as it says: told to others and to its own clients, also what it took while there was no connection", async () => {
  const { join, idle, clock, told } = await chatServer();
  const [one, other] = [join("Ann", { key: "ann" }), join("Ann", { key: "ann" })];
  const bob = join("Bob");
  await told();
  other.rename("Anna");
  await idle();
  expect([one.called(), one.people(), bob.people()]).toEqual(["Anna", ["Anna", "Bob"], ["Anna", "Bob"]]);
  one.client.chsk.breakConnection();
  one.rename("Annie");
  await clock.advance(3_000);
  expect([one.called(), other.called(), bob.people()]).toEqual(["Annie", "Annie", ["Annie", "Bob"]]);
});

it("ignores what a server sends that is not of this chat", async () => {
  const { join, idle, server } = await chatServer({ contract: undefined as never });
  const ann = join("Ann");
  await idle();
  const before = ann.chat.view();
  const send = server.sendFn as unknown as (to: unknown, event: readonly unknown[]) => void;
  for (const data of [null, "x", {}, { room: "lobby" }, { room: "lobby", message: {}, person: 7, uid: [], said: -1 }]) {
    for (const id of ["chat/person", "chat/said"]) send(ann.client.state.get().uid, [id, data]);
    for (const id of ["chat/message", "chat/typing"]) send({ room: "chat/lobby" }, [id, data]);
  }
  await idle();
  expect(ann.chat.view()).toBe(before);
});

it("tells at most every two seconds that we write, anew after each message, and never without a connection", async () => {
  const { join, idle, clock, server } = await chatServer();
  const ann = join("Ann");
  ann.chat.noteTyping();
  const bob = join("Bob");
  await idle();
  let heard = 0;
  bob.client.room("chat/lobby").chRecv.on("chat/typing", () => heard++);
  for (let i = 0; i < 19; i++) {
    ann.chat.noteTyping();
    await clock.advance(100);
  }
  expect(heard).toBe(1);
  await clock.advance(100);
  ann.chat.noteTyping();
  await idle();
  expect(heard).toBe(2);
  ann.chat.send("done");
  ann.chat.noteTyping();
  await idle();
  expect(heard).toBe(3);
  const { entries } = await server.room("chat/lobby").history();
  expect(entries.map(({ id }) => id)).toEqual(["chat/message"]);
});

it("shows who writes until their message comes, or nothing is heard of it for a while; never ourselves", async () => {
  const { join, idle, clock, told } = await chatServer();
  const [ann, bob] = [join("Ann"), join("Bob")];
  await told();
  ann.chat.noteTyping();
  await idle();
  expect([bob.typing(), ann.typing()]).toEqual([["Ann"], []]);
  await clock.advance(3_000);
  ann.chat.noteTyping();
  await clock.advance(3_000);
  expect(bob.typing()).toEqual(["Ann"]);
  await clock.advance(1_000);
  expect(bob.typing()).toEqual([]);
  ann.chat.noteTyping();
  await idle();
  ann.chat.send("said");
  await idle();
  expect(bob.typing()).toEqual([]);
  ann.chat.noteTyping();
  await told();
  ann.leave();
  await told();
  expect(bob.typing()).toEqual([]);
});

it("is asked whether somebody is there, by whichever of their clients", async () => {
  const { join, told } = await chatServer();
  let isThere = false;
  const [phone, laptop] = [
    join("Ann", { key: "ann", isThere: () => isThere }),
    join("Ann", { key: "ann", isThere: () => false }),
  ];
  const bob = join("Bob");
  await told();
  const uid = phone.client.state.get().uid ?? "";
  const [away] = await Promise.all([bob.chat.ask(uid), told()]);
  isThere = true;
  const [there] = await Promise.all([bob.chat.ask(uid), told()]);
  expect([away, there]).toEqual([false, true]);
  for (const { leave } of [phone, laptop]) leave();
  await told();
  expect((await Promise.all([bob.chat.ask(uid), told()]))[0]).toBe(false);
});
