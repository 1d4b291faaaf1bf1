import type { Codec } from "../codecs/codec.ts";
import { ProtocolError, type SenteError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import type { ClientLimits } from "../limits.ts";
import { closeCodes } from "../wire/close-codes.ts";
import { isUnderstood } from "../wire/feature-events.ts";
import { type FeatureSet, featuresInUse } from "../wire/features.ts";
import { clientPingFrame, type Form, type Frame, type Handshake, pingFrame, refreshFrame } from "../wire/frames.ts";
import type { LoginParams } from "../wire/login-params.ts";
import type { Answer } from "../wire/request-bodies.ts";
import { Agreement } from "./agreement.ts";
import type { AskedRequest } from "./asked-request.ts";
import { AskedRequests } from "./asked-requests.ts";
import { makeTooLarge } from "./batch.ts";
import { ClientInbox, type ServerFault } from "./client-inbox.ts";
import { ClientOutbox, type Peer } from "./client-outbox.ts";
import { pickEarlier } from "./clock.ts";
import { type ClientStatus, Connecting } from "./connecting.ts";
import { KnownSession } from "./known-session.ts";
import { Link } from "./link.ts";
import { type ClientOutput, Outputs } from "./outputs.ts";
import type { RequestId } from "./requests.ts";

/** What a `ClientSession` is made with. */
export interface ClientSessionOptions {
  readonly codec: Codec;
  readonly limits: ClientLimits;
  /** A number in [0, 1): jitter. */
  readonly random: () => number;
  /** What becomes of events that were in doubt when the session was lost (section 6.5). Default `report`. */
  readonly onSessionLost?: "report" | "resend" | undefined;
}

const faults: Readonly<Record<ServerFault, string>> = {
  "no-handshake": "the first frame is no handshake",
  "foreign-session": "a session was resumed that is not this client's",
  "bad-ack": "an ack of frames that were never sent",
  "second-handshake": "a second handshake",
};

/**
 * The client's side (PROTOCOL.md sections 3, 4, 6 to 8): pure, time is an argument in whole milliseconds. It connects,
 * keeps alive, reconnects, and holds what waits to be sent. The driver opens sockets and feeds it what the current one
 * says, pulls `nextFrame` while the socket has room, and takes its outputs. README.md has the states.
 */
export class ClientSession {
  readonly #codec: Codec;
  readonly #limits: ClientLimits;
  readonly #outputs = new Outputs<ClientOutput>();
  readonly #connecting: Connecting;
  readonly #agreement = new Agreement();
  readonly #outbox: ClientOutbox;
  readonly #inbox: ClientInbox;
  readonly #session: KnownSession;
  readonly #asked: AskedRequests;
  #pings = 0;

  constructor({ codec, limits, random, onSessionLost = "report" }: ClientSessionOptions) {
    this.#codec = codec;
    this.#limits = limits;
    this.#outbox = new ClientOutbox({ codec, limits, onSessionLost, outputs: this.#outputs });
    this.#session = new KnownSession(this.#outbox);
    this.#asked = new AskedRequests(codec, this.#session);
    this.#connecting = new Connecting({ limits, random, session: this.#session, outputs: this.#outputs });
    const parts = { agreement: this.#agreement, outbox: this.#outbox, session: this.#session, outputs: this.#outputs };
    this.#inbox = new ClientInbox({ codec, asked: this.#asked, ...parts });
  }

  get status(): ClientStatus {
    return this.#connecting.status;
  }

  /** Which form the server speaks, as its handshake told. */
  get form(): Form {
    return this.#agreement.form;
  }

  /** The last handshake. */
  get handshake(): Handshake | undefined {
    return this.#agreement.handshake;
  }

  /** What the server of the last handshake uses of what we add to Sente's wire (section 1.8). */
  get features(): FeatureSet {
    return this.#agreement.features;
  }

  /** The session's id, where the server keeps one. */
  get sessionId(): string | undefined {
    return this.#session.id;
  }

  /** True where the last handshake went on with the session. */
  get resumed(): boolean {
    return this.#agreement.isResumed;
  }

  /** True from the handshake that told of the loss of the session to the next one: a gap is never hidden. */
  get sessionLost(): boolean {
    return this.#session.beganWithLoss;
  }

  /** Events and requests that wait to be transmitted. */
  get queued(): number {
    return this.#outbox.log.waiting;
  }

  /** Attempts since the last open connection that lasted. */
  get failures(): number {
    return this.#connecting.failures;
  }

  /** When the next attempt comes, where one is waiting. */
  get retryAt(): number | undefined {
    return this.#connecting.retryAt;
  }

  get terminalReason(): "terminal-code" | "max-attempts" | undefined {
    return this.#connecting.terminalReason;
  }

  /** Connects, if this client is idle or was closed for good. The first attempt is made at once. */
  connect(now: number): void {
    if (this.status !== "idle" && this.status !== "terminal") return;
    this.#connecting.resetBackoff();
    this.#connecting.beginAttempt(now);
  }

  /** Closes for good: what waits is reported, requests are rejected, and the session ends. */
  disconnect(now: number): void {
    this.#leave(now);
    if (this.status !== "idle") this.#connecting.enter("idle");
  }

  /** As `disconnect`, and from now on nothing is accepted. */
  close(now: number): void {
    this.#leave(now);
    this.#connecting.enter("terminal");
  }

  /** Connects anew, at once, whatever the state. What waits is kept. */
  reconnect(now: number): void {
    this.#connecting.cut(closeCodes.broken, "reconnect", now);
    this.#connecting.resetBackoff();
    this.#connecting.beginAttempt(now);
  }

  /** Makes the next attempt earlier, where one waits: the network came back, or somebody looks at the page. */
  hasten(now: number): void {
    this.#connecting.hasten(now);
  }

  /**
   * Accepts an event; false where too many wait, or the client is closed for good. Throws `EncodeError`, also for what is
   * over the limit of the server, where its session told it.
   */
  send(event: SenteEvent, _now: number): boolean {
    return this.status !== "terminal" && this.#outbox.accept(event, this.#peer);
  }

  /**
   * Gives an event that is worth nothing later to the socket, in which `buffered` bytes wait; false where it is left out:
   * there is no connection, or something waits that was sent before it (section 6.12). Throws `EncodeError` as `send`.
   */
  sendVolatile(event: SenteEvent, buffered: number): boolean {
    const { link } = this.#connecting;
    const isClear = link !== undefined && !link.owesVolatile && this.#outbox.pace.isClear(buffered);
    const frame = this.#outbox.writeVolatile(event, this.#peer);
    if (!isClear || !isUnderstood(event[0], "c->s", this.features)) return false;
    if (!this.features.has("volatile")) return this.#outbox.accept(event, this.#peer);
    link.oweVolatile(frame);
    return true;
  }

  /**
   * Accepts a request; its settlement follows as an output: `queue-full` where too many wait, `closed` where the client
   * is closed for good. Throws `EncodeError`.
   */
  request(event: SenteEvent, timeoutMs: number, now: number): RequestId {
    const peer = this.status === "terminal" ? undefined : this.#peer;
    return this.#outbox.acceptRequest(event, peer, now + timeoutMs);
  }

  /** True while the server waits for the answer to a request of its. */
  isWanted(request: AskedRequest): boolean {
    return this.status !== "terminal" && this.#asked.isOpen(request);
  }

  /**
   * Answers a request of the server's, once: false where too many events wait, or nobody waits for it any more. Throws
   * `EncodeError`; then it is not answered.
   */
  answer(request: AskedRequest, answer: Answer): boolean {
    if (!this.isWanted(request)) return false;
    const { form, features } = this;
    const { maxFrameBytes } = this.#session;
    request.isAnswered = this.#outbox.accept(this.#asked.replyTo(request, answer), { form, features, maxFrameBytes });
    return request.isAnswered;
  }

  /**
   * Logs in anew over the connection that asked for it; over another one nothing is said. Throws `EncodeError` for more
   * than the server takes.
   */
  answerRefresh(connection: object, params: LoginParams): void {
    const { link } = this.#connecting;
    if (link !== connection) return;
    const frame = refreshFrame(this.#codec, params);
    const { maxFrameBytes } = this.#session;
    if (frame.bytes > maxFrameBytes) throw makeTooLarge(frame.bytes, maxFrameBytes);
    link.oweRefresh(frame);
  }

  /** True while a request has no settlement. */
  isWaitingFor(id: RequestId): boolean {
    return this.#outbox.isWaitingFor(id);
  }

  /** The caller no longer waits: taken out where it was never transmitted, else its reply is dropped. */
  cancel(id: RequestId): void {
    this.#outbox.cancel(id);
  }

  /**
   * A frame came on the current socket and was decoded; `bytes` is its size on the wire. `cure` says what to do where the
   * first one is no handshake.
   */
  message(value: unknown, bytes: number, now: number, cure = ""): void {
    if (!this.#connecting.isUnderWay) return;
    const { link } = this.#connecting;
    const fault =
      link === undefined ? this.#inbox.receiveHandshake(value) : this.#inbox.receive(link, value, bytes, now);
    if (fault !== undefined) this.#failOnBadFrame(faults[fault], now, { cure: fault === "no-handshake" ? cure : "" });
    else if (link === undefined) this.#open(now);
  }

  /** A frame came that does not decode, or is of the wrong WebSocket type: counted, and 4400. `cure` as above. */
  receiveUnreadable(error: SenteError, bytes: number, now: number, cure = ""): void {
    if (!this.#connecting.isUnderWay) return;
    this.#connecting.link?.receiveUnreadable(bytes, now);
    this.#failOnBadFrame(error.message, now, { cure, cause: error });
  }

  /**
   * A received event was counted and found no place: the session cannot go on as if nothing was lost, whether its
   * connection is still there or the application has asked for another meanwhile. False where it is lost already.
   */
  overflow(now: number): boolean {
    if (this.status === "idle" || this.status === "terminal" || this.#session.isLost) return false;
    const hadSession = this.#session.id !== undefined;
    this.#session.lose();
    // The attempt that is under way names that session.
    if (this.#connecting.link !== undefined || (hadSession && this.#connecting.isUnderWay)) {
      this.#connecting.fail(closeCodes.tooSlow, "too many received events wait", now);
    }
    return true;
  }

  /** The current socket is gone, or could not be opened. */
  closed(code: number, reason: string, now: number): void {
    this.#connecting.closed(code, reason, now);
  }

  /** Time passed. `buffered` is what waits in the socket, in bytes. */
  wake(now: number, buffered: number): void {
    this.#outbox.expire(now);
    this.#connecting.wake(now, buffered);
  }

  /** The next frame to transmit: control frames first, then the log. */
  nextFrame(): Frame | undefined {
    const { link } = this.#connecting;
    return (
      link &&
      (link.nextControl(!this.#outputs.hasEvents) ?? this.#outbox.nextFrame(link, this.#peer) ?? link.nextVolatile())
    );
  }

  /** True where the driver should `look` in a later turn: something waits for the socket. */
  get wantsLook(): boolean {
    return this.#connecting.link !== undefined && this.#outbox.pace.wantsLook;
  }

  /** True where this turn passed the bounds. */
  get isPassing(): boolean {
    return this.#connecting.link !== undefined && this.#outbox.pace.isPassing;
  }

  /**
   * A later turn than that in which something waited, once the socket was given what it has room for; `buffered` is what
   * waits in it, in bytes. Where the server takes what it is sent, the next turn may make more than the bounds allow.
   */
  look(now: number, buffered: number): void {
    if (this.#connecting.link !== undefined) this.#outbox.pace.look(now, buffered);
  }

  pollOutput(): ClientOutput | undefined {
    return this.#outputs.poll();
  }

  /** When to call `wake`; may be early. */
  get deadline(): number | undefined {
    return pickEarlier(this.#connecting.deadline, this.#outbox.deadline);
  }

  /** What is known of the server now; the limit of a frame only while a connection is open. */
  get #peer(): Peer {
    const isOpen = this.#connecting.link !== undefined;
    const { form, features } = this;
    return { form, features, maxFrameBytes: isOpen ? this.#session.maxFrameBytes : Number.POSITIVE_INFINITY };
  }

  /** The handshake stands: so does the connection. */
  #open(now: number): void {
    const features = featuresInUse(this.features, this.#session.id !== undefined);
    const parts = { codec: this.#codec, limits: this.#limits, ledger: this.#session.ledger, pace: this.#outbox.pace };
    const link = new Link({ features, writePing: () => this.#writePing(), ...parts }, now);
    // The client's first frame confirms the session.
    link.oweAck();
    this.#connecting.open(link, now);
  }

  #writePing(): Frame {
    if (this.form === "bare") return pingFrame(this.#codec, "bare");
    this.#pings++;
    return clientPingFrame(this.#codec, `p${this.#pings}`);
  }

  #failOnBadFrame(fault: string, now: number, { cure = "", cause }: { cure?: string; cause?: unknown }): void {
    const message = cure === "" ? fault : `${fault}; ${cure}`;
    const error = new ProtocolError("bad-frame", message, { closeCode: closeCodes.badFrame, cause });
    this.#outputs.push({ type: "report", error });
    this.#connecting.fail(closeCodes.badFrame, "bad frame", now);
  }

  #leave(now: number): void {
    // What was transmitted arrives before the close does.
    if (this.#connecting.link !== undefined) this.#outbox.log.takeTransmitted();
    this.#connecting.cut(closeCodes.normal, "", now);
    this.#outbox.giveUpAll();
    this.#session.forget();
  }
}
