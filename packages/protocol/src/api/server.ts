import type { Backplane } from "../backplane/index.ts";
import type { Codec } from "../codecs/codec.ts";
import type { CodecsFor } from "../contract/contract.ts";
import type { AnyContract, EventSpec, ReplyOf } from "../contract/events.ts";
import type {
  EventsOf,
  ReceivedData,
  ReceivedEvent,
  RoomEventsOf,
  SentEvent,
  SentReply,
  WithOwn,
} from "../contract/typed.ts";
import type { ErrorChan } from "../error-chan.ts";
import type { HandshakeError, ReplyError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import type { Backpressure, OverRate, ServerLimits } from "../limits.ts";
import type { HandlerMap } from "./handlers.ts";
import type { HandshakeRequest } from "./handshake-request.ts";
import type { ClientRequestAllFn, ClientRequestFn } from "./requests.ts";
import type { RoomOptions, ServerRoom } from "./rooms.ts";
import type { MaybePromise, Receiver, Watchable } from "./shared.ts";
import type { To, ToClientId, ToRoom } from "./to.ts";

// The public interfaces of servers: what every runtime package gives its users. PROTOCOL.md speaks of the wire only.

/** Why a connection is refused: an HTTP status, and for our own clients when to come again. */
export interface Rejection {
  /** 401, 403, 429 or 503. */
  readonly status: number;
  /** The answer to a peer that is refused by status, and to one of ours where there is no `code`. Default: the message. */
  readonly body?: string;
  /**
   * Of the answer to a peer that is refused by status, as `{ "www-authenticate": "Bearer" }`: printable ASCII, and none that
   * is the connection's (`connection`, `upgrade`, `transfer-encoding`, `content-length`, ...). Peers that are told by a close
   * see none of them (PROTOCOL.md section 1.4).
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Why, for the client's program: kebab-case, at most 64 characters. It is read in `state.lastClose.refusal`. */
  readonly code?: string;
  /** Why, for people; cut to what a close frame can carry (PROTOCOL.md section 1.4). */
  readonly message?: string;
  /** What JSON can say; with the code at most 60 bytes. */
  readonly data?: unknown;
  readonly retryInMs?: number;
  readonly spreadMs?: number;
}

/** Options of `makeChannelSocketServer`, the same on every runtime; a runtime may add its own. */
export interface ServerOptions<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
  Uid extends string | null | undefined = string | null | undefined,
> extends Partial<ServerLimits> {
  /** What is sent and received: types for all that follows; and what arrives is checked. */
  readonly contract?: C;
  /**
   * May it connect? What it returns becomes `message.context`; a falsy value refuses with 401, and a `HandshakeError`,
   * returned or thrown, with what it says. The other functions refuse by throwing one. Where it returns an object with
   * `expiresAt`, a number of milliseconds since 1970, the login ends then: `refreshLeadMs` before, a client of ours is
   * asked for its `params` anew, and with these this function and `userIdFn` again. A connection whose login was not
   * renewed is closed with 4401, after `chsk/login-expired` (PROTOCOL.md section 1.9).
   */
  readonly authorizedFn?: (
    request: HandshakeRequest,
  ) => MaybePromise<Context | HandshakeError | false | null | undefined>;
  /**
   * Who is it? Called after `authorizedFn`, with what that returned, so that a login is looked up once; written below it, so
   * that the compiler knows the type. Default: the client id. Nothing returned: a user without an id (`uid` is null).
   * Where it always returns a string, `uid` is a `string` in handlers.
   */
  readonly userIdFn?: (request: HandshakeRequest, context: Context) => MaybePromise<Uid>;
  /** A gate after the CSRF token and the origin, before the others: rate limits, maintenance. Nothing returned: go on. */
  readonly rejectFn?: (request: HandshakeRequest) => MaybePromise<Rejection | null | undefined>;
  /** Data for the client's handshake, on every connection. */
  readonly handshakeDataFn?: (request: HandshakeRequest) => MaybePromise<unknown>;
  /** The CSRF token that the request must carry. Without this function none is asked for. */
  readonly csrfTokenFn?: (request: HandshakeRequest) => MaybePromise<string | null | undefined>;
  /**
   * How a peer is refused. `close`: accepted, then closed with 44xx; `http`: by status.
   * Default `auto`: `close` for our own clients, since a browser cannot see a status (PROTOCOL.md section 1.4). A codec that
   * the server lacks is told by close to our own clients alone, unless this is `http`.
   */
  readonly rejectWith?: "auto" | "close" | "http";
  /**
   * Rooms by the pattern of their names, `"lobby"` or `"chat/*"`, of which a name goes before a beginning, and a longer
   * beginning before a shorter one. A name that no pattern has is no room.
   */
  readonly rooms?: Readonly<Record<string, RoomOptions<Context, UidOf<Uid>>>>;
  /**
   * Makes this server one node of several that serve one application: what a driver made (`@sente-lite/redis`,
   * `@sente-lite/nats`). The server joins when it is made; until it has joined, `isReady` is false and nobody is let in (503;
   * our clients 4503, with when to come again). A join that fails is reported, and tried again. Default: none.
   */
  readonly backplane?: Backplane;
  /**
   * With a `backplane`: whose are `connectedUids`, the members of rooms, and `chsk/uidport-open` and `-close`? Default
   * `cluster`: all nodes', each told once. `local`: this node's, and no node is told of who is here.
   */
  readonly presence?: "cluster" | "local";
  /** Codecs that clients may name; the first serves those that name none. */
  readonly codecs?: CodecsFor<C, Codecs>;
  /** Origins besides our own from which pages may connect, as `"https://app.example"`, or `"*"` for all. */
  readonly allowedOrigins?: "*" | readonly string[];
  /**
   * Hosts that requests may ask for, as `"app.example"`, with whatever port where none is named; others are refused with
   * 403. Default: every host. To be named by a server that a browser reaches at an address of its own machine or network,
   * which a stranger's page can give a name of its own (DNS rebinding).
   */
  readonly allowedHosts?: readonly string[];
  /**
   * The proxies in front of the server: how many, or their addresses and networks, as `["10.0.0.0/8"]`. What they say in
   * `Forwarded` or `X-Forwarded-For`, `-Host` and `-Proto` is then where a request comes from, for `request.remoteAddress`,
   * the origin and the limits. Default: none, and these headers count for nothing.
   */
  readonly trustProxy?: number | readonly string[];
  /**
   * What else a client must have in common with whoever began the session that it comes back to, beside its user, client id and
   * codec: the `origin` of its page, the family of its address (`address-family`: IPv4 or IPv6), or its `address` itself (of IPv6
   * the network of 64 bits), which changes where people move. Who differs begins another session, and does not touch that one.
   * Default: nothing.
   */
  readonly bindSession?: readonly SessionBinding[];
  /** What becomes of a peer that takes its frames too slowly. Default `close`. */
  readonly backpressure?: Backpressure;
  /** What becomes of a client that sends too fast. Default `delay`. */
  readonly overRate?: OverRate;
  /** One of the names of `codecs`, put first, as in Sente's `:packer`. */
  readonly serialization?: string;
}

/**
 * Answers a request, once: false where it was answered before, or its session is over. A `ReplyError` refuses it: the
 * caller gets its code, message and data, and since that is an answer, no fault, nothing is reported. Throws
 * `EncodeError`.
 */
export type ReplyFn<Reply = unknown> = unknown extends Reply
  ? (value?: unknown) => boolean
  : (value: Reply | ReplyError) => boolean;

/** The user ids of a server whose `userIdFn` returns that: never null where it always returns a string. */
export type UidOf<Given> = [Given] extends [string] ? string : string | null;

/** What a server delivers of an event that has no reply in the contract. */
export interface ServerEvent<
  Context = unknown,
  Id extends string = string,
  C extends AnyContract | undefined = undefined,
  Uid extends string | null = string | null,
> {
  readonly event: ReceivedEvent<ToServer<C>, Id>;
  readonly id: Id;
  readonly data: ReceivedData<ToServer<C>, Id>;
  readonly uid: Uid;
  readonly clientId: string;
  /** What `authorizedFn` returned. */
  readonly context: Context;
  readonly request: HandshakeRequest;
  readonly sendFn: ServerSendFn<C>;
  readonly connectedUids: Watchable<ConnectedUids>;
}

/** What a server's handlers are given: an event, who sent it, and the way to answer. */
export interface ServerMessage<
  Context = unknown,
  Id extends string = string,
  C extends AnyContract | undefined = undefined,
  Uid extends string | null = string | null,
> extends ServerEvent<Context, Id, C, Uid> {
  /** Answers the request, once; false where it is too late. Absent where no reply is wanted. */
  readonly replyFn?: ReplyFn<SentReply<ToServer<C>, Id>> | undefined;
}

/** What a session may be bound to. */
export type SessionBinding = "origin" | "address-family" | "address";

/** The users who are here, in Sente's shape: by websocket, by Ajax (never), and in all. The sets are made when they are read. */
export interface ConnectedUids {
  readonly ws: ReadonlySet<string | null>;
  /** Always empty: there is no Ajax fallback. */
  readonly ajax: ReadonlySet<string | null>;
  readonly any: ReadonlySet<string | null>;
}

/**
 * Why a request for a connection was refused: what it asks for cannot be had (`parameters`), the names are those of
 * `csrfTokenFn`, `allowedOrigins`, `allowedHosts`, `authorizedFn` and `rejectFn` (or what another function threw), of
 * limits, and of a server that ends; `failed`: a function threw, gave what is of no use, or took too long.
 */
export type RefusedFor =
  | "parameters"
  | "csrf-token"
  | "origin"
  | "host"
  | "unauthorized"
  | "rejected"
  | "limit"
  | "closing"
  | "failed";

/** What a server has counted since it was made, and what it holds at the moment. */
export interface ServerMetrics {
  /** Open connections, and how many there ever were. */
  readonly connections: number;
  readonly connectionsTotal: number;
  /**
   * Sockets that were closed or refused and cut, and are still there with their file descriptor, until the peer hangs up:
   * on Deno, which cannot cut. They are not among `connections`.
   */
  readonly socketsLingering: number;
  /** Sessions whose client is away, the bytes that are held for them, and how many sessions were resumed and lost so far. */
  readonly sessionsAway: number;
  readonly sessionsAwayBytes: number;
  readonly sessionsResumed: number;
  readonly sessionsLost: number;
  /** Rooms that somebody is in, and the bytes that the histories of rooms keep. */
  readonly rooms: number;
  readonly roomHistoryBytes: number;
  /** Pushes that the policy `drop-oldest` left out. */
  readonly pushesDropped: number;
  /** Volatile pushes that were left out, counted for each client that was away or behind. */
  readonly volatileDropped: number;
  /** Requests for a connection that were refused, and why. */
  readonly refusedTotal: number;
  readonly refusedBy: Readonly<Record<RefusedFor, number>>;
  /** Frames of clients that sent too fast: made to wait, left out, or closed for. */
  readonly overRateTotal: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly eventsIn: number;
  readonly badEvents: number;
  readonly errors: number;
  /** Nodes that are known to serve this application, this one among them: 1 without a `backplane`, as far as it goes. */
  readonly clusterNodes: number;
  /** Topics that this node is subscribed to: one for all, one for each user and each room that is here. */
  readonly clusterTopics: number;
  /** Users who are in the cluster; 0 without a `backplane`. */
  readonly clusterUids: number;
  /** Posts of other nodes that came, and that this one made. */
  readonly clusterPostsIn: number;
  readonly clusterPostsOut: number;
  /** How often posts of other nodes may have been missing here, so that sessions ended (PROTOCOL.md section 6.5). */
  readonly clusterGaps: number;
}

/** Options of a push. */
export interface PushOptions {
  /** At once, not with the batch. */
  readonly flush?: boolean;
  /** Where the server's `backpressure` is `latest-by-key`: while this push waits, a later one with the key replaces it. */
  readonly key?: string;
  /**
   * True for what is worth nothing later, as who types: it goes at once to clients that are connected and take what they
   * are sent, and is left out at all others: never queued, kept or sent again. Metrics count it. Goes without `key`.
   */
  readonly volatile?: boolean;
  /** Who is left out. In a room with a history they do not get it later either. */
  readonly except?: To;
}

/** To how many connections something was pushed. */
export interface Pushed {
  readonly connections: number;
}

/** A server, the same on every runtime but for how it is mounted. None of its functions uses `this`. */
export interface ChannelSocketServer<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Uid extends string | null = string | null,
> {
  readonly chRecv: Receiver<ServerMessages<Context, C, Uid>>;
  /**
   * Pushes an event to every connection of a user, in call order. With `flush`, at once, not with the batch.
   * Returns to how many connections. Throws `EncodeError`, `UsageError`.
   */
  readonly sendFn: ServerSendFn<C>;
  /**
   * Asks one client, and resolves to what its handler answers (PROTOCOL.md section 6.11); where several call themselves the
   * same, the one that came last of those that are connected. A dropped connection does not end it, the end of the session
   * does. Rejects with `ReplyError`: the code of the handler, `unhandled`, `timeout`, `closed`, or at once
   * `not-connected` where there is no such client, `unsupported` where it cannot answer (Sente's and sente_lite's),
   * `too-many-requests` (`maxRequestsPerConnection`); with `EncodeError`, `UsageError`.
   */
  readonly requestFn: ClientRequestFn<EventsOf<C, "toClient">>;
  /**
   * Asks every client that `to` means, all at once. Resolves when all requests have ended, to how each one ended. Rejects
   * with `EncodeError`, `UsageError`.
   */
  readonly requestAllFn: ClientRequestAllFn<EventsOf<C, "toClient">>;
  /** Pushes an event to every connection, but those of the user `except` or the one `{ uid, clientId }`. */
  readonly broadcastFn: BroadcastFn<C>;
  /**
   * Closes every connection meant by `to`: Sente's `[:chsk/close]`. What was pushed before goes out as far as its socket
   * takes it (`highWaterBytes`), and what it had sent and waits for a handler is not handled; none of that is reported
   * (PROTOCOL.md section 6.5). With the default code, 1000, our clients come again, to a new session; 4401 and 4403 are
   * terminal; with 4000 they come to their old session, of which nothing is given up (section 8). `code` is 1000 or 4000
   * to 4999, `reason` at most 123 bytes; else throws `UsageError`.
   */
  readonly disconnectFn: (to: To, options?: { readonly code?: number; readonly reason?: string }) => Pushed;
  /**
   * Lets connections into a room, without asking its `joinFn`; `lasting`: also the later connections of these users,
   * until `leaveFn`. Returns to how many connections. Who finds no place is reported (`too-many-rooms`, `rooms-full`).
   * Throws `UsageError` `bad-room`, `unknown-room`.
   */
  readonly joinFn: (to: To, room: string, options?: { readonly lasting?: boolean }) => Pushed;
  /** Puts connections out of a room. A client of ours is told, and does not ask again by itself. Throws `UsageError`. */
  readonly leaveFn: (to: To, room: string) => Pushed;
  /** A room, to look into. Throws `UsageError` `bad-room`, `unknown-room`. */
  readonly room: (name: string) => ServerRoom;
  readonly connectedUids: Watchable<ConnectedUids>;
  readonly errorChan: ErrorChan;
  readonly metrics: () => ServerMetrics;
  /**
   * Ends the server and what `listen` opened. Every connection is closed with 1012, and clients come again: at once, or
   * where our client has not told of all pushes that they arrived, when it has, within a second. With
   * `drainMs`: new connections are refused (503; our clients 4503), and the open ones closed in stages over half of that
   * time, each when its handlers have ended and its client has told that what was pushed to it arrived, all of them after
   * `drainMs`; 4503 tells our clients to come again spread over a while, and what was not taken over they send to the
   * next server. What is then not known to have arrived is a `SessionLostError` on `errorChan` for each session, and
   * counted as `sessionsLost` (PROTOCOL.md sections 6.5 and 6.9). Called again without `drainMs` it ends at once.
   * Resolves when every socket is closed.
   */
  readonly close: (options?: { readonly drainMs?: number }) => Promise<void>;
  /**
   * False once `close` was called, and until a server with a `backplane` has joined it: for the readiness probe of a load
   * balancer.
   */
  readonly isReady: () => boolean;
  /** `close`, for `await using`, on every runtime that knows the symbol. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** A client that is gone for good, and why. */
export interface ClientClosed extends ToClientId {
  /**
   * `left`: it closed; `disconnected`: by `disconnectFn`; `lost`: its connection broke and it did not come back in time;
   * `failed`: the server ended it, as too slow or for its fault; `server-closed`: with the server.
   */
  readonly reason: "left" | "disconnected" | "lost" | "failed" | "server-closed";
}

/** The protocol's own events, as a server delivers them. */
type ServerChskEvents = {
  readonly "chsk/uidport-open": EventSpec<string | null>;
  readonly "chsk/uidport-close": EventSpec<string | null>;
  readonly "chsk/client-open": EventSpec<ToClientId>;
  readonly "chsk/client-close": EventSpec<ClientClosed>;
  readonly "chsk/login-expired": EventSpec<ToClientId>;
  readonly "chsk/ws-ping": EventSpec;
  readonly "chsk/bad-event": EventSpec<unknown>;
};

/** All that a server delivers. */
type ToServer<C> = WithOwn<EventsOf<C, "toServer">, ServerChskEvents>;
/** Every message of a server with that contract, told apart by `id`. */
export type ServerMessages<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Uid extends string | null = string | null,
> = string extends keyof ToServer<C>
  ? ServerMessage<Context, string, undefined, Uid>
  : {
      [Id in keyof ToServer<C> & string]: [ReplyOf<ToServer<C>[Id]>] extends [never]
        ? ServerEvent<Context, Id, C, Uid>
        : ServerMessage<Context, Id, C, Uid>;
    }[keyof ToServer<C> & string];

/** Handlers of a server's events by id, for maps that are written apart from `startRouter`. */
export type ServerHandlers<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Uid extends string | null = string | null,
> = HandlerMap<ServerMessages<Context, C, Uid>["id"] | "*", ServerMessages<Context, C, Uid>>;

/** Pushes to connections of a user. */
type ServerSendFn<C extends AnyContract | undefined> = string extends keyof EventsOf<C, "toClient">
  ? (to: To, event: SenteEvent, options?: PushOptions) => Pushed
  : <const Target extends To, Id extends keyof RoomEventsTo<C, Target> & string>(
      to: Target,
      event: SentEvent<RoomEventsTo<C, Target>, Id>,
      options?: PushOptions,
    ) => Pushed;

/** The events of the room that is meant, or those that go to clients. */
type RoomEventsTo<C extends AnyContract | undefined, Target> =
  Target extends ToRoom<infer Name> ? RoomEventsOf<C, Name> : EventsOf<C, "toClient">;

/** Pushes to every connection. */
type BroadcastFn<C extends AnyContract | undefined> = string extends keyof EventsOf<C, "toClient">
  ? (event: SenteEvent, options?: PushOptions) => Pushed
  : <Id extends keyof EventsOf<C, "toClient"> & string>(
      event: SentEvent<EventsOf<C, "toClient">, Id>,
      options?: PushOptions,
    ) => Pushed;
