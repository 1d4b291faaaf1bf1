import type {
  AnyContract,
  ChannelSocketClient,
  ChannelSocketServer,
  ClientMessage,
  ClientOptions,
  Codec,
  Receiver,
  ServerOptions,
} from "@sente-lite/protocol";
import { json } from "@sente-lite/protocol/json";
import type { Host } from "../host.ts";
import { createServer } from "../server/server.ts";
import { connectInMemory, type InMemory } from "./in-memory.ts";

/** A host for tests, whose log is kept. */
export function testHost(seed = 1): Host & { readonly lines: string[] } {
  const lines: string[] = [];
  let state = seed;
  return {
    lines,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer: (ms, fn) => (ms === 0 ? setImmediate(fn) : setTimeout(fn, ms)),
    clearTimer: () => {},
    randomBytes: (length) =>
      Uint8Array.from({ length }, () => {
        state = (state * 48_271) % 2_147_483_647;
        return state & 0xff;
      }),
    log: { warn: (message) => lines.push(message), error: (message) => lines.push(message) },
  };
}

export interface Setting<C extends AnyContract | undefined> extends InMemory {
  readonly server: ChannelSocketServer<unknown, C>;
  /** What was logged. */
  readonly lines: string[];
  /** Codes of what came over the server's error channel. */
  readonly errors: string[];
  /** A client whose delivered events are kept, `chsk/*` left out. */
  readonly tab: <T extends AnyContract | undefined = undefined>(uid: string, options?: ClientOptions<T>) => Tab<T>;
}

export interface Tab<C extends AnyContract | undefined> {
  readonly client: ChannelSocketClient<C>;
  readonly got: unknown[];
}

/** A server, and tabs of users that connect to it in memory: `uid` names the user. */
export function setting<C extends AnyContract | undefined = undefined>(
  options: ServerOptions<unknown, C> & { readonly codec?: Codec; readonly seed?: number } = {},
): Setting<C> {
  const { codec = json, seed, ...serverOptions } = options;
  const host = testHost(seed);
  const uidOf: ServerOptions["userIdFn"] = ({ url }) => url.searchParams.get("uid") || null;
  const { server } = createServer({ host, codecs: [codec], options: { userIdFn: uidOf, ...serverOptions } });
  const errors: string[] = [];
  server.errorChan.on(({ error }) => errors.push((error as { code?: string }).code ?? error.message));
  const memory = connectInMemory({ server });
  let tabs = 0;
  const tab = <T extends AnyContract | undefined = undefined>(uid: string, given: ClientOptions<T> = {}): Tab<T> => {
    const client = memory.client<T>(uid, { clientId: `tab-${++tabs}`, ...given });
    const got: unknown[] = [];
    (client.chRecv as unknown as Receiver<ClientMessage>).on("*", ({ event }) => {
      if (!event[0].startsWith("chsk/")) got.push(event);
    });
    return { client, got };
  };
  return { ...memory, server, lines: host.lines, errors, tab };
}
