import { type Backpressure, DecodeError, type Encoded, type ServerLimits } from "@sente-lite/protocol";
import { type Batch, closeCodes, encodedBytes, type ServerOutput, ServerSession } from "@sente-lite/protocol/session";
import type { Host, Timer } from "../host.ts";
import { CLOSE_GRACE_MS, type ConnectionHandlers, DRAIN_POLL_MS, type ServerSocket } from "../sockets.ts";
import type { Source } from "../source.ts";
import type { Admitted } from "./admission.ts";
import type { Drainable } from "./drain.ts";
import type { Counters } from "./metrics.ts";

/** What a connection tells its server. */
export interface ConnectionEvents<Context> {
  output(connection: Connection<Context>, output: Exclude<ServerOutput, { type: "close" }>): void;
  /** The client has said something: it knows its session. */
  confirmed(connection: Connection<Context>): void;
  /** It has no socket any more. `hasEnded`: the client said that it will not come back. */
  detached(connection: Connection<Context>, hasEnded: boolean): void;
  /** What waits for a client that is away may have changed. */
  waits(connection: Connection<Context>): void;
  /** Its last handler ended. */
  idle(connection: Connection<Context>): void;
  /** A socket has closed: nothing of it is left. */
  socketClosed(socket: ServerSocket): void;
  report(error: unknown, context: Readonly<Record<string, unknown>>): void;
}

export interface ConnectionOptions<Context> {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  readonly limits: ServerLimits;
  readonly root: Batch;
  readonly counters: Counters;
  readonly backpressure: Backpressure | undefined;
  readonly admitted: Admitted<Context>;
  /** Where its session outlives its sockets: the session's id. */
  readonly sessionId: string | undefined;
  readonly events: ConnectionEvents<Context>;
}

/** A socket, while it is the connection's. */
interface Attached {
  readonly socket: ServerSocket;
  isDraining: boolean;
  drainTimer: Timer;
  /** Cuts the socket, should it be slow to close. */
  grace: Timer;
}

/**
 * A client's connection: one session over one socket, and with our own clients over one socket after the other
 * (PROTOCOL.md section 6). The server's half of the one driver.
 */
export class Connection<Context> implements Source, Drainable {
  readonly uid: string | null;
  readonly clientId: string;
  readonly session: ServerSession;
  readonly maxReceived: number;
  readonly maxReceivedBytes: number;
  /** True once the application or the client asked for its end: nothing that waited was lost against their will. */
  isUnwanted = false;
  readonly #options: ConnectionOptions<Context>;
  #admitted: Admitted<Context>;
  #attached: Attached | undefined;
  #timer: Timer;
  #timerAt = Number.POSITIVE_INFINITY;
  #frameBytes = 0;
  #isConfirmed = false;
  #isRunning = false;
  #pauses = 0;
  #working = 0;

  constructor(options: ConnectionOptions<Context>) {
    const { admitted, limits, root, backpressure, sessionId: id } = options;
    const { uid, clientId, codec, form, parameters } = admitted;
    this.#options = options;
    this.#admitted = admitted;
    this.uid = uid;
    this.clientId = clientId;
    this.maxReceived = limits.maxReceived;
    this.maxReceivedBytes = limits.maxReceivedBytes;
    this.session = new ServerSession({ codec, form, ownPeer: parameters.ownPeer, limits, root, backpressure, id });
  }

  /** Who connected, and how: the last time. */
  get admitted(): Admitted<Context> {
    return this.#admitted;
  }

  /** The size of the frame whose events are being handed out. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  /** The first socket stands: sends the handshake. */
  open(socket: ServerSocket): ConnectionHandlers {
    const handlers = this.#attach(socket, this.#admitted);
    this.#greet((now) => this.session.open(this.#handshake(), now));
    return handlers;
  }

  /**
   * Another socket stands, of a client that took over `received` frames: it takes over from the earlier one, and what
   * follows those frames is sent again.
   */
  resumeOn(socket: ServerSocket, admitted: Admitted<Context>, received: number): ConnectionHandlers {
    this.session.cut(closeCodes.takenOver, "taken over by a later attempt", this.#options.now());
    this.run();
    const handlers = this.#attach(socket, admitted);
    this.#greet((now) => this.session.resume(received, this.#handshake(), now));
    return handlers;
  }

  /** Sends what may be sent, hands out what the session has to say, and sets the timer. */
  run(): void {
    this.#pump(this.#options.limits.highWaterBytes);
    // A handler that pushes or replies comes back here: its frames went out above, its outputs come in their turn.
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let output = this.session.pollOutput(); output !== undefined; output = this.session.pollOutput()) {
      if (output.type === "close") this.#close(output.code, output.reason);
      else this.#options.events.output(this, output);
    }
    this.#isRunning = false;
    if (this.session.status === "away") this.#options.events.waits(this);
    this.#arm();
  }

  /** Closes from this side, after what waits. 4000 keeps the session, where it outlives its sockets. */
  close(code: number, reason: string): void {
    this.session.flush();
    this.#pump(Number.POSITIVE_INFINITY);
    if (code === closeCodes.broken) this.session.cut(code, reason, this.#options.now());
    else this.session.close(code, reason);
    this.run();
  }

  /** True while a handler of it works, or a request of it has no answer. */
  get isBusy(): boolean {
    return this.#working > 0;
  }

  /** Work for it began; returns what ends it. */
  begun(): () => void {
    let hasEnded = false;
    this.#working++;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      if (--this.#working === 0) this.#options.events.idle(this);
    };
  }

  /** Closes because the server goes: after what waits, and saying exactly what was taken over. */
  drain(reason: string): void {
    this.isUnwanted = this.#attached !== undefined;
    this.session.flush();
    this.session.takeLeave();
    this.#pump(Number.POSITIVE_INFINITY);
    this.session.close(closeCodes.draining, reason);
    this.run();
  }

  pause(): void {
    if (this.#pauses++ === 0) this.#attached?.socket.pause?.();
  }

  resume(): void {
    if (--this.#pauses > 0) return;
    this.session.excuse(this.#options.now());
    this.#attached?.socket.resume?.();
  }

  /** An event that was counted found no place: the session cannot go on as if nothing was lost. */
  overflow(): void {
    this.session.close(closeCodes.tooSlow, "too many events wait");
    this.run();
  }

  report(error: unknown, context: Readonly<Record<string, unknown>>): void {
    this.#options.events.report(error, { uid: this.uid, clientId: this.clientId, ...context });
  }

  warn(message: string): void {
    this.#options.host.log.warn(message);
  }

  #handshake() {
    return { uid: this.uid, csrfToken: null, data: this.#admitted.handshakeData };
  }

  #greet(greet: (now: number) => void): void {
    try {
      greet(this.#options.now());
    } catch (error) {
      this.report(error, { source: "handshakeDataFn" });
      this.#close(1011, "the handshake failed");
      // A session that was to go on waits for another attempt.
      if (this.session.status === "new") this.session.close(1011, "the handshake failed");
    }
    this.run();
  }

  /** What the runtime tells of a socket is heard while it is the connection's; later only that it closed. */
  #attach(socket: ServerSocket, admitted: Admitted<Context>): ConnectionHandlers {
    const attached: Attached = { socket, isDraining: false, drainTimer: undefined, grace: undefined };
    this.#attached = attached;
    this.#admitted = admitted;
    if (this.#pauses > 0) socket.pause?.();
    const isCurrent = () => attached === this.#attached;
    return {
      message: (data) => {
        if (isCurrent()) this.#received(data);
      },
      drained: () => {
        if (!isCurrent()) return;
        attached.isDraining = false;
        this.run();
      },
      closed: (code, reason) => {
        this.#options.host.clearTimer(attached.grace);
        if (isCurrent()) this.#closed(code, reason);
        this.#options.events.socketClosed(socket);
      },
    };
  }

  #received(data: Encoded): void {
    const { now, counters, limits, events } = this.#options;
    const bytes = encodedBytes(data);
    counters.framesIn++;
    counters.bytesIn += bytes;
    this.#frameBytes = bytes;
    if (bytes > limits.maxPayloadBytes) {
      // Most runtimes refuse it before it gets here. It is not counted: the client takes it out (section 6.2).
      this.session.cut(closeCodes.tooBig, "message too big", now());
      this.run();
      return;
    }
    let value: unknown;
    try {
      value = this.#admitted.codec.decode(data);
    } catch (error) {
      const known =
        error instanceof DecodeError ? error : new DecodeError("decode-failed", "the codec failed", { cause: error });
      this.session.undecodable(known, bytes, now());
      this.run();
      return;
    }
    this.session.message(value, bytes, now());
    if (!this.#isConfirmed) {
      this.#isConfirmed = true;
      events.confirmed(this);
    }
    this.run();
  }

  #pump(mark: number): void {
    const { counters, now } = this.#options;
    for (;;) {
      const attached = this.#attached;
      if (attached === undefined) return;
      if (attached.socket.bufferedAmount >= mark) {
        this.#awaitDrain(attached);
        return;
      }
      const frame = this.session.nextFrame();
      if (frame === undefined) return;
      counters.framesOut++;
      counters.bytesOut += frame.bytes;
      if (attached.socket.send(frame.data) === "dropped") {
        this.session.cut(closeCodes.tooSlow, "a frame was dropped", now());
        return;
      }
    }
  }

  #awaitDrain(attached: Attached): void {
    if (attached.isDraining) return;
    attached.isDraining = true;
    // A runtime tells of room, if at all, at a mark of its own: the socket is looked at as well.
    attached.drainTimer = this.#options.host.setTimer(DRAIN_POLL_MS, () => {
      attached.isDraining = false;
      if (attached === this.#attached) this.run();
    });
  }

  #arm(): void {
    const { host, now } = this.#options;
    const { deadline } = this.session;
    if (deadline === undefined) {
      host.clearTimer(this.#timer);
      this.#timerAt = Number.POSITIVE_INFINITY;
      return;
    }
    // Only an earlier deadline needs another timer; one that comes early finds nothing to do and asks again.
    if (deadline >= this.#timerAt) return;
    host.clearTimer(this.#timer);
    this.#timerAt = deadline;
    this.#timer = host.setTimer(Math.max(0, deadline - now()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      // Whoever does not read cannot say that nothing came.
      if (this.#pauses > 0) this.session.excuse(now());
      this.session.wake(now(), this.#attached?.socket.bufferedAmount ?? 0);
      this.run();
    });
  }

  /** From here on the socket is dead to the server, whatever it still says; one that does not close is cut. */
  #close(code: number, reason: string): void {
    const attached = this.#attached;
    if (attached === undefined) return;
    const { socket } = attached;
    // A paused socket would not read the answer to its close.
    if (this.#pauses > 0) socket.resume?.();
    attached.grace = this.#options.host.setTimer(CLOSE_GRACE_MS, () => socket.terminate());
    socket.close(code, reason);
    this.#detach(false);
  }

  #closed(code: number, reason: string): void {
    // Sente's own clients close with 1000 when they miss a pong, and come back.
    const { ownPeer } = this.#admitted.parameters;
    const hasEnded = ownPeer && (code === closeCodes.normal || code === closeCodes.goingAway);
    if (hasEnded) this.isUnwanted = true;
    this.session.closed(code, reason, this.#options.now());
    this.#detach(hasEnded);
    this.run();
  }

  #detach(hasEnded: boolean): void {
    const { host, events } = this.#options;
    host.clearTimer(this.#attached?.drainTimer);
    this.#attached = undefined;
    events.detached(this, hasEnded);
  }
}
