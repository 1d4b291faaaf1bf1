import { type ChatState, type Room, withMessage, withName } from "./chat-state.ts";
import type { Message } from "./events.ts";
import { MAX_ROOMS } from "./limits.ts";
import { fieldsOf, readCount, readId, readMessage, readName, readRoomName } from "./readers.ts";

// What of the state outlives the process, as a list of small changes: names, rooms, and what was said in them. Who is
// connected is not among it.

export type Change =
  | { readonly type: "name"; readonly uid: string; readonly name: string }
  /** A room begins, with so many messages said in it that are not kept. */
  | { readonly type: "room"; readonly room: string; readonly said: number; readonly at: number }
  | { readonly type: "message"; readonly room: string; readonly message: Message }
  | { readonly type: "forgotten"; readonly room: string };

/** What knows nothing: the changes since then are all that is known. */
const nothing: ChatState = { users: new Map(), rooms: new Map(), names: new Map() };

/** What changed between two states, the second of which followed from the first. */
export function changesBetween(before: ChatState, after: ChatState): readonly Change[] {
  const changes: Change[] = [];
  if (before.names !== after.names) {
    for (const [uid, name] of after.names) {
      if (before.names.get(uid) !== name) changes.push({ type: "name", uid, name });
    }
  }
  if (before.rooms === after.rooms) return changes;
  for (const room of before.rooms.keys()) if (!after.rooms.has(room)) changes.push({ type: "forgotten", room });
  for (const [room, is] of after.rooms) {
    const was = before.rooms.get(room);
    if (was === is) continue;
    if (was === undefined) changes.push({ type: "room", room, said: is.said - is.history.length, at: is.usedAt });
    const further = was === undefined ? is.history.length : is.said - was.said;
    const messages = further === 0 ? [] : is.history.slice(-further);
    for (const message of messages) changes.push({ type: "message", room, message });
  }
  return changes;
}

/** The shortest list of changes that leads to this state. */
export function allChanges(state: ChatState): readonly Change[] {
  return changesBetween(nothing, state);
}

/** Reads what was a change once. It comes from a file, which anybody may have written to. */
export function readChange(value: unknown): Change | undefined {
  const fields = fieldsOf(value);
  if (fields.type === "name") {
    const [uid, name] = [readId(fields.uid), readName(fields.name)];
    return uid === undefined || name === undefined ? undefined : { type: "name", uid, name };
  }
  const room = readRoomName(fields.room);
  if (room === undefined) return undefined;
  if (fields.type === "forgotten") return { type: "forgotten", room };
  if (fields.type === "message") {
    const message = readMessage(fields.message);
    return message === undefined ? undefined : { type: "message", room, message };
  }
  const [said, at] = [readCount(fields.said), readCount(fields.at)];
  if (fields.type !== "room" || said === undefined || at === undefined) return undefined;
  return { type: "room", room, said, at };
}

/** The state after a change that was read. What would go over a bound is left out. */
export function changed(state: ChatState, change: Change): ChatState {
  if (change.type === "name") return { ...state, names: withName(state.names, change.uid, change.name) };
  const room = state.rooms.get(change.room);
  if (change.type === "forgotten") {
    if (room === undefined || room.permanent) return state;
    const rooms = new Map(state.rooms);
    rooms.delete(change.room);
    return { ...state, rooms };
  }
  if (room === undefined && state.rooms.size >= MAX_ROOMS) return state;
  const known: Room = room ?? { permanent: false, history: [], usedAt: 0, said: 0 };
  const next =
    change.type === "room"
      ? { ...known, said: Math.max(known.said, change.said), usedAt: change.at }
      : withMessage(known, change.message);
  return { ...state, rooms: new Map(state.rooms).set(change.room, next) };
}
