import type { Joined, Message, Person, RoomSummary } from "../domain/events.ts";

/** A message as its reader sees it. Only one's own are anything but delivered. */
export interface Entry extends Message {
  readonly own: boolean;
  readonly status: "sending" | "delivered" | "failed";
  /** Why it failed: the code of the refusal, or `timeout`. */
  readonly reason?: string;
}

export interface Talk {
  /** In the order of their times. */
  readonly entries: readonly Entry[];
  readonly people: readonly Person[];
  /** True once the server has told who is here and what was said. */
  readonly loaded: boolean;
}

/** What one client knows of the chat: what a page or a terminal shows. Kept while the server is away. */
export interface View {
  /** The room in which we are, or want to be as soon as there is a connection. */
  readonly room: string;
  readonly rooms: readonly RoomSummary[];
  readonly talks: ReadonlyMap<string, Talk>;
}

export type ViewInput =
  | { readonly type: "entering"; readonly room: string }
  | { readonly type: "joined"; readonly joined: Joined; readonly me: string | null }
  | { readonly type: "message"; readonly room: string; readonly message: Message; readonly me: string | null }
  | { readonly type: "here"; readonly room: string; readonly person: Person }
  | { readonly type: "gone"; readonly room: string; readonly uid: string }
  | { readonly type: "rooms"; readonly rooms: readonly RoomSummary[] }
  | { readonly type: "sending"; readonly room: string; readonly message: Message }
  | { readonly type: "failed"; readonly room: string; readonly id: string; readonly reason: string };

/** Messages of one room, and rooms, that are kept. */
const MAX_ENTRIES = 500;
const MAX_TALKS = 50;

const nothing: Talk = { entries: [], people: [], loaded: false };

export function initialView(room: string): View {
  return { room, rooms: [], talks: new Map() };
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
      return changed({ ...view, room: input.room }, input.room, (talk) => talk);
    case "joined": {
      const { room, rooms, people, history } = input.joined;
      const entries = history.map((message) => delivered(message, input.me));
      return changed({ ...view, rooms }, room, (talk) => ({
        entries: merged(talk.entries, entries),
        people,
        loaded: true,
      }));
    }
    case "message":
      return changed(view, input.room, (talk) => ({
        ...talk,
        entries: merged(talk.entries, [delivered(input.message, input.me)]),
      }));
    case "here":
      return changed(view, input.room, (talk) => ({ ...talk, people: withPerson(talk.people, input.person) }));
    case "gone":
      return changed(view, input.room, (talk) => ({
        ...talk,
        people: talk.people.filter(({ uid }) => uid !== input.uid),
      }));
    case "rooms":
      return { ...view, rooms: input.rooms };
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
