import type { Listening, WebRequest, WebResponse } from "@sente-lite/engine";
import type { AnyContract, ChannelSocketServer, Codec, ServerOptions, UidOf } from "@sente-lite/protocol";

/** Options of a server on Deno: those of every runtime, and the path. */
export interface DenoServerOptions<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
  Uid extends string | null | undefined = string | null | undefined,
> extends ServerOptions<Context, C, Codecs, Uid> {
  /** Where `fetch` serves the channel socket. Default `/chsk`. */
  readonly path?: string;
}

/** A server on Deno: mounted on `Deno.serve`, or on a port of its own. */
export interface DenoServer<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Uid extends string | null = string | null,
> extends ChannelSocketServer<Context, C, Uid> {
  /** For `Deno.serve(server.fetch)`, or called by yours for the requests that `handles`. */
  readonly fetch: (request: WebRequest, info?: unknown) => Promise<WebResponse>;
  /** True for requests that `fetch` takes: those at the path, and those so malformed that they have none. */
  readonly handles: (request: { readonly url: string }) => boolean;
  /** Sente's name for `fetch`. */
  readonly ajaxGetOrWsHandshakeFn: DenoServer["fetch"];
  /** There is no Ajax fallback: answers 501. */
  readonly ajaxPostFn: () => WebResponse;
  /**
   * Opens a port of its own; needs `--allow-net`. Defaults: port 0 (any free one), hostname 127.0.0.1. `GET /ready` is
   * answered 200, and 503 once `close` was called. Rejects where the port is taken, and with `UsageError`
   * (`server-closed`) after `close`.
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
  options?: DenoServerOptions<Context, C, Codecs, Uid>,
) => DenoServer<Context, C, UidOf<Uid>>;
