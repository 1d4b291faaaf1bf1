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
    open: (open: boolean, resumed = false) => {
      const previous = state;
      state = { ...state, open, resumed, uid: me };
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
  const time = { now: 100, timers: new Set<{ readonly at: number; readonly fn: () => void }>() };
  let called = "Me";
  const chat = createChatClient({
    client: fake.client,
    room: "lobby",
    runtime: "node",
    name: () => called,
    newId: () => `m${++ids}`,
    now: () => time.now,
    later: (ms, fn) => {
      const timer = { at: time.now + ms, fn };
      time.timers.add(timer);
      return () => time.timers.delete(timer);
    },
    onRenamed: (name) => {
      called = name;
    },
  });
  const entries = (room = "lobby") => talkIn(chat.view(), room).entries.map(({ text, status }) => `${text} ${status}`);
  const rename = (name: string) => {
    called = name;
  };
  const pass = (ms: number) => {
    time.now += ms;
    for (const timer of [...time.timers]) {
      if (timer.at > time.now) continue;
      time.timers.delete(timer);
      timer.fn();
    }
  };
  return { ...fake, chat, entries, rename, called: () => called, pass, timers: time.timers };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const posted = (id: string, text: string): Message => ({ id, uid: me, name: "Me", runtime: "node", text, at: 200 });
const theirs = (id: string): Message => ({ ...posted(id, id), uid: "u-ann", name: "Ann" });
const joined = (room: string, name = "Me", history: readonly Message[] = []) => ({
  room,
  people: [{ uid: me, name, runtimes: ["node"] }],
  history,
  rooms: [{ name: room, people: 1, said: 0 }],
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
  for (const id of ["chat/message", "chat/here", "chat/gone", "chat/said", "chat/typing"]) {
    for (const data of [null, "x", {}, { room: "lobby" }, { room: "lobby", message: {}, person: 7, uid: [], said: -1 }])
      push(id, data);
  }
  expect(chat.view()).toBe(before);
});

it("takes the name that another tab of ours took, but not an old one while ours is to be told", () => {
  const { open, push, rename, chat, called } = start();
  open(true);
  const here = (name: string) =>
    push("chat/here", { room: "lobby", person: { uid: me, name, runtimes: ["browser", "node"] } });
  here("Another");
  expect(called()).toBe("Another");
  open(false);
  rename("Mine");
  chat.rename();
  open(true, true);
  here("Old");
  expect(called()).toBe("Mine");
});

it("tells at most every two seconds that we write, anew after each message, and never without a connection", () => {
  const { chat, open, sent, pass } = start();
  const typing = ["chat/typing", { room: "lobby" }];
  chat.typing();
  expect(sent).toEqual([]);
  open(true);
  for (let i = 0; i < 19; i++) {
    chat.typing();
    pass(100);
  }
  expect(sent).toEqual([typing]);
  pass(100);
  chat.typing();
  expect(sent).toEqual([typing, typing]);
  chat.send("done");
  chat.typing();
  expect(sent).toEqual([typing, typing, typing]);
});

it("shows who writes until their message comes, or nothing is heard of it for a while; never ourselves", () => {
  const { chat, push, pass, timers, open } = start();
  open(true);
  const writing = () => talkIn(chat.view(), "lobby").typing;
  const ann = { uid: "u-ann", name: "Ann" };
  push("chat/typing", { room: "lobby", uid: me, name: "Me" });
  push("chat/typing", { room: "lobby", ...ann });
  expect(writing()).toEqual([ann]);
  pass(3_000);
  push("chat/typing", { room: "lobby", ...ann });
  pass(3_000);
  expect(writing()).toEqual([ann]);
  pass(1_000);
  expect(writing()).toEqual([]);
  push("chat/typing", { room: "lobby", ...ann });
  push("chat/message", { room: "lobby", message: theirs("m1") });
  expect(writing()).toEqual([]);
  push("chat/typing", { room: "lobby", ...ann });
  chat.stop();
  expect(timers.size).toBe(0);
});

it("says of a reconnect how many messages were replayed, or had to be fetched; not of the first connection", async () => {
  const { chat, open, next, push } = start();
  open(true);
  next().resolve(joined("lobby", "Me", [theirs("a")]));
  await settled();
  expect(chat.view().notice).toBeUndefined();

  open(false);
  open(true, true);
  push("chat/message", { room: "lobby", message: theirs("b") });
  next().resolve(joined("lobby", "Me", [theirs("a"), theirs("b")]));
  await settled();
  expect(chat.view().notice).toEqual({ type: "resumed", missed: 1 });

  open(false);
  expect(chat.view().notice).toBeUndefined();
  open(true, false);
  next().resolve(joined("lobby", "Me", [theirs("a"), theirs("b"), theirs("c"), theirs("d")]));
  await settled();
  expect(chat.view().notice).toEqual({ type: "fetched", missed: 2 });
});

it("counts in a notice what was missed over several reconnects, and one lost session among them", async () => {
  const { chat, open, next } = start();
  open(true);
  next().resolve(joined("lobby"));
  await settled();
  open(false);
  open(true, false);
  next().reject(failure("closed"));
  await settled();
  open(false);
  open(true, true);
  next().resolve(joined("lobby", "Me", [theirs("a")]));
  await settled();
  expect(chat.view().notice).toEqual({ type: "fetched", missed: 1 });
});
