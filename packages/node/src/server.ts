import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import {
  type Answer,
  BAD_REQUEST,
  checkOpen,
  compressionThreshold,
  createListening,
  createServer,
  listenOptionsOf,
  mountPath,
  pathOf,
  READY_PATH,
  readiness,
  upgradeFault,
} from "@sente-lite/engine";
import { type AnyContract, type Codec, type UidOf, UsageError } from "@sente-lite/protocol";
import { checkOptions } from "@sente-lite/protocol/options";
import { WebSocketServer } from "ws";
import { takesCompressed } from "./frame-message.ts";
import { mount } from "./mounts.ts";
import { refuse } from "./refuse.ts";
import { headersOf, isHttp1, urlOf } from "./request.ts";
import { canCompress, host } from "./runs-on.ts";
import { autoPong, serve } from "./server-socket.ts";
import type { MakeServer, NodeServer, NodeServerOptions } from "./server-types.ts";

const attachKinds = { path: "string" };

/** What to tell a peer that comes too late. */
const CLOSED: Answer = { status: 503, body: "the server is closed" };

/** Makes servers with these codecs where the user names none. */
export function serverMaker(codecs: readonly Codec[]): MakeServer {
  return <
    Context,
    C extends AnyContract | undefined,
    Codecs extends readonly Codec[],
    Uid extends string | null | undefined,
  >(
    options: NodeServerOptions<Context, C, Codecs, Uid> = {},
  ): NodeServer<Context, C, UidOf<Uid>> => {
    const own = new Set<Server>();
    const detachers = new Set<() => void>();
    /** Turn away those that are being judged: they are no longer the http server's, nor a WebSocket's yet. */
    const judged = new Set<() => void>();
    const closeListeners = async () => {
      for (const detach of detachers) detach();
      for (const turnAway of judged) turnAway();
      const closed = [...own].map((server) => new Promise((resolve) => server.close(resolve)));
      // The WebSockets have ended by now. What is left has sent part of a request or none, and would be waited for.
      for (const server of own) server.closeAllConnections();
      await Promise.all(closed);
    };
    const core = createServer<Context, C, Codecs, Uid>({
      host,
      codecs,
      options,
      closeListeners,
      canCompress,
    });
    const thresholdBytes = compressionThreshold(options);
    const upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: thresholdBytes !== undefined && {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
      },
      maxPayload: core.limits.maxPayloadBytes,
      autoPong,
      handleProtocols: (_offered, request) => protocols.get(request) ?? false,
    });
    /** The subprotocol that was chosen for a request under way. */
    const protocols = new WeakMap<IncomingMessage, string>();

    const upgrade = async (request: IncomingMessage, socket: Socket, head: Buffer, isOurs: () => boolean) => {
      const headers = headersOf(request);
      const url = isHttp1(request) ? urlOf(request, headers) : undefined;
      const fault = url === undefined ? BAD_REQUEST : upgradeFault(request.method, headers);
      if (url === undefined || fault !== undefined) {
        refuse(socket, fault ?? BAD_REQUEST);
        return;
      }
      // A peer that resets while it is being judged must not end the process.
      const ignore = () => {};
      socket.on("error", ignore);
      const turnAway = () => {
        if (isOurs()) refuse(socket, CLOSED);
      };
      judged.add(turnAway);
      const { remoteAddress } = socket;
      // A proxy may have TLS, too, of which nobody knows here.
      const isSecure = (socket as Partial<TLSSocket>).encrypted || undefined;
      const decision = await core.admit({ url, headers, remoteAddress, isSecure, raw: request });
      judged.delete(turnAway);
      // What opens is told of its end by its WebSocket.
      if (decision.type === "accept") socket.once("close", decision.abandon);
      if (socket.destroyed || socket.writableEnded) {
        if (decision.type === "accept") decision.abandon();
        return;
      }
      if (!isOurs()) throw new UsageError("upgraded-elsewhere", `two listeners answer the upgrades to ${url.pathname}`);
      if (decision.type === "refuse") {
        refuse(socket, decision);
        return;
      }
      if (decision.protocol !== undefined) protocols.set(request, decision.protocol);
      upgrader.handleUpgrade(request, socket, head, (webSocket) => {
        socket.off("error", ignore);
        socket.off("close", decision.abandon);
        serve(webSocket, socket, decision.opened, {
          maxPayloadBytes: core.limits.maxPayloadBytes,
          thresholdBytes: takesCompressed(webSocket, request) ? thresholdBytes : undefined,
        });
      });
    };
    const handleUpgrade = (request: unknown, given: unknown, head: unknown) => {
      const socket = given as Socket;
      // What another listener writes makes the socket its own, and nothing of ours may come after it.
      const { bytesWritten } = socket;
      const isOurs = () => socket.bytesWritten === bytesWritten;
      upgrade(request as IncomingMessage, socket, head as Buffer, isOurs).catch((error: unknown) => {
        core.report(error, { source: "upgrade" });
        if (isOurs()) refuse(socket, BAD_REQUEST);
      });
    };

    const attach: NodeServer["attach"] = (server, attachOptions = {}) => {
      checkOptions("attach", attachOptions, attachKinds);
      const { path = "/chsk" } = attachOptions;
      checkOpen(core);
      const unmount = mount(server, mountPath(path).path, handleUpgrade);
      const detach = () => {
        detachers.delete(detach);
        unmount();
      };
      detachers.add(detach);
      return detach;
    };

    const listen: NodeServer["listen"] = async (listenOptions = {}) => {
      const { port, hostname, path } = listenOptionsOf(listenOptions, true);
      const { inUrl } = mountPath(path);
      const server = createHttpServer((request, response) => {
        const { status, body } = answerTo(request, core.server.isReady());
        response.writeHead(status, { connection: "close", "content-type": "text/plain" }).end(`${body}\n`);
      });
      const detach = attach(server, { path });
      await waitUntilListening(server, port, hostname).catch((error: unknown) => {
        detach();
        throw error;
      });
      // It may have been closed meanwhile.
      if (!core.isOpen()) server.close();
      checkOpen(core);
      own.add(server);
      return createListening(hostname, (server.address() as AddressInfo).port, inUrl);
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

/** Resolves once the server listens, and rejects where it cannot. */
function waitUntilListening(server: Server, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** What `listen` answers to a request that is no upgrade. */
function answerTo(request: IncomingMessage, isReady: boolean): Answer {
  const url = urlOf(request);
  if (url === undefined) return BAD_REQUEST;
  return pathOf(url) === READY_PATH ? readiness(isReady) : { status: 426, body: "a channel socket, for WebSockets" };
}
