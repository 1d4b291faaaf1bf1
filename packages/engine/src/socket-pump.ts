import { DecodeError, type Encoded } from "@sente-lite/protocol";
import type { Frame } from "@sente-lite/protocol/session";
import type { Host, Timer } from "./host.ts";
import { type Looked, Looks } from "./look.ts";
import { CLOSE_GRACE_MS, type ConnectionHandlers } from "./sockets.ts";

/** What a pump wants of a session, in either role. */
export interface PumpedSession extends Looked {
  nextFrame(): Frame | undefined;
  look(now: number, buffered: number): void;
}

/** What a pump wants of a socket, in either role. */
export interface PumpedSocket {
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** Whose pump it is: the driver of a session, which the pump tells of its socket. */
export interface PumpOwner<S extends PumpedSocket> {
  /** Gives a frame to the socket; false where the socket takes no more. */
  transmit(socket: S, frame: Frame): boolean;
  /** A frame came on the current socket. */
  received(data: Encoded): void;
  /** The current socket is gone, and forgotten. */
  closed(code: number, reason: string): void;
  /** The deadline has come, or a later one; `buffered` is what waits in the socket, in bytes. */
  wake(now: number, buffered: number): void;
  /** A ping or a pong of RFC 6455 came on the current socket. */
  noteControl?(bytes: number): void;
  /** Goes on: the session may have frames and outputs. */
  run(): void;
  /** The socket had its chance to take what waits for it, or is gone: is it still full? */
  noteFull?(isFull: boolean): void;
}

/** One socket of a session, from the attempt to open it to its close. */
export interface Attachment<S> {
  /** Undefined until it is there. */
  socket: S | undefined;
  readonly looks: Looks;
  /** The timer that cuts the socket, where that is slow to close. */
  grace: Timer;
}

/** What all pumps of a client or server share: one object, however many there are. */
export interface PumpGround {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  /** Where so many bytes wait in a socket, it is given no more. */
  readonly limits: { readonly highWaterBytes: number };
}

/**
 * Moves the frames of one session into one socket after the other, and keeps the session's timer: the part of the driver
 * that client and server share. What a socket says is heard while it is the current one; later only that it closed.
 */
export class SocketPump<S extends PumpedSocket> {
  readonly #ground: PumpGround;
  readonly #session: PumpedSession;
  readonly #owner: PumpOwner<S>;
  #current: Attachment<S> | undefined;
  #timer: Timer;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(ground: PumpGround, session: PumpedSession, owner: PumpOwner<S>) {
    this.#ground = ground;
    this.#session = session;
    this.#owner = owner;
  }

  /** The current socket. */
  get socket(): S | undefined {
    return this.#current?.socket;
  }

  /** True from an attempt on, also while it has no socket yet. */
  get isAttached(): boolean {
    return this.#current !== undefined;
  }

  isCurrent(attachment: Attachment<S>): boolean {
    return attachment === this.#current;
  }

  /** Makes another socket the current one; a client's comes when it is opened. */
  attach(socket?: S): Attachment<S> {
    const looks = new Looks(this.#ground.host, this.#session, () => this.look());
    this.#current = { socket, looks, grace: undefined };
    return this.#current;
  }

  /** From here on nothing that the current socket says is heard. */
  detach(): S | undefined {
    const detached = this.#current;
    detached?.looks.stop();
    this.#current = undefined;
    this.#owner.noteFull?.(false);
    return detached?.socket;
  }

  /** Detaches the current socket and closes it. Nobody waits for the handshake of a close: a slow peer is cut. */
  close(code: number, reason: string): void {
    const attachment = this.#current;
    const socket = this.detach();
    if (attachment === undefined || socket === undefined) return;
    attachment.grace = this.#ground.host.setTimer(CLOSE_GRACE_MS, () => socket.terminate());
    socket.close(code, reason);
  }

  /** What a runtime tells of that socket. */
  handlersOf(attachment: Attachment<S>): ConnectionHandlers {
    const { host } = this.#ground;
    const owner = this.#owner;
    const isLate = () => attachment !== this.#current;
    return {
      message: (data) => {
        if (!isLate()) owner.received(data);
      },
      drained: () => {
        if (!isLate()) this.look();
      },
      noteControl: (bytes) => {
        if (!isLate()) owner.noteControl?.(bytes);
      },
      closed: (code, reason) => {
        host.clearTimer(attachment.grace);
        if (isLate()) return;
        this.detach();
        owner.closed(code, reason);
      },
    };
  }

  /** Gives the socket what it has room for; true where it is full then. */
  pump(mark: number = this.#ground.limits.highWaterBytes): boolean {
    for (;;) {
      const current = this.#current;
      const socket = current?.socket;
      if (current === undefined || socket === undefined) return false;
      const isFull = socket.bufferedAmount >= mark;
      const frame = isFull ? undefined : this.#session.nextFrame();
      if (frame === undefined) {
        current.looks.plan(isFull);
        return isFull;
      }
      if (!this.#owner.transmit(socket, frame)) return false;
    }
  }

  /** A later turn, or the socket says that it has room, or the connection has just opened. */
  look(): void {
    const isFull = this.pump();
    this.#owner.noteFull?.(isFull);
    const { socket } = this;
    if (socket !== undefined) this.#session.look(this.#ground.now(), socket.bufferedAmount);
    this.#owner.run();
  }

  /** Sets the timer of the session's deadline; without one, stops it. */
  arm(deadline: number | undefined): void {
    const { host, now } = this.#ground;
    // Only an earlier deadline needs another timer; one that comes early finds nothing to do and asks again.
    if (deadline !== undefined && deadline >= this.#timerAt) return;
    host.clearTimer(this.#timer);
    this.#timerAt = deadline ?? Number.POSITIVE_INFINITY;
    if (deadline === undefined) return;
    this.#timer = host.setTimer(Math.max(0, deadline - now()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#owner.wake(now(), this.socket?.bufferedAmount ?? 0);
      this.#owner.run();
    });
  }
}

/** Makes a `DecodeError` of what a codec threw, for the session. */
export function toDecodeError(error: unknown): DecodeError {
  return error instanceof DecodeError ? error : new DecodeError("decode-failed", "the codec failed", { cause: error });
}
