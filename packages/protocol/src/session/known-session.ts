import { closeCodes } from "../wire/close-codes.ts";
import type { SessionInfo } from "../wire/frames.ts";
import type { NamedSession } from "../wire/subprotocols.ts";
import type { Accepted, ClientOutbox } from "./client-outbox.ts";
import { Ledger } from "./ledger.ts";

/**
 * The session as the client knows it (PROTOCOL.md sections 6.4 and 6.5): none, one that goes on or is asked for, or one
 * that is lost, until the next handshake begins another. Its ledger holds what both sides know of each other's frames;
 * what becomes of the outbox where it goes on, or is over, follows from that.
 */
export class KnownSession {
  readonly #outbox: ClientOutbox;
  #ledger: Ledger<Accepted>;
  #current: { readonly id: string; readonly maxFrameBytes: number } | undefined;
  #lostId: string | undefined;
  #beganWithLoss = false;

  constructor(outbox: ClientOutbox) {
    this.#outbox = outbox;
    this.#ledger = new Ledger(outbox.log);
  }

  /** Without a session it counts nothing, and goes with the next handshake. */
  get ledger(): Ledger<Accepted> {
    return this.#ledger;
  }

  /** The id of the session that goes on, or that is asked for. */
  get id(): string | undefined {
    return this.#current?.id;
  }

  /** What one frame of it may have. */
  get maxFrameBytes(): number {
    return this.#current?.maxFrameBytes ?? Number.POSITIVE_INFINITY;
  }

  /** What the next attempt asks for. */
  get named(): NamedSession | undefined {
    return this.#current && { id: this.#current.id, received: this.#ledger.received };
  }

  /** True where the last handshake told of the loss of a session. */
  get beganWithLoss(): boolean {
    return this.#beganWithLoss;
  }

  /** True from a loss to the next handshake. */
  get isLost(): boolean {
    return this.#lostId !== undefined;
  }

  /** False for a handshake that goes on with another session, or at a count that cannot be. */
  canResume({ id, received }: SessionInfo): boolean {
    return id === this.#current?.id && this.#ledger.canResume(received);
  }

  /** The server goes on where it has taken over `received` frames: what follows them is sent again. */
  resume(received: number): void {
    this.#beganWithLoss = false;
    const tooBig = this.#ledger.resume(received);
    if (tooBig !== undefined) this.#outbox.giveUpTooBig(tooBig);
  }

  /**
   * Begins the session of a handshake that resumes nothing; without a session nothing is counted. Where this ends a session,
   * or one was lost before, what that held is sorted (section 6.5).
   */
  begin(session: SessionInfo | undefined): void {
    const lost = this.#ending;
    if (lost !== undefined) this.#outbox.sortLost(lost);
    this.#outbox.dropAnswers();
    this.forget();
    this.#beganWithLoss = lost !== undefined;
    if (session === undefined) return;
    this.#current = { id: session.id, maxFrameBytes: session.maxFrameBytes };
    this.#ledger.setAckDue(session.ack);
  }

  /** An open connection was closed by the server, or an attempt to open one failed. */
  noteClose(wasOpen: boolean, code: number): void {
    this.#ledger.noteClose(wasOpen && code === closeCodes.tooBig);
    // A draining server has said exactly what it took over (section 6.9): the rest was as good as never transmitted.
    if (wasOpen && code === closeCodes.draining) this.#outbox.log.rewind();
  }

  /** The connection is over. Without a session what was transmitted and not answered is lost with it. */
  endConnection(): void {
    this.#outbox.pace.reset();
    if (this.#ending === undefined) this.#outbox.rejectTransmitted();
  }

  /** Gives the session up. The next handshake sorts what it held. */
  lose(): void {
    this.#lostId = this.#ending;
    this.#current = undefined;
  }

  /** Forgets the session: the client left it. */
  forget(): void {
    this.#ledger = new Ledger(this.#outbox.log);
    this.#current = this.#lostId = undefined;
    this.#beganWithLoss = false;
  }

  /** The session that ends with a handshake which resumes nothing: the current one, or one that was lost before. */
  get #ending(): string | undefined {
    return this.#lostId ?? this.#current?.id;
  }
}
