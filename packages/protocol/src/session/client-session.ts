import type { Event } from "../api.ts";
import type { Codec } from "../codecs/codec.ts";
import { EncodeError, ProtocolError, type SenteError } from "../errors.ts";
import type { ClientLimits } from "../limits.ts";
import { closeCodes, isTerminal, readHint } from "../wire/close-codes.ts";
import { inEvent } from "../wire/event.ts";
import {
  ackFrame,
  clientPingFrame,
  eventFrame,
  type Form,
  type Frame,
  type Handshake,
  pingFrame,
  pongFrame,
  type SessionInfo,
} from "../wire/frames.ts";
import { readClientFrame } from "../wire/read-client-frame.ts";
import { BadEvent, readHandshake, readServerFrame, replyFailure, type ServerFrame } from "../wire/read-server-frame.ts";
import type { NamedSession } from "../wire/subprotocols.ts";
import { Backoff } from "./backoff.ts";
import { tooLarge } from "./batch.ts";
import { earlier } from "./clock.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Ledger } from "./ledger.ts";
import { Log } from "./log.ts";
import { Outputs } from "./outputs.ts";
import { cbIdOf, type OpenRequest, type RequestId, Requests, type Settlement } from "./requests.ts";

/** What a `ClientSession` is made with. */
export interface ClientSessionOptions {
  readonly codec: Codec;
  readonly limits: ClientLimits;
  /** A number in [0, 1): jitter. */
  readonly random: () => number;
  /** What becomes of events that were in doubt when the session was lost (section 6.5). Default `report`. */
  readonly onSessionLost?: "report" | "resend" | undefined;
}

/** idle: not asked to connect; backoff: waiting for the next attempt; terminal: closed for good. */
export type ClientStatus = "idle" | "backoff" | "opening" | "open" | "terminal";

/** What a `ClientSession` has to say to its driver. */
export type ClientOutput =
  /**
   * Open a socket, and name `session`. `attempt` rises for the life of the client. What an earlier socket says is no
   * longer of interest.
   */
  | { readonly type: "open"; readonly attempt: number; readonly session: NamedSession | undefined }
  /** Close the socket; nothing that it still says is of interest. */
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  /** The status changed. */
  | { readonly type: "state" }
  | { readonly type: "event"; readonly event: Event }
  | { readonly type: "settle"; readonly id: RequestId; readonly settlement: Settlement }
  | { readonly type: "report"; readonly error: SenteError }
  /** Events that were accepted and will not be sent. */
  | { readonly type: "undelivered"; readonly events: readonly Event[] }
  /** The session was lost: what the server pushed meanwhile is lost, and these events may have arrived or not. */
  | { readonly type: "gap"; readonly sessionId: string; readonly inDoubt: readonly Event[] };

interface Queued {
  readonly event: Event;
  readonly request: OpenRequest | undefined;
  frame: Frame;
  form: Form;
  readonly bytes: number;
}

/**
 * The client's side (PROTOCOL.md sections 3, 4, 6 to 8): pure, time is an argument in whole milliseconds. It connects,
 * keeps alive, reconnects, and holds what waits to be sent. The driver opens sockets and feeds it what the current one
 * says, pulls `nextFrame` while the socket has room, and takes its outputs.
 */
export class ClientSession {
  readonly #codec: Codec;
  readonly #limits: ClientLimits;
  readonly #outputs = new Outputs<ClientOutput>();
  readonly #log: Log<Queued>;
  readonly #onSessionLost: "report" | "resend";
  /** What the server and this client know of each other's frames: of the session, where there is one. */
  #ledger: Ledger<Queued>;
  readonly #requests = new Requests();
  readonly #backoff: Backoff;
  #status: ClientStatus = "idle";
  #attempt = 0;
  #form: Form = "wrapped";
  #handshake: Handshake | undefined;
  /** The session that goes on, or that is asked for. */
  #session: { readonly id: string; readonly maxFrameBytes: number } | undefined;
  /** The id of a session that is lost, until the next handshake sorts what it held. */
  #lostSession: string | undefined;
  #sessionLost = false;
  /** The server said of the last connection that a frame was too big for it (1009). */
  #wasTooBig = false;
  #heartbeat: Heartbeat;
  /** When the state that waits for something gives up waiting: the end of the backoff, or of the attempt. */
  #stateDeadline = 0;
  #openedAt = 0;
  #pings = 0;
  #pingWaits = false;
  #pongWaits = false;
  #ackWaits = false;
  #terminalReason: "terminal-code" | "max-attempts" | undefined;

  constructor(options: ClientSessionOptions) {
    const { codec, limits, random, onSessionLost = "report" } = options;
    this.#codec = codec;
    this.#limits = limits;
    this.#onSessionLost = onSessionLost;
    this.#log = new Log(limits.maxQueuedFrames, limits.maxQueuedBytes);
    this.#ledger = new Ledger(this.#log);
    this.#backoff = new Backoff(limits, random);
    this.#heartbeat = new Heartbeat(limits.pingIntervalMs, limits.pingTimeoutMs, 0);
  }

  get status(): ClientStatus {
    return this.#status;
  }

  /** Which form the server speaks, as its handshake told. */
  get form(): Form {
    return this.#form;
  }

  /** The last handshake. */
  get handshake(): Handshake | undefined {
    return this.#handshake;
  }

  /** The session's id, where the server keeps one. */
  get sessionId(): string | undefined {
    return this.#session?.id;
  }

  /** True where the last handshake went on with the session. */
  get resumed(): boolean {
    return this.#handshake?.session?.resumed === true;
  }

  /** True from the handshake that told of the loss of the session to the next one: a gap is never hidden. */
  get sessionLost(): boolean {
    return this.#sessionLost;
  }

  /** Events and requests that wait to be transmitted. */
  get queued(): number {
    return this.#log.waiting;
  }

  /** Attempts since the last open connection that lasted. */
  get failures(): number {
    return this.#backoff.failures;
  }

  /** When the next attempt comes, where one is waiting. */
  get retryAt(): number | undefined {
    return this.#status === "backoff" ? this.#stateDeadline : undefined;
  }

  get terminalReason(): "terminal-code" | "max-attempts" | undefined {
    return this.#terminalReason;
  }

  /** Connects, if this client is idle or was closed for good. The first attempt is made at once. */
  connect(now: number): void {
    if (this.#status !== "idle" && this.#status !== "terminal") return;
    this.#backoff.reset();
    this.#beginAttempt(now);
  }

  /** Closes for good: what waits is reported, requests are rejected, and the session ends. */
  disconnect(now: number): void {
    this.#leave(now);
    if (this.#status !== "idle") this.#enter("idle");
  }

  /** As `disconnect`, and from now on nothing is accepted. */
  close(now: number): void {
    this.#leave(now);
    this.#enter("terminal");
  }

  /** Connects anew, at once, whatever the state. What waits is kept. */
  reconnect(now: number): void {
    this.#drop(closeCodes.broken, "reconnect", now);
    this.#backoff.reset();
    this.#beginAttempt(now);
  }

  /** While waiting for the next attempt: the network came back, or somebody looks at the page. */
  hasten(now: number): void {
    if (this.#status !== "backoff") return;
    this.#stateDeadline = this.#backoff.sooner(now, this.#stateDeadline);
    this.#outputs.push({ type: "state" });
  }

  /** Accepts an event; false where too many wait, or the client is closed for good. Throws `EncodeError`. */
  send(event: Event, _now: number): boolean {
    return this.#accept(event, undefined);
  }

  /** Accepts a request; its settlement follows as an output, `closed` where it is not accepted. Throws `EncodeError`. */
  request(event: Event, timeoutMs: number, now: number): RequestId {
    const request = this.#requests.add(now + timeoutMs);
    try {
      if (!this.#accept(event, request))
        this.#settle(request.id, failure("closed", "the client is closed, or too many events wait"));
    } catch (error) {
      this.#requests.settle(request.id);
      throw error;
    }
    return request.id;
  }

  /** True while a request has no settlement. */
  isWaitingFor(id: RequestId): boolean {
    return this.#requests.has(id);
  }

  /** The caller no longer waits: taken out where it was never transmitted, else its reply is dropped. */
  cancel(id: RequestId): void {
    if (this.#requests.settle(id)) this.#takeOut(id);
  }

  /** A frame came on the current socket and was decoded; `bytes` is its size on the wire. */
  message(value: unknown, bytes: number, now: number): void {
    if (this.#status === "opening") this.#handshaken(value, now);
    else if (this.#status === "open") this.#received(value, bytes, now);
  }

  /** A frame came that does not decode, or is of the wrong WebSocket type: counted, and 4400. */
  undecodable(error: SenteError, bytes: number, now: number): void {
    if (!this.#isConnecting) return;
    if (this.#status === "open") this.#count(bytes, now);
    this.#badFrame(error.message, now, error);
  }

  /** A received event was counted and found no place: the session cannot go on as if nothing was lost. */
  overflow(now: number): void {
    if (this.#status !== "open") return;
    this.#loseSession();
    this.#fail(closeCodes.tooSlow, "too many received events wait", now);
  }

  /** The current socket is gone, or could not be opened. */
  closed(code: number, reason: string, now: number): void {
    if (!this.#isConnecting) return;
    this.#wasTooBig = this.#status === "open" && code === closeCodes.tooBig;
    // A draining server has said exactly what it took over (section 6.8): the rest was as good as never transmitted.
    if (this.#status === "open" && code === closeCodes.draining) this.#log.rewind();
    this.#lost(now);
    if (isTerminal(code)) this.#close("terminal-code");
    else this.#retry(now, code, reason);
  }

  /** Time passed. `buffered` is what waits in the socket, in bytes. */
  wake(now: number, buffered: number): void {
    for (const request of this.#requests.due(now)) {
      this.#takeOut(request.id);
      this.#outputs.push({ type: "settle", id: request.id, settlement: failure("timeout", "no reply in time") });
    }
    if (this.#status === "open") this.#beat(now, buffered);
    else if (now < this.#stateDeadline) return;
    else if (this.#status === "backoff") this.#beginAttempt(now);
    else if (this.#status === "opening") this.#fail(closeCodes.pingTimeout, "no handshake in time", now);
  }

  /** The next frame to transmit: control frames first, then the log. */
  nextFrame(): Frame | undefined {
    if (this.#status !== "open") return undefined;
    return this.#nextControl() ?? this.#nextQueued();
  }

  pollOutput(): ClientOutput | undefined {
    return this.#outputs.poll();
  }

  /** When to call `wake`; may be early. */
  get deadline(): number | undefined {
    return earlier(this.#ownDeadline(), this.#requests.deadline);
  }

  get #isConnecting(): boolean {
    return this.#status === "opening" || this.#status === "open";
  }

  #ownDeadline(): number | undefined {
    if (this.#status === "open") {
      return earlier(this.#heartbeat.deadline, this.#ackWaits ? undefined : this.#ledger.ackDeadline);
    }
    return this.#status === "backoff" || this.#status === "opening" ? this.#stateDeadline : undefined;
  }

  #enter(status: ClientStatus): void {
    this.#status = status;
    this.#outputs.push({ type: "state" });
  }

  #beginAttempt(now: number): void {
    this.#terminalReason = undefined;
    this.#attempt++;
    this.#stateDeadline = now + this.#limits.connectTimeoutMs;
    const session = this.#session && { id: this.#session.id, received: this.#ledger.received };
    this.#outputs.push({ type: "open", attempt: this.#attempt, session });
    this.#enter("opening");
  }

  #handshaken(value: unknown, now: number): void {
    const handshake = readHandshake(value, this.#codec.stringIds);
    if (handshake === undefined) {
      this.#badFrame("the first frame is no handshake", now);
      return;
    }
    const { session } = handshake;
    if (session?.resumed && !this.#canResume(session)) {
      this.#loseSession();
      this.#badFrame("a session was resumed that is not this client's", now);
      return;
    }
    this.#sessionLost = false;
    if (session?.resumed) this.#resume(session.received);
    else this.#beginSession(handshake);
    this.#handshake = handshake;
    this.#form = handshake.form;
    this.#openedAt = now;
    this.#heartbeat = new Heartbeat(this.#limits.pingIntervalMs, this.#limits.pingTimeoutMs, now);
    this.#ackWaits = session !== undefined;
    this.#enter("open");
  }

  #canResume({ id, received }: SessionInfo): boolean {
    return id === this.#session?.id && this.#ledger.canResume(received);
  }

  /** The server goes on where it has taken over `received` frames. */
  #resume(received: number): void {
    const isLeft = this.#ledger.resume(received);
    if (isLeft && this.#wasTooBig) this.#takeOutTooBig();
    this.#wasTooBig = false;
  }

  /** The server has taken over all before it: the first frame is the one that it could not take. */
  #takeOutTooBig(): void {
    const entry = this.#log.removeFirst();
    if (entry !== undefined) this.#giveUp([entry], "too-large", "the server closed on a frame that is too big for it");
  }

  /** A handshake that goes on with nothing: what a lost session held is sorted (section 6.5), and counts begin at 0. */
  #beginSession({ uid, session }: Handshake): void {
    const lost = this.#lostSession ?? this.#session?.id;
    // What one user wrote is never sent in the name of another.
    if (this.#handshake !== undefined && this.#handshake.uid !== uid) this.#giveUpLog();
    if (lost !== undefined) this.#sortLost(lost);
    this.#ledger = new Ledger(this.#log);
    this.#lostSession = undefined;
    this.#wasTooBig = false;
    this.#session = session && { id: session.id, maxFrameBytes: session.maxFrameBytes };
    if (session !== undefined) this.#ledger.due = session.ack;
  }

  #sortLost(sessionId: string): void {
    this.#sessionLost = true;
    this.#takeAnswered();
    const inDoubt = this.#onSessionLost === "report" ? this.#log.takeTransmitted() : [];
    this.#log.rewind();
    // A request is sent again or rejected: nobody waits for a reply that cannot come.
    const held = new Set(this.#log.entries().map(({ request }) => request?.id));
    for (const { id } of this.#requests.takeWhere((request) => request.transmitted && !held.has(request.id))) {
      const settlement = failure("closed", "the session was lost before the reply");
      this.#outputs.push({ type: "settle", id, settlement });
    }
    this.#outputs.push({ type: "gap", sessionId, inDoubt: inDoubt.map(({ event }) => event) });
  }

  /** The server had taken over what it answered, and all that was transmitted before that. */
  #takeAnswered(): void {
    this.#log.acknowledge(this.#log.entries().findLastIndex(({ request }) => request?.answered) + 1);
  }

  /** The session is of no use any more; the next handshake sorts what it held. */
  #loseSession(): void {
    this.#lostSession = this.#session?.id ?? this.#lostSession;
    this.#session = undefined;
  }

  #forgetSession(): void {
    this.#session = this.#lostSession = undefined;
    this.#sessionLost = this.#wasTooBig = false;
    this.#ledger = new Ledger(this.#log);
  }

  #received(value: unknown, bytes: number, now: number): void {
    this.#heartbeat.heard(now);
    const frame = readServerFrame(
      value,
      this.#form,
      this.#codec.stringIds,
      (cbId) => this.#requests.byCbId(cbId) !== undefined,
    );
    // A frame is counted before it is judged.
    if (!isControl(frame)) this.#count(bytes, now);
    switch (frame.type) {
      case "events":
        this.#deliver(frame.events);
        break;
      case "reply":
        this.#replied(frame);
        break;
      case "ping":
        this.#pongWaits = true;
        this.#outputs.push({ type: "event", event: ["chsk/ws-ping"] });
        break;
      case "pong":
        break;
      case "ack":
        this.#acknowledged(frame, now);
        break;
      case "handshake":
        this.#badFrame("a second handshake", now);
        break;
      case "bad-event":
        this.#badEvent(frame.value);
        break;
    }
  }

  #count(bytes: number, now: number): void {
    if (this.#session === undefined) return;
    this.#ledger.count(bytes, now);
    if (this.#ledger.isAckDue(now)) this.#ackWaits = true;
  }

  #acknowledged({ count, value }: Extract<ServerFrame, { type: "ack" }>, now: number): void {
    if (this.#session === undefined) {
      this.#badEvent(value);
    } else if (typeof count !== "number" || !this.#ledger.acknowledge(count)) {
      this.#loseSession();
      this.#badFrame("an ack of frames that were never sent", now);
    }
  }

  #deliver(events: Extract<ServerFrame, { type: "events" }>["events"]): void {
    for (const event of events) {
      if (event instanceof BadEvent) this.#badEvent(event.value);
      else this.#outputs.push({ type: "event", event });
    }
  }

  #replied({ cbId, value }: Extract<ServerFrame, { type: "reply" }>): void {
    const request = this.#requests.byCbId(cbId);
    // A reply to a ping, or one that came too late.
    if (request === undefined) return;
    request.answered = true;
    const failed = replyFailure(value, this.#codec.stringIds);
    this.#settle(request.id, failed === undefined ? { ok: true, value } : { ok: false, ...failed });
  }

  #badEvent(value: unknown): void {
    this.#outputs.push({ type: "event", event: ["chsk/bad-event", value] });
    this.#report(new ProtocolError("bad-event", "the server sent something that is no event"));
  }

  #badFrame(message: string, now: number, cause?: unknown): void {
    this.#report(new ProtocolError("bad-frame", message, { closeCode: closeCodes.badFrame, cause }));
    this.#fail(closeCodes.badFrame, "bad frame", now);
  }

  #beat(now: number, buffered: number): void {
    if (this.#session !== undefined && this.#ledger.isAckDue(now)) this.#ackWaits = true;
    const beat = this.#heartbeat.wake(now, buffered);
    if (beat === "ping") this.#pingWaits = true;
    else if (beat === "dead") this.#fail(closeCodes.pingTimeout, "ping timeout", now);
  }

  /** Closes the connection for a fault of the peer, and tries again. */
  #fail(code: number, reason: string, now: number): void {
    this.#drop(code, reason, now);
    this.#retry(now, code, "");
  }

  #drop(code: number, reason: string, now: number): void {
    if (!this.#isConnecting) return;
    this.#outputs.push({ type: "close", code, reason });
    this.#lost(now);
  }

  /** Without a session (section 6) what was transmitted and not answered is lost with the connection. */
  #lost(now: number): void {
    if (this.#status === "open") this.#backoff.wasOpen(now - this.#openedAt);
    this.#pingWaits = this.#pongWaits = this.#ackWaits = false;
    if (this.#session !== undefined || this.#lostSession !== undefined) return;
    for (const { id } of this.#requests.takeWhere((request) => request.transmitted)) {
      this.#outputs.push({
        type: "settle",
        id,
        settlement: failure("closed", "the connection was lost before the reply"),
      });
    }
  }

  #retry(now: number, code: number, reason: string): void {
    if (this.#backoff.failures + 1 >= this.#limits.maxAttempts) {
      this.#close("max-attempts");
      return;
    }
    const hinted = code === closeCodes.rateLimit || code === closeCodes.draining;
    this.#stateDeadline = this.#backoff.next(now, hinted ? readHint(reason) : undefined);
    this.#enter("backoff");
  }

  /** What waits is kept: after logging in, `reconnect` sends it. */
  #close(reason: "terminal-code" | "max-attempts"): void {
    this.#terminalReason = reason;
    this.#enter("terminal");
  }

  #leave(now: number): void {
    // What was transmitted arrives before the close does.
    if (this.#status === "open") this.#log.takeTransmitted();
    this.#drop(closeCodes.normal, "", now);
    this.#giveUpLog();
    this.#forgetSession();
  }

  #giveUpLog(): void {
    this.#takeAnswered();
    const events = this.#log.clear().map((entry) => entry.event);
    for (const { id } of this.#requests.takeWhere(() => true)) {
      this.#outputs.push({ type: "settle", id, settlement: failure("closed", "the client was closed") });
    }
    if (events.length > 0) this.#outputs.push({ type: "undelivered", events });
  }

  #accept(event: Event, request: OpenRequest | undefined): boolean {
    if (this.#status === "terminal") return false;
    const frame = this.#frameOf(event, request);
    if (!this.#log.hasRoom(frame.bytes)) return false;
    this.#log.append({ event, request, frame, form: this.#form, bytes: frame.bytes });
    return true;
  }

  /** Encoded when it is accepted: the caller learns of errors, and may change the data afterwards. */
  #frameOf(event: Event, request: OpenRequest | undefined): Frame {
    const { maxPayloadBytes } = this.#limits;
    try {
      const frame = eventFrame(this.#codec, this.#form, event, request === undefined ? null : cbIdOf(request.id));
      if (frame.bytes <= maxPayloadBytes) return frame;
      throw tooLarge(frame.bytes, maxPayloadBytes);
    } catch (error) {
      throw inEvent(error, event[0]);
    }
  }

  #nextControl(): Frame | undefined {
    // First of all after the handshake: it confirms the session.
    if (this.#ackWaits) {
      this.#ackWaits = false;
      return ackFrame(this.#codec, this.#ledger.tell());
    }
    if (this.#pongWaits) {
      this.#pongWaits = false;
      return pongFrame(this.#codec, this.#form);
    }
    if (!this.#pingWaits) return undefined;
    this.#pingWaits = false;
    if (this.#form === "bare") return pingFrame(this.#codec, "bare");
    this.#pings++;
    return clientPingFrame(this.#codec, `p${this.#pings}`);
  }

  #nextQueued(): Frame | undefined {
    const session = this.#session;
    for (;;) {
      const entry = session === undefined ? this.#log.take() : this.#log.next();
      if (entry === undefined) return undefined;
      // What was accepted before the handshake told the form, and the limit.
      if (entry.form !== this.#form && !this.#reframe(entry)) continue;
      if (session !== undefined && entry.frame.bytes > session.maxFrameBytes) {
        this.#log.removeLastTransmitted();
        this.#giveUp([entry], "too-large", "a frame is over the server's limit");
        continue;
      }
      if (entry.request !== undefined) entry.request.transmitted = true;
      return entry.frame;
    }
  }

  /** False where that cannot be: the entry is given up. */
  #reframe(entry: Queued): boolean {
    try {
      // As it was accepted: the caller may have changed the data since.
      const accepted = readClientFrame(this.#codec.decode(entry.frame.data), this.#codec.stringIds);
      entry.frame = this.#frameOf(accepted.type === "event" ? accepted.event : entry.event, entry.request);
      entry.form = this.#form;
      return true;
    } catch (error) {
      this.#log.removeLastTransmitted();
      this.#report(new EncodeError("encode-failed", "an accepted event cannot be encoded again", { cause: error }));
      this.#giveUp([entry], "encode-failed", "the event cannot be encoded again");
      return false;
    }
  }

  /** Events that were accepted and cannot be sent after all. */
  #giveUp(entries: readonly Queued[], code: string, message: string): void {
    this.#outputs.push({ type: "undelivered", events: entries.map(({ event }) => event) });
    for (const { request } of entries) {
      if (request !== undefined) this.#settle(request.id, failure(code, message));
    }
  }

  #takeOut(id: RequestId): void {
    this.#log.removeWaiting((queued) => queued.request?.id === id);
  }

  #settle(id: RequestId, settlement: Settlement): void {
    if (this.#requests.settle(id)) this.#outputs.push({ type: "settle", id, settlement });
  }

  #report(error: SenteError): void {
    this.#outputs.push({ type: "report", error });
  }
}

/** What is not counted (section 6.2). A pong is known by what it answers, never by its value alone. */
function isControl(frame: ServerFrame): boolean {
  if (frame.type === "reply") return frame.value === "pong" && frame.cbId.startsWith("p");
  return frame.type === "ping" || frame.type === "pong" || frame.type === "ack";
}

function failure(code: string, message: string): Settlement {
  return { ok: false, code, message, data: null };
}
