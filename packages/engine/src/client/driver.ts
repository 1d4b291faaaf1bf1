import {
  type ClientLimits,
  type ClientOptions,
  type Codec,
  DecodeError,
  type Encoded,
  type MaybePromise,
  UsageError,
} from "@sente-lite/protocol";
import {
  type ClientOutput,
  type ClientSession,
  closeCodes,
  csrfProtocols,
  encodedBytes,
  type NamedSession,
  SUBPROTOCOL,
  sessionProtocol,
} from "@sente-lite/protocol/session";
import type { Host, Timer } from "../host.ts";
import {
  CLOSE_GRACE_MS,
  type ClientSocket,
  DRAIN_POLL_MS,
  type OpenSocket,
  type RequestHeaders,
  type SocketHandlers,
} from "../sockets.ts";
import type { Tracer } from "./trace.ts";
import { attemptUrl, socketUrl } from "./url.ts";

export interface DriverOptions {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  readonly session: ClientSession;
  readonly limits: ClientLimits;
  readonly codec: Codec;
  readonly clientId: string;
  readonly url: string;
  readonly options: ClientOptions & WithHeaders;
  readonly openSocket: OpenSocket;
  readonly resolveUrl: (url: string) => string;
  readonly events: DriverEvents;
  readonly tracer: Tracer;
}

/** An option of the runtimes whose clients can set headers. */
export interface WithHeaders {
  readonly headers?: RequestHeaders | (() => MaybePromise<RequestHeaders>);
}

export interface DriverEvents {
  output(output: Exclude<ClientOutput, { type: "open" | "close" }>): void;
  /** The current socket is gone. */
  socketClosed(code: number, reason: string): void;
  /** The socket failed; the close that follows says the rest. */
  socketFailed(error: Error): void;
  /** A function of the user's that an attempt needs failed. */
  attemptFailed(error: Error): void;
  /** After every run: what the session holds may have changed. */
  ran(): void;
}

/** One attempt to connect, and the socket that came of it. */
interface Attempt {
  socket: ClientSocket | undefined;
  /** Cuts the socket, should it be slow to close. */
  grace: Timer;
}

/** What an attempt needs to know. */
interface Asked {
  readonly number: number;
  readonly session: NamedSession | undefined;
  readonly csrfToken: string | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  readonly headers: RequestHeaders;
}

/** Drives the session over one socket after the other: the client's half of the one driver. */
export class ClientDriver {
  readonly #options: DriverOptions;
  /** What an earlier attempt still says is not heard. */
  #attempt: Attempt | undefined;
  #timer: Timer;
  #timerAt = Number.POSITIVE_INFINITY;
  #frameBytes = 0;
  #isDraining = false;
  #isRunning = false;
  #isSuspended = false;

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** Sends what may be sent, acts on what the session says, and sets the timer. */
  run(): void {
    this.#pump();
    // A consumer that sends comes back here: its frames went out above, its outputs come in their turn.
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { session, events } = this.#options;
    for (let output = session.pollOutput(); output !== undefined; output = session.pollOutput()) {
      if (output.type === "open") this.#open(output.attempt, output.session);
      else if (output.type === "close") this.#close(output.code, output.reason);
      else events.output(output);
      this.#pump();
    }
    this.#isRunning = false;
    this.#arm();
    events.ran();
  }

  /** Throws `UsageError` `bad-url` for an address that can never be one. */
  checkUrl(): void {
    socketUrl(this.#options.resolveUrl(this.#options.url));
  }

  /** Cuts the connection, as a fault of the network would. */
  cut(): void {
    this.#forget()?.socket?.terminate();
    this.#lost(closeCodes.broken, "broken on purpose");
  }

  /** Cuts the connection where there is one, and lets no timer begin another until `resume`. */
  suspend(): void {
    this.#isSuspended = true;
    if (this.#attempt === undefined) this.#arm();
    else this.cut();
  }

  resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    this.#options.session.hasten(this.#options.now());
    this.run();
  }

  #open(number: number, session: NamedSession | undefined): void {
    const current: Attempt = { socket: undefined, grace: undefined };
    this.#options.tracer.opening(number);
    this.#attempt = current;
    const { csrfToken, params = {}, protocols = [], headers = {} } = this.#options.options;
    if (![csrfToken, params, protocols, headers].some((option) => typeof option === "function")) {
      this.#openWith(current, { number, session, csrfToken, params, protocols, headers } as Asked);
      return;
    }
    // One after the other: the parameters may be made of what came with the token.
    const ask = async () => {
      this.#openWith(current, {
        number,
        session,
        csrfToken: (typeof csrfToken === "function" ? await csrfToken() : csrfToken) ?? undefined,
        params: typeof params === "function" ? await params() : params,
        protocols: typeof protocols === "function" ? await protocols() : protocols,
        headers: typeof headers === "function" ? await headers() : headers,
      });
    };
    ask().catch((error: unknown) => this.#failed(current, error));
  }

  #openWith(current: Attempt, asked: Asked): void {
    if (current !== this.#attempt) return;
    const { number, session, csrfToken: token, params, protocols: given, headers } = asked;
    const { codec, clientId, url, options, openSocket, resolveUrl } = this.#options;
    try {
      const offered = options.csrfVia === "subprotocol" && token !== undefined ? csrfProtocols(token) : undefined;
      const csrfToken = offered === undefined ? token : undefined;
      const address = attemptUrl(socketUrl(resolveUrl(url)), { clientId, attempt: number, codec, csrfToken, params });
      // A server that gave out a session is ours, and selects our subprotocol.
      const named = session === undefined ? [] : [SUBPROTOCOL, sessionProtocol(session)];
      const protocols = new Set([...(offered ?? []), ...named, ...given]);
      current.socket = openSocket(address, [...protocols], this.#handlers(current), headers);
    } catch (error) {
      this.#failed(current, error);
    }
  }

  #handlers(current: Attempt): SocketHandlers {
    const isLate = () => current !== this.#attempt;
    return {
      message: (data) => {
        if (!isLate()) this.#received(data);
      },
      drained: () => {
        if (isLate()) return;
        this.#isDraining = false;
        this.run();
      },
      failed: (error) => {
        if (!isLate()) this.#options.events.socketFailed(error);
      },
      closed: (code, reason) => {
        this.#options.host.clearTimer(current.grace);
        if (isLate()) return;
        this.#forget();
        this.#lost(code, reason);
      },
    };
  }

  #failed(current: Attempt, cause: unknown): void {
    if (current !== this.#attempt) return;
    const error = cause instanceof Error ? cause : new UsageError("connect-failed", String(cause), { cause });
    this.#options.events.attemptFailed(error);
    this.#forget();
    this.#lost(1006, "");
  }

  #lost(code: number, reason: string): void {
    const { session, events, now, tracer } = this.#options;
    tracer.closed(code, reason);
    events.socketClosed(code, reason);
    session.closed(code, reason, now());
    this.run();
  }

  #close(code: number, reason: string): void {
    const { host, events, tracer } = this.#options;
    const attempt = this.#forget();
    const socket = attempt?.socket;
    tracer.closed(code, reason);
    events.socketClosed(code, reason);
    if (attempt === undefined || socket === undefined) return;
    // Nothing waits for a close handshake; a peer that does not answer is cut.
    attempt.grace = host.setTimer(CLOSE_GRACE_MS, () => socket.terminate());
    socket.close(code, reason);
  }

  #forget(): Attempt | undefined {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#isDraining = false;
    return attempt;
  }

  /** The size of the frame whose events are being handed out. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  #received(data: Encoded): void {
    const { session, codec, limits, now, tracer } = this.#options;
    const bytes = encodedBytes(data);
    this.#frameBytes = bytes;
    tracer.frame("in", data, session.form);
    let value: unknown;
    try {
      if (bytes > limits.maxPayloadBytes)
        throw new DecodeError("too-large", `a frame of ${bytes} bytes is over the limit`);
      value = codec.decode(data);
    } catch (error) {
      const known =
        error instanceof DecodeError ? error : new DecodeError("decode-failed", "the codec failed", { cause: error });
      session.undecodable(known, bytes, now());
      this.run();
      return;
    }
    session.message(value, bytes, now());
    this.run();
  }

  #pump(): void {
    const { session, limits, tracer } = this.#options;
    for (;;) {
      const socket = this.#attempt?.socket;
      if (socket === undefined) return;
      if (socket.bufferedAmount >= limits.highWaterBytes) {
        this.#awaitDrain();
        return;
      }
      const frame = session.nextFrame();
      if (frame === undefined) return;
      socket.send(frame.data);
      tracer.frame("out", frame.data, session.form);
    }
  }

  /** A full socket is looked at: not every runtime tells of room, and none for every mark. */
  #awaitDrain(): void {
    if (this.#isDraining) return;
    const attempt = this.#attempt;
    this.#isDraining = true;
    this.#options.host.setTimer(DRAIN_POLL_MS, () => {
      if (attempt !== this.#attempt) return;
      this.#isDraining = false;
      this.run();
    });
  }

  #arm(): void {
    const { session, host, now } = this.#options;
    const deadline = this.#isSuspended ? undefined : session.deadline;
    // Only an earlier deadline needs another timer; one that comes early finds nothing to do and asks again.
    if (deadline !== undefined && deadline >= this.#timerAt) return;
    host.clearTimer(this.#timer);
    this.#timerAt = deadline ?? Number.POSITIVE_INFINITY;
    if (deadline === undefined) return;
    this.#timer = host.setTimer(Math.max(0, deadline - now()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      session.wake(now(), this.#attempt?.socket?.bufferedAmount ?? 0);
      this.run();
    });
  }
}
