import {
  type Accepted,
  answerToFailure,
  answerToProbe,
  checkOpen,
  compressionThreshold,
  createListening,
  createServer,
  isFor,
  listenOptionsOf,
  mountPath,
  noAjax,
  respond,
  type WebRequest,
  webHost,
} from "@sente-lite/engine";
import { type AnyContract, type Codec, type UidOf, UsageError } from "@sente-lite/protocol";
import { supersede } from "./hot.ts";
import { dataOf, type Ours, websocketMaker } from "./server-socket.ts";
import type { BunServer, BunServerOptions, MakeServer } from "./server-types.ts";

/** What we use of Bun's server. */
interface BunHttpServer {
  readonly port: number;
  upgrade(request: WebRequest, options: { readonly data: Ours; readonly headers: Record<string, string> }): boolean;
  requestIP(request: WebRequest): { readonly address: string } | null;
  stop(force: boolean): Promise<void>;
}

const ownOptions = { path: "string" };

/** How long a server lives after `bun --hot` put another in its place: handlers finish, and clients come again. */
const SUPERSEDED_MS = 250;

/** Makes servers with these codecs where the user names none. */
export function serverMaker(codecs: readonly Codec[]): MakeServer {
  return <
    Context,
    C extends AnyContract | undefined,
    Codecs extends readonly Codec[],
    Uid extends string | null | undefined,
  >(
    options: BunServerOptions<Context, C, Codecs, Uid> = {},
  ): BunServer<Context, C, UidOf<Uid>> => {
    const own = new Set<BunHttpServer>();
    let isSuperseded = false;
    const closeListeners = async () => {
      forget();
      // Bun has given the listener of a superseded server to its successor.
      if (!isSuperseded) await Promise.all([...own].map((server) => server.stop(true)));
    };
    const core = createServer<Context, C, Codecs, Uid>({
      host: webHost,
      codecs,
      options,
      ownOptions,
      closeListeners,
      canCompress: "from-a-size",
    });
    const { path, inUrl } = mountPath(options.path ?? "/chsk");
    const websocketWith = websocketMaker(core.limits.maxPayloadBytes, compressionThreshold(options));
    const websocket = websocketWith(undefined);
    const forget = supersede(() => {
      isSuperseded = true;
      core.server.close({ drainMs: SUPERSEDED_MS }).catch((error) => core.report(error, { source: "hot" }));
    });

    const fetch: BunServer["fetch"] = async (request, given) => {
      const server = bunServerOf(given);
      const upgrade = (upgraded: WebRequest, { protocol, opened }: Accepted) => {
        // Left to itself Bun takes the first that is offered.
        const headers = { "sec-websocket-protocol": protocol ?? "" };
        return server.upgrade(upgraded, { data: dataOf(opened), headers }) ? "upgraded" : undefined;
      };
      // Bun forgets the address once the request is upgraded.
      return respond(request, { core, path, remoteAddress: server.requestIP(request)?.address, upgrade });
    };

    const listen: BunServer["listen"] = async (listenOptions = {}) => {
      const { port, hostname } = listenOptionsOf(listenOptions, false);
      checkOpen(core);
      const { Bun } = globalThis as unknown as { readonly Bun: { serve(options: object): BunHttpServer } };
      const server = Bun.serve({
        port,
        hostname,
        // Its page for developers, which has the program's sources, would go to whoever can cause an error.
        development: false,
        fetch: (request: WebRequest, given: unknown) => answerToProbe(request, core.server) ?? fetch(request, given),
        error: (error: unknown) => answerToFailure(core, error),
        websocket,
      });
      own.add(server);
      return createListening(hostname, server.port, inUrl);
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
