import type { Message, Person, RoomSummary, Welcome } from "../domain/events.ts";
import { MAX_LIST } from "../domain/limits.ts";

/** A message as its reader sees it. Only one's own are anything but delivered. */
export interface Entry extends Message {
  readonly own: boolean;
  readonly status: "sending" | "delivered" | "failed";
  /** Why it failed: the code of the refusal, or `timeout`. */
  readonly reason?: string;
}

/** Someone who is writing. */
export interface Writer {
  readonly uid: string;
  readonly name: string;
}

export interface Talk {
  /** In the order of their times. */
  readonly entries: readonly Entry[];
  /** Who is in it, by id, and those of whom we know more. */
  readonly uids: ReadonlySet<string | null>;
  readonly people: readonly Person[];
  /** Who is writing just now, without oneself. */
  readonly typing: readonly Writer[];
  /** True once the server has told who is here and what was said. */
  readonly loaded: boolean;
}

/**
 * What became of the last reconnect, or of the reload of a page. resumed: the session went on and replayed what was
 * missed; recovered: it was lost, and by our position in the room all that was missed came; incomplete: the server does
 * not know our position any more, so that something may be missing.
 */
export interface Notice {
  readonly type: "resumed" | "recovered" | "incomplete";
  /** Messages that came in with it. */
  readonly missed: number;
}

/** What one client knows of the chat: what a page or a terminal shows. Kept while the server is away. */
export interface View {
  /** The room in which we are, or want to be as soon as there is a connection. */
  readonly room: string;
  readonly rooms: readonly RoomSummary[];
  readonly talks: ReadonlyMap<string, Talk>;
  /** Everybody of whom we heard, by id. */
  readonly people: ReadonlyMap<string, Person>;
  /** Of whom we were told in this session by one of several servers; another may know less of them, for a moment. */
  readonly told: ReadonlyMap<string, Person>;
  /** Messages said in rooms since we were in them, by room; without the rooms in which there are none. */
  readonly unread: ReadonlyMap<string, number>;
  /** How many messages had been said in a room when we saw the last of them. */
  readonly seen: ReadonlyMap<string, number>;
  /** After a reconnect, until one says something, goes to another room, or the connection is lost again. */
  readonly notice: Notice | undefined;
}

export type ViewInput =
  /** A session begins, before which we may have missed what others were told. */
  | { readonly type: "session" }
  | { readonly type: "entering"; readonly room: string }
  | { readonly type: "welcome"; readonly welcome: Welcome }
  /** We are in a room; what was said there before, where we did not know it. */
  | {
      readonly type: "joined";
      readonly room: string;
      readonly history: readonly Message[];
      readonly me: string | null;
    }
  | { readonly type: "message"; readonly room: string; readonly message: Message; readonly me: string | null }
  | { readonly type: "members"; readonly room: string; readonly uids: ReadonlySet<string | null> }
  | { readonly type: "person"; readonly person: Person }
  | { readonly type: "rooms"; readonly rooms: readonly RoomSummary[] }
  | { readonly type: "said"; readonly room: string; readonly said: number }
  | { readonly type: "typing"; readonly room: string; readonly uid: string }
  /** Someone has not written for a while. */
  | { readonly type: "typed"; readonly room: string; readonly uid: string }
  | { readonly type: "notice"; readonly notice: Notice | undefined }
  | { readonly type: "sending"; readonly room: string; readonly message: Message }
  | { readonly type: "failed"; readonly room: string; readonly id: string; readonly reason: string };

/** Messages of one room, rooms, and people who write in one, that are kept. */
const MAX_ENTRIES = 500;
const MAX_TALKS = 50;
const MAX_WRITERS = 20;

const nothing: Talk = { entries: [], uids: new Set(), people: [], typing: [], loaded: false };

/** `entries` are those that are known of the room already. */
export function initialView(room: string, entries: readonly Entry[] = []): View {
  const talks = new Map(entries.length === 0 ? [] : [[room, { ...nothing, entries }]]);
  return {
    room,
    rooms: [],
    talks,
    people: new Map(),
    told: new Map(),
    unread: new Map(),
    seen: new Map(),
    notice: undefined,
  };
}

export function talkIn(view: View, room: string): Talk {
  return view.talks.get(room) ?? nothing;
}

/** Names an entry: ids are chosen by senders, so they are compared only among the messages of one sender. */
export function keyOf(entry: Entry): string {
  return entry.own ? `own/${entry.id}` : `${entry.uid}/${entry.id}`;
}

export function viewStep(view: View, input: ViewInput): View {
  switch (input.type) {
    case "session":
      return { ...view, told: new Map() };
    case "entering":
      return countUnread(changeTalk({ ...view, room: input.room }, input.room, (talk) => talk));
    case "joined": {
      const entries = input.history.map((message) => makeDelivered(message, input.me));
      return changeTalk(view, input.room, (talk) => ({
        ...talk,
        entries: mergeEntries(talk.entries, entries),
        loaded: true,
      }));
    }
    case "welcome": {
      const people = new Map([...input.welcome.people.map((person) => [person.uid, person] as const), ...view.told]);
      return countUnread(updatePeople({ ...view, people, rooms: input.welcome.rooms }, view.room));
    }
    case "message":
      return addEntry(view, input.room, makeDelivered(input.message, input.me));
    case "members":
      return updatePeople(
        changeTalk(view, input.room, (talk) => ({ ...talk, uids: input.uids })),
        input.room,
      );
    case "person": {
      const { person } = input;
      const told = person.node === undefined ? view.told : addPerson(view.told, person);
      return updatePeople({ ...view, told, people: addPerson(view.people, person) }, view.room);
    }
    case "rooms":
      return countUnread({ ...view, rooms: input.rooms });
    case "said":
      return countUnread({
        ...view,
        rooms: view.rooms.map((room) => (room.name === input.room ? { ...room, said: input.said } : room)),
      });
    case "typing": {
      const writer = view.people.get(input.uid);
      if (writer === undefined) return view;
      return changeTalk(view, input.room, (talk) => ({
        ...talk,
        typing: [...removeWriter(talk.typing, writer.uid), writer].slice(-MAX_WRITERS),
      }));
    }
    case "typed":
      return changeTalk(view, input.room, (talk) => ({ ...talk, typing: removeWriter(talk.typing, input.uid) }));
    case "notice":
      return { ...view, notice: input.notice };
    case "sending":
      return changeTalk(view, input.room, (talk) => ({
        ...talk,
        entries: mergeEntries(talk.entries, [{ ...input.message, own: true, status: "sending" }]),
      }));
    case "failed":
      return changeTalk(view, input.room, (talk) => ({
        ...talk,
        entries: talk.entries.map((entry) =>
          entry.own && entry.id === input.id && entry.status === "sending"
            ? { ...entry, status: "failed", reason: input.reason }
            : entry,
        ),
      }));
  }
}

function addEntry(view: View, room: string, entry: Entry): View {
  const known = talkIn(view, room).entries.find((other) => keyOf(other) === keyOf(entry));
  const next = changeTalk(view, room, (talk) => ({
    ...talk,
    entries: mergeEntries(talk.entries, [entry]),
    typing: removeWriter(talk.typing, entry.uid),
  }));
  // What one said in another tab, or before one went to another room, one has seen.
  const seen = view.seen.get(room);
  if (known?.status === "delivered" || !entry.own || room === view.room || seen === undefined) return next;
  return countUnread({ ...next, seen: new Map(view.seen).set(room, seen + 1) });
}

/** Counts what is unread. The room in which we are has nothing unread; nor has one of which we hear for the first time. */
function countUnread(view: View): View {
  const seen = new Map<string, number>();
  const unread = new Map<string, number>();
  for (const { name, said } of view.rooms) {
    const before = name === view.room ? said : (view.seen.get(name) ?? said);
    // A server that forgot everything counts from the beginning; one more is what we said a moment ago ourselves.
    seen.set(name, before > said + 1 ? said : before);
    if (said > before) unread.set(name, said - before);
  }
  return { ...view, seen, unread };
}

function removeWriter(typing: readonly Writer[], uid: string): readonly Writer[] {
  return typing.some((writer) => writer.uid === uid) ? typing.filter((writer) => writer.uid !== uid) : typing;
}

function makeDelivered(message: Message, me: string | null): Entry {
  return { ...message, own: message.uid === me, status: "delivered" };
}

/**
 * Each message once, as it came first, in the order of their times; of those with one time, the later known comes later.
 */
function mergeEntries(known: readonly Entry[], further: readonly Entry[]): readonly Entry[] {
  const byKey = new Map(known.map((entry) => [keyOf(entry), entry]));
  for (const entry of further) {
    if (byKey.get(keyOf(entry))?.status !== "delivered") byKey.set(keyOf(entry), entry);
  }
  return [...byKey.values()].sort((a, b) => a.at - b.at).slice(-MAX_ENTRIES);
}

/** The same with that person as the latest of whom we heard. */
function addPerson(people: ReadonlyMap<string, Person>, person: Person): ReadonlyMap<string, Person> {
  const next = new Map(people).set(person.uid, person);
  const [oldest] = next.keys();
  if (next.size > MAX_LIST && oldest !== undefined) next.delete(oldest);
  return next;
}

/** The view with the people of a room as they are known now. */
function updatePeople(view: View, room: string): View {
  return changeTalk(view, room, (talk) => {
    const people = [...talk.uids].map((uid) => view.people.get(uid ?? "")).filter((person) => person !== undefined);
    const isSame = people.length === talk.people.length && people.every((person, i) => person === talk.people[i]);
    const typing = talk.typing.filter(({ uid }) => talk.uids.has(uid));
    return { ...talk, people: isSame ? talk.people : people, typing };
  });
}

function changeTalk(view: View, room: string, change: (talk: Talk) => Talk): View {
  const talks = new Map(view.talks).set(room, change(talkIn(view, room)));
  for (const other of talks.keys()) {
    if (talks.size <= MAX_TALKS) break;
    if (other !== view.room && other !== room) talks.delete(other);
  }
  return { ...view, talks };
}
