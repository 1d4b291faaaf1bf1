import {
  type Accepted,
  answerToFailure,
  answerToProbe,
  checkOpen,
  createListening,
  createServer,
  isFor,
  listenOptionsOf,
  mountPath,
  noAjax,
  respond,
  type WebRequest,
  type WebResponse,
  webHost,
} from "@sente-lite/engine";
import type { AnyContract, Codec, UidOf } from "@sente-lite/protocol";
import { type DenoSocket, serve } from "./server-socket.ts";
import type { DenoServer, DenoServerOptions, MakeServer } from "./server-types.ts";

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
  /** Resolves once its port is free. */
  readonly finished: Promise<void>;
}

interface AbortController {
  readonly signal: unknown;
  abort(): void;
}

interface Own {
  readonly controller: AbortController;
  readonly server: DenoHttpServer;
}

/** So long the end of a listener is waited for. */
const FINISH_MS = 1_000;

const ownOptions = { path: "string" };

/** Makes servers with these codecs where the user names none. */
export function serverMaker(codecs: readonly Codec[]): MakeServer {
  return <
    Context,
    C extends AnyContract | undefined,
    Codecs extends readonly Codec[],
    Uid extends string | null | undefined,
  >(
    options: DenoServerOptions<Context, C, Codecs, Uid> = {},
  ): DenoServer<Context, C, UidOf<Uid>> => {
    const own = new Set<Own>();
    // Our sockets have ended by now. Deno's shutdown would wait for ever for a peer that was reset while it was upgraded,
    // and so may the end of what is aborted: its port is free a moment later, or at once where nobody is left.
    const closeListeners = async () => {
      for (const { controller } of own) controller.abort();
      await Promise.all([...own].map(({ server }) => waitAtMost(server.finished, FINISH_MS)));
    };
    const core = createServer<Context, C, Codecs, Uid>({ host: webHost, codecs, options, ownOptions, closeListeners });
    const { path, inUrl } = mountPath(options.path ?? "/chsk");

    const fetch: DenoServer["fetch"] = async (request, info) => {
      const upgrade = (upgraded: WebRequest, { protocol, opened }: Accepted) => {
        // Our own heartbeat finds the dead (PROTOCOL.md section 7).
        const { socket, response } = deno().upgradeWebSocket(upgraded, { idleTimeout: 0 });
        // Deno's own option for it throws where the client put no space behind the commas of its offer.
        if (protocol !== undefined) response.headers.set("sec-websocket-protocol", protocol);
        serve(socket, opened, core.linger);
        return response;
      };
      const remoteAddress = addressOf(info);
      const answer = await respond(request, { core, path, remoteAddress, upgrade, hasGone: watchOf() });
      // Only a runtime that takes the request over itself answers nothing.
      return answer as WebResponse;
    };

    const listen: DenoServer["listen"] = async (listenOptions = {}) => {
      const { port, hostname } = listenOptionsOf(listenOptions, false);
      checkOpen(core);
      const controller = abortController();
      const { signal } = controller;
      const onError = (error: unknown) => answerToFailure(core, error);
      const answer: DenoServer["fetch"] = async (request, info) =>
        answerToProbe(request, core.server) ?? fetch(request, info);
      const server = deno().serve({ port, hostname, signal, onListen: () => {}, onError }, answer);
      own.add({ controller, server });
      return createListening(hostname, server.addr.port, inUrl);
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

/** Resolves with the promise, or after so long. */
function waitAtMost(promise: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = webHost.setTimer(ms, resolve);
    const finish = () => {
      webHost.clearTimer(timer);
      resolve();
    };
    promise.then(finish, finish);
  });
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

/**
 * Tells whether the peer of a request has gone since now. Deno never gives back what an upgrade of such a request
 * takes, and does not end then. The signal is asked only where judging took a turn of the loop or longer: Deno prints
 * a line about it once a process.
 */
function watchOf(): (request: WebRequest) => Promise<boolean> {
  let isLate = false;
  const turn = webHost.setTimer(0, () => {
    isLate = true;
  });
  return async (request) => {
    webHost.clearTimer(turn);
    if (!isLate) return false;
    const { signal } = request as WebRequest & { readonly signal: { readonly aborted: boolean } };
    // Of what happened before it was asked for, the signal tells once the loop has looked at its sockets: not at the end
    // of this turn, but when it has waited.
    if (!signal.aborted) await new Promise<void>((resolve) => webHost.setTimer(1, resolve));
    return signal.aborted;
  };
}
