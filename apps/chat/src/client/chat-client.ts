import type { ChannelSocketClient, Room, RoomPosition } from "@sente-lite/protocol";
import { libraryRoom, type Message } from "../domain/events.ts";
import { MAX_HISTORY } from "../domain/limits.ts";
import {
  fieldsOf,
  readCount,
  readMessage,
  readPerson,
  readRoomName,
  readRooms,
  readWelcome,
} from "../domain/readers.ts";
import { Typing } from "./typing.ts";
import { type Entry, initialView, keyOf, talkIn, type View, type ViewInput, viewStep } from "./view.ts";

/** How long a message may be on its way before it counts as failed, the time without a connection included. */
const SEND_TIMEOUT_MS = 20_000;
const SEND_ATTEMPTS = 3;

/** What is known of a room, and up to where that is everything. */
export interface Kept {
  readonly room: string;
  readonly entries: readonly Entry[];
  readonly position: RoomPosition;
}

export interface ChatClientOptions {
  readonly client: Pick<ChannelSocketClient, "requestFn" | "sendFn" | "state" | "chRecv" | "room">;
  readonly room: string;
  readonly runtime: string;
  /** What we want to be called; asked at every joining. */
  readonly name: () => string;
  readonly newId: () => string;
  readonly now: () => number;
  /** What an earlier client, as that of a page before its reload, had of the room. */
  readonly kept?: Kept | undefined;
  /** Calls the function later, unless what it returns is called before. Default: by setTimeout. */
  readonly runLater?: (ms: number, fn: () => void) => () => void;
  /** Is somebody at this client? Default: yes. */
  readonly isThere?: () => boolean;
  /** Another tab or terminal of ours took this name. */
  readonly onRenamed?: (name: string) => void;
}

/** The chat over a channel socket: keeps the view, is in one room, delivers. */
export interface ChatClient {
  readonly view: () => View;
  readonly subscribe: (fn: (view: View, previous: View) => void) => () => void;
  /** Goes into a room. Resolves once we are in it; to the code of the refusal, if it is one: then we stay where we were. */
  readonly enter: (room: string) => Promise<string | undefined>;
  readonly send: (text: string) => void;
  /** Sends a message that failed once more. */
  readonly retry: (entry: Entry) => void;
  /** Tells the others our new name. Without a connection that happens at the next joining. */
  readonly rename: () => void;
  /** To be called at every key: tells the others in the room that we are writing, as often as they need to know. */
  readonly noteTyping: () => void;
  /** Is that user at one of their clients? The server asks each of them. */
  readonly ask: (uid: string) => Promise<boolean>;
  /** What we have of the room that we are in; undefined where we were not yet. */
  readonly keep: () => Kept | undefined;
  /** Sends nothing any more, and takes no further notice of the connection. Closing it remains the caller's. */
  readonly stop: () => void;
}

/** The room that we are in, or want to be in. */
interface Place {
  readonly name: string;
  readonly room: Room;
  /** Settled once we are in it, or will not be: then with a code. */
  readonly entered: Promise<string | undefined>;
  readonly end: () => void;
}

/** We are back in a room: what to say of it once it is known, and the messages known before. */
interface Returning {
  readonly type: "resumed" | "recovered";
  readonly known: ReadonlySet<string>;
  /** After a connection that was seen to go; not with the reload of a page, or from another room. */
  readonly isReconnect: boolean;
}

export function createChatClient(options: ChatClientOptions): ChatClient {
  const { client, runtime, name, newId, now, kept, runLater, isThere = () => true, onRenamed } = options;
  const me = () => client.state.get().uid;
  const isOpen = () => client.state.get().open;
  const subscribers = new Set<(view: View, previous: View) => void>();
  /** Up to where we have everything of rooms in which we are not any more. */
  const positions = new Map<string, RoomPosition>();
  const isKept = kept?.room === options.room;
  if (isKept) positions.set(kept.room, kept.position);
  let view = initialView(options.room, isKept ? kept.entries : []);
  let isStopped = false;
  /** Renamed without a connection: then the server has an old name, and it is not for us to take it. */
  let isRenamed = false;
  let returning: Returning | undefined;

  const apply = (input: ViewInput) => {
    const previous = view;
    view = viewStep(view, input);
    for (const fn of [...subscribers]) fn(view, previous);
  };
  const typing = new Typing({ now, runLater, me, apply });

  /** Joins a room; the library joins it again after a lost session, with what was missed. */
  const go = (room: string): Place => {
    returning = positions.has(room) ? { type: "resumed", known: listKeys(), isReconnect: false } : undefined;
    const joined = client.room(libraryRoom(room), { since: positions.get(room) ?? null });
    let settle = (_refusal?: string): void => {};
    const entered = new Promise<string | undefined>((resolve) => {
      settle = resolve;
    });
    const follow = () => {
      const { status, code } = joined.state.get();
      if (status === "refused" || status === "left") settle(code ?? undefined);
      if (status !== "joined") return;
      settle();
      membersAre();
      void arrive(place);
    };
    const membersAre = () => {
      // Between two sessions nobody is told of them.
      if (joined.state.get().status !== "joined") return;
      apply({ type: "members", room, uids: joined.members.get().uids });
    };
    const off = [
      joined.state.subscribe(follow),
      joined.members.subscribe(membersAre),
      joined.chRecv.on("chat/message", ({ data }) => {
        const message = readMessage(data);
        if (message !== undefined) apply({ type: "message", room, message, me: me() });
      }),
      joined.chRecv.on("chat/typing", ({ uid }) => typing.show(room, uid ?? "")),
    ];
    const end = () => {
      for (const stop of off) stop();
      const position = joined.position();
      if (position !== null) positions.set(room, position);
      joined.leave();
      settle();
    };
    const place: Place = { name: room, room: joined, entered, end };
    follow();
    return place;
  };

  /** We are in the room, or are connected again in it: learns who is called how, and what was said where it is not known. */
  const arrive = async (at: Place): Promise<void> => {
    const room = at.name;
    const { recovered } = at.room.state.get();
    try {
      const isAllKnown = recovered === true || (talkIn(view, room).loaded && returning?.type === "resumed");
      const history = isAllKnown ? [] : (await at.room.history({ limit: MAX_HISTORY })).entries;
      // What was missed comes before the answer.
      await client.requestFn(["chat/hello", { room }]);
      if (at !== place) return;
      const messages = history.map(({ data }) => readMessage(data)).filter((message) => message !== undefined);
      apply({ type: "joined", room, history: messages, me: me() });
      sayWhatWasMissed(recovered);
      // Renamed while there was no connection, or in another tab.
      if ((view.people.get(me() ?? "")?.name ?? name()) !== name()) rename();
    } catch (error) {
      // A connection that was lost meanwhile is told of what was missed when it is back.
      if (codeOf(error) === "timeout" && isOpen() && at === place) return arrive(at);
    }
  };

  const sayWhatWasMissed = (recovered: boolean | null) => {
    if (returning === undefined) return;
    const { known, isReconnect, type } = returning;
    returning = undefined;
    const missed = [...listKeys()].filter((key) => !known.has(key)).length;
    const isIncomplete = recovered === false && !(isReconnect && type === "resumed");
    // Where nobody saw the connection go, that nothing was missed is no news.
    if (!isIncomplete && !isReconnect && missed === 0) return;
    apply({ type: "notice", notice: { type: isIncomplete ? "incomplete" : type, missed } });
  };

  const rename = () => {
    isRenamed = !isOpen();
    if (isOpen()) client.sendFn(["chat/rename", { name: name() }]);
  };

  /** The messages that we have seen, in whichever room. */
  function listKeys(): ReadonlySet<string> {
    return new Set([...view.talks].flatMap(([room, { entries }]) => entries.map((entry) => `${room}/${keyOf(entry)}`)));
  }

  const noteTyping = () => {
    if (!isOpen()) return;
    // Who is away, or behind, does not need to know of it later.
    typing.tell(view.room, () => place.room.sendFn(["chat/typing"], { volatile: true }));
  };

  const enter = async (room: string) => {
    const from = view.room;
    place.end();
    apply({ type: "notice", notice: undefined });
    apply({ type: "entering", room });
    const entering = go(room);
    place = entering;
    const refusal = await entering.entered;
    if (refusal !== undefined && place === entering) {
      place.end();
      apply({ type: "entering", room: from });
      place = go(from);
    }
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
        // Closed: it went out, and its reply was lost. It carries an id, by which all show it once.
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
    typing.end();
    // Whoever goes on has read it.
    if (view.notice !== undefined) apply({ type: "notice", notice: undefined });
    void deliver(room, { id, uid: me() ?? "", name: name(), runtime, text, at: Math.max(now(), last) });
  };

  let place = go(options.room);
  const off = [
    client.state.subscribe((next, previous) => {
      if (previous.open && !next.open && view.notice !== undefined) apply({ type: "notice", notice: undefined });
      if (!next.open || previous.open) return;
      if (!next.resumed) apply({ type: "session" });
      if (!next.firstOpen) {
        // Of several reconnects before we could ask, one that lost the session counts.
        const isLost = !next.resumed || returning?.type === "recovered";
        const known = returning?.known ?? listKeys();
        returning = { type: isLost ? "recovered" : "resumed", known, isReconnect: true };
      }
      if (next.resumed && place.room.state.get().status === "joined") void arrive(place);
    }),
    client.chRecv.on("chat/welcome", ({ data }) => apply({ type: "welcome", welcome: readWelcome(data) })),
    client.chRecv.on("chat/person", ({ data }) => {
      const person = readPerson(data);
      if (person === undefined) return;
      apply({ type: "person", person });
      if (person.uid === me() && person.name !== name() && !isRenamed) onRenamed?.(person.name);
    }),
    client.chRecv.on("chat/said", ({ data }) => {
      const room = readRoomName(fieldsOf(data).room);
      const said = readCount(fieldsOf(data).said);
      if (room !== undefined && said !== undefined) apply({ type: "said", room, said });
    }),
    client.chRecv.on("chat/there", ({ replyFn }) => replyFn?.(isThere())),
    client.chRecv.on("chat/rooms", ({ data }) => apply({ type: "rooms", rooms: readRooms(fieldsOf(data).rooms) })),
  ];

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
    noteTyping,
    ask: async (uid) => (await client.requestFn(["chat/there", { uid }]).catch(() => false)) === true,
    keep: () => {
      const position = place.room.position();
      const entries = talkIn(view, place.name).entries.filter(({ status }) => status === "delivered");
      return position === null ? undefined : { room: place.name, position, entries: entries.slice(-MAX_HISTORY) };
    },
    stop: () => {
      isStopped = true;
      place.end();
      for (const end of off) end();
      typing.stop();
    },
  };
}

/** The code of a `ReplyError` or another error of the library, whichever package it came from. */
function codeOf(error: unknown): string {
  const { code } = fieldsOf(error);
  return typeof code === "string" ? code : "error";
}
