import type { SenteEvent } from "../event.ts";
import { kw } from "../values/keyword.ts";
import { readInnerEvent, writeInnerEvent } from "../wire/event.ts";
import { roomIds } from "../wire/feature-events.ts";
import type { Joined } from "./client-room.ts";
import type { MembersChange, MembersList } from "./members-tally.ts";
import { isOffset, type RoomPosition, readPosition } from "./position.ts";
import { isRoomName } from "./room-name.ts";

// What the events of rooms say (PROTOCOL.md section 6.10): written, and read of whatever a peer sent.

/** An event that was sent into a room. */
export interface RoomEvent {
  readonly event: SenteEvent;
  /** Who sent it, where a client did. */
  readonly uid?: string | null | undefined;
}

type Body = Readonly<Record<string, unknown>>;

/** The data of an event as an object; empty for anything else. */
function bodyOf(data: unknown): Body {
  return typeof data === "object" && data !== null && !Array.isArray(data) ? (data as Body) : {};
}

/** The room that an event speaks of; undefined where it names none. */
export function readRoom(data: unknown): string | undefined {
  const { room } = bodyOf(data);
  return isRoomName(room) ? room : undefined;
}

/** Asks to join a room, and for what came since a position. */
export function makeJoin(room: string, since: RoomPosition | undefined): SenteEvent {
  return [roomIds.join, since === undefined ? { room } : { room, since }];
}

/** The position from which who joins goes on; undefined where there is none. */
export function readSince(data: unknown): RoomPosition | undefined {
  return readPosition(bodyOf(data).since);
}

/** What a server says of a room that the peer has just joined. */
export function makeJoined({ position, isRecovered }: Joined, members: MembersList | undefined): Body {
  return {
    ...(position !== undefined && { position }),
    "recovered?": isRecovered,
    ...(members !== undefined && { members }),
  };
}

/** What the reply to a join says. */
export function readJoined(data: unknown): Joined & { readonly members: MembersList | undefined } {
  const { position, "recovered?": recovered, members } = bodyOf(data);
  return { position: readPosition(position), isRecovered: recovered === true, members: readMembers(members) };
}

/** Tells that the client leaves a room. */
export function makeLeave(room: string): SenteEvent {
  return [roomIds.leave, { room }];
}

/** Sends an event into a room. */
export function makeSend(room: string, event: SenteEvent): SenteEvent {
  return [roomIds.send, { room, event: writeInnerEvent(event) }];
}

/** The event that goes into a room, or came from one; undefined where there is none. */
export function readRoomEvent(data: unknown, stringIds: boolean): SenteEvent | undefined {
  return readInnerEvent(bodyOf(data).event, stringIds);
}

/** Sends an event to who is in the room. Those whom the sender left out get no event, but its offset: offsets have no hole. */
export function makePost(room: string, sent: RoomEvent | undefined, offset: number | undefined): SenteEvent {
  return [
    roomIds.event,
    {
      room,
      ...(sent !== undefined && { event: writeInnerEvent(sent.event) }),
      ...(sent?.uid !== undefined && { uid: sent.uid }),
      ...(offset !== undefined && { offset }),
    },
  ];
}

/** Who sent an event of a room, and its place in the history. */
export function readPost(data: unknown): {
  readonly uid: string | null | undefined;
  readonly offset: number | undefined;
} {
  const { uid, offset } = bodyOf(data);
  return {
    uid: typeof uid === "string" || uid === null ? uid : undefined,
    offset: isOffset(offset) ? offset : undefined,
  };
}

/** Tells a client that the server let it into a room. */
export function makeServerJoined(room: string, joined: Joined, members: MembersList | undefined): SenteEvent {
  return [roomIds.joined, { room, ...makeJoined(joined, members) }];
}

/** Tells that the peer is not in the room any more, and why. */
export function makeLeft(room: string, code: string, message: string): SenteEvent {
  return [roomIds.left, { room, code, message }];
}

/** Tells that a room refused an event with that id, and why. */
export function makeRefused(room: string, id: string, code: string, message: string): SenteEvent {
  return [roomIds.refused, { room, id: kw(id), code, message }];
}

/** Why a room refused, or put out. */
export function readRefusal(data: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = bodyOf(data);
  return {
    code: typeof code === "string" ? code : "error",
    message: typeof message === "string" ? message : "the server gave no reason",
  };
}

/** Tells the members of a room who came and who left. */
export function makeMembers(room: string, change: MembersChange): SenteEvent {
  return [roomIds.members, { room, ...change }];
}

/** What the members are told; undefined for what says nothing of them. */
export function readMembers(data: unknown): MembersChange | undefined {
  const { count, uids, joined, left } = bodyOf(data);
  if (!isOffset(count)) return undefined;
  return {
    count,
    ...(Array.isArray(uids) && { uids: uids.filter(isUid) }),
    joined: Array.isArray(joined) ? joined.filter(isUid) : [],
    left: Array.isArray(left) ? left.filter(isUid) : [],
  };
}

function isUid(value: unknown): value is string | null {
  return typeof value === "string" || value === null;
}

/** Asks for the last events of a room, or for the last of those before an offset. */
export function makeHistory(room: string, limit: number, before: number | undefined): SenteEvent {
  return [roomIds.history, before === undefined ? { room, limit } : { room, limit, before }];
}

/** Which part of a history is asked for. */
export function readHistoryRange(data: unknown): { readonly limit: number; readonly before: number | undefined } {
  const { limit, before } = bodyOf(data);
  return { limit: isOffset(limit) ? limit : 0, before: isOffset(before) ? before : undefined };
}

/** A part of a history, with the events that are meant for who asked. */
export interface HistoryPart {
  readonly entries: readonly (RoomEvent & { readonly offset: number })[];
  readonly position: RoomPosition;
  readonly isComplete: boolean;
}

/** The reply that holds a part of a history. */
export function makeHistoryReply({ entries, position, isComplete }: HistoryPart): Body {
  return {
    entries: entries.map(({ event, uid, offset }) => ({
      offset,
      event: writeInnerEvent(event),
      ...(uid !== undefined && { uid }),
    })),
    position,
    "complete?": isComplete,
  };
}

/** Undefined for what is no such reply. */
export function readHistoryReply(value: unknown, stringIds: boolean): HistoryPart | undefined {
  const { entries, position: told, "complete?": complete } = bodyOf(value);
  const position = readPosition(told);
  if (position === undefined || !Array.isArray(entries)) return undefined;
  const read = entries.flatMap((entry: unknown) => {
    const event = readRoomEvent(entry, stringIds);
    const { uid, offset } = readPost(entry);
    return event === undefined || offset === undefined ? [] : [{ event, uid, offset }];
  });
  return { entries: read, position, isComplete: complete === true };
}
