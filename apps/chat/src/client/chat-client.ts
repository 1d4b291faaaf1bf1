import type { ChannelSocketClient } from "@sente-lite/protocol";
import { type Message, TYPING_MS } from "../domain/events.ts";
import { MAX_LIST } from "../domain/limits.ts";
import {
  fieldsOf,
  readCount,
  readId,
  readJoined,
  readMessage,
  readName,
  readPerson,
  readRoomName,
  readRooms,
} from "../domain/readers.ts";
import {
  type Entry,
  initialView,
  keyOf,
  type Notice,
  talkIn,
  type View,
  type ViewInput,
  viewStep,
  type Writer,
} from "./view.ts";

/** How long a message may be on its way before it counts as failed, the time without a connection included. */
const SEND_TIMEOUT_MS = 20_000;
const SEND_ATTEMPTS = 3;
/** How often the others are told that we are still writing. */
const TYPING_EVERY_MS = TYPING_MS / 2;

export interface ChatClientOptions {
  readonly client: Pick<ChannelSocketClient, "requestFn" | "sendFn" | "state" | "chRecv">;
  readonly room: string;
  readonly runtime: string;
  /** What we want to be called; asked at every joining. */
  readonly name: () => string;
  readonly newId: () => string;
  readonly now: () => number;
  /** Calls the function later, unless what it returns is called before. Default: by setTimeout. */
  readonly later?: (ms: number, fn: () => void) => () => void;
  /** Another tab or terminal of ours took this name. */
  readonly onRenamed?: (name: string) => void;
}

/** The chat over a channel socket: keeps the view, joins again after every loss of the connection, delivers. */
export interface ChatClient {
  readonly view: () => View;
  readonly subscribe: (fn: (view: View, previous: View) => void) => () => void;
  /** Goes into a room. Resolves to the code of the refusal, if it is one; then we stay where we were. */
  readonly enter: (room: string) => Promise<string | undefined>;
  readonly send: (text: string) => void;
  /** Sends a message that failed once more. */
  readonly retry: (entry: Entry) => void;
  /** Tells the others our new name. Without a connection that happens at the next joining. */
  readonly rename: () => void;
  /** To be called at every key: tells the others in the room that we are writing, as often as they need to know. */
  readonly typing: () => void;
  /** Tells the server that this connection is about to go, without waiting for an answer. */
  readonly leave: () => void;
  /** Sends nothing any more, and takes no further notice of the connection. Closing it remains the caller's. */
  readonly stop: () => void;
}

export function createChatClient(options: ChatClientOptions): ChatClient {
  const { client, runtime, name, newId, now, later = byTimeout, onRenamed } = options;
  const me = () => client.state.get().uid;
  const isOpen = () => client.state.get().open;
  const subscribers = new Set<(view: View, previous: View) => void>();
  let view = initialView(options.room);
  let isStopped = false;
  let wasOpen = isOpen();
  /** Renamed without a connection: then the server has an old name, and it is not for us to take it. */
  let isRenamed = false;
  /** Since the connection is back, until we have joined: what to say of it, and the messages known before. */
  let returning: { readonly type: Notice["type"]; readonly known: ReadonlySet<string> } | undefined;
  let toldTyping: { readonly room: string; readonly at: number } | undefined;
  const forgetting = new Map<string, () => void>();

  const apply = (input: ViewInput) => {
    const previous = view;
    view = viewStep(view, input);
    for (const fn of [...subscribers]) fn(view, previous);
  };

  /** Joins the room that we want to be in. Safe to do again: it also brings what was missed. */
  const join = async (): Promise<string | undefined> => {
    const { room } = view;
    try {
      const joined = readJoined(await client.requestFn(["chat/join", { room }]));
      if (joined === undefined) return "bad-reply";
      apply({ type: "joined", joined, me: me() });
      if (returning !== undefined) {
        const missed = shownKeys().filter((key) => !returning?.known.has(key)).length;
        apply({ type: "notice", notice: { type: returning.type, missed } });
        returning = undefined;
      }
      // Renamed while there was no connection, or in another tab.
      if (joined.people.some((person) => person.uid === me() && person.name !== name())) rename();
      return undefined;
    } catch (error) {
      const code = codeOf(error);
      if (code === "timeout" && isOpen() && view.room === room) return join();
      // A connection that was lost meanwhile joins when it is back.
      return code === "closed" || code === "timeout" ? undefined : code;
    }
  };

  const rename = () => {
    isRenamed = !isOpen();
    if (isOpen()) client.sendFn(["chat/rename", { name: name() }]);
  };

  /** The messages that we have seen, in whichever room. */
  const shownKeys = () =>
    [...view.talks].flatMap(([room, { entries }]) => entries.map((entry) => `${room}/${keyOf(entry)}`));

  const typing = () => {
    const { room } = view;
    const isKnown = toldTyping?.room === room && now() - toldTyping.at < TYPING_EVERY_MS;
    if (isKnown || !isOpen()) return;
    toldTyping = { room, at: now() };
    client.sendFn(["chat/typing", { room }]);
  };

  /** Shows that someone is writing, and no longer when nothing more is heard of it. */
  const writes = (room: string, writer: Writer) => {
    const key = `${room}/${writer.uid}`;
    if (writer.uid === me() || (forgetting.size >= MAX_LIST && !forgetting.has(key))) return;
    apply({ type: "typing", room, writer });
    forgetting.get(key)?.();
    const forget = () => {
      forgetting.delete(key);
      apply({ type: "typed", room, uid: writer.uid });
    };
    forgetting.set(key, later(TYPING_MS, forget));
  };

  const enter = async (room: string) => {
    const from = view.room;
    apply({ type: "entering", room });
    if (!isOpen()) return undefined;
    const refusal = await join();
    if (refusal !== undefined && view.room === room) apply({ type: "entering", room: from });
    return refusal;
  };

  const deliver = async (room: string, message: Message) => {
    apply({ type: "sending", room, message });
    const { id, text } = message;
    for (let attempt = 1; ; attempt++) {
      try {
        // Without a connection this waits for one: the client queues it.
        const reply = readMessage(
          await client.requestFn(["chat/send", { room, id, text }], { timeoutMs: SEND_TIMEOUT_MS }),
        );
        if (reply === undefined) apply({ type: "failed", room, id, reason: "bad-reply" });
        else apply({ type: "message", room, message: reply, me: reply.uid });
        return;
      } catch (error) {
        // Closed: it went out, and its reply was lost. It carries an id, so sending it again does not post it twice.
        const reason = codeOf(error);
        if (reason === "closed" && attempt < SEND_ATTEMPTS && !isStopped) continue;
        apply({ type: "failed", room, id, reason });
        return;
      }
    }
  };

  const send = (text: string, id = newId(), room = view.room) => {
    // A clock that is behind the server's would put our message above those that we answer.
    const last = talkIn(view, room).entries.at(-1)?.at ?? 0;
    // The message ends our writing; the next key begins it anew.
    toldTyping = undefined;
    void deliver(room, { id, uid: me() ?? "", name: name(), runtime, text, at: Math.max(now(), last) });
  };

  const off = [
    client.state.subscribe((next, previous) => {
      if (previous.open && !next.open && view.notice !== undefined) apply({ type: "notice", notice: undefined });
      if (!next.open || previous.open) return;
      if (wasOpen) {
        // Of several reconnects before we could join, one that lost the session counts.
        const isLost = !next.resumed || returning?.type === "fetched";
        returning = { type: isLost ? "fetched" : "resumed", known: returning?.known ?? new Set(shownKeys()) };
      }
      wasOpen = true;
      void join();
    }),
    client.chRecv.on("chat/message", ({ data }) => {
      const room = readRoomName(fieldsOf(data).room);
      const message = readMessage(fieldsOf(data).message);
      if (room !== undefined && message !== undefined) apply({ type: "message", room, message, me: me() });
    }),
    client.chRecv.on("chat/here", ({ data }) => {
      const room = readRoomName(fieldsOf(data).room);
      const person = readPerson(fieldsOf(data).person);
      if (room === undefined || person === undefined) return;
      apply({ type: "here", room, person });
      if (person.uid === me() && person.name !== name() && !isRenamed) onRenamed?.(person.name);
    }),
    client.chRecv.on("chat/gone", ({ data }) => {
      const room = readRoomName(fieldsOf(data).room);
      const uid = readId(fieldsOf(data).uid);
      if (room !== undefined && uid !== undefined) apply({ type: "gone", room, uid });
    }),
    client.chRecv.on("chat/said", ({ data }) => {
      const room = readRoomName(fieldsOf(data).room);
      const said = readCount(fieldsOf(data).said);
      if (room !== undefined && said !== undefined) apply({ type: "said", room, said });
    }),
    client.chRecv.on("chat/typing", ({ data }) => {
      const room = readRoomName(fieldsOf(data).room);
      const [uid, called] = [readId(fieldsOf(data).uid), readName(fieldsOf(data).name)];
      if (room !== undefined && uid !== undefined && called !== undefined) writes(room, { uid, name: called });
    }),
    client.chRecv.on("chat/rooms", ({ data }) => apply({ type: "rooms", rooms: readRooms(fieldsOf(data).rooms) })),
  ];
  if (isOpen()) void join();

  return {
    view: () => view,
    subscribe: (fn) => {
      subscribers.add(fn);
      return () => subscribers.delete(fn);
    },
    enter,
    send: (text) => send(text),
    retry: (entry) => {
      const room = [...view.talks].find(([, { entries }]) => entries.includes(entry))?.[0];
      if (room !== undefined && entry.status === "failed") send(entry.text, entry.id, room);
    },
    rename,
    typing,
    leave: () => void (isOpen() && client.sendFn(["chat/leave"])),
    stop: () => {
      isStopped = true;
      for (const end of [...off, ...forgetting.values()]) end();
      forgetting.clear();
    },
  };
}

/** The code of a `ReplyError` or another error of the library, whichever package it came from. */
function codeOf(error: unknown): string {
  const { code } = fieldsOf(error);
  return typeof code === "string" ? code : "error";
}

function byTimeout(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}
