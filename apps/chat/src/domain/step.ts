import { type ChatState, people, personOf, type Room, summaries, type User } from "./chat-state.ts";
import { libraryRoom, type Message, type Refusal, type Told } from "./events.ts";
import { MAX_LIST, MAX_ROOMS } from "./limits.ts";
import { fieldsOf, readId, readName, readRoomName, readText } from "./readers.ts";

/** Whose client an input came from. `name` and `runtime` are what it said of itself when it connected. */
export interface Sender {
  readonly uid: string;
  readonly clientId: string;
  readonly name: string | undefined;
  readonly runtime: string;
}

/** What happened. `data` is what the peer sent, not yet read; `at` is in milliseconds since 1970. */
export type ChatInput =
  /** A client came, or went for good. */
  | { readonly type: "open"; readonly from: Sender }
  | { readonly type: "close"; readonly from: Pick<Sender, "uid" | "clientId"> }
  | { readonly type: "hello"; readonly from: Sender; readonly data: unknown; readonly at: number }
  | { readonly type: "rename"; readonly from: Sender; readonly data: unknown }
  | { readonly type: "send"; readonly from: Sender; readonly data: unknown; readonly at: number }
  /** So many people are in a room now. */
  | { readonly type: "members"; readonly room: string; readonly people: number }
  /** A user has no client at any server any more. */
  | { readonly type: "gone"; readonly uid: string }
  /** What a server told everybody, where there are several: also what we told ourselves. */
  | { readonly type: "told"; readonly event: Told }
  /** Another server asks what we know. */
  | { readonly type: "asked" };

/** What is to be done. */
export type ChatOutput =
  | { readonly type: "reply"; readonly value: Message | { readonly name: string } | true }
  | { readonly type: "refuse"; readonly code: Refusal }
  | {
      readonly type: "push";
      readonly to: { readonly room: string };
      readonly event: readonly ["chat/message", Message];
    }
  | { readonly type: "push"; readonly to: Pick<Sender, "uid" | "clientId">; readonly event: Told }
  | { readonly type: "broadcast"; readonly event: Told }
  /** A message is to outlive the process. */
  | { readonly type: "keep"; readonly room: string; readonly message: Message }
  /** Of these rooms the chat wants to know how many people are in them. */
  | { readonly type: "watch"; readonly rooms: readonly string[] };

export interface Step {
  readonly state: ChatState;
  readonly outputs: readonly ChatOutput[];
}

/** The chat: what happened, and in which state, tells the next state and what is to be done. No clock, no socket. */
export function step(state: ChatState, input: ChatInput): Step {
  switch (input.type) {
    case "open":
      return open(state, input.from);
    case "close":
      return close(state, input.from);
    case "hello":
      return hello(state, input.from, input.data, input.at);
    case "rename":
      return rename(state, input.from, input.data);
    case "send":
      return send(state, input.from, input.data, input.at);
    case "members":
      return members(state, input.room, input.people);
    case "gone":
      return { state: { ...state, others: removeKey(state.others, input.uid) }, outputs: [] };
    case "told":
      return told(state, input.event);
    case "asked":
      return { state, outputs: tellAll(state) };
  }
}

function open(state: ChatState, { uid, clientId, name, runtime }: Sender): Step {
  const called = state.others.get(uid)?.name ?? name ?? `guest-${uid.slice(0, 4)}`;
  const user = state.users.get(uid) ?? { name: called, runtimes: new Map() };
  return changeUser(state, uid, { ...user, runtimes: new Map(user.runtimes).set(clientId, runtime) });
}

/** The state in which whoever asks is here: a client that came from another server in its session opens none. */
function seen(state: ChatState, from: Sender): Step {
  const isKnown = state.node === undefined || state.users.get(from.uid)?.runtimes.has(from.clientId) === true;
  return isKnown ? { state, outputs: [] } : open(state, from);
}

function close(state: ChatState, { uid, clientId }: Pick<Sender, "uid" | "clientId">): Step {
  const user = state.users.get(uid);
  const runtimes = removeKey(user?.runtimes ?? new Map<string, string>(), clientId);
  // That they are in no room any more is the library's to tell.
  if (user === undefined || runtimes.size === 0) {
    return { state: { ...state, users: removeKey(state.users, uid) }, outputs: [] };
  }
  return changeUser(state, uid, { ...user, runtimes });
}

function rename(before: ChatState, from: Sender, data: unknown): Step {
  const name = readName(fieldsOf(data).name);
  if (name === undefined) return refuse(before, "bad-name");
  const { state, outputs } = seen(before, from);
  const user = state.users.get(from.uid);
  if (user === undefined) return refuse(before, "not-here");
  const next = changeUser(state, from.uid, { ...user, name });
  return { ...next, outputs: [...outputs, ...next.outputs, { type: "reply", value: { name } }] };
}

/** Somebody goes into a room, which is one of the list from now on. */
function hello(before: ChatState, from: Sender, data: unknown, at: number): Step {
  const name = readRoomName(fieldsOf(data).room);
  if (name === undefined) return refuse(before, "bad-room");
  const { state, outputs } = seen(before, from);
  const next = addRoom(state, name, at);
  if (next === undefined) return refuse(before, "too-many-rooms");
  const welcome = { people: people(next).slice(-MAX_LIST), rooms: summaries(next) };
  return {
    state: next,
    outputs: [
      ...outputs,
      ...announceRooms(state, next),
      { type: "push", to: { uid: from.uid, clientId: from.clientId }, event: ["chat/welcome", welcome] },
      { type: "reply", value: true },
    ],
  };
}

function send(before: ChatState, from: Sender, data: unknown, at: number): Step {
  const { uid, runtime } = from;
  const fields = fieldsOf(data);
  const [name, id, text] = [readRoomName(fields.room), readId(fields.id), readText(fields.text)];
  if (name === undefined) return refuse(before, "bad-room");
  if (id === undefined) return refuse(before, "bad-message-id");
  if (text === undefined) return refuse(before, "bad-text");
  const { state, outputs } = seen(before, from);
  const user = state.users.get(uid);
  if (user === undefined) return refuse(before, "not-here");
  const known = addRoom(state, name, at);
  const room = known?.rooms.get(name);
  if (known === undefined || room === undefined) return refuse(before, "too-many-rooms");
  // No two messages of a room have one time, so that all who sort by it see one order.
  const time = Math.max(at, room.saidAt + 1);
  const message: Message = { id, uid, name: user.name, runtime, text, at: time };
  const said = room.said + 1;
  const next = { ...known, rooms: new Map(known.rooms).set(name, { ...room, said, saidAt: time, usedAt: time }) };
  return {
    state: next,
    outputs: [
      ...outputs,
      ...announceRooms(state, next),
      { type: "keep", room: name, message },
      { type: "push", to: { room: libraryRoom(name) }, event: ["chat/message", message] },
      { type: "broadcast", event: ["chat/said", { room: name, said }] },
      { type: "reply", value: message },
    ],
  };
}

function members(state: ChatState, name: string, people: number): Step {
  const room = state.rooms.get(name);
  if (room === undefined || room.people === people) return { state, outputs: [] };
  const next = { ...state, rooms: new Map(state.rooms).set(name, { ...room, people }) };
  return { state: next, outputs: [{ type: "broadcast", event: ["chat/rooms", { rooms: summaries(next) }] }] };
}

/** What we know of people and rooms, with what a server told everybody of its own. */
function told(state: ChatState, [id, data]: Told): Step {
  switch (id) {
    case "chat/person": {
      if (data.node === state.node) return { state, outputs: [] };
      // They are there now. Where they are here too, we see it by what they ask next.
      const others = new Map(removeKey(state.others, data.uid)).set(data.uid, data);
      if (others.size > MAX_LIST) others.delete([...others.keys()][0] ?? "");
      return { state: { ...state, users: removeKey(state.users, data.uid), others }, outputs: [] };
    }
    case "chat/said":
      return { state: countSaid(state, data.room, data.said), outputs: [] };
    case "chat/rooms": {
      const next = data.rooms.reduce((known, { name, said }) => countSaid(known, name, said), state);
      // Whoever told us told everybody.
      return { state: next, outputs: announceRooms(state, next).filter(({ type }) => type === "watch") };
    }
    case "chat/welcome":
      return { state, outputs: [] };
  }
}

/** The state with that room in it, in which at least so much was said. */
function countSaid(state: ChatState, name: string, said: number): ChatState {
  const known = state.rooms.has(name) ? state : addRoom(state, name, 0);
  const room = known?.rooms.get(name);
  if (known === undefined || room === undefined || room.said >= said) return known ?? state;
  return { ...known, rooms: new Map(known.rooms).set(name, { ...room, said }) };
}

/** All that we know of our own. */
function tellAll(state: ChatState): readonly ChatOutput[] {
  return [
    { type: "broadcast", event: ["chat/rooms", { rooms: summaries(state) }] },
    ...[...state.users].map(
      ([uid, user]): ChatOutput => ({ type: "broadcast", event: ["chat/person", personOf(uid, user, state.node)] }),
    ),
  ];
}

/** The state with that user, of whom everybody is told where they look otherwise now. */
function changeUser(state: ChatState, uid: string, user: User): Step {
  const was = state.users.get(uid);
  const next = { ...state, users: new Map(state.users).set(uid, user), others: removeKey(state.others, uid) };
  const person = personOf(uid, user, state.node);
  if (was !== undefined && JSON.stringify(personOf(uid, was, state.node)) === JSON.stringify(person)) {
    return { state: next, outputs: [] };
  }
  return { state: next, outputs: [{ type: "broadcast", event: ["chat/person", person] }] };
}

/** The state with that room in it. Where there are too many, the empty one that was not used for longest goes. */
function addRoom(state: ChatState, name: string, at: number): ChatState | undefined {
  const unused: Room = { permanent: false, people: 0, said: 0, saidAt: 0, usedAt: at };
  const rooms = new Map(state.rooms).set(name, { ...(state.rooms.get(name) ?? unused), usedAt: at });
  if (rooms.size <= MAX_ROOMS) return { ...state, rooms };
  const [idle] = [...rooms]
    .filter(([other, { permanent, people }]) => !permanent && people === 0 && other !== name)
    .sort(([, a], [, b]) => a.usedAt - b.usedAt);
  if (idle === undefined) return undefined;
  rooms.delete(idle[0]);
  return { ...state, rooms };
}

/** What is to be done where the list of rooms has others in it now. */
function announceRooms(before: ChatState, after: ChatState): readonly ChatOutput[] {
  const rooms = [...after.rooms.keys()];
  if (rooms.every((name) => before.rooms.has(name))) return [];
  return [
    { type: "watch", rooms },
    { type: "broadcast", event: ["chat/rooms", { rooms: summaries(after) }] },
  ];
}

function refuse(state: ChatState, code: Refusal): Step {
  return { state, outputs: [{ type: "refuse", code }] };
}

function removeKey<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
