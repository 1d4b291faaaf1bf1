import type { Codec } from "../codecs/codec.ts";
import type { CodecFor } from "../contract/contract.ts";
import type { AnyContract, EventSpec, ReplyOf } from "../contract/events.ts";
import type {
  EventsOf,
  ReceivedData,
  ReceivedEvent,
  SentEvent,
  SentReply,
  Unchecked,
  WithOwn,
} from "../contract/typed.ts";
import type { ErrorChan } from "../error-chan.ts";
import type { SenteEvent } from "../event.ts";
import type { ClientLimits } from "../limits.ts";
import type { OutputOf } from "../standard-schema.ts";
import type { HandlerMap } from "./handlers.ts";
import type { RequestFn, RequestSignal } from "./requests.ts";
import type { RoomFn } from "./rooms.ts";
import type { ReplyFn } from "./server.ts";
import type { MaybePromise, Receiver, SendOptions, Watchable } from "./shared.ts";

// The public interfaces of clients.

/**
 * The address of a server: `"wss://app.example/chsk"`, or a `URL`. `http:` and `https:` mean `ws:` and `wss:`; a page may
 * give an address without a host, which is resolved by `document.baseURI`, once, when the client first connects.
 */
export type Address = string | { readonly href: string };

/** Names and values: an object, or what goes through pairs as a Map, `URLSearchParams` and `Headers` do; or none. */
export type Pairs =
  | Readonly<Record<string, string>>
  | Iterable<readonly [name: string, value: string]>
  | null
  | undefined;

/** Options of `makeChannelSocketClient`, the same on every runtime; a runtime may add its own. */
export interface ClientOptions<C extends AnyContract | undefined = undefined, K extends Codec = Codec>
  extends Partial<ClientLimits> {
  /** What is sent and received: types for all that follows; and what arrives is checked. */
  readonly contract?: C;
  /** Names this client among those of its user: 1 to 256 characters. Default: random, drawn when it first connects. */
  readonly clientId?: string;
  readonly codec?: CodecFor<C, K>;
  /** Sent with every attempt; as a function, asked anew each time. */
  readonly csrfToken?: string | null | (() => MaybePromise<string | null | undefined>);
  /**
   * Where the CSRF token travels: in the query, as Sente's does, or in `Sec-WebSocket-Protocol`, out of access logs,
   * which only our own servers understand. Default `query`.
   */
  readonly csrfVia?: "query" | "subprotocol";
  /**
   * Further query parameters; as a function, asked once for each attempt, and when the server wants a new login, before
   * the old one ends (PROTOCOL.md section 1.9). They go before those of the address; the
   * protocol's own (`client-id`, `sente-lite`, `attempt`, `codec`, and `csrf-token` where there is a `csrfToken`) go
   * before both.
   */
  readonly params?: Pairs | (() => MaybePromise<Pairs>);
  /** Subprotocols to offer, where the server is known to choose one; as a function, asked anew for each attempt. */
  readonly protocols?: readonly string[] | (() => MaybePromise<readonly string[]>);
  /**
   * What becomes of events that were sent and may have arrived or not, when the session is lost: `report`ed on the error
   * channel as a `SessionLostError`, or sent again in the new session, at least once (`resend`). Default `report`.
   */
  readonly onSessionLost?: "report" | "resend";
  /** False: made without connecting; `chsk.connect()` connects. Default true. */
  readonly connect?: boolean;
  /** Accepted as in Sente; there is no Ajax fallback. */
  readonly type?: "auto" | "ws";
  /** Must name the codec, where both are given. */
  readonly serialization?: string;
}

/** How a connection ended: its close code and reason (PROTOCOL.md section 8), and when. */
export interface LastClose {
  readonly code: number;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Why the server refused, where it said so. */
  readonly refusal: Refusal | null;
}

/** Why a server refused this client, as its application said it (PROTOCOL.md section 1.4). */
export interface Refusal {
  /** 401, 403, 429 or 503. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly data: unknown;
}

/** Sente's fields in camelCase, and ours. */
export interface ClientState {
  readonly type: "ws";
  readonly open: boolean;
  readonly everOpened: boolean;
  /** True during the first connection. */
  readonly firstOpen: boolean;
  /** Our user id as the server knows it; one that is not a string is printed as EDN. */
  readonly uid: string | null;
  /** The id of this client among those of its user; null before it first connects, where none was given. */
  readonly clientId: string | null;
  readonly handshakeData: unknown;
  readonly csrfToken: string | null;
  readonly lastWsError: Error | null;
  readonly lastWsClose: LastClose | null;
  /** Why the client was last closed for good; null while it goes on trying. */
  readonly lastClose: {
    readonly reason: "requested-disconnect" | "terminal-code" | "max-attempts";
    readonly at: number;
    /** Why the server refused, where it did and said so. */
    readonly refusal: Refusal | null;
  } | null;
  /** When the next attempt comes, in milliseconds since 1970; null where none is waiting. */
  readonly udtNextReconnect: number | null;
  /** The session that outlives the connections; null with a server that keeps none, as Sente's. */
  readonly sessionId: string | null;
  /** True where the last connection went on with the session: nothing was lost, duplicated or reordered. */
  readonly resumed: boolean;
  /** True where the last connection could not go on with the session: what the server pushed meanwhile is lost. */
  readonly sessionLost: boolean;
  /** Attempts since the last connection was open. */
  readonly reconnectCount: number;
  /** Events and requests that wait to be sent. */
  readonly queued: number;
  readonly lastError: Error | null;
  /** idle: not asked to connect; backoff: waiting; terminal: refused for good. */
  readonly status: "idle" | "backoff" | "opening" | "open" | "terminal";
}

/** The message of an event that has no reply in the contract, and of the protocol's own events, `chsk/*`. */
export interface ClientEvent<Id extends string = string, C extends AnyContract | undefined = undefined> {
  readonly event: ReceivedEvent<ToClient<C>, Id>;
  readonly id: Id;
  readonly data: ReceivedData<ToClient<C>, Id>;
  readonly state: ClientState;
  readonly sendFn: ClientSendFn<C>;
}

/** What a client's handlers are given: an event of the server's, and the way to answer where the server asks. */
export interface ClientMessage<Id extends string = string, C extends AnyContract | undefined = undefined>
  extends ClientEvent<Id, C> {
  /** Answers the request of the server's, once; false where it is too late. Absent where no reply is wanted. */
  readonly replyFn?: ReplyFn<SentReply<ToClient<C>, Id>> | undefined;
}

/** What a reply callback gets: the reply, or one of Sente's three. */
export type CallbackReply<Reply = unknown> = Reply | "chsk/closed" | "chsk/timeout" | "chsk/error";

/** One thing that happened on a client's wire; `at` in milliseconds since 1970. */
export type TraceEntry =
  /** An attempt to connect begins. */
  | { readonly type: "opening"; readonly at: number; readonly attempt: number }
  | {
      readonly type: "frame";
      readonly at: number;
      readonly direction: "in" | "out";
      readonly bytes: number;
      /** What it is, without what it says: `chat/send r7`, `reply r7`, `ping`, `ack 12`. */
      readonly label: string;
      /** The frame itself, where it was asked for. */
      readonly payload?: string | Uint8Array;
    }
  | { readonly type: "closed"; readonly at: number; readonly code: number; readonly reason: string };

/** What `client.trace` calls. */
export type TraceFn = (entry: TraceEntry) => void;

/** A client, the same on every runtime. None of its functions uses `this`. */
export interface ChannelSocketClient<C extends AnyContract | undefined = undefined> {
  readonly chRecv: Receiver<ClientMessages<C>>;
  /**
   * Sends an event, now or when the connection is open, in call order. False: not accepted (too many wait, or the
   * client is closed for good). With a callback it is a request: the callback gets the reply, or `"chsk/closed"`,
   * `"chsk/timeout"`, `"chsk/error"`. With `{ volatile: true }` it goes at once or never. Throws `EncodeError`, `UsageError`.
   */
  readonly sendFn: ClientSendFn<C>;
  /**
   * Joins a room (PROTOCOL.md section 6.10), now or when the connection is open, and again by itself after a lost session;
   * while it is not left, the same object. Throws `UsageError` `bad-room`, `bad-position`, `unknown-option`.
   */
  readonly room: RoomFn<C>;
  /** Sends a request and resolves to its reply; rejects with `ReplyError`, `EncodeError`, `UsageError`. */
  readonly requestFn: RequestFn<EventsOf<C, "toServer">>;
  readonly state: Watchable<ClientState>;
  /**
   * Calls `fn` for every frame, each way, and for the opening and closing of connections: for tools that show what goes
   * on. What a frame says is left out unless `payloads` is true. Returns the function that stops it.
   */
  readonly trace: (fn: TraceFn, options?: { readonly payloads?: boolean }) => () => void;
  readonly errorChan: ErrorChan;
  /** Sente's `chsk-*!`. */
  readonly chsk: {
    readonly connect: () => void;
    /** Closes (1000) and stays closed; what was queued is reported. */
    readonly disconnect: () => void;
    /** Closes, and connects anew at once; also out of a terminal state. */
    readonly reconnect: () => void;
    /** Cuts the connection, as a fault of the network would; the client then reconnects. */
    readonly breakConnection: () => void;
  };
  /** Resolves when the connection is open; rejects with `HandshakeError` where the client is closed for good: with what the server said. */
  readonly ready: (options?: { readonly signal?: RequestSignal }) => Promise<ClientState>;
  /** Disconnects for good: from now on `sendFn` returns false, and requests are rejected with `closed`. */
  readonly close: () => void;
  /** `close`, for `await using`, on every runtime that knows the symbol. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** The protocol's own events, as a client delivers them. */
type ClientChskEvents = {
  readonly "chsk/state": EventSpec<readonly [previous: ClientState, next: ClientState]>;
  readonly "chsk/handshake": EventSpec<
    readonly [uid: string | null, csrfToken: string | null, handshakeData: unknown, isFirst: boolean]
  >;
  readonly "chsk/login-expired": EventSpec;
  readonly "chsk/ws-ping": EventSpec;
  readonly "chsk/bad-event": EventSpec<unknown>;
};

/** All that a client delivers. */
type ToClient<C> = WithOwn<EventsOf<C, "toClient">, ClientChskEvents>;

/** Every message of a client with that contract, told apart by `id`. */
export type ClientMessages<C extends AnyContract | undefined = undefined> = string extends keyof ToClient<C>
  ? ClientMessage
  : {
      [Id in keyof ToClient<C> & string]: [ReplyOf<ToClient<C>[Id]>] extends [never]
        ? ClientEvent<Id, C>
        : ClientMessage<Id, C>;
    }[keyof ToClient<C> & string];

/** The same for a client's events. */
export type ClientHandlers<C extends AnyContract | undefined = undefined> = HandlerMap<
  ClientMessages<C>["id"] | "*",
  ClientMessages<C>
>;

/** Sends to the server; with a callback where the event has a reply. */
type ClientSendFn<C extends AnyContract | undefined> = string extends keyof EventsOf<C, "toServer">
  ? (event: SenteEvent, ...how: Asking<Unchecked>) => boolean
  : <Id extends keyof EventsOf<C, "toServer"> & string>(
      event: SentEvent<EventsOf<C, "toServer">, Id>,
      ...how: [ReplyOf<EventsOf<C, "toServer">[Id]>] extends [never]
        ? [options?: SendOptions]
        : Asking<OutputOf<ReplyOf<EventsOf<C, "toServer">[Id]>>>
    ) => boolean;

/** The last arguments of `sendFn`: the timeout and the callback of a request; or options, without a callback. */
type Asking<Reply> = [timeoutMs?: number | SendOptions, cb?: (reply: CallbackReply<Reply>) => void];
