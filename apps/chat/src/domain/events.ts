// What travels beside the library's own joins, members and histories of rooms.
//
// Asked of the server:
//
//   chat/hello  { room }            -> true, after a `chat/welcome`
//   chat/rename { name }            -> { name }
//   chat/send   { room, id, text }  -> Message
//   chat/there  { uid }             -> boolean, for which the server asks each client of that user the same
//
// A request that cannot be granted is answered with one of the codes of `Refusal`. In a room: `chat/message`, which the
// server sends, and `chat/typing`, which clients do; its history has the messages.

/** Someone as others see them. Who has several connections may speak from several runtimes. */
export interface Person {
  readonly uid: string;
  readonly name: string;
  readonly runtimes: readonly string[];
  /** The name of the server where they were seen last, where there are several. */
  readonly node?: string | undefined;
}

export interface Message {
  /** Chosen by the sender, so that a message that is sent again is known to be the same one. */
  readonly id: string;
  readonly uid: string;
  readonly name: string;
  readonly runtime: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface RoomSummary {
  readonly name: string;
  readonly people: number;
  /** Messages ever said in it: who remembers an earlier number knows how many are unread. */
  readonly said: number;
}

/** What the members of a room, which are ids, are called, and which rooms there are: an event, in order with what follows. */
export interface Welcome {
  readonly people: readonly Person[];
  readonly rooms: readonly RoomSummary[];
}

/** Told to everybody, in whichever room they are, but for the first, which goes to who said hello. */
export type Told =
  | readonly ["chat/welcome", Welcome]
  /** Someone came, has another name, or speaks from another runtime. */
  | readonly ["chat/person", Person]
  | readonly ["chat/said", { readonly room: string; readonly said: number }]
  | readonly ["chat/rooms", { readonly rooms: readonly RoomSummary[] }];

export type Refusal =
  | "bad-name"
  | "bad-room"
  | "bad-text"
  | "bad-message-id"
  /** There are as many rooms as the server takes. */
  | "too-many-rooms"
  /** So many ask already whether somebody is there, all together or this user, that no more is asked. */
  | "busy"
  | "not-here";

/** How long someone counts as writing after the last word of it, which comes before `TYPING_MS` are over or not at all. */
export const TYPING_MS = 4_000;

/** A room of the chat as the library knows it. */
export function libraryRoom(name: string): `chat/${string}` {
  return `chat/${name}`;
}
