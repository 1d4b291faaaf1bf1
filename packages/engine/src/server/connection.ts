import { DecodeError, type Encoded, type ServerLimits } from "@sente-lite/protocol";
import {
  type Batch,
  closeCodes,
  encodedBytes,
  type Handshake,
  type ServerOutput,
  ServerSession,
} from "@sente-lite/protocol/session";
import type { Host, Timer } from "../host.ts";
import { CLOSE_GRACE_MS, type ConnectionHandlers, DRAIN_POLL_MS, type ServerSocket } from "../sockets.ts";
import type { Source } from "../source.ts";
import type { Admitted } from "./admission.ts";
import type { Counters } from "./metrics.ts";

/** What a connection tells its server. */
export interface ConnectionEvents<Context> {
  output(connection: Connection<Context>, output: Exclude<ServerOutput, { type: "close" }>): void;
  /** `hasEnded`: the client said that it will not come back. */
  closed(connection: Connection<Context>, hasEnded: boolean): void;
  /** Its socket has closed: nothing of it is left. */
  ended(connection: Connection<Context>): void;
  report(error: unknown, context: Readonly<Record<string, unknown>>): void;
}

export interface ConnectionOptions<Context> {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  readonly limits: ServerLimits;
  readonly root: Batch;
  readonly counters: Counters;
  readonly admitted: Admitted<Context>;
  readonly socket: ServerSocket;
  readonly events: ConnectionEvents<Context>;
}

/** Drives one session over one socket: the server's half of the one driver. */
export class Connection<Context> implements Source {
  readonly uid: string | null;
  readonly clientId: string;
  readonly admitted: Admitted<Context>;
  readonly session: ServerSession;
  readonly maxReceived: number;
  readonly #options: ConnectionOptions<Context>;
  #timer: Timer;
  #timerAt = Number.POSITIVE_INFINITY;
  #drainTimer: Timer;
  #graceTimer: Timer;
  #hasDrainEvent = false;
  #isDraining = false;
  #isRunning = false;
  #isGone = false;
  #pauses = 0;

  constructor(options: ConnectionOptions<Context>) {
    const { admitted, limits, root } = options;
    const { uid, clientId, codec, parameters, handshakeData } = admitted;
    const handshake: Handshake = { uid, csrfToken: null, data: handshakeData };
    this.#options = options;
    this.uid = uid;
    this.clientId = clientId;
    this.admitted = admitted;
    this.maxReceived = limits.maxReceived;
    const form = parameters.clientId === undefined ? "bare" : "wrapped";
    this.session = new ServerSession({ codec, form, ownPeer: parameters.ownPeer, handshake, limits, root });
  }

  /** What the runtime tells of the socket. */
  readonly handlers: ConnectionHandlers = {
    message: (data) => this.#received(data),
    drained: () => {
      this.#hasDrainEvent = true;
      this.#isDraining = false;
      this.run();
    },
    closed: (code, reason) => this.#closed(code, reason),
  };

  /** Sends the handshake. */
  open(): void {
    try {
      this.session.open(this.#options.now());
    } catch (error) {
      this.report(error, { source: "handshakeDataFn" });
      this.#close(1011, "the handshake failed");
      return;
    }
    this.run();
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
    this.#arm();
  }

  /** Ends the connection from this side, after what waits. */
  close(code: number, reason: string): void {
    this.session.flush();
    this.#pump(Number.POSITIVE_INFINITY);
    this.session.close(code, reason);
    this.run();
  }

  pause(): void {
    if (this.#pauses++ === 0) this.#options.socket.pause?.();
  }

  resume(): void {
    if (--this.#pauses === 0 && !this.#isGone) this.#options.socket.resume?.();
  }

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

  #received(data: Encoded): void {
    if (this.#isGone) return;
    const { now, counters, admitted, limits } = this.#options;
    const bytes = encodedBytes(data);
    counters.framesIn++;
    counters.bytesIn += bytes;
    if (bytes > limits.maxPayloadBytes) {
      // Most runtimes refuse it before it gets here.
      this.session.close(closeCodes.tooBig, "message too big");
      this.run();
      return;
    }
    let value: unknown;
    try {
      value = admitted.codec.decode(data);
    } catch (error) {
      this.session.undecodable(
        error instanceof DecodeError ? error : new DecodeError("decode-failed", "the codec failed", { cause: error }),
        now(),
      );
      this.run();
      return;
    }
    this.session.message(value, bytes, now());
    this.run();
  }

  #pump(mark: number): void {
    const { socket, counters } = this.#options;
    while (!this.#isGone) {
      if (socket.bufferedAmount >= mark) {
        this.#awaitDrain();
        return;
      }
      const frame = this.session.nextFrame();
      if (frame === undefined) return;
      counters.framesOut++;
      counters.bytesOut += frame.bytes;
      if (socket.send(frame.data) === "dropped") {
        this.session.close(closeCodes.tooSlow, "a frame was dropped");
        return;
      }
    }
  }

  #awaitDrain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    if (this.#hasDrainEvent) return;
    this.#drainTimer = this.#options.host.setTimer(DRAIN_POLL_MS, () => {
      this.#isDraining = false;
      if (!this.#isGone) this.run();
    });
  }

  #arm(): void {
    const { host, now } = this.#options;
    const { deadline } = this.session;
    // Only an earlier deadline needs another timer; one that comes early finds nothing to do and asks again.
    if (deadline === undefined || deadline >= this.#timerAt) return;
    host.clearTimer(this.#timer);
    this.#timerAt = deadline;
    this.#timer = host.setTimer(Math.max(0, deadline - now()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.session.wake(now(), this.#options.socket.bufferedAmount);
      this.run();
    });
  }

  #close(code: number, reason: string): void {
    const { host, socket } = this.#options;
    if (this.#isGone) return;
    this.#graceTimer = host.setTimer(CLOSE_GRACE_MS, () => socket.terminate());
    socket.close(code, reason);
    // From here on the connection is dead to the server, whatever its socket still says.
    this.#leave(false);
  }

  #closed(code: number, reason: string): void {
    this.#options.host.clearTimer(this.#graceTimer);
    this.session.closed(code, reason, this.#options.now());
    // Sente's own clients close with 1000 when they miss a pong, and come back.
    const { ownPeer } = this.admitted.parameters;
    this.#leave(ownPeer && (code === closeCodes.normal || code === closeCodes.goingAway));
    this.#options.events.ended(this);
  }

  #leave(hasEnded: boolean): void {
    if (this.#isGone) return;
    const { host, events } = this.#options;
    this.#isGone = true;
    host.clearTimer(this.#timer);
    host.clearTimer(this.#drainTimer);
    events.closed(this, hasEnded);
  }
}
