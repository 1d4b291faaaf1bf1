import {
  type AnyContract,
  type ChannelSocketClient,
  type ChannelSocketServer,
  type ClientOptions,
  type Codec,
  type HandshakeRequest,
  UsageError,
} from "@sente-lite/protocol";
import { checkOptions, showValue } from "@sente-lite/protocol/options";
import { VirtualClock } from "@sente-lite/protocol/testing";
import { createClient } from "../client/client.ts";
import { checkCodec } from "../client/options.ts";
import type { WithHeaders } from "../client/socket-opener.ts";
import type { Host } from "../host.ts";
import type { UpgradeRequest } from "../server/request.ts";
import { TEST_ACCESS, type TestAccess } from "../server/test-access.ts";
import type { ConnectionHandlers, OpenSocket, RequestHeaders, SocketHandlers } from "../sockets.ts";

/** Options of `connectInMemory`. */
export interface InMemoryOptions {
  /** A server as `makeChannelSocketServer` made it; from now on it lives in virtual time, and needs no port. */
  readonly server: Pick<ChannelSocketServer, "errorChan">;
  /** Default: the first of the server's codecs. */
  readonly codec?: Codec;
  /**
   * Moves timers that are not the library's: `vi.advanceTimersByTimeAsync`, `jest.advanceTimersByTimeAsync`, or `tickAsync`
   * of sinon's clock. `clock.advance` calls it for every part of the time that passes. Default: they are left alone.
   */
  readonly advanceTimers?: (ms: number) => unknown;
}

/** Options of a client in memory: those of every client, and what its upgrade request brings. */
export type InMemoryClientOptions<
  C extends AnyContract | undefined = undefined,
  K extends Codec = Codec,
> = ClientOptions<C, K> &
  WithHeaders & {
    /** `request.raw` at the server. Default: what the runtime's own request says of the address and headers. */
    readonly raw?: unknown;
    /** `request.remoteAddress` at the server. Default: none. */
    readonly remoteAddress?: string;
  };

/** Time that passes when it is told to. */
export interface InMemoryClock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Lets `ms` pass: timers run in their order, and handlers, asynchronous ones too, run to their end. */
  readonly advance: (ms: number) => Promise<void>;
  /** As the global ones, in virtual time: for applications that are given their timers. None of them uses `this`. */
  readonly setTimeout: (fn: () => void, ms?: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  readonly setInterval: (fn: () => void, ms?: number) => unknown;
  readonly clearInterval: (timer: unknown) => void;
}

/** A server in memory, and the ways to connect to it and to let time pass. */
export interface InMemory {
  /** A real client of the server, connecting at once; `uid` is the query parameter `uid`, and the client id. */
  readonly client: <C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
    uid: string,
    options?: InMemoryClientOptions<C, K>,
  ) => ChannelSocketClient<C>;
  readonly clock: InMemoryClock;
  /** Resolves when all that was sent has arrived and been handled; no time passes. */
  readonly idle: () => Promise<void>;
  /** Cuts every connection, as a fault of the network would. */
  readonly cut: () => void;
}

/** After this many turns of the loop in which nothing happens, nothing will. */
const QUIET_TURNS = 3;
/** And so many microtasks: to Deno a message is no turn of the loop, and comes after a few of them. */
const QUIET_MICROTASKS = 32;
const START = 1_700_000_000_000;

const kinds = { server: "object", codec: "object", advanceTimers: "function" };

/** Makes `request.raw` as a runtime has it. */
export type RawOf = (request: Omit<HandshakeRequest, "raw" | "clientId">) => unknown;

/** The type of `connectInMemory`. */
export type ConnectInMemory = (options: InMemoryOptions) => InMemory;

/** Makes the `connectInMemory` of a runtime whose servers are given such requests. */
export function createInMemoryConnector(rawOf: RawOf): ConnectInMemory {
  return (options) => connect(options, rawOf);
}

/**
 * Connects clients to a server in memory, in virtual time: for tests of one's own handlers. No port is opened, nothing
 * waits for real, and no test depends on the speed of the machine. Fake timers of a test's own change nothing of it.
 */
export const connectInMemory: ConnectInMemory = createInMemoryConnector(webRequest);

function connect(options: InMemoryOptions, rawOf: RawOf): InMemory {
  checkOptions("connectInMemory", options, kinds);
  const { server, codec, advanceTimers } = options;
  if (codec !== undefined) checkCodec(codec);
  const access = (server as { [TEST_ACCESS]?: TestAccess } | undefined)?.[TEST_ACCESS];
  if (access === undefined)
    throw new UsageError("not-a-server", "connectInMemory takes what makeChannelSocketServer returned");
  const real = access.host;
  const time = new VirtualClock(START);
  // What needs no time happens by itself, so that a test can simply await a reply; the rest waits for the clock. It happens
  // before the loop's next turn: whoever moves fake timers after a request finds its handler at work.
  let isPlanned = false;
  /** Something happened since `settle` looked last. */
  let hasMoved = false;
  const runAfter = (ms: number, fn: () => void) => {
    if (ms <= 0 && !isPlanned) {
      isPlanned = true;
      void Promise.resolve().then(() => {
        isPlanned = false;
        while (time.step(time.now)) hasMoved = true;
      });
    }
    return time.after(ms, fn);
  };
  const host: Host = {
    now: () => time.now,
    monotonic: () => time.now,
    setTimer: runAfter,
    clearTimer: (timer) => (timer as (() => void) | undefined)?.(),
    randomBytes: (length) => real.randomBytes(length),
    log: real.log,
  };
  access.useHost(host);
  const cuts = new Set<() => void>();
  const runSoon = (fn: () => void) => void runAfter(0, fn);

  /** Everything that is ready to run has run: promises, and what the loop has in hand. */
  const turn = () => new Promise<void>(nextTurn);
  const settle = async () => {
    // Applications, too, put work off to a next turn of the loop.
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      hasMoved = false;
      await turn();
      for (let hop = 0; hop < QUIET_MICROTASKS; hop++) await undefined;
      while (time.step(time.now)) hasMoved = true;
      if (hasMoved) quiet = -1;
    }
  };
  const advance = async (ms: number) => {
    if (typeof ms !== "number" || !(ms >= 0)) {
      throw new UsageError("bad-argument", `clock.advance takes a number of milliseconds, not ${showValue(ms)}`);
    }
    const until = time.now + ms;
    await settle();
    while (time.now < until || (time.nextAt ?? Number.POSITIVE_INFINITY) <= until) {
      const at = Math.max(time.now, Math.min(time.nextAt ?? until, until));
      if (at > time.now && advanceTimers !== undefined) {
        await advanceTimers(at - time.now);
        await settle();
      }
      while (time.step(at)) await settle();
      time.advance(at - time.now);
    }
  };
  const repeat = (fn: () => void, ms = 0) => {
    const run = () => {
      stop = runAfter(Math.max(1, ms), run);
      fn();
    };
    let stop = runAfter(Math.max(1, ms), run);
    return () => stop();
  };
  const stop = (timer: unknown) => {
    if (typeof timer === "function") timer();
  };

  return {
    client: (uid, options = {}) => {
      const { raw, remoteAddress, ...clientOptions } = checkClientArguments(uid, options);
      const chosen = clientOptions.codec ?? codec ?? access.codecs[0];
      const url = `ws://memory/chsk?uid=${encodeURIComponent(uid)}`;
      const requestOf = (address: string, headers: Record<string, string>): UpgradeRequest => {
        const asked = { url: webUrl(address), headers: webHeaders(headers), remoteAddress };
        return { ...asked, raw: raw === undefined ? rawOf(asked) : raw };
      };
      const openSocket = memorySockets({ runSoon, access, cuts, requestOf });
      const core = { host, openSocket, takesHeaders: true };
      const named = uid === "" ? clientOptions : { clientId: uid, ...clientOptions };
      return createClient(chosen === undefined ? core : { ...core, codecs: [chosen] }, url, named);
    },
    clock: {
      now: () => time.now,
      advance,
      setTimeout: (fn, ms = 0) => runAfter(ms, fn),
      clearTimeout: stop,
      setInterval: repeat,
      clearInterval: stop,
    },
    idle: settle,
    cut: () => {
      for (const cut of [...cuts]) cut();
    },
  };
}

/** Those options, if `client` can mean them; those of every client are checked where it is made. */
function checkClientArguments<O extends InMemoryClientOptions<AnyContract | undefined>>(uid: unknown, options: O): O {
  if (typeof uid !== "string") throw new UsageError("bad-argument", `client takes a uid, not ${showValue(uid)}`);
  if (typeof options !== "object" || options === null || Symbol.iterator in options || "then" in options) {
    throw new UsageError("bad-option", `client takes an object of options, not ${showValue(options)}`);
  }
  const { remoteAddress } = options;
  if (remoteAddress !== undefined && typeof remoteAddress !== "string") {
    throw new UsageError("bad-option", `the option remoteAddress is a string, not ${showValue(remoteAddress)}`);
  }
  return options;
}

interface Wiring {
  readonly runSoon: (fn: () => void) => void;
  readonly access: TestAccess;
  readonly cuts: Set<() => void>;
  readonly requestOf: (url: string, headers: Record<string, string>) => UpgradeRequest;
}

/** Opens sockets in memory: what one end sends, the other receives soon after. */
function memorySockets({ runSoon, access, cuts, requestOf }: Wiring): OpenSocket {
  return (url, protocols, handlers, headers) => {
    let peer: ConnectionHandlers | undefined;
    let isOpen = true;
    const end = (code: number, reason: string) => {
      if (!isOpen) return;
      isOpen = false;
      cuts.delete(cut);
      runSoon(() => {
        peer?.closed(code, reason);
        handlers.closed(code, reason);
      });
    };
    const cut = () => end(1006, "");
    cuts.add(cut);
    const deliver = (action: () => void) => {
      if (isOpen) runSoon(action);
    };
    const accept = async () => {
      const decision = await access.admit(requestOf(url, addProtocols(headers, protocols)));
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

function addProtocols(headers: RequestHeaders, protocols: readonly string[]): Record<string, string> {
  return protocols.length === 0 ? { ...headers } : { ...headers, "sec-websocket-protocol": protocols.join(", ") };
}

interface WebGlobals {
  readonly URL: new (url: string) => UpgradeRequest["url"];
  readonly Headers: new (init: Record<string, string>) => UpgradeRequest["headers"];
  readonly Request: new (url: string, init: object) => unknown;
  readonly MessageChannel: new () => {
    readonly port1: { onmessage: (() => void) | null; close(): void };
    readonly port2: { postMessage(message: unknown): void };
  };
}

const web = globalThis as unknown as WebGlobals;

function webUrl(url: string): UpgradeRequest["url"] {
  return new web.URL(url);
}

function webHeaders(headers: Record<string, string>): UpgradeRequest["headers"] {
  return new web.Headers(headers);
}

function webRequest({ url, headers }: Parameters<RawOf>[0]): unknown {
  return new web.Request(url.href.replace(/^ws/, "http"), { headers });
}

/** Another turn of the loop: of a message, because fake timers replace everything else that brings one. */
function nextTurn(fn: () => void): void {
  const { port1, port2 } = new web.MessageChannel();
  port1.onmessage = () => {
    port1.close();
    fn();
  };
  port2.postMessage(undefined);
}
