import type { ChannelSocketClient, ClientMessage, ClientState, Event } from "@sente-lite/protocol";
import { expect, it } from "vitest";
import type { Message } from "../domain/events.ts";
import { createChatClient } from "./chat-client.ts";
import { talkIn } from "./view.ts";

const me = "u-me";

/** A client without a connection: requests wait until the test answers them. */
function fakeClient() {
  let state = { open: false, uid: null } as ClientState;
  const subscribers = new Set<(next: ClientState, previous: ClientState) => void>();
  const listeners = new Map<string, (message: ClientMessage) => void>();
  const requests: { event: Event; resolve: (reply: unknown) => void; reject: (error: unknown) => void }[] = [];
  const sent: Event[] = [];
  const client: Pick<ChannelSocketClient, "requestFn" | "sendFn" | "state" | "chRecv"> = {
    requestFn: (event) => new Promise((resolve, reject) => requests.push({ event, resolve, reject })),
    sendFn: (event) => sent.push(event) > 0,
    state: {
      get: () => state,
      subscribe: (fn) => {
        subscribers.add(fn);
        return () => subscribers.delete(fn);
      },
    },
    chRecv: {
      on: (id, fn) => {
        listeners.set(id, fn);
        return () => listeners.delete(id);
      },
      once: () => () => {},
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    },
  };
  return {
    client,
    sent,
    open: (open: boolean) => {
      const previous = state;
      state = { ...state, open, uid: me };
      for (const fn of subscribers) fn(state, previous);
    },
    push: (id: string, data: unknown) => listeners.get(id)?.({ id, data } as ClientMessage),
    /** Takes the oldest request that waits. */
    next: () => {
      const request = requests.shift();
      if (request === undefined) throw new Error("no request waits");
      return request;
    },
    waiting: () => requests.map(({ event: [id] }) => id),
  };
}

function start() {
  const fake = fakeClient();
  let ids = 0;
  let called = "Me";
  const chat = createChatClient({
    client: fake.client,
    room: "lobby",
    runtime: "node",
    name: () => called,
    newId: () => `m${++ids}`,
    now: () => 100,
  });
  const entries = (room = "lobby") => talkIn(chat.view(), room).entries.map(({ text, status }) => `${text} ${status}`);
  const rename = (name: string) => {
    called = name;
  };
  return { ...fake, chat, entries, rename };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const posted = (id: string, text: string): Message => ({ id, uid: me, name: "Me", runtime: "node", text, at: 200 });
const joined = (room: string, name = "Me") => ({
  room,
  people: [{ uid: me, name, runtimes: ["node"] }],
  history: [],
  rooms: [{ name: room, people: 1 }],
});
const failure = (code: string) => Object.assign(new Error(code), { code });

it("joins whenever a connection opens, and keeps what it knows while there is none", async () => {
  const { chat, open, next, waiting } = start();
  expect(waiting()).toEqual([]);
  open(true);
  const request = next();
  expect(request.event).toEqual(["chat/join", { room: "lobby" }]);
  request.resolve(joined("lobby"));
  await settled();
  expect(talkIn(chat.view(), "lobby")).toMatchObject({ loaded: true, people: [{ name: "Me" }] });
  open(false);
  expect(talkIn(chat.view(), "lobby").people).toHaveLength(1);
  open(true);
  expect(waiting()).toEqual(["chat/join"]);
});

it("sends a message again, under the same id, when its reply was lost with the connection", async () => {
  const { chat, next, entries } = start();
  chat.send("hello");
  const first = next();
  first.reject(failure("closed"));
  await settled();
  const second = next();
  expect(second.event).toEqual(first.event);
  expect(entries()).toEqual(["hello sending"]);
  second.resolve(posted("m1", "hello"));
  await settled();
  expect(entries()).toEqual(["hello delivered"]);
});

it("says that a message failed when it was refused or took too long, and tries again when asked", async () => {
  const { chat, next, entries } = start();
  chat.send("hello");
  next().reject(failure("timeout"));
  await settled();
  expect(entries()).toEqual(["hello failed"]);
  const [failed] = talkIn(chat.view(), "lobby").entries;
  if (failed !== undefined) chat.retry(failed);
  expect(entries()).toEqual(["hello sending"]);
  expect(next().event).toEqual(["chat/send", { room: "lobby", id: "m1", text: "hello" }]);
});

it("gives up a message for which every connection is lost, and all of them once it is stopped", async () => {
  const { chat, next, entries, waiting } = start();
  chat.send("unlucky");
  for (let i = 0; i < 3; i++) {
    next().reject(failure("closed"));
    await settled();
  }
  chat.send("late");
  chat.stop();
  next().reject(failure("closed"));
  await settled();
  expect(entries()).toEqual(["unlucky failed", "late failed"]);
  expect(waiting()).toEqual([]);
});

it("stays where it is when a room cannot be entered", async () => {
  const { chat, open, next } = start();
  open(true);
  next().resolve(joined("lobby"));
  await settled();
  const entering = chat.enter("garden");
  expect(chat.view().room).toBe("garden");
  next().reject(failure("too-many-rooms"));
  expect(await entering).toBe("too-many-rooms");
  expect(chat.view().room).toBe("lobby");
});

it("takes a room while there is no connection, and joins it with the next one", async () => {
  const { chat, open, next } = start();
  expect(await chat.enter("garden")).toBeUndefined();
  open(true);
  expect(next().event).toEqual(["chat/join", { room: "garden" }]);
});

it("tells its name again where the server knows another one", async () => {
  const { chat, open, next, sent, rename } = start();
  rename("New");
  chat.rename();
  expect(sent).toEqual([]);
  open(true);
  next().resolve(joined("lobby", "Old"));
  await settled();
  expect(sent).toEqual([["chat/rename", { name: "New" }]]);
});

it("ignores what a server sends that is not of this chat", () => {
  const { chat, push } = start();
  const before = chat.view();
  for (const id of ["chat/message", "chat/here", "chat/gone"]) {
    for (const data of [null, "x", {}, { room: "lobby" }, { room: "lobby", message: {}, person: 7, uid: [] }])
      push(id, data);
  }
  expect(chat.view()).toBe(before);
});
