import type { Event } from "../api.ts";
import type { Codec } from "../codecs/codec.ts";
import { ProtocolError, type SenteError } from "../errors.ts";
import type { Backpressure, ServerLimits } from "../limits.ts";
import { closeCodes } from "../wire/close-codes.ts";
import {
  ackFrame,
  errorReplyFrame,
  type Form,
  type Frame,
  type Handshake,
  handshakeFrame,
  pingFrame,
  pongFrame,
  type ReplyFailure,
  replyFrame,
} from "../wire/frames.ts";
import { readClientFrame } from "../wire/read-client-frame.ts";
import { type Batch, tooLarge } from "./batch.ts";
import { earlier } from "./clock.ts";
import { Heartbeat } from "./heartbeat.ts";
import { ackDue, Ledger } from "./ledger.ts";
import { Log } from "./log.ts";
import { Outputs } from "./outputs.ts";

export type ServerSessionLimits = Pick<
  ServerLimits,
  "maxQueuedFrames" | "maxQueuedBytes" | "pingIntervalMs" | "pingTimeoutMs" | "maxPayloadBytes" | "sessionWindowMs"
>;

/** What a `ServerSession` is made with. */
export interface ServerSessionOptions {
  readonly codec: Codec;
  readonly form: Form;
  /** True where the peer sent `sente-lite=1`. */
  readonly ownPeer: boolean;
  readonly limits: ServerSessionLimits;
  /** The empty batch that all sessions of a server share. */
  readonly root: Batch;
  /** Default `close`. */
  readonly backpressure?: Backpressure | undefined;
  /** Where it outlives its connections (section 6): its id. Undefined: it ends with its connection. */
  readonly id?: string | undefined;
}

/** What a `ServerSession` has to say to its driver. */
export type ServerOutput =
  | { readonly type: "event"; readonly event: Event; readonly cbId: string | null }
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  /** The peer's fault; or an event of ours that could not be sent. */
  | { readonly type: "report"; readonly error: SenteError; readonly event?: Event }
  /** The policy `drop-oldest` left a push out; the first since there was room. */
  | { readonly type: "dropped"; readonly frame: Frame; readonly isFirst: boolean }
  /** The session is over, and where it had an id, these frames are not known to have arrived. */
  | { readonly type: "ended"; readonly reason: string; readonly undelivered: readonly Frame[] };

/** live: it has a connection; away: it waits for its client to come back. */
export type ServerStatus = "new" | "live" | "away" | "ended";

/**
 * The server's side of one session (PROTOCOL.md sections 3, 4, 6, 7), which with our own clients outlives its
 * connections: pure, time is an argument in whole milliseconds. The driver feeds it what the current socket says,
 * pulls `nextFrame` while the socket has room, and takes its outputs.
 */
export class ServerSession {
  readonly #options: ServerSessionOptions;
  readonly #outputs = new Outputs<ServerOutput>();
  readonly #ledger: Ledger<Frame>;
  #status: ServerStatus = "new";
  #isConfirmed = false;
  #heartbeat: Heartbeat;
  #batch: Batch;
  #awayUntil = 0;
  /** The client said of the last connection that a frame was too big for it (1009). */
  #wasTooBig = false;
  #isDropping = false;
  // Control frames go before the log; at most one of each waits, so a peer that does not read cannot pile them up.
  #handshake: Frame | undefined;
  #pong: Frame | undefined;
  #pingWaits = false;
  #ackWaits = false;

  constructor(options: ServerSessionOptions) {
    const { limits, root } = options;
    this.#options = options;
    this.#ledger = new Ledger(new Log(limits.maxQueuedFrames, limits.maxQueuedBytes));
    this.#heartbeat = new Heartbeat(limits.pingIntervalMs, limits.pingTimeoutMs, 0);
    this.#batch = root;
  }

  get status(): ServerStatus {
    return this.#status;
  }

  /** The session's id; undefined where it ends with its connection. */
  get id(): string | undefined {
    return this.#options.id;
  }

  get codec(): Codec {
    return this.#options.codec;
  }

  get form(): Form {
    return this.#options.form;
  }

  /** True once the client has said something: it knows the session. */
  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }

  /** Bytes that wait to be sent or acknowledged. */
  get heldBytes(): number {
    return this.#ledger.log.bytes;
  }

  /** Counted frames of the client that were taken over. */
  get received(): number {
    return this.#ledger.received;
  }

  /** True while pushed events wait for their frame: the driver flushes them at the end of the turn. */
  get hasBatch(): boolean {
    return !this.#batch.isEmpty;
  }

  /** The first connection stands; the handshake is its first frame. Throws `EncodeError` for bad handshake data. */
  open(handshake: Handshake, now: number): void {
    this.#greet(handshake, false, now);
  }

  /** True where a client that took over `received` frames can go on with this session. */
  canResume(received: number): boolean {
    return !this.#isOver && this.id !== undefined && this.#ledger.canResume(received);
  }

  /**
   * Another connection stands, whose client took over `received` frames: what follows them is sent again. The driver
   * has closed the earlier connection (4409). Throws `EncodeError` for bad handshake data; then nothing has changed.
   */
  resume(received: number, handshake: Handshake, now: number): void {
    this.#greet(handshake, true, now);
    const isLeft = this.#ledger.resume(received);
    if (isLeft && this.#wasTooBig) this.#takeOutTooBig();
    this.#wasTooBig = false;
  }

  /** A frame came and was decoded; `bytes` is its size on the wire. */
  message(value: unknown, bytes: number, now: number): void {
    if (this.#status !== "live") return;
    this.#heartbeat.heard(now);
    this.#isConfirmed = true;
    const frame = readClientFrame(value, this.#options.codec.stringIds);
    const isControl = frame.type === "ping" || frame.type === "pong" || frame.type === "ack";
    // A frame is counted before it is judged.
    if (!isControl) this.#count(bytes, now);
    switch (frame.type) {
      case "event":
        this.#outputs.push(frame);
        break;
      case "ping":
        this.#answerPing(frame.cbId);
        this.#outputs.push({ type: "event", event: frame.event, cbId: null });
        break;
      case "pong":
        break;
      case "ack":
        this.#acknowledged(frame);
        break;
      case "bad-event":
        this.#badEvent(frame.value);
        break;
    }
  }

  /** A frame came that does not decode, or is of the wrong WebSocket type: counted, and 4400. */
  undecodable(error: SenteError, bytes: number, now: number): void {
    if (this.#status !== "live") return;
    this.#heartbeat.heard(now);
    this.#count(bytes, now);
    const { badFrame } = closeCodes;
    this.#report(new ProtocolError("bad-frame", error.message, { closeCode: badFrame, cause: error }));
    this.#cut(badFrame, "bad frame", now);
  }

  /**
   * Adds an event to the pending batch. `event` is one object for all sessions of one push, and `key` marks it for the
   * policy `latest-by-key`. True where that closed the batch, so that the driver sends before more comes.
   */
  push(event: Event, key?: string): boolean {
    if (this.#isOver) return false;
    if (key !== undefined && this.#options.backpressure === "latest-by-key") {
      // In a frame of its own, which can be replaced.
      this.flush();
      this.#batch = this.#options.root.with(event, key);
      this.flush();
      return false;
    }
    this.#batch = this.#batch.with(event);
    if (!this.#batch.isFull) return false;
    this.flush();
    return true;
  }

  /** Closes the pending batch: its frames wait to be transmitted. */
  flush(): void {
    if (this.#batch.isEmpty) return;
    const { codec, form, limits, root } = this.#options;
    const { frames, refused } = this.#batch.framesFor(codec, form, limits.maxPayloadBytes);
    this.#batch = root;
    for (const { event, error } of refused) this.#outputs.push({ type: "report", error, event });
    for (const frame of frames) this.#append(frame);
  }

  /** Answers a request, after what was pushed before. Throws `EncodeError`; then nothing was sent. */
  reply(cbId: string, value: unknown): void {
    const { codec, limits } = this.#options;
    if (this.#isOver) return;
    const frame = replyFrame(codec, cbId, value);
    if (frame.bytes > limits.maxPayloadBytes) throw tooLarge(frame.bytes, limits.maxPayloadBytes);
    this.flush();
    this.#append(frame);
  }

  /** Answers a request with an error; what its data cannot say is left out. */
  replyFailed(cbId: string, failure: ReplyFailure): void {
    const { codec, ownPeer } = this.#options;
    if (this.#isOver) return;
    const frame = errorReplyFrame(codec, cbId, failure, ownPeer);
    this.flush();
    this.#append(frame);
  }

  /** Ends the session from this side. What waits in it is not sent. */
  close(code: number, reason: string): void {
    if (this.#status === "ended") return;
    if (this.#status === "live") this.#outputs.push({ type: "close", code, reason });
    this.#end(reason);
  }

  /**
   * The last thing before a close with 4503: the client is told exactly what was taken over, and knows of the rest that
   * it never will be.
   */
  takeLeave(): void {
    if (this.#status === "live" && this.id !== undefined) this.#ackWaits = true;
  }

  /** Closes the connection and keeps the session, where it outlives its connections. */
  cut(code: number, reason: string, now: number): void {
    if (this.#status === "live") this.#cut(code, reason, now);
  }

  /** The connection is gone. After 1000 and 1001 the client does not come back. */
  closed(code: number, _reason: string, now: number): void {
    if (this.#status !== "live") return;
    this.#wasTooBig = code === closeCodes.tooBig;
    if (code === closeCodes.normal || code === closeCodes.goingAway) this.#end("the client left");
    else this.#leave(now);
  }

  /** Time passed. `buffered` is what waits in the socket, in bytes. */
  wake(now: number, buffered: number): void {
    if (this.#status === "away" && now >= this.#awayUntil) this.#end("the client did not come back in time");
    if (this.#status !== "live") return;
    if (this.id !== undefined && this.#ledger.isAckDue(now)) this.#ackWaits = true;
    const beat = this.#heartbeat.wake(now, buffered);
    if (beat === "ping") this.#pingWaits = true;
    else if (beat === "dead") this.#cut(closeCodes.pingTimeout, "ping timeout", now);
  }

  /** This side does not read: that nothing came says nothing of the peer. */
  excuse(now: number): void {
    this.#heartbeat.heard(now);
  }

  /** The next frame to transmit: control frames first, then the log. */
  nextFrame(): Frame | undefined {
    if (this.#status !== "live") return undefined;
    const { log } = this.#ledger;
    return this.#nextControl() ?? (this.id === undefined ? log.take() : log.next());
  }

  pollOutput(): ServerOutput | undefined {
    return this.#outputs.poll();
  }

  /** When to call `wake`; may be early. */
  get deadline(): number | undefined {
    if (this.#status === "away") return this.#awayUntil;
    if (this.#status !== "live") return undefined;
    return earlier(this.#heartbeat.deadline, this.#ackWaits ? undefined : this.#ledger.ackDeadline);
  }

  get #isOver(): boolean {
    return this.#status === "ended" || this.#status === "new";
  }

  #greet(handshake: Handshake, resumed: boolean, now: number): void {
    const { codec, form, limits, id } = this.#options;
    const { received } = this.#ledger;
    const session =
      id === undefined ? undefined : { id, resumed, received, maxFrameBytes: limits.maxPayloadBytes, ack: ackDue };
    this.#handshake = handshakeFrame(codec, form, { ...handshake, session });
    this.#heartbeat = new Heartbeat(limits.pingIntervalMs, limits.pingTimeoutMs, now);
    this.#forgetControls();
    this.#status = "live";
  }

  #nextControl(): Frame | undefined {
    const { codec, form } = this.#options;
    if (this.#handshake !== undefined) {
      const handshake = this.#handshake;
      this.#handshake = undefined;
      return handshake;
    }
    if (this.#ackWaits) {
      this.#ackWaits = false;
      return ackFrame(codec, this.#ledger.tell());
    }
    if (this.#pong !== undefined) {
      const pong = this.#pong;
      this.#pong = undefined;
      return pong;
    }
    if (!this.#pingWaits) return undefined;
    this.#pingWaits = false;
    return pingFrame(codec, form);
  }

  #count(bytes: number, now: number): void {
    if (this.id === undefined) return;
    this.#ledger.count(bytes, now);
    if (this.#ledger.isAckDue(now)) this.#ackWaits = true;
  }

  #acknowledged({ count, value }: { readonly count: unknown; readonly value: unknown }): void {
    if (this.id === undefined) {
      this.#badEvent(value);
    } else if (typeof count !== "number" || !this.#ledger.acknowledge(count)) {
      const { badFrame } = closeCodes;
      this.#report(new ProtocolError("bad-ack", "an ack of frames that were never sent", { closeCode: badFrame }));
      this.close(badFrame, "bad ack");
    }
  }

  #answerPing(cbId: string | null): void {
    const { codec, form } = this.#options;
    if (cbId === null) {
      if (form === "bare") this.#pong = pongFrame(codec, form);
      return;
    }
    const pong = replyFrame(codec, cbId, "pong");
    // Only the cb-ids of our pings mark a pong as one that is not counted (section 6.3).
    if (this.id === undefined || cbId.startsWith("p")) this.#pong = pong;
    else this.#append(pong);
  }

  #append(frame: Frame): void {
    if (this.#isOver) return;
    const { log } = this.#ledger;
    const { key } = frame;
    if (key !== undefined) log.removeWaiting((waiting) => waiting.key === key);
    if (log.waiting === 0) this.#isDropping = false;
    // The peer may have the oldest; what was never transmitted it cannot have, and that is never given up in silence.
    while (!log.hasRoom(frame.bytes)) {
      if (this.id !== undefined && this.#ledger.dropOldest()) continue;
      if (this.#options.backpressure === "drop-oldest" && this.#dropPush()) continue;
      this.#report(
        new ProtocolError("too-slow", "the peer takes its frames too slowly", { closeCode: closeCodes.tooSlow }),
      );
      log.append(frame);
      this.close(closeCodes.tooSlow, "too slow");
      return;
    }
    log.append(frame);
  }

  #dropPush(): boolean {
    const frame = this.#ledger.log.removeWaiting(({ isPush }) => isPush === true);
    if (frame === undefined) return false;
    this.#outputs.push({ type: "dropped", frame, isFirst: !this.#isDropping });
    this.#isDropping = true;
    return true;
  }

  /** The client has taken over all before it: the first frame is the one that it could not take. */
  #takeOutTooBig(): void {
    const frame = this.#ledger.log.removeFirst();
    if (frame !== undefined) this.#report(tooLarge(frame.bytes, frame.bytes - 1));
  }

  #badEvent(value: unknown): void {
    this.#outputs.push({ type: "event", event: ["chsk/bad-event", value], cbId: null });
    this.#report(new ProtocolError("bad-event", "the peer sent something that is no event"));
  }

  #report(error: SenteError): void {
    this.#outputs.push({ type: "report", error });
  }

  #cut(code: number, reason: string, now: number): void {
    this.#outputs.push({ type: "close", code, reason });
    this.#leave(now);
  }

  #leave(now: number): void {
    if (this.id === undefined) {
      this.#end("the connection is gone");
      return;
    }
    this.#status = "away";
    this.#awayUntil = now + this.#options.limits.sessionWindowMs;
    this.#handshake = undefined;
    this.#forgetControls();
  }

  #forgetControls(): void {
    this.#pong = undefined;
    this.#pingWaits = this.#ackWaits = false;
  }

  #end(reason: string): void {
    if (this.id !== undefined) this.flush();
    if (this.#status === "ended") return;
    this.#status = "ended";
    const held = this.#ledger.log.clear();
    this.#outputs.push({ type: "ended", reason, undelivered: this.id === undefined ? [] : held });
    this.#handshake = undefined;
    this.#forgetControls();
    this.#batch = this.#options.root;
  }
}
