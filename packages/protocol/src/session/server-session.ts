import type { Codec } from "../codecs/codec.ts";
import { EncodeError, ProtocolError, type SenteError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import { closeCodes, LOGIN_EXPIRED } from "../wire/close-codes.ts";
import { type FeatureSet, featuresInUse } from "../wire/features.ts";
import {
  type Form,
  type Frame,
  type Handshake,
  handshakeFrame,
  pingFrame,
  type ReplyFailure,
  refreshFrame,
} from "../wire/frames.ts";
import { Backlog } from "./backlog.ts";
import { makeTooLarge } from "./batch.ts";
import { pickEarlier } from "./clock.ts";
import { ackDue } from "./ledger.ts";
import { Link } from "./link.ts";
import { Login } from "./login.ts";
import { type EndCause, Outputs, type ServerOutput } from "./outputs.ts";
import type { RequestId } from "./requests.ts";
import { ServerInbox } from "./server-inbox.ts";
import { ServerRequests } from "./server-requests.ts";
import type { ServerSessionOptions } from "./server-session-options.ts";
import type { SessionState } from "./session-state.ts";
import type { VolatilePush } from "./volatile-push.ts";

/** live: it has a connection; away: it waits for its client to come back. */
export type ServerStatus = "new" | "live" | "away" | "ended";

/**
 * The server's side of one session (PROTOCOL.md sections 3, 4, 6, 7), which with our own clients outlives its
 * connections: pure, time is an argument in whole milliseconds. The driver feeds it what the current socket says,
 * pulls `nextFrame` while the socket has room, and takes its outputs. README.md has the states.
 */
export class ServerSession {
  /** The session's id; undefined where it ends with its connection. */
  readonly id: string | undefined;
  readonly codec: Codec;
  readonly form: Form;
  readonly #options: ServerSessionOptions;
  readonly #outputs = new Outputs<ServerOutput>();
  readonly #backlog: Backlog;
  readonly #requests: ServerRequests;
  readonly #login: Login;
  readonly #inbox: ServerInbox;
  /** The connection, where there is one. */
  #link: Link<Frame> | undefined;
  /** What it is without a connection. */
  #rest: Exclude<ServerStatus, "live"> = "new";
  #awayUntil = 0;
  #isConfirmed = false;

  constructor(options: ServerSessionOptions) {
    const { codec, form, id } = options;
    this.id = id;
    this.codec = codec;
    this.form = form;
    this.#options = options;
    const parts = { hasSession: id !== undefined, outputs: this.#outputs };
    this.#backlog = new Backlog(options, parts);
    this.#requests = new ServerRequests(options, parts, this.#backlog);
    this.#login = new Login(options.features.has("refresh") && form === "wrapped" ? options.limits.refreshLeadMs : 0);
    this.#inbox = new ServerInbox(options, { login: this.#login, ...parts }, this.#backlog, this.#requests);
  }

  get status(): ServerStatus {
    return this.#link === undefined ? this.#rest : "live";
  }

  get features(): FeatureSet {
    return this.#options.features;
  }

  /** True once the client has said something: it knows the session. */
  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }

  /** Bytes that wait to be sent or acknowledged. */
  get heldBytes(): number {
    return this.#backlog.ledger.log.bytes;
  }

  /** True while it has a connection over which an ack may still come for what was sent, or for what waits to be. */
  get awaitsAck(): boolean {
    return this.#link !== undefined && this.id !== undefined && !this.#backlog.isEmpty;
  }

  /** Counted frames of the client that were taken over. */
  get received(): number {
    return this.#backlog.ledger.received;
  }

  /** The first connection stands; the handshake is its first frame. Throws `EncodeError` for bad handshake data. */
  open(handshake: Handshake, now: number): void {
    this.#greet(handshake, false, now);
  }

  /** True where a client that took over `received` frames can go on with this session. */
  canResume(received: number): boolean {
    return !this.#isOver && this.id !== undefined && this.#backlog.ledger.canResume(received);
  }

  /**
   * Another connection stands, whose client took over `received` frames: what follows them is sent again. The driver
   * has closed the earlier connection (4409). Throws `EncodeError` for bad handshake data; then nothing has changed.
   */
  resume(received: number, handshake: Handshake, now: number): void {
    this.#greet(handshake, true, now);
    const tooBig = this.#backlog.ledger.resume(received);
    if (tooBig !== undefined) this.#report(makeTooLarge(tooBig.bytes, tooBig.bytes - 1));
  }

  /**
   * The login of the connection ends at that time. Said after its handshake, and again where the client logged in anew
   * (section 1.9).
   */
  noteLogin(endsAt: number, now: number): void {
    this.#login.note(endsAt, now);
  }

  /** A frame came and was decoded; `bytes` is its size on the wire. */
  message(value: unknown, bytes: number, now: number): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#isConfirmed = true;
    if (!this.#inbox.receive(link, value, bytes, now)) this.#endOnBadAck();
    this.#endIfTooSlow();
  }

  /** A frame came that does not decode, or is of the wrong WebSocket type: counted, and 4400, but for peers not ours. */
  receiveUnreadable(error: SenteError, bytes: number, now: number): void {
    const link = this.#link;
    if (link !== undefined && !this.#inbox.receiveUnreadable(link, error, bytes, now)) {
      this.cut(closeCodes.badFrame, "bad frame", now);
    }
  }

  /**
   * Adds an event to the pending batch. `event` is one object for all sessions of one push, and `key` marks it for the
   * policy `latest-by-key`. True where that closed the batch, so that the driver sends before more comes.
   */
  push(event: SenteEvent, key?: string): boolean {
    if (this.#isOver) return false;
    const isClosed = this.#backlog.push(event, key);
    this.#endIfTooSlow();
    return isClosed;
  }

  /**
   * Gives an event that is worth nothing later to the socket, in which `buffered` bytes wait; false where it is left out:
   * nobody is connected, or something waits that was sent before it (section 6.12).
   */
  pushVolatile(push: VolatilePush, buffered: number): boolean {
    const link = this.#link;
    if (link === undefined || link.owesVolatile || !this.#backlog.isClear(buffered)) return false;
    const { codec, form } = this;
    const knowsVolatile = this.features.has("volatile");
    try {
      const frame = push.frameFor({ codec, form, knowsVolatile });
      if (frame === undefined) return false;
      if (knowsVolatile) link.oweVolatile(frame);
      else this.#backlog.append([frame]);
      return true;
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      this.#report(error);
      return false;
    }
  }

  /** Closes the pending batch: its frames wait to be transmitted. */
  flush(): void {
    this.#backlog.flush();
    this.#endIfTooSlow();
  }

  /** Answers a request, after what was pushed before. Throws `EncodeError`; then nothing was sent. */
  reply(cbId: string, value: unknown): void {
    if (!this.#isOver) this.replyWith(this.makeReply(cbId, value));
  }

  /** Answers a request with an error. Throws `EncodeError` for data that cannot be sent; then nothing was sent. */
  replyFailed(cbId: string, failure: ReplyFailure): void {
    if (!this.#isOver) this.replyWith(this.makeFailedReply(cbId, failure));
  }

  /** The frame that answers a request, also once the session is in another process (section 6.13). Throws `EncodeError`. */
  makeReply(cbId: string, value: unknown): Frame {
    return this.#backlog.makeReply(cbId, value);
  }

  /** The same with an error. Throws `EncodeError` for data that cannot be sent. */
  makeFailedReply(cbId: string, failure: ReplyFailure): Frame {
    return this.#backlog.makeFailedReply(cbId, failure);
  }

  /** Answers a request with a frame that was made for it, here or where the session was before. */
  replyWith(frame: Frame): void {
    if (this.#isOver) return;
    this.#backlog.reply(frame);
    this.#endIfTooSlow();
  }

  /**
   * Asks the client, after what was pushed before; the settlement follows as an output: `closed` where the session is over,
   * or takes no answer any more (section 6.9), `too-many-requests` where too many wait. Throws `EncodeError`; then nothing was sent.
   */
  request(event: SenteEvent, timeoutMs: number, now: number): RequestId {
    if (this.#isOver || this.#inbox.hasLeft) return this.#requests.refuse();
    const id = this.#requests.begin(event, now + timeoutMs);
    this.#endIfTooSlow();
    return id;
  }

  /** The caller no longer waits: taken out where it was never transmitted, else its answer is dropped. */
  cancel(id: RequestId): void {
    this.#requests.cancel(id);
  }

  /**
   * Ends the session from this side. What waits in it is not sent. `cause` is what its report says, where that is not
   * what the client is told.
   */
  close(code: number, reason: string, cause: string = reason): void {
    if (this.status === "ended") return;
    if (this.#link !== undefined) this.#outputs.push({ type: "close", code, reason });
    this.#end(cause, "closed");
  }

  /**
   * Takes the session out of this process, so that it goes on in another one (section 6.13): what waits in it goes with it,
   * and what its connection still says is not heard. The driver closes that connection. Undefined where nothing can go on:
   * it is over, or ends with its connection.
   */
  release(now: number): SessionState | undefined {
    if (this.#isOver || this.id === undefined) return undefined;
    this.flush();
    // Away it would keep the bounds as they are; that may end it.
    this.#keepBounds();
    if (this.#isOver) return undefined;
    const { sessionWindowMs } = this.#options.limits;
    const windowLeftMs = this.status === "away" ? Math.max(0, this.#awayUntil - now) : sessionWindowMs;
    const requests = this.#requests.release();
    const ledger = this.#backlog.ledger.release();
    this.#link = undefined;
    this.#rest = "ended";
    return { isConfirmed: this.#isConfirmed, windowLeftMs, requests, ledger };
  }

  /** Takes up, before its first connection, what another process released: from here on it is away. */
  restore({ isConfirmed, windowLeftMs, requests, ledger }: SessionState, now: number): void {
    this.#isConfirmed = isConfirmed;
    this.#requests.restore(requests);
    this.#backlog.ledger.restore(ledger);
    this.#rest = "away";
    this.#awayUntil = now + windowLeftMs;
  }

  /** From now on a ping follows what is transmitted: a client answers it with the ack that it owes (section 6.2). */
  askForAcks(): void {
    this.#link?.askForAcks();
  }

  /**
   * From now on nothing that the client sends is taken over: it is not counted, so that the client keeps it for the next
   * server (section 6.9). Without a session a client keeps nothing, and goes on to be heard.
   */
  takeNoMore(): void {
    this.#inbox.takeNoMore();
  }

  /**
   * Sends an ack as the last frame before a close with 4503: the client is told exactly what was taken over, and knows of
   * the rest that it never will be (section 6.9).
   */
  takeLeave(): void {
    this.#link?.oweAck();
  }

  /** Closes the connection and keeps the session, where it outlives its connections. */
  cut(code: number, reason: string, now: number): void {
    if (this.#link === undefined) return;
    this.#outputs.push({ type: "close", code, reason });
    this.#goAway(now);
  }

  /** The connection is gone. After 1000 and 1001 the client does not come back. */
  closed(code: number, _reason: string, now: number): void {
    if (this.#link === undefined) return;
    this.#backlog.ledger.noteClose(code === closeCodes.tooBig);
    if (code === closeCodes.normal || code === closeCodes.goingAway) {
      this.#inbox.reportNotTaken();
      this.#end("the client left", "left");
    } else if (code === closeCodes.tooSlow) {
      // What it was sent found no place there: it begins another session.
      this.#end("the client could not take what it was sent", "lost");
    } else {
      this.#goAway(now);
    }
  }

  /** Time passed. `buffered` is what waits in the socket, in bytes. */
  wake(now: number, buffered: number): void {
    const { status } = this;
    this.#requests.expire(now);
    if (status === "away" && now >= this.#awayUntil) this.#end("the client did not come back in time", "lost");
    if (this.#link?.wake(now, buffered) === false) this.cut(closeCodes.pingTimeout, "ping timeout", now);
    if (this.#link !== undefined) this.#wakeLogin(this.#link, now);
  }

  /** True where the driver should `look` in a later turn: something waits for the socket. */
  get wantsLook(): boolean {
    return this.#link !== undefined && this.#backlog.pace.wantsLook;
  }

  /** True where this turn passed the bounds. */
  get isPassing(): boolean {
    return this.#link !== undefined && this.#backlog.pace.isPassing;
  }

  /**
   * A later turn than that in which something waited, once the socket was given what it has room for; `buffered` is what
   * waits in it, in bytes. Where the peer takes what it is sent, the next turn may make more than the bounds allow.
   */
  look(now: number, buffered: number): void {
    if (this.#link !== undefined && !this.#backlog.pace.look(now, buffered)) this.#keepBounds();
  }

  /** Excuses the peer's silence: this side did not read. */
  excuse(now: number): void {
    this.#link?.noteHeard(now);
  }

  /** The next frame to transmit: control frames first, then the log. */
  nextFrame(): Frame | undefined {
    const link = this.#link;
    return link?.nextControl(!this.#outputs.hasEvents) ?? link?.nextLogged() ?? link?.nextVolatile() ?? link?.nextAsk();
  }

  pollOutput(): ServerOutput | undefined {
    return this.#outputs.poll();
  }

  /** When to call `wake`; may be early. */
  get deadline(): number | undefined {
    const ofLink = this.#link && pickEarlier(this.#link.deadline, this.#login.deadline);
    return pickEarlier(this.status === "away" ? this.#awayUntil : ofLink, this.#requests.deadline);
  }

  get #isOver(): boolean {
    return this.status === "ended" || this.status === "new";
  }

  #greet(handshake: Handshake, resumed: boolean, now: number): void {
    const { codec, form, id } = this;
    const { limits, features: known, tellsFeatures } = this.#options;
    const { ledger, pace } = this.#backlog;
    const { received } = ledger;
    const features = featuresInUse(known, id !== undefined);
    const session =
      id === undefined ? undefined : { id, resumed, received, maxFrameBytes: limits.maxPayloadBytes, ack: ackDue };
    const told = tellsFeatures ? features : undefined;
    const { uid, csrfToken, data } = handshake;
    const first = handshakeFrame(codec, form, { uid, csrfToken, data, session, features: told });
    const writePing = () => pingFrame(codec, form);
    this.#link = new Link({ codec, features, ledger, pace, limits, writePing, handshake: first }, now);
    this.#login.reset();
  }

  #wakeLogin(link: Link<Frame>, now: number): void {
    const due = this.#login.wake(now);
    if (due === "ask") link.oweRefresh(refreshFrame(this.codec));
    if (due !== "end") return;
    this.#outputs.push({ type: "login-expired" });
    const isTold = this.features.has("refresh");
    this.cut(closeCodes.unauthorized, isTold ? JSON.stringify({ code: LOGIN_EXPIRED }) : LOGIN_EXPIRED, now);
  }

  #endOnBadAck(): void {
    const { badFrame } = closeCodes;
    this.#report(new ProtocolError("bad-ack", "an ack of frames that were never sent", { closeCode: badFrame }));
    this.close(badFrame, "bad ack");
  }

  #keepBounds(): void {
    this.#backlog.keepBounds();
    this.#endIfTooSlow();
  }

  #endIfTooSlow(): void {
    if (this.#isOver || !this.#backlog.isTooSlow) return;
    const { tooSlow } = closeCodes;
    this.#report(new ProtocolError("too-slow", "the peer takes its frames too slowly", { closeCode: tooSlow }));
    this.close(tooSlow, "too slow");
  }

  #report(error: SenteError): void {
    this.#outputs.push({ type: "report", error });
  }

  /** The connection is over; the session waits for its client, where it outlives its connections. */
  #goAway(now: number): void {
    if (this.id === undefined) {
      this.#end("the connection is gone", "lost");
      return;
    }
    this.#link = undefined;
    this.#rest = "away";
    this.#awayUntil = now + this.#options.limits.sessionWindowMs;
    this.#keepBounds();
  }

  #end(reason: string, cause: EndCause): void {
    if (this.id !== undefined && !this.#backlog.isTooSlow) {
      // What was pushed last may be too much.
      this.flush();
      if (this.status === "ended") return;
    }
    this.#link = undefined;
    this.#rest = "ended";
    this.#requests.end();
    this.#outputs.push({ type: "ended", reason, cause, undelivered: this.#backlog.end() });
  }
}
