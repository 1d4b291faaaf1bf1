import type {
  ChannelSocketClient,
  ClientMessage,
  ClientOptions,
  RouterHandler,
  RouterOptions,
} from "@sente-lite/protocol";
import type { AdapterName, CodecName } from "../codecs.ts";
import type { OptionValue } from "../fixture/arguments.ts";
import type { FixtureLine } from "../raw/fixture-process.ts";
import type { TestedServer } from "../runtimes.mjs";

// What the suites are told of an implementation. All of it is data, but for the functions that start it.

/** Names of tests that fail, and why. A test that is named here and passes fails the run. */
export type KnownFailures = Readonly<Record<string, string>>;

export interface ServerStart {
  /** Default: all, transit-json first. */
  readonly codec?: CodecName | AdapterName;
  readonly codecs?: readonly CodecName[];
  /** Default: any free port. */
  readonly port?: number;
  /** Those of the server by their names, and those of the fixture (server-script.ts); `hostname`: where it listens, default 127.0.0.1. */
  readonly options?: Readonly<Record<string, OptionValue>>;
}

/** Stops and continues a process, as a laptop's lid or a debugger does. */
export type ServerSignal = "SIGSTOP" | "SIGCONT";

export interface RunningServer {
  /** `ws://127.0.0.1:PORT/chsk`, or at another host where it was started there. */
  readonly url: string;
  readonly port: number;
  /** What it has printed. */
  readonly events: () => readonly FixtureLine[];
  /** The next such line that was not yet taken. */
  readonly next: (accepts: (line: FixtureLine) => boolean, patienceMs?: number) => Promise<FixtureLine>;
  /** Asks it to end; resolves to its exit code. */
  readonly stop: () => Promise<number | null>;
  /** Ends it at once, as a crash would. */
  readonly kill: () => Promise<void>;
  readonly signal: (signal: ServerSignal) => Promise<void>;
}

export interface ServerCapabilities {
  /** Whether a close can be lost where the peer had sent more than was read: its TCP connection is then reset (1006). */
  readonly resetsUnread: boolean;
  /** Whether it can cut a connection whose peer does not answer a close. */
  readonly terminates: boolean;
  /** Whether the runtime refuses a message that is too large before all of it came. */
  readonly limitsReceived: boolean;
  /** Whether it can stop reading from a peer whose events pile up. */
  readonly pausesReading: boolean;
  /** Whether it has permessage-deflate (RFC 7692). */
  readonly compresses: boolean;
  /** Whether it tells of pings of RFC 6455, which every runtime answers by itself. */
  readonly tellsPings: boolean;
}

export interface ServerTarget {
  readonly name: TestedServer;
  readonly capabilities: ServerCapabilities;
  readonly knownFailures: KnownFailures;
  /** Frames that the runtime itself takes against RFC 6455, by their case in suites/abuse/frame-cases.ts, and why. */
  readonly frameFaults: Readonly<Record<string, string>>;
  readonly start: (start?: ServerStart) => Promise<RunningServer>;
}

/** The part of the web's WebSocket that reaches the stage from wherever the tests run. */
export interface PlainWebSocket {
  send(data: string): void;
  close(): void;
  addEventListener(type: "open" | "close" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

export interface ClientCapabilities {
  /** Whether the runtime can refuse a message that is too large; a page's WebSocket cannot. */
  readonly limitsReceived: boolean;
  /** Whether its requests carry an Origin: those of a page do. */
  readonly sendsOrigin: boolean;
  /** Whether it can cut a connection without a close handshake. */
  readonly terminates: boolean;
  /** Whether its requests carry headers of the application's. */
  readonly setsHeaders: boolean;
}

export interface ClientTarget {
  readonly name: string;
  readonly capabilities: ClientCapabilities;
  readonly knownFailures: KnownFailures;
  readonly makeClient: (url: string | URL, options: ClientOptions) => ChannelSocketClient;
  readonly startRouter: (
    client: ChannelSocketClient,
    handlers: Readonly<Record<string, RouterHandler<ClientMessage>>>,
    options?: RouterOptions<ClientMessage>,
  ) => () => void;
  readonly WebSocket: new (url: string) => PlainWebSocket;
}
