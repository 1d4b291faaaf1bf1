import type { Listening, WebRequest, WebResponse } from "@sente-lite/engine";
import type { AnyContract, ChannelSocketServer, Codec, Compression, ServerOptions, UidOf } from "@sente-lite/protocol";

/** Options of a server on Bun: those of every runtime, and the path. */
export interface BunServerOptions<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
  Uid extends string | null | undefined = string | null | undefined,
> extends ServerOptions<Context, C, Codecs, Uid> {
  /** Where `fetch` serves the channel socket. Default `/chsk`. */
  readonly path?: string;
  /** Takes permessage-deflate where a client offers it, and compresses what is pushed. Default: false. */
  readonly compression?: boolean | Compression;
}

/** The handlers for `Bun.serve({ websocket })`, and what they ask of Bun. */
export interface BunWebSocketHandler {
  open(socket: unknown): void;
  message(socket: unknown, data: unknown): void;
  drain(socket: unknown): void;
  close(socket: unknown, code: number, reason: string): void;
  ping(socket: unknown, data: unknown): void;
  pong(socket: unknown, data: unknown): void;
  readonly idleTimeout: number;
  readonly maxPayloadLength: number;
  readonly perMessageDeflate: false | { readonly compress: "shared"; readonly decompress: "shared" };
}

/** Handlers for the application's own WebSockets, beside ours. */
export interface OtherWebSocketHandler {
  open?(socket: never): unknown;
  message(socket: never, data: never): unknown;
  drain?(socket: never): unknown;
  close?(socket: never, code: number, reason: string): unknown;
  ping?(socket: never, data: never): unknown;
  pong?(socket: never, data: never): unknown;
}

/** A server on Bun: mounted on `Bun.serve`, or on a port of its own. */
export interface BunServer<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Uid extends string | null = string | null,
> extends ChannelSocketServer<Context, C, Uid> {
  /**
   * For `Bun.serve({ fetch })`, or called by yours for the requests that `handles`, with the server that Bun gives it.
   * Resolves to nothing once upgraded; rejects with `UsageError` (`no-bun-server`) where the server is missing.
   */
  readonly fetch: (request: WebRequest, server: unknown) => Promise<WebResponse | undefined>;
  /** For `Bun.serve({ websocket })`. */
  readonly websocket: BunWebSocketHandler;
  /** `websocket` for an application that has sockets of its own: those that we did not upgrade go to `others`. */
  readonly websocketWith: (others: OtherWebSocketHandler) => BunWebSocketHandler;
  /** True for requests that `fetch` takes: those at the path, and those so malformed that they have none. */
  readonly handles: (request: { readonly url: string }) => boolean;
  /** Sente's name for `fetch`. */
  readonly ajaxGetOrWsHandshakeFn: BunServer["fetch"];
  /** There is no Ajax fallback: answers 501. */
  readonly ajaxPostFn: () => WebResponse;
  /**
   * Opens a port of its own. Defaults: port 0 (any free one), hostname 127.0.0.1. `GET /ready` is answered 200, and 503
   * once `close` was called. Rejects where the port is taken, and with `UsageError` (`server-closed`) after `close`.
   */
  readonly listen: (options?: { readonly port?: number; readonly hostname?: string }) => Promise<Listening>;
}

/** The type of `makeChannelSocketServer`. */
export type MakeServer = <
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
  Uid extends string | null | undefined = string | null | undefined,
>(
  options?: BunServerOptions<Context, C, Codecs, Uid>,
) => BunServer<Context, C, UidOf<Uid>>;
