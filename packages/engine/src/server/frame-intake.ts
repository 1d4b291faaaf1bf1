import type { Encoded } from "@sente-lite/protocol";
import { closeCodes, type Owner, type ServerSession, writeHint } from "@sente-lite/protocol/session";
import type { Incoming } from "../incoming.ts";
import type { ConnectionGround } from "./connection-ground.ts";
import type { RateGate, RateOwner } from "./limits/rate-gate.ts";
import { UnreadFrames, type UnreadOwner } from "./unread-frames.ts";

/** Who reads the frames: the driver of a session. */
export interface FrameReader {
  readonly session: ServerSession;
  readonly isLive: boolean;
  /** What came from the client and waits for its handlers. */
  readonly incoming: Incoming;
  /** Reads a frame whose turn has come; false where it cannot be read. */
  read(data: Encoded, bytes: number): boolean;
  pause(): void;
  resume(): void;
  /** Closes the connection at once; the session waits, where it outlives its sockets. */
  cut(close: { readonly code: number; readonly reason: string }): void;
}

/**
 * When the frames of one client are read: at once, but for those that came too fast (PROTOCOL.md section 9), and those
 * that follow too many of one turn of the loop. What waits here counts as events that wait.
 */
export class FrameIntake<R extends FrameReader> implements RateOwner, UnreadOwner {
  readonly #ground: ConnectionGround<R>;
  readonly #reader: R;
  readonly #gate: RateGate;
  /** Made at the first frame. */
  #unread: UnreadFrames | undefined;
  #isOverRate = false;

  /** `owner`: whose connection it is, for what all connections of a user may send together. */
  constructor(ground: ConnectionGround<R>, reader: R, owner: Owner) {
    this.#ground = ground;
    this.#reader = reader;
    this.#gate = ground.rates.open(this, reader.incoming, owner);
  }

  /** True while a frame is read that came too fast: its events are left out. */
  get isOverRate(): boolean {
    return this.#isOverRate;
  }

  /** A frame came. */
  put(data: Encoded, bytes: number): void {
    this.#gate.put(data, bytes);
  }

  /** A ping or a pong came. */
  noteControl(bytes: number): void {
    this.#gate.noteControl(bytes);
    this.#unreadFrames.noteControl();
  }

  /** The connection is gone: what it brought and waits is not read any more. */
  leaveUnread(): void {
    const count = (this.#unread?.clear() ?? 0) + this.#gate.clear();
    // A client with a session sends again what was not read.
    if (count > 0 && this.#reader.session.status !== "away") this.#ground.faults.reportUnread(this.#reader, count);
  }

  /** The session is over. */
  end(): void {
    this.#gate.end();
  }

  /** @internal For the gate. */
  read(data: Encoded, bytes: number, isOver: boolean): void {
    this.#unreadFrames.put(data, bytes, isOver);
  }

  /** @internal For the gate. */
  pause(): void {
    this.#reader.pause();
  }

  /** @internal For the gate. */
  resume(): void {
    this.#reader.resume();
  }

  /** @internal For the gate. */
  noteOverRate(isAgain: boolean): void {
    this.#ground.faults.reportOverRate(this.#reader, isAgain);
  }

  /** @internal For the gate: where its client keeps a session, it sends again what was not read. */
  tooFast(retryInMs: number): void {
    if (!this.#reader.isLive) return;
    this.#reader.cut({ code: closeCodes.rateLimit, reason: writeHint({ retryInMs, spreadMs: 1_000 }) });
  }

  /** @internal For the frames that waited for their turn; false where it cannot be read. */
  readNow(data: Encoded, bytes: number, isOver: boolean): boolean {
    this.#isOverRate = isOver;
    const isReadable = this.#reader.read(data, bytes);
    this.#isOverRate = false;
    return isReadable;
  }

  get #unreadFrames(): UnreadFrames {
    this.#unread ??= new UnreadFrames(this.#ground.turns, this.#reader.incoming, this);
    return this.#unread;
  }
}
