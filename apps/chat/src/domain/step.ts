import {
  type ChatState,
  peopleIn,
  personIn,
  type Room,
  roomsOf,
  type Seat,
  summaries,
  type User,
  withMessage,
  withName,
} from "./chat-state.ts";
import type { Joined, Message, PushedEvent, Refusal, RoomSummary } from "./events.ts";
import { MAX_ROOMS, MAX_SEATS, MAX_USERS } from "./limits.ts";
import { fieldsOf, readId, readName, readRoomName, readText } from "./readers.ts";

/**
 * Whose connection an input came from. `name` and `runtime` are what it said of itself when it connected; without a
 * name, it is called as it was last.
 */
export interface Sender {
  readonly uid: string;
  readonly clientId: string;
  readonly name: string | undefined;
  readonly runtime: string;
}

/** What happened. `data` is what the peer sent, not yet read; `at` is in milliseconds since 1970. */
export type ChatInput =
  | { readonly type: "join"; readonly from: Sender; readonly data: unknown; readonly at: number }
  | { readonly type: "leave"; readonly from: Sender }
  | { readonly type: "rename"; readonly from: Sender; readonly data: unknown }
  | { readonly type: "send"; readonly from: Sender; readonly data: unknown; readonly at: number }
  | { readonly type: "typing"; readonly from: Sender; readonly data: unknown }
  /** The last connection of a user is gone. */
  | { readonly type: "gone"; readonly uid: string };

/** What is to be done. */
export type ChatOutput =
  | { readonly type: "reply"; readonly value: Joined | Message | { readonly name: string } | true }
  | { readonly type: "refuse"; readonly code: Refusal }
  | { readonly type: "push"; readonly to: readonly string[]; readonly event: PushedEvent }
  | { readonly type: "broadcast"; readonly event: PushedEvent };

export interface Step {
  readonly state: ChatState;
  readonly outputs: readonly ChatOutput[];
}

/** The chat: what happened, and in which state, tells the next state and what is to be done. No clock, no socket. */
export function step(state: ChatState, input: ChatInput): Step {
  switch (input.type) {
    case "join":
      return join(state, input.from, input.data, input.at);
    case "leave":
      return leave(state, input.from);
    case "rename":
      return rename(state, input.from, input.data);
    case "send":
      return send(state, input.from, input.data, input.at);
    case "typing":
      return typing(state, input.from, input.data);
    case "gone":
      return announced(state, { ...state, users: without(state.users, input.uid) }, input.uid, []);
  }
}

function join(state: ChatState, from: Sender, data: unknown, at: number): Step {
  const room = readRoomName(fieldsOf(data).room);
  if (room === undefined) return refused(state, "bad-room");
  const next = seated(state, from, room, at);
  if (typeof next === "string") return refused(state, next);
  const history = next.rooms.get(room)?.history ?? [];
  const value = { room, people: peopleIn(next, room), history, rooms: summaries(next) };
  return announced(state, next, from.uid, [{ type: "reply", value }]);
}

function leave(state: ChatState, from: Sender): Step {
  const user = state.users.get(from.uid);
  const seats = without(user?.seats ?? new Map<string, Seat>(), from.clientId);
  const users =
    user === undefined || seats.size === 0
      ? without(state.users, from.uid)
      : new Map(state.users).set(from.uid, { ...user, seats });
  return announced(state, { ...state, users }, from.uid, [{ type: "reply", value: true }]);
}

function rename(state: ChatState, from: Sender, data: unknown): Step {
  const name = readName(fieldsOf(data).name);
  if (name === undefined) return refused(state, "bad-name");
  const user = state.users.get(from.uid);
  if (user === undefined) return refused(state, "not-here");
  const users = new Map(state.users).set(from.uid, { ...user, name });
  const names = withName(state.names, from.uid, name);
  return announced(state, { ...state, users, names }, from.uid, [{ type: "reply", value: { name } }]);
}

function send(state: ChatState, from: Sender, data: unknown, at: number): Step {
  const fields = fieldsOf(data);
  const [name, id, text] = [readRoomName(fields.room), readId(fields.id), readText(fields.text)];
  if (name === undefined) return refused(state, "bad-room");
  if (id === undefined) return refused(state, "bad-message-id");
  if (text === undefined) return refused(state, "bad-text");

  // The reply was lost, or came too late: the sender asks again and gets the same answer.
  const known = state.rooms.get(name)?.history.find((message) => message.id === id && message.uid === from.uid);
  if (known !== undefined) return { state, outputs: [{ type: "reply", value: known }] };

  // After a restart of the server, what waited in the client arrives before its next join: who speaks is here.
  const here = seated(state, from, name, at);
  if (typeof here === "string") return refused(state, here);
  const room = here.rooms.get(name);
  const user = here.users.get(from.uid);
  if (room === undefined || user === undefined) return refused(state, "bad-room");
  // No two messages of a room have one time, so that all who sort by it see one order.
  const time = Math.max(at, (room.history.at(-1)?.at ?? 0) + 1);
  const message: Message = { id, uid: from.uid, name: user.name, runtime: from.runtime, text, at: time };
  const after = withMessage(room, message);
  const rooms = new Map(here.rooms).set(name, after);
  const posted = announced(state, { ...here, rooms }, from.uid, []);
  const to = peopleIn(posted.state, name).map(({ uid }) => uid);
  return {
    state: posted.state,
    outputs: [
      ...posted.outputs,
      { type: "push", to, event: ["chat/message", { room: name, message }] },
      { type: "broadcast", event: ["chat/said", { room: name, said: after.said }] },
      { type: "reply", value: message },
    ],
  };
}

/** Tells the others in the room. Nothing is kept: whoever is told forgets it after a while. */
function typing(state: ChatState, from: Sender, data: unknown): Step {
  const room = readRoomName(fieldsOf(data).room);
  if (room === undefined) return refused(state, "bad-room");
  const person = personIn(state, room, from.uid);
  if (person === undefined) return refused(state, "not-here");
  const { uid, name } = person;
  const to = peopleIn(state, room).flatMap((other) => (other.uid === uid ? [] : [other.uid]));
  const reply: ChatOutput = { type: "reply", value: true };
  if (to.length === 0) return { state, outputs: [reply] };
  return { state, outputs: [{ type: "push", to, event: ["chat/typing", { room, uid, name }] }, reply] };
}

/** The state in which that connection is in that room, and in no other; or why it cannot be. */
function seated(state: ChatState, from: Sender, room: string, at: number): ChatState | Refusal {
  const user = state.users.get(from.uid) ?? { name: nameOf(state, from), seats: new Map<string, Seat>() };
  if (!state.users.has(from.uid) && state.users.size >= MAX_USERS) return "too-many-people";
  const seats = new Map(user.seats).set(from.clientId, { room, runtime: from.runtime });
  const [oldest] = seats.keys();
  if (seats.size > MAX_SEATS && oldest !== undefined) seats.delete(oldest);
  const users: ReadonlyMap<string, User> = new Map(state.users).set(from.uid, { ...user, seats });
  const rooms = withRoom({ ...state, users }, room, at);
  if (rooms === undefined) return "too-many-rooms";
  return { users, rooms, names: withName(state.names, from.uid, user.name) };
}

function nameOf(state: ChatState, { uid, name }: Sender): string {
  return name ?? state.names.get(uid) ?? `guest-${uid.slice(0, 4)}`;
}

/** The rooms with that one among them. Where there are too many, the empty one that was not used for longest goes. */
function withRoom(state: ChatState, name: string, at: number): ReadonlyMap<string, Room> | undefined {
  const room = state.rooms.get(name) ?? { permanent: false, history: [], usedAt: at, said: 0 };
  const rooms = new Map(state.rooms).set(name, { ...room, usedAt: at });
  if (rooms.size <= MAX_ROOMS) return rooms;
  const inhabited = new Set(summaries(state).flatMap((one) => (one.people > 0 ? [one.name] : [])));
  const [idle] = [...rooms]
    .filter(([other, { permanent }]) => !permanent && other !== name && !inhabited.has(other))
    .sort(([, a], [, b]) => a.usedAt - b.usedAt);
  return idle === undefined ? undefined : without(rooms, idle[0]);
}

/** Tells everybody what the others see of a change of one user: who came, went, changed, and the list of rooms. */
function announced(before: ChatState, after: ChatState, uid: string, first: readonly ChatOutput[]): Step {
  const outputs: ChatOutput[] = [...first];
  for (const room of new Set([...roomsOf(before, uid), ...roomsOf(after, uid)])) {
    const [was, person] = [personIn(before, room, uid), personIn(after, room, uid)];
    if (JSON.stringify(was) === JSON.stringify(person)) continue;
    const to = peopleIn(after, room).map((other) => other.uid);
    if (person !== undefined) outputs.push({ type: "push", to, event: ["chat/here", { room, person }] });
    else if (to.length > 0) outputs.push({ type: "push", to, event: ["chat/gone", { room, uid }] });
  }
  const rooms = summaries(after);
  if (crowds(summaries(before)) !== crowds(rooms)) {
    outputs.push({ type: "broadcast", event: ["chat/rooms", { rooms }] });
  }
  return { state: after, outputs };
}

/** What everybody is told as soon as it changes; what was said is told by itself, in fewer bytes. */
function crowds(rooms: readonly RoomSummary[]): string {
  return JSON.stringify(rooms.map(({ name, people }) => [name, people]));
}

function refused(state: ChatState, code: Refusal): Step {
  return { state, outputs: [{ type: "refuse", code }] };
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
