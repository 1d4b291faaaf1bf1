import type { ClientState, LastClose, Watchable } from "@sente-lite/protocol";
import { type ClientSession, readRefusal, readUnknownCodec, type ToldRefusal } from "@sente-lite/protocol/session";
import type { Host } from "../host.ts";
import { createWatchable, type WatchableSource } from "../watchable.ts";
import type { ClientErrors } from "./errors.ts";

export interface StateKeeperOptions {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  readonly session: ClientSession;
  readonly errors: ClientErrors;
  readonly clientId: () => string | undefined;
  /** The name of its codec. */
  readonly codecName: string;
}

/** What changed when the session's status did. */
export interface StateChange {
  readonly previous: ClientState;
  readonly next: ClientState;
  /** True where the connection has just opened. */
  readonly isOpened: boolean;
}

/** Keeps the public state of a client: what its session says, and what was seen of its sockets. */
export class StateKeeper {
  readonly #options: StateKeeperOptions;
  readonly #state: WatchableSource<ClientState>;
  #opens = 0;
  #lastWsError: Error | null = null;
  #lastWsClose: LastClose | null = null;
  #lastClose: ClientState["lastClose"] = null;

  constructor(options: StateKeeperOptions) {
    const { chan } = options.errors;
    this.#options = options;
    this.#state = createWatchable(this.#read(), (error) => chan.report(error, { source: "state" }));
  }

  get watchable(): Watchable<ClientState> {
    return this.#state.watchable;
  }

  get current(): ClientState {
    return this.watchable.get();
  }

  /** The session's status changed: tells the subscribers. */
  update(): StateChange {
    const { session, host } = this.#options;
    const previous = this.current;
    const isOpened = session.status === "open" && !previous.open;
    if (isOpened) {
      this.#opens++;
      this.#lastClose = null;
    }
    if (session.status === "terminal" && session.terminalReason !== undefined) {
      const refusal = this.#lastWsClose?.refusal ?? null;
      this.#lastClose = { reason: session.terminalReason, at: host.now(), refusal };
    }
    const next = this.#read();
    this.#state.set(next);
    return { previous, next, isOpened };
  }

  /** What the session holds may have changed. */
  updateQueued(): void {
    const { queued } = this.#options.session;
    if (queued === this.current.queued) return;
    // While the connection is open the queue is a passing thing, and not worth a new state for every event; but that nothing
    // waits any more is told to who was told that something does.
    if (!this.current.open || queued === 0) this.#state.set(this.#read());
  }

  /** The session accepted something that was sent. */
  noteAccepted(): void {
    // A subscriber knows what it sent itself. If it were told of that during its own call, it would send again.
    if (this.#state.isTelling()) {
      this.#state.replace(Object.freeze({ ...this.current, queued: this.#options.session.queued }));
    }
  }

  socketClosed(code: number, reason: string): void {
    const refusal = this.#explain(readRefusal(code, reason)) ?? null;
    this.#lastWsClose = { code, reason, at: this.#options.host.now(), refusal };
  }

  socketFailed(error: Error): void {
    this.#lastWsError = error;
    this.#options.errors.note(error);
  }

  /** The application asks for the end of the connection. */
  disconnectRequested(): void {
    const { session, host } = this.#options;
    if (session.status !== "idle") {
      this.#lastClose = { reason: "requested-disconnect", at: host.now(), refusal: null };
    }
  }

  /**
   * Puts the refusal of a codec into words. The close frame only names the codecs of the server: it has no room for a
   * sentence.
   */
  #explain(refusal: ToldRefusal | undefined): ToldRefusal | undefined {
    const offered = refusal && readUnknownCodec(refusal);
    if (refusal === undefined || offered === undefined || refusal.message !== "") return refusal;
    const names = offered.codecs.join(", ") + (offered.more > 0 ? ` and ${offered.more} more` : "");
    const message = `the server does not speak ${this.#options.codecName}; give one of its codecs as the option codec: ${names}`;
    return { ...refusal, message };
  }

  #read(): ClientState {
    const { session, errors, host, now, clientId } = this.#options;
    const { status, handshake, retryAt, failures, queued } = session;
    const open = status === "open";
    return Object.freeze({
      type: "ws",
      status,
      open,
      everOpened: this.#opens > 0,
      firstOpen: open && this.#opens === 1,
      uid: handshake?.uid ?? null,
      clientId: clientId() ?? null,
      handshakeData: handshake?.data ?? null,
      csrfToken: handshake?.csrfToken ?? null,
      lastWsError: this.#lastWsError,
      lastWsClose: this.#lastWsClose,
      lastClose: this.#lastClose,
      udtNextReconnect: retryAt === undefined ? null : retryAt - now() + host.now(),
      sessionId: session.sessionId ?? null,
      resumed: session.resumed,
      sessionLost: session.sessionLost,
      reconnectCount: failures,
      queued,
      lastError: errors.last,
    });
  }
}
