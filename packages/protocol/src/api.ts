import type { Codec } from "./codecs/codec.ts";
import type { AnyContract, CodecsFor } from "./contract/contract.ts";
import type {
  BroadcastFn,
  ReceivedData,
  ReceivedEvent,
  SentReply,
  ServerMessages,
  ServerSendFn,
  ToServer,
} from "./contract/typed.ts";
import type { ErrorChan } from "./error-chan.ts";
import type { ReplyError } from "./errors.ts";
import type { Backpressure, ServerLimits } from "./limits.ts";

// The public interfaces of servers, and what they share with clients (`client-api.ts`): what every runtime package gives
// its users. PROTOCOL.md speaks of the wire only.
// Every function is a property that can be taken off its object; none uses `this`.

declare global {
  // As TypeScript's own "esnext.disposable" has it, for projects that do not name that lib.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

/** An event as the application writes it: `["chat/message", data]`. The id is namespaced; data may be left out. */
export type Event = readonly [id: string, data?: unknown];

/** A value that changes. `get()` returns the same frozen object until it does; `subscribe` does not call at once. */
export interface Watchable<T> {
  readonly get: () => T;
  /** Calls `fn` after each change; returns the function that ends the subscription. */
  readonly subscribe: (fn: (next: T, previous: T) => void) => () => void;
}

/**
 * Where messages arrive. Until its first consumer comes, up to `maxReceived` of them wait.
 * A listener that throws is reported on the error channel; the others still run.
 */
export interface Receiver<M extends { readonly id: string }> extends AsyncIterable<M> {
  /** Calls `fn` for each message with that id (`"*"`: every message), in order; returns the function that stops it. */
  readonly on: Listen<M>;
  /** Like `on`, for the next such message only. */
  readonly once: Listen<M>;
}

type Listen<M extends { readonly id: string }> = string extends M["id"]
  ? (id: string, fn: (message: M) => void) => () => void
  : <Id extends M["id"] | "*">(id: Id, fn: (message: MessageOf<M, Id>) => void) => () => void;

/** The messages with that id (`"*"`: all); without a contract, any message. */
export type MessageOf<M extends { readonly id: string }, Id> = string extends M["id"]
  ? M
  : Id extends "*"
    ? M
    : Extract<M, { readonly id: Id }>;

/** The request that opened a connection, the same on every runtime. */
export interface HandshakeRequest {
  readonly url: URL;
  readonly headers: Headers;
  readonly clientId: string;
  readonly remoteAddress?: string | undefined;
  /** What the runtime itself gave: an `http.IncomingMessage`, a `Request`. */
  readonly raw: unknown;
}

/** The part of the web's `Headers` that is promised on every runtime. */
export interface Headers {
  get(name: string): string | null;
  has(name: string): boolean;
}

/** The part of the web's `URL` that is promised on every runtime. */
export interface URL {
  readonly href: string;
  readonly host: string;
  readonly pathname: string;
  readonly searchParams: { get(name: string): string | null; has(name: string): boolean };
}

/** Why a connection is refused: an HTTP status, and for our own clients when to come again. */
export interface Rejection {
  /** 401, 403, 429 or 503. */
  readonly status: number;
  readonly body?: string;
  readonly retryInMs?: number;
  readonly spreadMs?: number;
}

/** A value, or a promise of it: the user's functions may be asynchronous. */
export type MaybePromise<T> = T | Promise<T>;

/** Options of `makeChannelSocketServer`, the same on every runtime; a runtime may add its own. */
export interface ServerOptions<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
> extends Partial<ServerLimits> {
  /** What is sent and received: types for all that follows; and what arrives is checked. */
  readonly contract?: C;
  /** Who is it? Default: the client id. Nothing returned: a user without an id (`uid` is null). */
  readonly userIdFn?: (request: HandshakeRequest) => MaybePromise<string | null | undefined>;
  /** May it connect? What it returns becomes `message.context`; a falsy value refuses with 401. */
  readonly authorizedFn?: (request: HandshakeRequest) => MaybePromise<Context | false | null | undefined>;
  /** A gate after the CSRF token and the origin, before the others: rate limits, maintenance. Nothing returned: go on. */
  readonly rejectFn?: (request: HandshakeRequest) => MaybePromise<Rejection | null | undefined>;
  /** Data for the client's handshake, on every connection. */
  readonly handshakeDataFn?: (request: HandshakeRequest) => MaybePromise<unknown>;
  /** The CSRF token that the request must carry. Without this function none is asked for. */
  readonly csrfTokenFn?: (request: HandshakeRequest) => MaybePromise<string | null | undefined>;
  /**
   * How a peer is refused. `close`: accepted, then closed with 44xx; `http`: by status.
   * Default `auto`: `close` for our own clients, since a browser cannot see a status (PROTOCOL.md section 1).
   */
  readonly rejectWith?: "auto" | "close" | "http";
  /** Codecs that clients may name; the first serves those that name none. */
  readonly codecs?: CodecsFor<C, Codecs>;
  /** Origins besides our own from which pages may connect, as `"https://app.example"`, or `"*"` for all. */
  readonly allowedOrigins?: "*" | readonly string[];
  /** What becomes of a peer that takes its frames too slowly. Default `close`. */
  readonly backpressure?: Backpressure;
  /** One of the names of `codecs`, put first, as in Sente's `:packer`. */
  readonly serialization?: string;
}

/**
 * Whom to push to: every connection of a user (null, or Sente's `"sente/all-users-without-uid"`: of the users without an
 * id), of several, or one connection.
 */
export type To = string | null | Iterable<string | null> | { readonly uid: string | null; readonly clientId: string };

/**
 * Answers a request, once: false where it was answered before, or its session is over. A `ReplyError` refuses it: the
 * caller gets its code, message and data, and since that is an answer, no fault, nothing is reported. Throws
 * `EncodeError`.
 */
export type ReplyFn<Reply = unknown> = unknown extends Reply
  ? (value?: unknown) => boolean
  : (value: Reply | ReplyError) => boolean;

/** What a server delivers of an event that has no reply in the contract. */
export interface ServerEvent<
  Context = unknown,
  Id extends string = string,
  C extends AnyContract | undefined = undefined,
> {
  readonly event: ReceivedEvent<ToServer<C>, Id>;
  readonly id: Id;
  readonly data: ReceivedData<ToServer<C>, Id>;
  readonly uid: string | null;
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
> extends ServerEvent<Context, Id, C> {
  /** Answers the request, once; false where it is too late. Absent where no reply is wanted. */
  readonly replyFn?: ReplyFn<SentReply<ToServer<C>, Id>> | undefined;
}

/** The users who are here, in Sente's shape: by websocket, by Ajax (never), and in all. */
export interface ConnectedUids {
  readonly ws: ReadonlySet<string | null>;
  /** Always empty: there is no Ajax fallback. */
  readonly ajax: ReadonlySet<string | null>;
  readonly any: ReadonlySet<string | null>;
}

/** What a server has counted since it was made, and what it holds at the moment. */
export interface ServerMetrics {
  /** Open connections, and how many there ever were. */
  readonly connections: number;
  readonly connectionsTotal: number;
  /** Sessions whose client is away, the bytes that wait for them, and how many sessions were resumed and lost so far. */
  readonly sessionsAway: number;
  readonly sessionsAwayBytes: number;
  readonly sessionsResumed: number;
  readonly sessionsLost: number;
  /** Pushes that the policy `drop-oldest` left out. */
  readonly pushesDropped: number;
  readonly refusedTotal: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly eventsIn: number;
  readonly badEvents: number;
  readonly errors: number;
}

/** Options of a push. */
export interface PushOptions {
  /** At once, not with the batch. */
  readonly flush?: boolean;
  /** Where the server's `backpressure` is `latest-by-key`: while this push waits, a later one with the key replaces it. */
  readonly key?: string;
}

/** To how many connections something was pushed. */
export interface Pushed {
  readonly connections: number;
}

/** A server, the same on every runtime but for how it is mounted. None of its functions uses `this`. */
export interface ChannelSocketServer<Context = unknown, C extends AnyContract | undefined = undefined> {
  readonly chRecv: Receiver<ServerMessages<Context, C>>;
  /**
   * Pushes an event to every connection of a user, in call order. With `flush`, at once, not with the batch.
   * Returns to how many connections. Throws `EncodeError`, `UsageError`.
   */
  readonly sendFn: ServerSendFn<C>;
  /** Pushes an event to every connection, but those of the user `except` or the one `{ uid, clientId }`. */
  readonly broadcastFn: BroadcastFn<C>;
  /**
   * Closes every connection meant by `to`, after what was sent to it: Sente's `[:chsk/close]`. With the default code,
   * 1000, our clients come again, to a new session; with 4000 to their old one; 4401 and 4403 are terminal (PROTOCOL.md
   * section 8). `code` is 1000 or 4000 to 4999,
   * `reason` at most 123 bytes; else throws `UsageError`.
   */
  readonly disconnectFn: (to: To, options?: { readonly code?: number; readonly reason?: string }) => Pushed;
  readonly connectedUids: Watchable<ConnectedUids>;
  readonly errorChan: ErrorChan;
  readonly metrics: () => ServerMetrics;
  /**
   * Ends the server and what `listen` opened. At once: every connection is closed with 1012, and clients come again. With
   * `drainMs`: new connections are refused (503; our clients 4503), and the open ones closed in stages over half of that
   * time, each when its handlers have ended and what was pushed to it has gone out, all of them after `drainMs`; 4503
   * tells our clients to come again spread over a while, and what was not taken over they send to the next server.
   * Called again without `drainMs` it ends at once. Resolves when every socket is closed.
   */
  readonly close: (options?: { readonly drainMs?: number }) => Promise<void>;
  /** False once `close` was called: for the readiness probe of a load balancer. */
  readonly isReady: () => boolean;
  /** `close`, for `await using`; absent on runtimes that do not know the symbol. */
  readonly [Symbol.asyncDispose]?: () => Promise<void>;
}

/** What a router's handler returns is the reply where one is wanted; a `ReplyError` refuses the request. */
export type RouterHandler<M> = (message: M) => unknown;

/** The handler of an event that has a reply in the contract. */
export type Replying<Reply, M> = (message: M) => MaybePromise<Reply>;

/** The handler of an event that has none. */
export type NotReplying<M> = (message: M) => NoReply;

/** Stands for the reply of an event that has none in the contract. */
export type NoReply = void | Promise<void>;

/** The handler of that message, with the reply of its contract. */
export type HandlerOf<M> = "replyFn" extends keyof M
  ? M extends { readonly replyFn?: ((value: infer Reply) => boolean) | undefined }
    ? Replying<Reply, M>
    : never
  : NotReplying<M>;

/** What a router takes: one function for all, or a handler for each id, `"*"` for the rest. */
export type Handlers<Ids extends string, M extends { readonly id: string }> = RouterHandler<M> | HandlerMap<Ids, M>;

/** Handlers by event id, as the contract has them: an event that has a reply needs one. */
export type HandlerMap<Ids extends string, M extends { readonly id: string }> = string extends M["id"]
  ? Readonly<Record<string, RouterHandler<M>>>
  : { readonly [Id in Ids]?: Id extends "*" ? RouterHandler<M> : HandlerOf<MessageOf<M, Id>> };

/** Options of `startRouter`. */
export interface RouterOptions<M> {
  /** Handlers of one connection that may run side by side. Default 1. They start in order in any case. */
  readonly concurrency?: number;
  /** Takes events that the map has no handler for. Default: one warning per id. A waiting request is answered `chsk/error`. */
  readonly onUnhandled?: (message: M) => void;
}
