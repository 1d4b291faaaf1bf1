import type { Codec } from "../codecs/codec.ts";
import type { FeatureSet } from "../wire/features.ts";
import { ackFrame, type Frame, type FrameType, frameKinds } from "../wire/frames.ts";
import { pickEarlier } from "./clock.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Ledger } from "./ledger.ts";
import type { Entry } from "./log.ts";
import type { Pace } from "./pace.ts";

export interface LinkOptions<E extends Entry> {
  readonly codec: Codec;
  /** What this connection uses of what we add to Sente's wire: with `sessions` both sides count and acknowledge. */
  readonly features: FeatureSet;
  readonly ledger: Ledger<E>;
  readonly pace: Pace<E>;
  readonly limits: { readonly pingIntervalMs: number; readonly pingTimeoutMs: number };
  /** Writes this role's next ping. */
  readonly writePing: () => Frame;
  /** The server's, which goes before all else. */
  readonly handshake?: Frame;
}

interface Read {
  readonly type: FrameType;
}

/**
 * A live connection, from its handshake to its end, in either role: is the peer alive, what is counted, and which frame
 * goes next (PROTOCOL.md sections 6.2, 6.3 and 7). A machine has a connection exactly while it has a link; with the link
 * goes all that must not outlive a connection, as a pong that waits.
 */
export class Link<E extends Entry> {
  readonly #codec: Codec;
  readonly #features: FeatureSet;
  readonly #ledger: Ledger<E>;
  readonly #pace: Pace<E>;
  readonly #writePing: () => Frame;
  readonly #heartbeat: Heartbeat;
  // Control frames go before the log; at most one of each waits, so a peer that does not read cannot pile them up.
  #handshake: Frame | undefined;
  #volatile: Frame | undefined;
  #pong: Frame | undefined;
  #refresh: Frame | undefined;
  #pingWaits = false;
  #ackWaits = false;
  #hasAcked = false;
  /** The peer is asked for acks; and how many frames had been transmitted when it was asked last. */
  #asks = false;
  #askedAt = 0;

  constructor({ codec, features, ledger, pace, limits, writePing, handshake }: LinkOptions<E>, now: number) {
    this.#codec = codec;
    this.#features = features;
    this.#ledger = ledger;
    this.#pace = pace;
    this.#writePing = writePing;
    this.#handshake = handshake;
    this.#heartbeat = new Heartbeat(limits.pingIntervalMs, limits.pingTimeoutMs, now);
  }

  /** The peer is alive. */
  noteHeard(now: number): void {
    this.#heartbeat.noteHeard(now);
  }

  /** A frame came and was read. It is counted before it is judged. */
  receive({ type }: Read, bytes: number, now: number): void {
    this.noteHeard(now);
    if (frameKinds[type].isCounted) this.#count(bytes, now);
  }

  /** A frame came that cannot be read: the peer counted it, too. */
  receiveUnreadable(bytes: number, now: number): void {
    this.noteHeard(now);
    this.#count(bytes, now);
  }

  /** False for a frame of a feature that this connection does not use: to the peer it means nothing. */
  allows({ type }: Read): boolean {
    const { feature } = frameKinds[type];
    return feature === undefined || this.#features.has(feature);
  }

  /** The peer says that it has taken over `count` frames. False where that cannot be. */
  acknowledge(count: unknown): boolean {
    if (typeof count !== "number" || !this.#ledger.acknowledge(count)) return false;
    this.#pace.noteProgress();
    return true;
  }

  /** Sends an ack next, where the connection has a session. */
  oweAck(): void {
    if (this.#hasSession) this.#ackWaits = true;
  }

  /** Sends an answer to a ping, in place of one that still waits. */
  owePong(pong: Frame): void {
    this.#pong = pong;
  }

  /** Sends that next: a server asks for a new login, or a client answers (section 1.9). */
  oweRefresh(frame: Frame): void {
    this.#refresh = frame;
  }

  /** Time passed; `buffered` is what waits in the socket, in bytes. False where the peer is taken for dead. */
  wake(now: number, buffered: number): boolean {
    this.#oweAckIfDue(now);
    const beat = this.#heartbeat.wake(now, buffered);
    if (beat === "ping") this.#pingWaits = true;
    return beat !== "dead";
  }

  /** When to call `wake`; may be early. */
  get deadline(): number | undefined {
    return pickEarlier(this.#heartbeat.deadline, this.#ackWaits ? undefined : this.#ledger.ackDeadline);
  }

  /**
   * The next control frame to transmit. `mayAck` is false while some frame is counted and not yet taken over: an ack must not
   * cover an event that may find no place.
   */
  nextControl(mayAck: boolean): Frame | undefined {
    const first = this.#handshake;
    this.#handshake = undefined;
    if (first !== undefined) return first;
    // A client's first frame is an ack, which confirms the session. Later the pong goes before the ack: a server that ends
    // closes at the ack, and a frame that it leaves unread would turn that close into a reset.
    const isAcking = this.#ackWaits && mayAck;
    const isConfirming = isAcking && !this.#hasAcked;
    const pong = this.#pong;
    if (pong !== undefined && !isConfirming) {
      this.#pong = undefined;
      return pong;
    }
    if (isAcking) {
      this.#hasAcked = true;
      this.#ackWaits = false;
      this.#ledger.settleAck();
      return ackFrame(this.#codec, this.#ledger.received);
    }
    const refresh = this.#refresh;
    // Not before the ack that confirms a session.
    if (refresh !== undefined && !this.#ackWaits) {
      this.#refresh = undefined;
      return refresh;
    }
    if (!this.#pingWaits) return undefined;
    this.#pingWaits = false;
    return this.#writePing();
  }

  /** The next frame of the log to transmit, once no control frame waits. Without a session the log lets go of it. */
  nextLogged(): E | undefined {
    const { log } = this.#ledger;
    const entry = this.#hasSession ? log.next() : log.take();
    if (entry !== undefined) this.#pace.noteProgress();
    return entry;
  }

  /** Sends that frame once nothing else waits. It is not counted, and ends with the connection (section 6.12). */
  oweVolatile(frame: Frame): void {
    this.#volatile = frame;
  }

  /** True while a volatile frame waits. */
  get owesVolatile(): boolean {
    return this.#volatile !== undefined;
  }

  /** The volatile frame, behind all that waited. */
  nextVolatile(): Frame | undefined {
    const frame = this.#volatile;
    this.#volatile = undefined;
    return frame;
  }

  /** From now on a ping follows all that is transmitted: whoever answers it acknowledges, too (section 6.9). */
  askForAcks(): void {
    this.#asks = this.#hasSession;
  }

  /** The ping behind all that was transmitted, once for it: the ack that comes with its pong covers all of that. */
  nextAsk(): Frame | undefined {
    const { log, transmitted } = this.#ledger;
    if (!this.#asks || log.transmitted === 0 || this.#askedAt === transmitted) return undefined;
    this.#askedAt = transmitted;
    return this.#writePing();
  }

  /** Sends an ack next, where the peer was not told of all that was taken over. */
  oweAckIfUntold(): void {
    if (this.#ledger.owesAck) this.oweAck();
  }

  get #hasSession(): boolean {
    return this.#features.has("sessions");
  }

  #count(bytes: number, now: number): void {
    if (!this.#hasSession) return;
    this.#ledger.count(bytes, now);
    this.#oweAckIfDue(now);
  }

  #oweAckIfDue(now: number): void {
    if (this.#ledger.isAckDue(now)) this.#ackWaits = true;
  }
}
