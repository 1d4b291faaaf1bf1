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
  type WebSocketLike,
  webHost,
} from "@sente-lite/engine";
import type { AnyContract, ChannelSocketServer, Codec, ServerOptions } from "@sente-lite/protocol";

// types

/** Options of a server on Deno: those of every runtime, and the path. */
export interface DenoServerOptions<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
> extends ServerOptions<Context, C, Codecs> {
  /** Where `fetch` serves the channel socket. Default `/chsk`. */
  readonly path?: string;
}

/** Where a server listens. */
export interface Listening {
  /** The address for clients: `ws://127.0.0.1:3000/chsk`. */
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
}

/** A server on Deno: mounted on `Deno.serve`, or on a port of its own. */
export interface DenoServer<Context = unknown, C extends AnyContract | undefined = undefined>
  extends ChannelSocketServer<Context, C> {
  /** For `Deno.serve(server.fetch)`, or called by yours for the requests that `handles`. */
  readonly fetch: (request: WebRequest, info?: unknown) => Promise<WebResponse>;
  /** True for requests that `fetch` takes: those at the path. */
  readonly handles: (request: { readonly url: string }) => boolean;
  /** Sente's name for `fetch`. */
  readonly ajaxGetOrWsHandshakeFn: DenoServer["fetch"];
  /** There is no Ajax fallback: answers 501. */
  readonly ajaxPostFn: () => WebResponse;
  /** Opens a port of its own; needs `--allow-net`. Defaults: port 0 (any free one), hostname 127.0.0.1. */
  readonly listen: (options?: { readonly port?: number; readonly hostname?: string }) => Promise<Listening>;
}

/** The type of `makeChannelSocketServer`. */
export type MakeServer = <
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
>(
  options?: DenoServerOptions<Context, C, Codecs>,
) => DenoServer<Context, C>;

/** What we use of Deno. */
interface Deno {
  serve(options: object, handler: DenoServer["fetch"]): DenoHttpServer;
  upgradeWebSocket(
    request: WebRequest,
    options: { readonly idleTimeout: number },
  ): {
    readonly socket: DenoSocket;
    readonly response: WebResponse & { readonly headers: { set(name: string, value: string): void } };
  };
}

interface DenoHttpServer {
  readonly addr: { readonly port: number };
}

interface DenoSocket extends WebSocketLike {
  readonly readyState: number;
  onopen: (() => void) | null;
}

type Report = (error: unknown, context: Readonly<Record<string, unknown>>) => void;

const OPEN = 1;

/** RFC 6455 section 7.4.1. */
const INTERNAL_ERROR = 1011;

// server

/** Makes servers with these codecs where the user names none. */
export function serverMaker(codecs: readonly Codec[]): MakeServer {
  return <Context, C extends AnyContract | undefined, Codecs extends readonly Codec[]>(
    options: DenoServerOptions<Context, C, Codecs> = {},
  ): DenoServer<Context, C> => {
    const { path = "/chsk" } = options;
    const own = new Set<AbortController>();
    // Our sockets have ended by now. Deno's shutdown would wait for ever for a peer that was reset while it was upgraded.
    const closeListeners = async () => {
      for (const controller of own) controller.abort();
    };
    const core = createServer<Context, C, Codecs>({ host: webHost, codecs, options, closeListeners });

    const fetch: DenoServer["fetch"] = async (request, info) => {
      const upgrade = (upgraded: WebRequest, { protocol, opened }: Accepted) => {
        // Our own heartbeat finds the dead (PROTOCOL.md section 7).
        const { socket, response } = deno().upgradeWebSocket(upgraded, { idleTimeout: 0 });
        // Deno's own option for it throws where the client put no space behind the commas of its offer.
        if (protocol !== undefined) response.headers.set("sec-websocket-protocol", protocol);
        serve(socket, opened, core.report);
        return response;
      };
      const response = await respond(request, { core, path, remoteAddress: addressOf(info), upgrade });
      // Only a runtime that takes the request over itself answers nothing.
      return response as WebResponse;
    };

    const listen: DenoServer["listen"] = async ({ port = 0, hostname = "127.0.0.1" } = {}) => {
      const controller = abortController();
      const answer: DenoServer["fetch"] = async (request, info) =>
        isFor(request, READY_PATH) ? readiness(core.server) : fetch(request, info);
      const server = deno().serve({ port, hostname, signal: controller.signal, onListen: () => {} }, answer);
      own.add(controller);
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      return { url: `ws://${host}:${server.addr.port}${path}`, hostname, port: server.addr.port };
    };

    return {
      ...core.server,
      fetch,
      handles: (request) => isFor(request, path),
      ajaxGetOrWsHandshakeFn: fetch,
      ajaxPostFn: noAjax,
      listen,
    };
  };
}

interface AbortController {
  readonly signal: unknown;
  abort(): void;
}

function abortController(): AbortController {
  return new (globalThis as unknown as { readonly AbortController: new () => AbortController }).AbortController();
}

function deno(): Deno {
  return (globalThis as unknown as { readonly Deno: Deno }).Deno;
}

/** Deno forgets the address once the request is upgraded. */
function addressOf(info: unknown): string | undefined {
  return (info as { readonly remoteAddr?: { readonly hostname?: string } } | undefined)?.remoteAddr?.hostname;
}

// socket

function serve(socket: DenoSocket, opened: Accepted["opened"], report: Report): void {
  let handlers: ConnectionHandlers | undefined;
  socket.binaryType = "arraybuffer";
  // What is thrown in an event handler ends the process.
  socket.onopen = () => {
    try {
      handlers = opened(serverSocket(socket));
    } catch (error) {
      report(error, { source: "opened" });
      socket.close(INTERNAL_ERROR, "");
    }
  };
  socket.onmessage = ({ data }) => handlers?.message(encodedOf(data));
  // What fails is followed by close.
  socket.onerror = () => {};
  socket.onclose = ({ code, reason }) => handlers?.closed(code, reason);
}

function serverSocket(socket: DenoSocket): ServerSocket {
  return {
    send: (data) => {
      if (socket.readyState !== OPEN) return "written";
      socket.send(data);
      return socket.bufferedAmount === 0 ? "written" : "buffered";
    },
    close: (code, reason) => socket.close(code, reason),
    // Deno cannot cut a connection; closing is the nearest thing.
    terminate: () => socket.close(),
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
  };
}
