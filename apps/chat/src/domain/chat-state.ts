import type { Message, Person, RoomSummary } from "./events.ts";
import { MAX_HISTORY, MAX_HISTORY_LENGTH, MAX_NAMES } from "./limits.ts";

/** One connection of a user, and the room in which it is. */
export interface Seat {
  readonly room: string;
  readonly runtime: string;
}

export interface User {
  readonly name: string;
  /** By client id, the oldest first. */
  readonly seats: ReadonlyMap<string, Seat>;
}

export interface Room {
  /** A permanent room stays when nobody is in it. */
  readonly permanent: boolean;
  /** Oldest first. */
  readonly history: readonly Message[];
  /** When someone last joined or spoke, in milliseconds since 1970. */
  readonly usedAt: number;
  /** Messages ever said, those that were forgotten included. */
  readonly said: number;
}

/** All that the chat knows. Never changed in place: a step makes the next one. */
export interface ChatState {
  readonly users: ReadonlyMap<string, User>;
  readonly rooms: ReadonlyMap<string, Room>;
  /** What users were called last, by uid, the oldest first: also of those who are not connected. */
  readonly names: ReadonlyMap<string, string>;
}

export const DEFAULT_ROOM = "lobby";

export function initialState(rooms: readonly string[] = [DEFAULT_ROOM, "typescript", "clojure"]): ChatState {
  return {
    users: new Map(),
    rooms: new Map(rooms.map((name) => [name, { permanent: true, history: [], usedAt: 0, said: 0 }])),
    names: new Map(),
  };
}

/** This user as the others in that room see them; undefined where they are not in it. */
export function personIn(state: ChatState, room: string, uid: string): Person | undefined {
  const user = state.users.get(uid);
  if (user === undefined) return undefined;
  const runtimes = new Set<string>();
  for (const seat of user.seats.values()) if (seat.room === room) runtimes.add(seat.runtime);
  return runtimes.size === 0 ? undefined : { uid, name: user.name, runtimes: [...runtimes].sort() };
}

/** Everybody in a room, in the order in which they came to the chat. */
export function peopleIn(state: ChatState, room: string): readonly Person[] {
  return [...state.users.keys()].map((uid) => personIn(state, room, uid)).filter((person) => person !== undefined);
}

/** The rooms in which a user is. */
export function roomsOf(state: ChatState, uid: string): ReadonlySet<string> {
  const seats = state.users.get(uid)?.seats.values() ?? [];
  return new Set([...seats].map((seat) => seat.room));
}

export function summaries(state: ChatState): readonly RoomSummary[] {
  const counts = new Map<string, number>();
  for (const uid of state.users.keys()) {
    for (const room of roomsOf(state, uid)) counts.set(room, (counts.get(room) ?? 0) + 1);
  }
  return [...state.rooms].map(([name, { said }]) => ({ name, people: counts.get(name) ?? 0, said }));
}

/** The room with one more message, and without those for which there is no room any more. */
export function withMessage(room: Room, message: Message): Room {
  const history = [...room.history, message].slice(-MAX_HISTORY);
  let length = history.reduce((sum, { text }) => sum + text.length, 0);
  while (length > MAX_HISTORY_LENGTH) length -= history.shift()?.text.length ?? 0;
  return { ...room, history, usedAt: message.at, said: room.said + 1 };
}

/** The names with that one as the youngest. */
export function withName(names: ReadonlyMap<string, string>, uid: string, name: string): ReadonlyMap<string, string> {
  if (names.get(uid) === name) return names;
  const next = new Map(names);
  next.delete(uid);
  next.set(uid, name);
  const [oldest] = next.keys();
  if (next.size > MAX_NAMES && oldest !== undefined) next.delete(oldest);
  return next;
}
