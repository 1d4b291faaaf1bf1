import { closeCodes, isLoginExpired, isTerminal, type RetryHint, readHint } from "../wire/close-codes.ts";
import type { Accepted } from "./client-outbox.ts";
import type { KnownSession } from "./known-session.ts";
import type { Link } from "./link.ts";
import type { ClientOutput, Outputs } from "./outputs.ts";

/** A connection that was open for so long was a success: after it the backoff starts anew. */
const STABLE_MS = 5_000;

/** idle: not asked to connect; backoff: waiting for the next attempt; terminal: closed for good. */
export type ClientStatus = "idle" | "backoff" | "opening" | "open" | "terminal";

export interface BackoffLimits {
  readonly reconnectBaseMs: number;
  readonly reconnectCapMs: number;
}

export interface ConnectingLimits extends BackoffLimits {
  readonly connectTimeoutMs: number;
  readonly maxAttempts: number;
}

export interface ConnectingOptions {
  readonly limits: ConnectingLimits;
  /** A number in [0, 1): jitter. */
  readonly random: () => number;
  readonly session: KnownSession;
  readonly outputs: Outputs<ClientOutput>;
}

/**
 * When a client connects (PROTOCOL.md section 8.2), and its connection. It makes one attempt after the other, numbered for the
 * life of the client, and between them waits a backoff, which obeys the server's hints (8.3). There is a link in the status
 * `open`, and in no other.
 */
export class Connecting {
  readonly #limits: ConnectingLimits;
  readonly #backoff: Backoff;
  readonly #session: KnownSession;
  readonly #outputs: Outputs<ClientOutput>;
  #status: ClientStatus = "idle";
  #link: Link<Accepted> | undefined;
  #attempt = 0;
  /** When the backoff ends, or the attempt is given up. */
  #deadline = 0;
  #openSince = 0;
  #terminalReason: "terminal-code" | "max-attempts" | undefined;

  constructor({ limits, random, session, outputs }: ConnectingOptions) {
    this.#limits = limits;
    this.#backoff = new Backoff(limits, random);
    this.#session = session;
    this.#outputs = outputs;
  }

  get status(): ClientStatus {
    return this.#status;
  }

  /** The connection, from its handshake to its end. */
  get link(): Link<Accepted> | undefined {
    return this.#link;
  }

  /** True while there is a connection, or an attempt to get one. */
  get isUnderWay(): boolean {
    return this.#status === "opening" || this.#link !== undefined;
  }

  /** Attempts since the last open connection that lasted. */
  get failures(): number {
    return this.#backoff.failures;
  }

  /** When the next attempt comes, where one is waiting. */
  get retryAt(): number | undefined {
    return this.#status === "backoff" ? this.#deadline : undefined;
  }

  get terminalReason(): "terminal-code" | "max-attempts" | undefined {
    return this.#terminalReason;
  }

  /** When to call `wake`; may be early. */
  get deadline(): number | undefined {
    const isTimed = this.#status === "backoff" || this.#status === "opening";
    return this.#link?.deadline ?? (isTimed ? this.#deadline : undefined);
  }

  /** Begins the next attempt, at once. */
  beginAttempt(now: number): void {
    this.#terminalReason = undefined;
    this.#attempt++;
    this.#deadline = now + this.#limits.connectTimeoutMs;
    this.#outputs.push({ type: "open", attempt: this.#attempt, session: this.#session.named });
    this.enter("opening");
  }

  /** Forgets the failures: somebody asked to connect. */
  resetBackoff(): void {
    this.#backoff.reset();
  }

  enter(status: ClientStatus): void {
    this.#status = status;
    this.#outputs.push({ type: "state" });
  }

  /** The handshake came: the connection stands. */
  open(link: Link<Accepted>, now: number): void {
    this.#link = link;
    this.#openSince = now;
    this.enter("open");
  }

  /** Closes the connection, or gives up the attempt, where there is one. */
  cut(code: number, reason: string, now: number): void {
    if (!this.isUnderWay) return;
    this.#outputs.push({ type: "close", code, reason });
    this.#endConnection(now);
  }

  /** Closes the connection for a fault of the server, and tries again. */
  fail(code: number, reason: string, now: number): void {
    this.cut(code, reason, now);
    this.#retry(code, "", now);
  }

  /** The server, or the network, ended the connection or the attempt. */
  closed(code: number, reason: string, now: number): void {
    if (!this.isUnderWay) return;
    const isExpired = this.#link !== undefined && isLoginExpired(code, reason);
    this.#session.noteClose(this.#link !== undefined, code);
    this.#endConnection(now);
    if (isExpired) {
      this.#outputs.push({ type: "event", event: ["chsk/login-expired"], bytes: 0 });
      // The next attempt asks for credentials anew. Where they do not let it in, that is a refusal.
      this.#tryAgain(code, "", now);
      return;
    }
    // What waits is kept, also where this client is closed for good: after logging in, `reconnect` sends it.
    this.#retry(code, reason, now);
  }

  /** Time passed; `buffered` is what waits in the socket, in bytes. */
  wake(now: number, buffered: number): void {
    const { pingTimeout } = closeCodes;
    if (this.#link !== undefined) {
      if (!this.#link.wake(now, buffered)) this.fail(pingTimeout, "ping timeout", now);
      return;
    }
    const { deadline } = this;
    if (deadline === undefined || now < deadline) return;
    if (this.#status === "backoff") this.beginAttempt(now);
    else this.fail(pingTimeout, "no handshake in time", now);
  }

  /** Makes the next attempt earlier, where one waits: the network came back, or somebody looks at the page. */
  hasten(now: number): void {
    if (this.#status !== "backoff") return;
    this.#deadline = this.#backoff.hasten(now, this.#deadline);
    this.#outputs.push({ type: "state" });
  }

  #endConnection(now: number): void {
    // A connection that lasted was a success.
    if (this.#link !== undefined) this.#backoff.noteLasted(now - this.#openSince);
    this.#link = undefined;
    this.#session.endConnection();
  }

  /** Plans the next attempt, or closes for good. */
  #retry(code: number, reason: string, now: number): void {
    if (isTerminal(code)) this.#close("terminal-code");
    else this.#tryAgain(code, reason, now);
  }

  #tryAgain(code: number, reason: string, now: number): void {
    if (this.#backoff.failures + 1 >= this.#limits.maxAttempts) this.#close("max-attempts");
    else {
      const isHinted = code === closeCodes.rateLimit || code === closeCodes.draining;
      this.#deadline = this.#backoff.next(now, isHinted ? readHint(reason) : undefined);
      this.enter("backoff");
    }
  }

  #close(reason: "terminal-code" | "max-attempts"): void {
    this.#terminalReason = reason;
    this.enter("terminal");
  }
}

/**
 * When to try again (PROTOCOL.md section 8.2): full jitter, uniform in [0, min(cap, base * 2^n)], so that a crowd never
 * returns in one instant. `random` gives a number in [0, 1).
 */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #failures = 0;
  #notBefore = 0;

  constructor(limits: BackoffLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Faults in a row. */
  get failures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
    this.#notBefore = 0;
  }

  /** A connection ended that had been open for so many ms. */
  noteLasted(ms: number): void {
    if (ms >= STABLE_MS) this.reset();
  }

  /** The time of the next attempt. A hint sets the earliest time, and the spread where it gives one. */
  next(now: number, hint: RetryHint | undefined): number {
    const { reconnectBaseMs, reconnectCapMs } = this.#limits;
    const window = Math.min(reconnectCapMs, reconnectBaseMs * 2 ** this.#failures);
    this.#failures++;
    this.#notBefore = now + (hint?.retryInMs ?? 0);
    return this.#notBefore + this.#drawWithin(hint !== undefined && hint.spreadMs > 0 ? hint.spreadMs : window);
  }

  /** An earlier time, drawn anew from [0, base]: the network came back, or somebody looks at the page. */
  hasten(now: number, planned: number): number {
    return Math.min(planned, Math.max(now, this.#notBefore) + this.#drawWithin(this.#limits.reconnectBaseMs));
  }

  #drawWithin(ms: number): number {
    return Math.floor(this.#random() * (ms + 1));
  }
}
