import type { Listening } from "@sente-lite/engine";
import type { AnyContract, ChannelSocketServer, Codec, Compression, ServerOptions, UidOf } from "@sente-lite/protocol";
import type { UpgradeServer } from "./mounts.ts";

/** Options of a server on Node: those of every runtime, and compression. */
export interface NodeServerOptions<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
  Uid extends string | null | undefined = string | null | undefined,
> extends ServerOptions<Context, C, Codecs, Uid> {
  /** Takes permessage-deflate where a client offers it, and compresses what is pushed. Default: false. */
  readonly compression?: boolean | Compression;
}

/** A server on Node: mounted on an HTTP server, or on a port of its own. */
export interface NodeServer<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Uid extends string | null = string | null,
> extends ChannelSocketServer<Context, C, Uid> {
  /**
   * Serves the channel socket on the upgrades of an http or https server, at `path` (default `/chsk`) only. Where
   * nobody else listens for upgrades, those to other paths are answered 404, and those to other protocols than
   * WebSocket go to the server's own routes; beside other listeners both are left alone. Returns the function that
   * detaches. Throws `UsageError`: `bad-path`, `path-taken`, `server-closed`.
   */
  readonly attach: (server: UpgradeServer, options?: { readonly path?: string }) => () => void;
  /** Takes one upgrade, whatever its path: the arguments of an `upgrade` event. */
  readonly handleUpgrade: (request: unknown, socket: unknown, head: unknown) => void;
  /** Sente's name for `handleUpgrade`. */
  readonly ajaxGetOrWsHandshakeFn: (request: unknown, socket: unknown, head: unknown) => void;
  /** There is no Ajax fallback: answers 501. */
  readonly ajaxPostFn: (
    request: unknown,
    response: { writeHead(status: number): unknown; end(body: string): unknown },
  ) => void;
  /**
   * Opens a port of its own. Defaults: port 0 (any free one), hostname 127.0.0.1, path `/chsk`. `GET /ready` is answered
   * 200, and 503 once `close` was called. Rejects where the port is taken, and with `UsageError`: `bad-path`,
   * `server-closed`.
   */
  readonly listen: (options?: {
    readonly port?: number;
    readonly hostname?: string;
    readonly path?: string;
  }) => Promise<Listening>;
}

/** The type of `makeChannelSocketServer`. */
export type MakeServer = <
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
  Uid extends string | null | undefined = string | null | undefined,
>(
  options?: NodeServerOptions<Context, C, Codecs, Uid>,
) => NodeServer<Context, C, UidOf<Uid>>;
