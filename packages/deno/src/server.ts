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
  addSignalListener(signal: string, fn: () => void): void;
  removeSignalListener(signal: string, fn: () => void): void;
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
  /** Resolves once its port is free; rejects where it ended by itself, as without a descriptor for the next connection. */
  readonly finished: Promise<void>;
}

interface AbortController {
  readonly signal: unknown;
  abort(): void;
}

/** A port of our own. */
interface Own {
  /** Resolves once the port is free. */
  readonly close: () => Promise<void>;
}

/** So long the end of a listener is waited for. */
const FINISH_MS = 1_000;
/** So long after a listener ended by itself, or could not begin again, another one is tried at its port. */
const RELISTEN_MS = 250;

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
      await Promise.all([...own].map(({ close }) => close()));
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
      const onError = (error: unknown) => answerToFailure(core, error);
      const answer: DenoServer["fetch"] = async (request, info) =>
        answerToProbe(request, core.server) ?? fetch(request, info);
      const begin = (at: number, signal: unknown) =>
        deno().serve({ port: at, hostname, signal, onListen: () => {}, onError }, answer);
      const listener = keepListening(port, begin, (error) => core.report(error, { source: "listen" }));
      own.add(listener);
      return createListening(hostname, listener.port, inUrl);
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

/**
 * Listens until it is closed: where a listener ends by itself, which is reported once, another one begins at its port as
 * soon as that can be. Throws where the first cannot begin.
 */
function keepListening(
  given: number,
  begin: (port: number, signal: unknown) => DenoHttpServer,
  report: (error: unknown) => void,
): Own & { readonly port: number } {
  openSignals();
  const controller = abortController();
  let server = begin(given, controller.signal);
  const { port } = server.addr;
  let timer: ReturnType<typeof webHost.setTimer> | undefined;
  let isClosed = false;
  const beginLater = () => {
    timer = webHost.setTimer(RELISTEN_MS, beginAnew);
  };
  const beginAnew = () => {
    timer = undefined;
    try {
      server = begin(port, controller.signal);
    } catch {
      // Why was told when the one before it ended.
      beginLater();
      return;
    }
    follow();
  };
  const follow = () => {
    server.finished.catch((error: unknown) => {
      if (isClosed) return;
      report(error);
      beginLater();
    });
  };
  follow();
  return {
    port,
    close: async () => {
      isClosed = true;
      if (timer !== undefined) webHost.clearTimer(timer);
      controller.abort();
      await waitAtMost(server.finished, FINISH_MS);
    },
  };
}

/**
 * Has Deno open now what it takes for signals: it does so by itself when a listener has ended, and panics where there is no
 * descriptor left. The signal is one that does nothing.
 */
function openSignals(): void {
  const ignore = () => {};
  try {
    deno().addSignalListener("SIGWINCH", ignore);
    deno().removeSignalListener("SIGWINCH", ignore);
  } catch {
    // A system without that signal.
  }
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
