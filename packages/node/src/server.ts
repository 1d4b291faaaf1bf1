import { createServer as createHttpServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import {
  type Accepted,
  type ConnectionHandlers,
  createServer,
  encodedOf,
  READY_PATH,
  type ServerSocket,
  webHost,
} from "@sente-lite/engine";
import type { AnyContract, ChannelSocketServer, Codec, ServerOptions } from "@sente-lite/protocol";
import { type WebSocket, WebSocketServer } from "ws";
import { framed } from "./framed.ts";

// types

/** What `attach` needs of an `http.Server`: structural, so that it compiles without @types/node. */
export interface UpgradeServer {
  on(event: "upgrade", listener: (request: unknown, socket: unknown, head: unknown) => void): unknown;
  off(event: "upgrade", listener: (request: unknown, socket: unknown, head: unknown) => void): unknown;
  listenerCount(event: "upgrade"): number;
}

/** Where a server listens. */
export interface Listening {
  /** The address for clients: `ws://127.0.0.1:3000/chsk`. */
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
}

/** A server on Node: mounted on an HTTP server, or on a port of its own. */
export interface NodeServer<Context = unknown, C extends AnyContract | undefined = undefined>
  extends ChannelSocketServer<Context, C> {
  /**
   * Serves the channel socket on the upgrades of an http or https server, at `path` (default `/chsk`) only. Upgrades
   * to other paths are answered 404 where nobody else listens, and left alone beside other listeners. Returns the
   * function that detaches.
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
   * 200, and 503 once `close` was called.
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
>(
  options?: ServerOptions<Context, C, Codecs>,
) => NodeServer<Context, C>;

type Report = (error: unknown, context: Readonly<Record<string, unknown>>) => void;

/** RFC 6455 section 7.4.1. */
const INTERNAL_ERROR = 1011;

/** How long a peer that is turned away may take before it is cut. */
const GRACE_MS = 3_000;

/** The paths of our servers on an http server, by their listeners: all other listeners are the application's. */
const mounted = new WeakMap<UpgradeServer, Map<unknown, string>>();

// server

/** Makes servers with these codecs where the user names none. */
export function serverMaker(codecs: readonly Codec[]): MakeServer {
  return <Context, C extends AnyContract | undefined, Codecs extends readonly Codec[]>(
    options: ServerOptions<Context, C, Codecs> = {},
  ): NodeServer<Context, C> => {
    const own = new Set<Server>();
    const detachers = new Set<() => void>();
    /** Sockets that are being judged: they are no longer the http server's, nor a WebSocket's yet. */
    const judged = new Set<Duplex>();
    const closeListeners = async () => {
      for (const detach of detachers) detach();
      for (const socket of judged) refuse(socket, 503, "the server is closed");
      const closed = [...own].map((server) => new Promise((resolve) => server.close(resolve)));
      // The WebSockets have ended by now. What is left has sent part of a request or none, and would be waited for.
      for (const server of own) server.closeAllConnections();
      await Promise.all(closed);
    };
    const core = createServer<Context, C, Codecs>({ host: webHost, codecs, options, closeListeners });
    const upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: core.limits.maxPayloadBytes,
      handleProtocols: (_offered, request) => protocols.get(request) ?? false,
    });
    /** The subprotocol that was chosen for a request under way. */
    const protocols = new WeakMap<IncomingMessage, string>();

    const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // A peer that resets while it is being judged must not end the process.
      const ignore = () => {};
      socket.on("error", ignore);
      const { remoteAddress } = request.socket;
      const asked = { url: urlOf(request), headers: headersOf(request), remoteAddress, raw: request };
      judged.add(socket);
      const decision = await core.admit(asked).finally(() => judged.delete(socket));
      if (socket.destroyed || socket.writableEnded) return;
      if (decision.type === "refuse") {
        refuse(socket, decision.status, decision.body);
        return;
      }
      if (decision.protocol !== undefined) protocols.set(request, decision.protocol);
      upgrader.handleUpgrade(request, socket, head, (webSocket) => {
        socket.off("error", ignore);
        serve(webSocket, socket, decision.opened, core.report);
      });
    };
    const handleUpgrade = (request: unknown, socket: unknown, head: unknown) => {
      upgrade(request as IncomingMessage, socket as Duplex, head as Buffer).catch((error: unknown) => {
        core.report(error, { source: "upgrade" });
        refuse(socket as Duplex, 400, "bad request");
      });
    };

    const attach: NodeServer["attach"] = (server, { path = "/chsk" } = {}) => {
      const ours = mounted.get(server) ?? new Map<unknown, string>();
      mounted.set(server, ours);
      const listener = (request: unknown, socket: unknown, head: unknown) => {
        const asked = pathOf(request as IncomingMessage);
        if (asked === path) {
          handleUpgrade(request, socket, head);
          return;
        }
        const isAnswered = [...ours.values()].some((other) => other === asked);
        // Each of ours comes here; the first answers, and the others find the socket ended.
        if (!isAnswered && server.listenerCount("upgrade") === ours.size) refuse(socket as Duplex, 404, "nothing here");
      };
      server.on("upgrade", listener);
      ours.set(listener, path);
      const detach = () => {
        detachers.delete(detach);
        ours.delete(listener);
        server.off("upgrade", listener);
      };
      detachers.add(detach);
      return detach;
    };

    const listen: NodeServer["listen"] = async ({ port = 0, hostname = "127.0.0.1", path = "/chsk" } = {}) => {
      const server = createHttpServer((request, response) => {
        const [status, body] = answerTo(request, core.server.isReady());
        response.writeHead(status, { connection: "close", "content-type": "text/plain" }).end(`${body}\n`);
      });
      attach(server, { path });
      own.add(server);
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, hostname, () => {
          server.off("error", reject);
          resolve();
        });
      });
      const { port: bound } = server.address() as AddressInfo;
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      return { url: `ws://${host}:${bound}${path}`, hostname, port: bound };
    };

    return {
      ...core.server,
      attach,
      handleUpgrade,
      ajaxGetOrWsHandshakeFn: handleUpgrade,
      ajaxPostFn: (_request, response) => {
        response.writeHead(501);
        response.end("there is no Ajax fallback");
      },
      listen,
    };
  };
}

/** What `listen` answers to a request that is no upgrade. */
function answerTo(request: IncomingMessage, isReady: boolean): readonly [status: number, body: string] {
  if (pathOf(request) !== READY_PATH) return [426, "a channel socket, for WebSockets"];
  return isReady ? [200, "ready"] : [503, "not ready"];
}

function pathOf(request: IncomingMessage): string | undefined {
  return request.url?.split("?", 1)[0];
}

/** Throws for a target that is no path, and for a Host that is none. */
function urlOf(request: IncomingMessage): URL {
  const { url = "/", headers } = request;
  if (!url.startsWith("/")) throw new TypeError("the request target is no path");
  return new URL(`http://${headers.host ?? "localhost"}${url}`);
}

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    headers.append(String(request.rawHeaders[i]), String(request.rawHeaders[i + 1]));
  }
  return headers;
}

/** Answers, and hangs up: a peer that keeps its own end open would keep the descriptor of ours. */
function refuse(socket: Duplex, status: number, body: string): void {
  if (socket.destroyed || socket.writableEnded) return;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.on("error", () => {});
  const grace = webHost.setTimer(GRACE_MS, () => socket.destroy());
  socket.once("close", () => webHost.clearTimer(grace));
  // What was sent and not read would make a reset of the end, and the answer could be lost.
  socket.resume();
  socket.once("finish", () => socket.destroy());
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

// socket

function serve(webSocket: WebSocket, stream: Duplex, opened: Accepted["opened"], report: Report): void {
  // What fails is followed by close, with the code that says why.
  webSocket.on("error", () => {});
  let handlers: ConnectionHandlers;
  try {
    handlers = opened(serverSocket(webSocket, stream));
  } catch (error) {
    report(error, { source: "opened" });
    const grace = webHost.setTimer(GRACE_MS, () => webSocket.terminate());
    webSocket.once("close", () => webHost.clearTimer(grace));
    webSocket.close(INTERNAL_ERROR);
    return;
  }
  webSocket.on("message", (data, isBinary) => handlers.message(isBinary ? encodedOf(data) : data.toString()));
  webSocket.on("close", (code, reason) => handlers.closed(code, reason.toString()));
  stream.on("drain", () => handlers.drained());
}

function serverSocket(webSocket: WebSocket, stream: Duplex): ServerSocket {
  return {
    send: (data) => {
      if (webSocket.readyState !== webSocket.OPEN) return "written";
      return stream.write(framed(data)) ? "written" : "buffered";
    },
    close: (code, reason) => webSocket.close(code, reason),
    terminate: () => webSocket.terminate(),
    get bufferedAmount() {
      return stream.writableLength;
    },
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
  };
}
