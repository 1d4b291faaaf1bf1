import {
  type ChatState,
  peopleIn,
  personIn,
  type Room,
  roomsOf,
  type Seat,
  summaries,
  type User,
} from "./chat-state.ts";
import type { Joined, Message, PushedEvent, Refusal } from "./events.ts";
import { MAX_HISTORY, MAX_HISTORY_LENGTH, MAX_ROOMS, MAX_SEATS, MAX_USERS } from "./limits.ts";
import { fieldsOf, readId, readName, readRoomName, readText } from "./readers.ts";

/** Whose connection an input came from. `name` and `runtime` are what it said of itself when it connected. */
export interface Sender {
  readonly uid: string;
  readonly clientId: string;
  readonly name: string;
  readonly runtime: string;
}

/** What happened. `data` is what the peer sent, not yet read; `at` is in milliseconds since 1970. */
export type ChatInput =
  | { readonly type: "join"; readonly from: Sender; readonly data: unknown; readonly at: number }
  | { readonly type: "leave"; readonly from: Sender }
  | { readonly type: "rename"; readonly from: Sender; readonly data: unknown }
  | { readonly type: "send"; readonly from: Sender; readonly data: unknown; readonly at: number }
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
  return announced(state, { ...state, users }, from.uid, [{ type: "reply", value: { name } }]);
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
  const message: Message = { id, uid: from.uid, name: user.name, runtime: from.runtime, text, at };
  const rooms = new Map(here.rooms).set(name, { ...room, history: bounded([...room.history, message]) });
  const posted = announced(state, { ...here, rooms }, from.uid, []);
  const to = peopleIn(posted.state, name).map(({ uid }) => uid);
  return {
    state: posted.state,
    outputs: [
      ...posted.outputs,
      { type: "push", to, event: ["chat/message", { room: name, message }] },
      { type: "reply", value: message },
    ],
  };
}

/** The state in which that connection is in that room, and in no other; or why it cannot be. */
function seated(state: ChatState, from: Sender, room: string, at: number): ChatState | Refusal {
  const user = state.users.get(from.uid) ?? { name: from.name, seats: new Map<string, Seat>() };
  if (!state.users.has(from.uid) && state.users.size >= MAX_USERS) return "too-many-people";
  const seats = new Map(user.seats).set(from.clientId, { room, runtime: from.runtime });
  const [oldest] = seats.keys();
  if (seats.size > MAX_SEATS && oldest !== undefined) seats.delete(oldest);
  const users: ReadonlyMap<string, User> = new Map(state.users).set(from.uid, { ...user, seats });
  const rooms = withRoom({ ...state, users }, room, at);
  return rooms === undefined ? "too-many-rooms" : { users, rooms };
}

/** The rooms with that one among them. Where there are too many, the empty one that was not used for longest goes. */
function withRoom(state: ChatState, name: string, at: number): ReadonlyMap<string, Room> | undefined {
  const room = state.rooms.get(name) ?? { permanent: false, history: [], usedAt: at };
  const rooms = new Map(state.rooms).set(name, { ...room, usedAt: at });
  if (rooms.size <= MAX_ROOMS) return rooms;
  const inhabited = new Set(summaries(state).flatMap((one) => (one.people > 0 ? [one.name] : [])));
  const [idle] = [...rooms]
    .filter(([other, { permanent }]) => !permanent && other !== name && !inhabited.has(other))
    .sort(([, a], [, b]) => a.usedAt - b.usedAt);
  return idle === undefined ? undefined : without(rooms, idle[0]);
}

function bounded(history: readonly Message[]): readonly Message[] {
  const kept = history.slice(-MAX_HISTORY);
  let length = kept.reduce((sum, { text }) => sum + text.length, 0);
  while (length > MAX_HISTORY_LENGTH) length -= kept.shift()?.text.length ?? 0;
  return kept;
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
  if (JSON.stringify(summaries(before)) !== JSON.stringify(rooms)) {
    outputs.push({ type: "broadcast", event: ["chat/rooms", { rooms }] });
  }
  return { state: after, outputs };
}

function refused(state: ChatState, code: Refusal): Step {
  return { state, outputs: [{ type: "refuse", code }] };
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
