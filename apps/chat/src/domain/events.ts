// What travels: requests of the client with their replies, and events that the server pushes.
//
//   chat/join   { room }            -> Joined
//   chat/leave  (no data)           -> true
//   chat/rename { name }            -> { name }
//   chat/send   { room, id, text }  -> Message
//   chat/typing { room }            -> true
//
// A request that cannot be granted is answered with one of the codes of `Refusal`.

/** Someone as others see them. Who has several connections may speak from several runtimes. */
export interface Person {
  readonly uid: string;
  readonly name: string;
  readonly runtimes: readonly string[];
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

export interface Joined {
  readonly room: string;
  readonly people: readonly Person[];
  /** Oldest first. */
  readonly history: readonly Message[];
  readonly rooms: readonly RoomSummary[];
}

export type PushedEvent =
  | readonly ["chat/message", { readonly room: string; readonly message: Message }]
  /** Someone joined, has another name, or speaks from another runtime. */
  | readonly ["chat/here", { readonly room: string; readonly person: Person }]
  | readonly ["chat/gone", { readonly room: string; readonly uid: string }]
  /** Told to everybody, in whichever room they are. */
  | readonly ["chat/said", { readonly room: string; readonly said: number }]
  /** Someone is writing. It is not told when they stop: it is forgotten after TYPING_MS, or with their message. */
  | readonly ["chat/typing", { readonly room: string; readonly uid: string; readonly name: string }]
  | readonly ["chat/rooms", { readonly rooms: readonly RoomSummary[] }];

export type Refusal =
  | "bad-name"
  | "bad-room"
  | "bad-text"
  | "bad-message-id"
  /** There are as many rooms, or people, as the server takes. */
  | "too-many-rooms"
  | "too-many-people"
  | "not-here";

/** How long someone counts as writing after the last word of it. */
export const TYPING_MS = 4_000;
