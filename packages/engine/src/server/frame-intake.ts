import type { Encoded } from "@sente-lite/protocol";
import { closeCodes, type Owner, type ServerSession, writeHint } from "@sente-lite/protocol/session";
import type { Incoming } from "../incoming.ts";
import type { ConnectionGround } from "./connection-ground.ts";
import type { RateGate, RateOwner } from "./limits/rate-gate.ts";
import { UnreadFrames } from "./unread-frames.ts";

/** Who reads the frames: the driver of a session. */
export interface FrameReader {
  readonly session: ServerSession;
  readonly isLive: boolean;
  /** What came from the client and waits for its handlers. */
  readonly incoming: Incoming;
  /** Reads a frame whose turn has come. */
  read(data: Encoded, bytes: number): void;
  pause(): void;
  resume(): void;
  /** Closes the connection at once; the session waits, where it outlives its sockets. */
  cut(close: { readonly code: number; readonly reason: string }): void;
}

/**
 * When the frames of one client are read: at once, but for those that came too fast (PROTOCOL.md section 9), and those
 * that follow too many of one turn of the loop. What waits here counts as events that wait.
 */
export class FrameIntake<R extends FrameReader> implements RateOwner {
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

  /** A ping came. */
  notePing(bytes: number): void {
    this.#gate.ping(bytes);
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
    const { turns } = this.#ground;
    this.#unread ??= new UnreadFrames(turns, this.#reader.incoming, this.#readNow);
    this.#unread.put(data, bytes, isOver);
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
  noteOverRate(): void {
    this.#ground.faults.reportOverRate(this.#reader);
  }

  /** @internal For the gate: where its client keeps a session, it sends again what was not read. */
  tooFast(retryInMs: number): void {
    if (!this.#reader.isLive) return;
    this.#reader.cut({ code: closeCodes.rateLimit, reason: writeHint({ retryInMs, spreadMs: 1_000 }) });
  }

  readonly #readNow = (data: Encoded, bytes: number, isOver: boolean): void => {
    this.#isOverRate = isOver;
    this.#reader.read(data, bytes);
    this.#isOverRate = false;
  };
}
