import type { Joined, Message, Person, RoomSummary } from "../domain/events.ts";

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
  readonly people: readonly Person[];
  /** Who is writing just now, without oneself. */
  readonly typing: readonly Writer[];
  /** True once the server has told who is here and what was said. */
  readonly loaded: boolean;
}

/**
 * What became of the last reconnect: the session went on and replayed what was missed, or it was lost and the client
 * fetched it.
 */
export interface Notice {
  readonly type: "resumed" | "fetched";
  /** Messages that came in with it. */
  readonly missed: number;
}

/** What one client knows of the chat: what a page or a terminal shows. Kept while the server is away. */
export interface View {
  /** The room in which we are, or want to be as soon as there is a connection. */
  readonly room: string;
  readonly rooms: readonly RoomSummary[];
  readonly talks: ReadonlyMap<string, Talk>;
  /** Messages said in rooms since we were in them, by room; without the rooms in which there are none. */
  readonly unread: ReadonlyMap<string, number>;
  /** How many messages had been said in a room when we saw the last of them. */
  readonly seen: ReadonlyMap<string, number>;
  /** After a reconnect, until the connection is lost again. */
  readonly notice: Notice | undefined;
}

export type ViewInput =
  | { readonly type: "entering"; readonly room: string }
  | { readonly type: "joined"; readonly joined: Joined; readonly me: string | null }
  | { readonly type: "message"; readonly room: string; readonly message: Message; readonly me: string | null }
  | { readonly type: "here"; readonly room: string; readonly person: Person }
  | { readonly type: "gone"; readonly room: string; readonly uid: string }
  | { readonly type: "rooms"; readonly rooms: readonly RoomSummary[] }
  | { readonly type: "said"; readonly room: string; readonly said: number }
  | { readonly type: "typing"; readonly room: string; readonly writer: Writer }
  /** Someone has not written for a while. */
  | { readonly type: "typed"; readonly room: string; readonly uid: string }
  | { readonly type: "notice"; readonly notice: Notice | undefined }
  | { readonly type: "sending"; readonly room: string; readonly message: Message }
  | { readonly type: "failed"; readonly room: string; readonly id: string; readonly reason: string };

/** Messages of one room, rooms, and people who write in one, that are kept. */
const MAX_ENTRIES = 500;
const MAX_TALKS = 50;
const MAX_WRITERS = 20;

const nothing: Talk = { entries: [], people: [], typing: [], loaded: false };

export function initialView(room: string): View {
  return { room, rooms: [], talks: new Map(), unread: new Map(), seen: new Map(), notice: undefined };
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
    case "entering":
      return counted(changed({ ...view, room: input.room }, input.room, (talk) => talk));
    case "joined": {
      const { room, rooms, people, history } = input.joined;
      const entries = history.map((message) => delivered(message, input.me));
      return counted(
        changed({ ...view, rooms }, room, (talk) => ({
          entries: merged(talk.entries, entries),
          people,
          typing: talk.typing.filter(({ uid }) => people.some((person) => person.uid === uid)),
          loaded: true,
        })),
      );
    }
    case "message":
      return arrived(view, input.room, delivered(input.message, input.me));
    case "here":
      return changed(view, input.room, (talk) => ({ ...talk, people: withPerson(talk.people, input.person) }));
    case "gone":
      return changed(view, input.room, (talk) => ({
        ...talk,
        people: talk.people.filter(({ uid }) => uid !== input.uid),
        typing: withoutWriter(talk.typing, input.uid),
      }));
    case "rooms":
      return counted({ ...view, rooms: input.rooms });
    case "said":
      return counted({
        ...view,
        rooms: view.rooms.map((room) => (room.name === input.room ? { ...room, said: input.said } : room)),
      });
    case "typing":
      return changed(view, input.room, (talk) => ({
        ...talk,
        typing: [...withoutWriter(talk.typing, input.writer.uid), input.writer].slice(-MAX_WRITERS),
      }));
    case "typed":
      return changed(view, input.room, (talk) => ({ ...talk, typing: withoutWriter(talk.typing, input.uid) }));
    case "notice":
      return { ...view, notice: input.notice };
    case "sending":
      return changed(view, input.room, (talk) => ({
        ...talk,
        entries: merged(talk.entries, [{ ...input.message, own: true, status: "sending" }]),
      }));
    case "failed":
      return changed(view, input.room, (talk) => ({
        ...talk,
        entries: talk.entries.map((entry) =>
          entry.own && entry.id === input.id && entry.status === "sending"
            ? { ...entry, status: "failed", reason: input.reason }
            : entry,
        ),
      }));
  }
}

function arrived(view: View, room: string, entry: Entry): View {
  const known = talkIn(view, room).entries.find((other) => keyOf(other) === keyOf(entry));
  const next = changed(view, room, (talk) => ({
    ...talk,
    entries: merged(talk.entries, [entry]),
    typing: withoutWriter(talk.typing, entry.uid),
  }));
  // What one said in another tab, or before one went to another room, one has seen.
  const seen = view.seen.get(room);
  if (known?.status === "delivered" || !entry.own || room === view.room || seen === undefined) return next;
  return counted({ ...next, seen: new Map(view.seen).set(room, seen + 1) });
}

/** Counts what is unread. The room in which we are has nothing unread; nor has one of which we hear for the first time. */
function counted(view: View): View {
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

function withoutWriter(typing: readonly Writer[], uid: string): readonly Writer[] {
  return typing.some((writer) => writer.uid === uid) ? typing.filter((writer) => writer.uid !== uid) : typing;
}

function delivered(message: Message, me: string | null): Entry {
  return { ...message, own: message.uid === me, status: "delivered" };
}

/** Each message once, in the order of their times; of those with one time, the later known comes later. */
function merged(known: readonly Entry[], further: readonly Entry[]): readonly Entry[] {
  const byKey = new Map(known.map((entry) => [keyOf(entry), entry]));
  for (const entry of further) byKey.set(keyOf(entry), entry);
  return [...byKey.values()].sort((a, b) => a.at - b.at).slice(-MAX_ENTRIES);
}

function withPerson(people: readonly Person[], person: Person): readonly Person[] {
  const at = people.findIndex(({ uid }) => uid === person.uid);
  return at === -1 ? [...people, person] : people.with(at, person);
}

function changed(view: View, room: string, change: (talk: Talk) => Talk): View {
  const talks = new Map(view.talks).set(room, change(talkIn(view, room)));
  for (const other of talks.keys()) {
    if (talks.size <= MAX_TALKS) break;
    if (other !== view.room && other !== room) talks.delete(other);
  }
  return { ...view, talks };
}
