import type { Event } from "../api.ts";
import type { Codec } from "../codecs/codec.ts";
import { ProtocolError, type SenteError } from "../errors.ts";
import type { ClientLimits } from "../limits.ts";
import { closeCodes, isTerminal, readHint } from "../wire/close-codes.ts";
import { inEvent } from "../wire/event.ts";
import {
  clientPingFrame,
  eventFrame,
  type Form,
  type Frame,
  type Handshake,
  pingFrame,
  pongFrame,
} from "../wire/frames.ts";
import { BadEvent, readHandshake, readServerFrame, replyFailure, type ServerFrame } from "../wire/read-server-frame.ts";
import { Backoff } from "./backoff.ts";
import { tooLarge } from "./batch.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Log } from "./log.ts";
import { Outputs } from "./outputs.ts";
import { cbIdOf, type OpenRequest, type RequestId, Requests, type Settlement } from "./requests.ts";

export interface ClientSessionOptions {
  readonly codec: Codec;
  readonly limits: ClientLimits;
  /** A number in [0, 1): jitter. */
  readonly random: () => number;
}

/** idle: not asked to connect; backoff: waiting for the next attempt; terminal: closed for good. */
export type ClientStatus = "idle" | "backoff" | "opening" | "open" | "terminal";

export type ClientOutput =
  /** Open a socket; `attempt` rises for the life of the client. What an earlier socket says is no longer of interest. */
  | { readonly type: "open"; readonly attempt: number }
  /** Close the socket; nothing that it still says is of interest. */
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  /** The status changed. */
  | { readonly type: "state" }
  | { readonly type: "event"; readonly event: Event }
  | { readonly type: "settle"; readonly id: RequestId; readonly settlement: Settlement }
  | { readonly type: "report"; readonly error: SenteError }
  /** Events that were accepted and will not be sent. */
  | { readonly type: "undelivered"; readonly events: readonly Event[] };

interface Queued {
  readonly event: Event;
  readonly request: OpenRequest | undefined;
  readonly frame: Frame;
  readonly form: Form;
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
  readonly #requests = new Requests();
  readonly #backoff: Backoff;
  #status: ClientStatus = "idle";
  #attempt = 0;
  #form: Form = "wrapped";
  #handshake: Handshake | undefined;
  #heartbeat: Heartbeat;
  /** When the state that waits for something gives up waiting: the end of the backoff, or of the attempt. */
  #stateDeadline = 0;
  #openedAt = 0;
  #pings = 0;
  #pingWaits = false;
  #pongWaits = false;
  #terminalReason: "terminal-code" | "max-attempts" | undefined;

  constructor(options: ClientSessionOptions) {
    const { codec, limits, random } = options;
    this.#codec = codec;
    this.#limits = limits;
    this.#log = new Log(limits.maxQueuedFrames, limits.maxQueuedBytes);
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

  /** Closes for good: what waits is reported, requests are rejected. */
  disconnect(now: number): void {
    this.#drop(closeCodes.normal, "", now);
    this.#giveUpLog();
    if (this.#status !== "idle") this.#enter("idle");
  }

  /** As `disconnect`, and from now on nothing is accepted. */
  close(now: number): void {
    this.#drop(closeCodes.normal, "", now);
    this.#giveUpLog();
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
  message(value: unknown, _bytes: number, now: number): void {
    if (this.#status === "opening") this.#handshaken(value, now);
    else if (this.#status === "open") this.#received(value, now);
  }

  /** A frame came that does not decode, or is of the wrong WebSocket type: 4400. */
  undecodable(error: SenteError, now: number): void {
    if (this.#isConnecting) this.#badFrame(error.message, now, error);
  }

  /** The current socket is gone, or could not be opened. */
  closed(code: number, reason: string, now: number): void {
    if (!this.#isConnecting) return;
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
    const own = this.#ownDeadline();
    const { deadline } = this.#requests;
    if (own === undefined || deadline === undefined) return own ?? deadline;
    return Math.min(own, deadline);
  }

  get #isConnecting(): boolean {
    return this.#status === "opening" || this.#status === "open";
  }

  #ownDeadline(): number | undefined {
    if (this.#status === "open") return this.#heartbeat.deadline;
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
    this.#outputs.push({ type: "open", attempt: this.#attempt });
    this.#enter("opening");
  }

  #handshaken(value: unknown, now: number): void {
    const handshake = readHandshake(value, this.#codec.stringIds);
    if (handshake === undefined) {
      this.#badFrame("the first frame is no handshake", now);
      return;
    }
    // What one user wrote is never sent in the name of another.
    if (this.#handshake !== undefined && this.#handshake.uid !== handshake.uid) this.#giveUpLog();
    this.#handshake = handshake;
    this.#form = handshake.form;
    this.#openedAt = now;
    this.#heartbeat = new Heartbeat(this.#limits.pingIntervalMs, this.#limits.pingTimeoutMs, now);
    this.#enter("open");
  }

  #received(value: unknown, now: number): void {
    this.#heartbeat.heard(now);
    const frame = readServerFrame(
      value,
      this.#form,
      this.#codec.stringIds,
      (cbId) => this.#requests.byCbId(cbId) !== undefined,
    );
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
      case "handshake":
        this.#badFrame("a second handshake", now);
        break;
      case "bad-event":
        this.#badEvent(frame.value);
        break;
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
    this.#pingWaits = this.#pongWaits = false;
    for (const { id } of this.#requests.takeAll("transmitted")) {
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

  #giveUpLog(): void {
    const events = this.#log.clear().map((entry) => entry.event);
    for (const { id } of this.#requests.takeAll("all")) {
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
    const entry = this.#log.take();
    if (entry === undefined) return undefined;
    if (entry.request !== undefined) entry.request.transmitted = true;
    // What was accepted before the handshake told the form.
    return entry.form === this.#form ? entry.frame : this.#frameOf(entry.event, entry.request);
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

function failure(code: string, message: string): Settlement {
  return { ok: false, code, message, data: null };
}
