import type { Encoded } from "@sente-lite/protocol";

// The seams between the engine and a runtime. A runtime package translates and decides nothing.

/** What a runtime hands to the engine, once per connection that it accepted. */
export interface ServerSocket {
  /** `dropped` is always followed by close 4413. */
  send(data: Encoded): "written" | "buffered" | "dropped";
  close(code: number, reason: string): void;
  /** Cuts the connection now; where the runtime cannot, the nearest thing. */
  terminate(): void;
  /** Bytes that wait in the socket. */
  readonly bufferedAmount: number;
  /** Stops and continues reading, where the runtime can. */
  pause?(): void;
  resume?(): void;
}

/** What the engine wants to hear of a connection. Anything after `closed` is ignored. */
export interface ConnectionHandlers {
  message(data: Encoded): void;
  /** There is room again. A runtime without this event leaves it out, and is polled. */
  drained(): void;
  closed(code: number, reason: string): void;
  /** A ping of RFC 6455 came, of so many bytes, and is answered; or a pong. A runtime that does not tell leaves it out. */
  noteControl?(bytes: number): void;
}

export interface ClientSocket {
  send(data: Encoded): void;
  close(code: number, reason: string): void;
  terminate(): void;
  readonly bufferedAmount: number;
}

export interface SocketHandlers {
  message(data: Encoded): void;
  /** Room again, where the runtime tells. */
  drained?(): void;
  /** What went wrong, before `closed`. */
  failed(error: Error): void;
  /** Called once, also where the socket could not be opened (1006). */
  closed(code: number, reason: string): void;
}

/** Headers of an upgrade request, where the runtime lets a client set them. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** Opens a socket. Throws only for a URL, subprotocol or header that cannot be used. */
export type OpenSocket = (
  url: string,
  protocols: readonly string[],
  handlers: SocketHandlers,
  headers: RequestHeaders,
) => ClientSocket;

/** How long a socket may take to close before it is cut. */
export const CLOSE_GRACE_MS = 3_000;

/** RFC 6455 section 7.4.1: the peer broke a rule. Runtimes that see it and say something else are made to say this. */
export const PROTOCOL_ERROR = 1002;
/** RFC 6455 section 7.4.1: something failed here. */
export const INTERNAL_ERROR = 1011;

/** How often a socket over its high-water mark is looked at, where the runtime does not tell of room. */
export const DRAIN_POLL_MS = 20;
