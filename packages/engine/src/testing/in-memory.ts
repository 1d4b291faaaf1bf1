import {
  type AnyContract,
  type ChannelSocketClient,
  type ChannelSocketServer,
  type ClientOptions,
  type Codec,
  UsageError,
} from "@sente-lite/protocol";
import { VirtualClock } from "@sente-lite/protocol/testing";
import { createClient } from "../client/client.ts";
import type { Host } from "../host.ts";
import { INSIDE_SERVER, type ServerInside } from "../server/inside.ts";
import type { UpgradeRequest } from "../server/request.ts";
import type { ConnectionHandlers, OpenSocket, SocketHandlers } from "../sockets.ts";

/** Options of `connectInMemory`. */
export interface InMemoryOptions {
  /** A server as `makeChannelSocketServer` made it; from now on it lives in virtual time, and needs no port. */
  readonly server: Pick<ChannelSocketServer, "errorChan">;
  /** Default: the first of the server's codecs. */
  readonly codec?: Codec;
}

/** Time that passes when it is told to. */
export interface InMemoryClock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Lets `ms` pass: timers run in their order, and handlers, asynchronous ones too, run to their end. */
  readonly advance: (ms: number) => Promise<void>;
}

/** A server in memory, and the ways to connect to it and to let time pass. */
export interface InMemory {
  /** A real client of the server, connecting at once; `uid` is the query parameter `uid`, and the client id. */
  readonly client: <C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
    uid: string,
    options?: ClientOptions<C, K>,
  ) => ChannelSocketClient<C>;
  readonly clock: InMemoryClock;
  /** Resolves when all that was sent has arrived and been handled; no time passes. */
  readonly idle: () => Promise<void>;
  /** Cuts every connection, as a fault of the network would. */
  readonly cut: () => void;
}

const START = 1_700_000_000_000;

/**
 * Connects clients to a server in memory, in virtual time: for tests of one's own handlers. No port is opened, nothing
 * waits for real, and no test depends on the speed of the machine.
 */
export function connectInMemory({ server, codec }: InMemoryOptions): InMemory {
  const inside: ServerInside | undefined = (server as { [INSIDE_SERVER]?: ServerInside })[INSIDE_SERVER];
  if (inside === undefined)
    throw new UsageError("not-a-server", "connectInMemory takes what makeChannelSocketServer returned");
  const real = inside.host;
  const time = new VirtualClock(START);
  // What needs no time happens by itself, so that a test can simply await a reply; the rest waits for the clock.
  let isPlanned = false;
  const after = (ms: number, fn: () => void) => {
    if (ms <= 0 && !isPlanned) {
      isPlanned = true;
      real.setTimer(0, () => {
        isPlanned = false;
        while (time.step(time.now));
      });
    }
    return time.after(ms, fn);
  };
  const host: Host = {
    now: () => time.now,
    setTimer: after,
    clearTimer: (timer) => (timer as (() => void) | undefined)?.(),
    randomBytes: (length) => real.randomBytes(length),
    log: real.log,
  };
  inside.useHost(host);
  const cuts = new Set<() => void>();
  const openSocket = memorySockets((fn) => void after(0, fn), inside, cuts);

  /** Everything that is ready to run has run: promises, and what the loop has in hand. */
  const turn = () => new Promise<void>((resolve) => real.setTimer(0, resolve));
  const settle = async () => {
    do await turn();
    while (time.step(time.now));
  };
  const advance = async (ms: number) => {
    const until = time.now + ms;
    await settle();
    while (time.step(until)) await settle();
    time.advance(until - time.now);
  };

  return {
    client: (uid, options = {}) => {
      const chosen = options.codec ?? codec ?? inside.codecs[0];
      const url = `ws://memory/chsk?uid=${encodeURIComponent(uid)}`;
      const core = { host, openSocket };
      return createClient(chosen === undefined ? core : { ...core, codec: chosen }, url, { clientId: uid, ...options });
    },
    clock: { now: () => time.now, advance },
    idle: settle,
    cut: () => {
      for (const cut of [...cuts]) cut();
    },
  };
}

/** Opens sockets in memory: what one end sends, the other receives soon after. */
function memorySockets(soon: (fn: () => void) => void, inside: ServerInside, cuts: Set<() => void>): OpenSocket {
  return (url, protocols, handlers) => {
    let peer: ConnectionHandlers | undefined;
    let isOpen = true;
    const end = (code: number, reason: string) => {
      if (!isOpen) return;
      isOpen = false;
      cuts.delete(cut);
      soon(() => {
        peer?.closed(code, reason);
        handlers.closed(code, reason);
      });
    };
    const cut = () => end(1006, "");
    cuts.add(cut);
    const deliver = (action: () => void) => {
      if (isOpen) soon(action);
    };
    const accept = async () => {
      const decision = await inside.admit(memoryRequest(url, protocols));
      if (decision.type === "refuse") {
        end(1006, "");
        return;
      }
      if (!isOpen) return;
      peer = decision.opened({
        send: (data) => {
          deliver(() => handlers.message(data));
          return "written";
        },
        close: end,
        terminate: cut,
        bufferedAmount: 0,
      });
    };
    void accept();
    return clientEnd({ deliver, end, cut, message: (data) => peer?.message(data) });
  };
}

function clientEnd(wire: {
  readonly deliver: (action: () => void) => void;
  readonly end: (code: number, reason: string) => void;
  readonly cut: () => void;
  readonly message: SocketHandlers["message"];
}): ReturnType<OpenSocket> {
  return {
    send: (data) => wire.deliver(() => wire.message(data)),
    close: wire.end,
    terminate: wire.cut,
    bufferedAmount: 0,
  };
}

function memoryRequest(address: string, protocols: readonly string[]): UpgradeRequest {
  const web = globalThis as unknown as {
    readonly URL: new (url: string) => UpgradeRequest["url"];
    readonly Headers: new (init: Record<string, string>) => UpgradeRequest["headers"];
  };
  const offered: Record<string, string> =
    protocols.length === 0 ? {} : { "sec-websocket-protocol": protocols.join(", ") };
  return { url: new web.URL(address), headers: new web.Headers(offered), remoteAddress: undefined, raw: undefined };
}
