import type { AnyContract } from "../contract/events.ts";
import type { EventsOf, ReceivedData, ReceivedEvent, RoomEventsOf, SentEvent } from "../contract/typed.ts";
import type { ReplyError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import type { RoomStatus } from "../rooms/client-room.ts";
import type { RoomMembers } from "../rooms/members.ts";
import type { RoomPosition } from "../rooms/position.ts";
import type { HandshakeRequest } from "./handshake-request.ts";
import type { MaybePromise, Receiver, SendOptions, Watchable } from "./shared.ts";

// The public interfaces of rooms, on servers and clients.

/** Who wants to join a room, or to send into it. */
export interface RoomRequest<Context = unknown, Uid extends string | null = string | null> {
  readonly room: string;
  readonly uid: Uid;
  readonly clientId: string;
  /** What `authorizedFn` returned. */
  readonly context: Context;
  readonly request: HandshakeRequest;
}

/** May they? A `ReplyError` refuses with its code and message, any other falsy value with `refused`. */
export type RoomDecision = MaybePromise<boolean | ReplyError | null | undefined>;

/** What the option `rooms` of a server says of the rooms of one pattern. */
export interface RoomOptions<Context = unknown, Uid extends string | null = string | null> {
  /** May this client join? Asked when it asks, also after a lost session. Default: nobody; `server.joinFn` lets in. */
  readonly joinFn?: (request: RoomRequest<Context, Uid>) => RoomDecision;
  /** May this client send this event into the room? It goes to all who are in it. Default: nobody may. */
  readonly sendFn?: (request: RoomRequest<Context, Uid> & { readonly event: SenteEvent }) => RoomDecision;
  /** Keeps the last events, so that who comes back gets what was missed. Default: none. */
  readonly history?: {
    /** Events. Default 100. */
    readonly size?: number;
    /** What they take in memory. Default 256 KiB. */
    readonly maxBytes?: number;
    /** How long each is kept. Default 600,000, ten minutes. */
    readonly ttlMs?: number;
  };
  /** Tells those who are in the room who is. Default false. */
  readonly members?: boolean;
}

/** A part of a room's history, oldest first. */
export interface RoomHistory {
  readonly entries: readonly RoomHistoryEntry[];
  /** Where the history stands: a `since` for who has all of it. */
  readonly position: RoomPosition;
  /** True where the history has nothing older. */
  readonly isComplete: boolean;
}

/** One event of a history. */
export interface RoomHistoryEntry {
  readonly event: SenteEvent;
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: as the data of an event without a contract.
  readonly data: any;
  /** Who sent it: undefined where the server did. */
  readonly uid: string | null | undefined;
  readonly position: RoomPosition;
}

/** Which part of a history. */
export interface RoomHistoryOptions {
  /** How many events at most; the server gives no more than its history keeps, and what fits a frame. Default 50. */
  readonly limit?: number;
  /** Only events before this position, which an earlier part told. */
  readonly before?: RoomPosition;
}

/** A room as the server sees it. */
export interface ServerRoom {
  readonly name: string;
  /** The users who are in it. */
  readonly members: Watchable<ReadonlySet<string | null>>;
  /** Its last events. Rejects with `UsageError` `no-history` where the room keeps none. */
  readonly history: (options?: RoomHistoryOptions) => Promise<RoomHistory>;
}

/** How a client stands to a room. */
export interface RoomState {
  /**
   * joining: not yet, or not any more since the session was lost; joined: its events come; refused: the server does not
   * let this client in, and is asked again with the next session; left: over.
   */
  readonly status: RoomStatus;
  /** Why it was refused, or put out by the server. */
  readonly code: string | null;
  readonly message: string | null;
  /**
   * Of the last join: true where all came that was sent since the position before it; false where something may be
   * missing; null where there was nothing to recover.
   */
  readonly recovered: boolean | null;
}

/** Options of `client.room`. */
export interface RoomJoinOptions {
  /** The position up to which the application has everything; what came since is delivered first. */
  readonly since?: RoomPosition | null;
}

/** An event of a room. */
export interface RoomMessage<Id extends string = string, Events = EventsOf<undefined, "toClient">> {
  readonly event: ReceivedEvent<Events, Id>;
  readonly id: Id;
  readonly data: ReceivedData<Events, Id>;
  readonly room: string;
  /** Who sent it: undefined where the server did. The server vouches for it. */
  readonly uid: string | null | undefined;
  /** Its place in the history; null where the room has none, and for a volatile one. */
  readonly position: RoomPosition | null;
}

/** Every message of a room with those events, told apart by `id`. */
export type RoomMessages<Events> = string extends keyof Events
  ? RoomMessage
  : { [Id in keyof Events & string]: RoomMessage<Id, Events> }[keyof Events & string];

/** A room that a client is in, or wants to be in (PROTOCOL.md section 6.10). None of its functions uses `this`. */
export interface Room<Events = EventsOf<undefined, "toClient">> {
  readonly name: string;
  readonly chRecv: Receiver<RoomMessages<Events>>;
  readonly state: Watchable<RoomState>;
  /** Who is in it, where the server tells its members. */
  readonly members: Watchable<RoomMembers>;
  /** The position up to which this client has everything; null where the room has no history. */
  readonly position: () => RoomPosition | null;
  /**
   * Sends an event to all who are in the room, this client too, now or when the connection is open. False: not accepted,
   * as with the client's own. What the server refuses is reported on the error channel, with the server's code. Throws
   * `EncodeError`, `UsageError`. A volatile one is kept in no history, and goes to who is connected.
   */
  readonly sendFn: string extends keyof Events
    ? (event: SenteEvent, options?: SendOptions) => boolean
    : <Id extends keyof Events & string>(event: SentEvent<Events, Id>, options?: SendOptions) => boolean;
  /** Its last events. Rejects with `ReplyError`: `no-history`, `not-a-member`, `closed`. */
  readonly history: (options?: RoomHistoryOptions) => Promise<RoomHistory>;
  /** From now on nothing of the room comes any more; `client.room` joins it anew. */
  readonly leave: () => void;
}

/** `client.room`. */
export type RoomFn<C extends AnyContract | undefined> = <Name extends string>(
  name: Name,
  options?: RoomJoinOptions,
) => Room<RoomEventsOf<C, Name>>;
