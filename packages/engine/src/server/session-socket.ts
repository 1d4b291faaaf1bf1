import { closeCodes, type ServerSession } from "@sente-lite/protocol/session";
import { type PumpOwner, SocketPump } from "../socket-pump.ts";
import type { ConnectionHandlers, ServerSocket } from "../sockets.ts";
import type { Admitted } from "./admission.ts";
import type { ConnectionGround } from "./connection-ground.ts";

/** The codes with which a runtime closes where the peer broke RFC 6455, or a bound. */
const FAULTS: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, closeCodes.tooBig]);

/** Whose socket it is: the driver of the session. */
export interface SocketOwner extends PumpOwner<ServerSocket> {
  readonly session: ServerSession;
  /** Who connected last, and how. */
  readonly admitted: Admitted<unknown>;
  readonly departure: { noteIdle(): void };
  report(error: unknown, context: Readonly<Record<string, unknown>>): void;
}

/**
 * The socket of one session, and after it the next one: whether it is read, when its client was greeted, and how it is
 * closed. Its pump moves the frames.
 */
export class SessionSocket<O extends SocketOwner> {
  readonly pump: SocketPump<ServerSocket>;
  readonly #ground: ConnectionGround<O>;
  readonly #owner: O;
  /** How many pauses were not resumed yet. */
  #pauses = 0;
  #greetedAt = 0;

  constructor(ground: ConnectionGround<O>, owner: O) {
    this.#ground = ground;
    this.#owner = owner;
    this.pump = new SocketPump(ground, owner.session, owner);
  }

  /** True while it is not read: that nothing comes then says nothing of the peer. */
  get isPaused(): boolean {
    return this.#pauses > 0;
  }

  /** Makes another socket the current one. */
  attach(socket: ServerSocket): ConnectionHandlers {
    const handlers = this.pump.handlersOf(this.pump.attach(socket));
    if (this.isPaused) socket.pause?.();
    return {
      ...handlers,
      closed: (code, reason) => {
        handlers.closed(code, reason);
        this.#ground.roster.socketClosed(socket);
      },
    };
  }

  /** Calls `greet`, which gives the session its handshake. A handshake that cannot be encoded closes the socket. */
  greet(greet: (now: number) => void): void {
    const { session } = this.#owner;
    this.#greetedAt = this.#ground.now();
    try {
      greet(this.#greetedAt);
    } catch (error) {
      this.#owner.report(error, { source: "handshakeDataFn" });
      this.close(1011, "the handshake failed");
      // A session that was to go on waits for another attempt.
      if (session.status === "new") session.close(1011, "the handshake failed");
    }
    this.pump.look();
    this.#ground.roster.noteGreeted(this.#owner);
  }

  pause(): void {
    if (this.#pauses++ === 0) this.pump.socket?.pause?.();
  }

  resume(): void {
    if (--this.#pauses > 0) return;
    this.#owner.session.excuse(this.#ground.now());
    this.pump.socket?.resume?.();
  }

  /** Closes it, where there is one. */
  close(code: number, reason: string): void {
    if (!this.shut(code, reason)) return;
    this.#noteCutOff();
    this.#noteLost();
  }

  /** Closes it, of which everybody knows that it is lost; false where there is none. */
  shut(code: number, reason: string): boolean {
    const { socket } = this.pump;
    if (socket === undefined) return false;
    // A paused socket would not read the answer to its close.
    if (this.isPaused) socket.resume?.();
    this.pump.close(code, reason);
    return true;
  }

  /** It closed by itself. */
  noteClosed(code: number): void {
    if (FAULTS.has(code)) this.#noteCutOff();
    this.#noteLost();
  }

  /** This side closed the connection, or its runtime for a fault of the peer's. */
  #noteCutOff(): void {
    const { now, shutdown, lateGreetings } = this.#ground;
    if (shutdown.isReady) lateGreetings.noteCutOff(this.#owner.admitted, now() - this.#greetedAt);
  }

  /** The session has no socket any more. */
  #noteLost(): void {
    this.#ground.roster.noteSocketLost(this.#owner);
    this.#owner.departure.noteIdle();
  }
}
