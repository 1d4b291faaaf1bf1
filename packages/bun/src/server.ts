import {
  type Accepted,
  type ConnectionHandlers,
  createServer,
  encodedOf,
  isFor,
  noAjax,
  READY_PATH,
  readiness,
  respond,
  type ServerSocket,
  type WebRequest,
  type WebResponse,
  webHost,
} from "@sente-lite/engine";
import {
  type AnyContract,
  type ChannelSocketServer,
  type Codec,
  type Encoded,
  type ServerOptions,
  UsageError,
} from "@sente-lite/protocol";

// types

/** Options of a server on Bun: those of every runtime, and the path. */
export interface BunServerOptions<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
> extends ServerOptions<Context, C, Codecs> {
  /** Where `fetch` serves the channel socket. Default `/chsk`. */
  readonly path?: string;
}

/** The handlers for `Bun.serve({ websocket })`, and what they ask of Bun. */
export interface BunWebSocketHandler {
  open(socket: unknown): void;
  message(socket: unknown, data: unknown): void;
  drain(socket: unknown): void;
  close(socket: unknown, code: number, reason: string): void;
  /** There where the application has one for its own sockets. */
  ping?(socket: unknown, data: unknown): void;
  pong?(socket: unknown, data: unknown): void;
  readonly idleTimeout: number;
  readonly maxPayloadLength: number;
  readonly perMessageDeflate: boolean;
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

/** Where a server listens. */
export interface Listening {
  /** The address for clients: `ws://127.0.0.1:3000/chsk`. */
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
}

/** A server on Bun: mounted on `Bun.serve`, or on a port of its own. */
export interface BunServer<Context = unknown, C extends AnyContract | undefined = undefined>
  extends ChannelSocketServer<Context, C> {
  /**
   * For `Bun.serve({ fetch })`, or called by yours for the requests that `handles`, with the server that Bun gives it.
   * Resolves to nothing once upgraded; rejects with `UsageError` (`no-bun-server`) where the server is missing.
   */
  readonly fetch: (request: WebRequest, server: unknown) => Promise<WebResponse | undefined>;
  /** For `Bun.serve({ websocket })`. */
  readonly websocket: BunWebSocketHandler;
  /** `websocket` for an application that has sockets of its own: those that we did not upgrade go to `others`. */
  readonly websocketWith: (others: OtherWebSocketHandler) => BunWebSocketHandler;
  /** True for requests that `fetch` takes: those at the path. */
  readonly handles: (request: { readonly url: string }) => boolean;
  /** Sente's name for `fetch`. */
  readonly ajaxGetOrWsHandshakeFn: BunServer["fetch"];
  /** There is no Ajax fallback: answers 501. */
  readonly ajaxPostFn: () => WebResponse;
  /**
   * Opens a port of its own. Defaults: port 0 (any free one), hostname 127.0.0.1. `GET /ready` is answered 200, and 503
   * once `close` was called.
   */
  readonly listen: (options?: { readonly port?: number; readonly hostname?: string }) => Promise<Listening>;
}

/** The type of `makeChannelSocketServer`. */
export type MakeServer = <
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
>(
  options?: BunServerOptions<Context, C, Codecs>,
) => BunServer<Context, C>;

/** What we use of a `ServerWebSocket`. */
interface BunSocket {
  readonly data: Ours | undefined;
  readonly readyState: number;
  send(data: Encoded): number;
  close(code: number, reason: string): void;
  terminate(): void;
  getBufferedAmount(): number;
  pause?(): void;
  resume?(): void;
}

/** What we use of Bun's server. */
interface BunHttpServer {
  readonly port: number;
  upgrade(request: WebRequest, options: { readonly data: Ours; readonly headers: Record<string, string> }): boolean;
  requestIP(request: WebRequest): { readonly address: string } | null;
  stop(force: boolean): Promise<void>;
}

/** The data of the sockets that we upgraded, told from others by its class. */
class Ours {
  readonly opened: Accepted["opened"];
  handlers: ConnectionHandlers | undefined;

  constructor(opened: Accepted["opened"]) {
    this.opened = opened;
  }
}

type Report = (error: unknown, context: Readonly<Record<string, unknown>>) => void;

const OPEN = 1;

/** RFC 6455 section 7.4.1. */
const INTERNAL_ERROR = 1011;

// server

/** Makes servers with these codecs where the user names none. */
export function serverMaker(codecs: readonly Codec[]): MakeServer {
  return <Context, C extends AnyContract | undefined, Codecs extends readonly Codec[]>(
    options: BunServerOptions<Context, C, Codecs> = {},
  ): BunServer<Context, C> => {
    const { path = "/chsk" } = options;
    const own = new Set<BunHttpServer>();
    const closeListeners = async () => {
      await Promise.all([...own].map((server) => server.stop(true)));
    };
    const core = createServer<Context, C, Codecs>({ host: webHost, codecs, options, closeListeners });

    const fetch: BunServer["fetch"] = async (request, given) => {
      const server = bunServerOf(given);
      const upgrade = (upgraded: WebRequest, { protocol, opened }: Accepted) => {
        // Left to itself Bun takes the first that is offered.
        const headers = { "sec-websocket-protocol": protocol ?? "" };
        return server.upgrade(upgraded, { data: new Ours(opened), headers }) ? "upgraded" : undefined;
      };
      // Bun forgets the address once the request is upgraded.
      return respond(request, { core, path, remoteAddress: server.requestIP(request)?.address, upgrade });
    };

    const websocketWith = (others: OtherWebSocketHandler | undefined): BunWebSocketHandler => ({
      open: (socket) => {
        const ours = oursOf(socket);
        if (ours === undefined) others?.open?.(socket as never);
        else open(ours, socket as BunSocket, core.report);
      },
      message: (socket, data) => {
        const ours = oursOf(socket);
        if (ours === undefined) others?.message(socket as never, data as never);
        else ours.handlers?.message(encodedOf(data));
      },
      drain: (socket) => {
        const ours = oursOf(socket);
        if (ours === undefined) others?.drain?.(socket as never);
        else ours.handlers?.drained();
      },
      close: (socket, code, reason) => {
        const ours = oursOf(socket);
        if (ours === undefined) others?.close?.(socket as never, code, reason);
        // Bun tells of it while `close` or `terminate` still runs; other runtimes never do.
        else void Promise.resolve().then(() => ours.handlers?.closed(code, reason));
      },
      // Bun answers pings itself; nobody but the application asks to hear of them.
      ...(others?.ping === undefined ? {} : { ping: forOthers((socket, data) => others.ping?.(socket, data)) }),
      ...(others?.pong === undefined ? {} : { pong: forOthers((socket, data) => others.pong?.(socket, data)) }),
      // Our own heartbeat finds the dead (PROTOCOL.md section 7).
      idleTimeout: 0,
      maxPayloadLength: core.limits.maxPayloadBytes,
      perMessageDeflate: false,
    });
    const websocket = websocketWith(undefined);

    const listen: BunServer["listen"] = async ({ port = 0, hostname = "127.0.0.1" } = {}) => {
      const { Bun } = globalThis as unknown as { readonly Bun: { serve(options: object): BunHttpServer } };
      const server = Bun.serve({
        port,
        hostname,
        fetch: (request: WebRequest, given: unknown) =>
          isFor(request, READY_PATH) ? readiness(core.server) : fetch(request, given),
        websocket,
      });
      own.add(server);
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      return { url: `ws://${host}:${server.port}${path}`, hostname, port: server.port };
    };

    return {
      ...core.server,
      fetch,
      websocket,
      websocketWith,
      handles: (request) => isFor(request, path),
      ajaxGetOrWsHandshakeFn: fetch,
      ajaxPostFn: noAjax,
      listen,
    };
  };
}

/** Called without it, Bun's own complaint would be of a property of undefined. */
function bunServerOf(given: unknown): BunHttpServer {
  if (typeof (given as Partial<BunHttpServer> | undefined)?.upgrade === "function") return given as BunHttpServer;
  throw new UsageError(
    "no-bun-server",
    "fetch needs Bun's server, to upgrade: Bun.serve({ fetch: (request, server) => chsk.fetch(request, server), websocket: chsk.websocket })",
  );
}

function forOthers(handle: (socket: never, data: never) => void): (socket: unknown, data: unknown) => void {
  return (socket, data) => {
    if (oursOf(socket) === undefined) handle(socket as never, data as never);
  };
}

function oursOf(socket: unknown): Ours | undefined {
  const { data } = socket as { readonly data: unknown };
  return data instanceof Ours ? data : undefined;
}

// socket

function open(ours: Ours, socket: BunSocket, report: Report): void {
  try {
    ours.handlers = ours.opened(serverSocket(socket));
  } catch (error) {
    report(error, { source: "opened" });
    socket.close(INTERNAL_ERROR, "");
  }
}

function serverSocket(socket: BunSocket): ServerSocket {
  return {
    // Bytes sent, -1 where they wait, 0 where the message was dropped.
    send: (data) => {
      if (socket.readyState !== OPEN) return "written";
      const sent = socket.send(data);
      return sent > 0 ? "written" : sent < 0 ? "buffered" : "dropped";
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    get bufferedAmount() {
      return socket.readyState === OPEN ? socket.getBufferedAmount() : 0;
    },
    pause: () => socket.pause?.(),
    resume: () => socket.resume?.(),
  };
}
