import type { MaybePromise, Receiver, Watchable } from "./api.ts";
import type { Codec } from "./codecs/codec.ts";
import type { AnyContract, CodecFor } from "./contract/contract.ts";
import type {
  ClientMessages,
  ClientSendFn,
  ReceivedData,
  ReceivedEvent,
  RequestFn,
  ToClient,
} from "./contract/typed.ts";
import type { ErrorChan } from "./error-chan.ts";
import type { ClientLimits } from "./limits.ts";

// The public interfaces of clients.

/** Options of `makeChannelSocketClient`, the same on every runtime; a runtime may add its own. */
export interface ClientOptions<C extends AnyContract | undefined = undefined, K extends Codec = Codec>
  extends Partial<ClientLimits> {
  /** What is sent and received: types for all that follows; and what arrives is checked. */
  readonly contract?: C;
  /** Names this client among those of its user. Default: random. */
  readonly clientId?: string;
  readonly codec?: CodecFor<C, K>;
  /** Sent with every attempt; as a function, asked anew each time. */
  readonly csrfToken?: string | (() => MaybePromise<string | null | undefined>);
  /**
   * Where the CSRF token travels: in the query, as Sente's does, or in `Sec-WebSocket-Protocol`, out of access logs,
   * which only our own servers understand. Default `query`.
   */
  readonly csrfVia?: "query" | "subprotocol";
  /** Further query parameters; as a function, asked anew for each attempt. */
  readonly params?: Readonly<Record<string, string>> | (() => MaybePromise<Readonly<Record<string, string>>>);
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
  readonly handshakeData: unknown;
  readonly csrfToken: string | null;
  readonly lastWsError: Error | null;
  readonly lastWsClose: LastClose | null;
  /** Why the client was last closed for good, or by whom asked: null while it goes on trying. */
  readonly lastClose: {
    readonly reason: "requested-disconnect" | "terminal-code" | "max-attempts";
    readonly at: number;
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

/** What a client's handlers are given: an event of the server's, or a `chsk/*` one of its own. */
export interface ClientMessage<Id extends string = string, C extends AnyContract | undefined = undefined> {
  readonly event: ReceivedEvent<ToClient<C>, Id>;
  readonly id: Id;
  readonly data: ReceivedData<ToClient<C>, Id>;
  readonly state: ClientState;
  readonly sendFn: ClientSendFn<C>;
}

/** Options of `requestFn`. */
export interface RequestOptions {
  readonly timeoutMs?: number;
  /** Gives the request up; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The part of the web's `AbortSignal` that is promised on every runtime. */
export interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
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
   * `"chsk/timeout"`, `"chsk/error"`. Throws `EncodeError`, `UsageError`.
   */
  readonly sendFn: ClientSendFn<C>;
  /** Sends a request and resolves to its reply; rejects with `ReplyError`, `EncodeError`, `UsageError`. */
  readonly requestFn: RequestFn<C>;
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
  /** Resolves when the connection is open; rejects with `HandshakeError` where the client is closed for good. */
  readonly ready: (options?: { readonly signal?: AbortSignal }) => Promise<ClientState>;
  /** Disconnects for good: from now on `sendFn` returns false, and requests are rejected with `closed`. */
  readonly close: () => void;
  /** `close`, for `await using`; absent on runtimes that do not know the symbol. */
  readonly [Symbol.asyncDispose]?: () => Promise<void>;
}
