import { type ClientLimits, type Codec, DecodeError, type Encoded, type SenteEvent } from "@sente-lite/protocol";
import { Deque } from "@sente-lite/protocol/queues";
import {
  type ClientOutput,
  type ClientSession,
  closeCodes,
  codecCure,
  countBytes,
  type Frame,
  looksLike,
} from "@sente-lite/protocol/session";
import type { Host } from "../host.ts";
import { type Attachment, type PumpOwner, SocketPump, toDecodeError } from "../socket-pump.ts";
import type { ClientSocket, SocketHandlers } from "../sockets.ts";
import { type Asked, connectError, type SocketOpener } from "./socket-opener.ts";
import type { Tracer } from "./trace.ts";

export interface DriverOptions {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  readonly session: ClientSession;
  readonly limits: ClientLimits;
  readonly codec: Codec;
  readonly opener: SocketOpener;
  readonly tracer: Tracer;
  readonly events: DriverEvents;
}

/** What a driver tells its client. */
export interface DriverEvents {
  /** The session said something that is not the driver's own business. */
  output(output: Exclude<ClientOutput, { type: "open" | "close" }>): void;
  /** The current socket is gone. */
  socketClosed(code: number, reason: string): void;
  /** The socket failed; the close that follows says the rest. */
  socketFailed(error: Error): void;
  /** A function of the user's that an attempt needs failed. */
  attemptFailed(error: Error): void;
  /** After every run: what the session holds may have changed. */
  noteRun(): void;
}

/** Drives the session over one socket after the other: the client's half of the one driver. */
export class ClientDriver implements PumpOwner<ClientSocket> {
  readonly #options: DriverOptions;
  readonly #pump: SocketPump<ClientSocket>;
  /** Events that wait, because a change of the connection goes first. */
  #later = new Deque<ClientOutput>();
  #isRunning = false;
  #isSuspended = false;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#pump = new SocketPump(options, options.session, this);
  }

  /** Sends what may be sent, acts on what the session says, and sets the timer. */
  run(): void {
    this.#pump.pump();
    // A consumer that sends calls this again: its frames went out above, and the loop below takes its outputs in their
    // turn.
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { session, events } = this.#options;
    const next = () => this.#later.shift() ?? session.pollOutput();
    for (let output = next(); output !== undefined; output = next()) {
      this.#act(output);
      this.#pump.pump();
    }
    this.#isRunning = false;
    this.#arm();
    events.noteRun();
  }

  /** Sends an event now or never; false where it is left out. */
  sendVolatile(event: SenteEvent): boolean {
    this.#pump.pump();
    const { socket } = this.#pump;
    const isSent = this.#options.session.sendVolatile(event, socket?.bufferedAmount ?? 0);
    this.run();
    return isSent;
  }

  /**
   * Runs as `run` does, after the application asked for a change of the connection. The change takes effect at once,
   * even when a handler asks for it: before the events that came and are not handled yet. Those follow; where `isOver`,
   * they are dropped.
   */
  runAtOnce({ isOver }: { readonly isOver: boolean }): void {
    if (this.#isRunning) {
      const { session } = this.#options;
      const held = this.#later;
      this.#later = new Deque();
      for (let output = held.shift() ?? session.pollOutput(); output !== undefined; ) {
        if (output.type !== "event") this.#act(output);
        else if (!isOver) this.#later.push(output);
        output = held.shift() ?? session.pollOutput();
      }
      this.#arm();
    }
    this.run();
  }

  /** Cuts the connection, as a fault of the network would. */
  cut(): void {
    this.#pump.detach()?.terminate();
    this.closed(closeCodes.broken, "broken on purpose");
  }

  /** Cuts the connection where there is one, and lets no timer begin another until `resume`. */
  suspend(): void {
    this.#isSuspended = true;
    if (this.#pump.isAttached) this.cut();
    else this.#arm();
  }

  resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    this.#options.session.hasten(this.#options.now());
    this.run();
  }

  /** @internal For the pump. */
  transmit(socket: ClientSocket, frame: Frame): boolean {
    const { session, tracer } = this.#options;
    socket.send(frame.data);
    tracer.tellFrame("out", frame.data, session.form);
    return true;
  }

  /** @internal For the pump. */
  received(data: Encoded): void {
    const { session, codec, limits, now, tracer } = this.#options;
    const bytes = countBytes(data);
    tracer.tellFrame("in", data, session.form);
    // A first frame that is no handshake may be one in another codec.
    const cure = session.status === "opening" ? codecCure(looksLike(data), "client", codec.name) : "";
    let value: unknown;
    try {
      if (bytes > limits.maxPayloadBytes)
        throw new DecodeError("too-large", `a frame of ${bytes} bytes is over the limit`);
      value = codec.decode(data);
    } catch (error) {
      session.receiveUnreadable(toDecodeError(error), bytes, now(), cure);
      this.run();
      return;
    }
    const wasOpen = session.status === "open";
    session.message(value, bytes, now(), cure);
    if (wasOpen) this.run();
    else this.#pump.look();
  }

  /** @internal For the pump: the connection is lost. */
  closed(code: number, reason: string): void {
    const { session, now } = this.#options;
    this.#tellOfClose(code, reason);
    session.closed(code, reason, now());
    this.run();
  }

  /** @internal For the pump. */
  wake(now: number, buffered: number): void {
    this.#options.session.wake(now, buffered);
  }

  #act(output: ClientOutput): void {
    if (output.type === "open") this.#open(output);
    else if (output.type === "close") this.#close(output.code, output.reason);
    else this.#options.events.output(output);
  }

  #open({ attempt, session }: Extract<ClientOutput, { type: "open" }>): void {
    const { opener, tracer } = this.#options;
    const attachment = this.#pump.attach();
    const fail = (cause: unknown) => this.#fail(attachment, cause);
    const open = (asked: Asked) => {
      if (!this.#pump.isCurrent(attachment)) return;
      try {
        attachment.socket = opener.open(attempt, session, asked, this.#handlersOf(attachment));
      } catch (cause) {
        fail(cause);
      }
    };
    tracer.tellOpening(attempt);
    const asked = opener.ask();
    if (asked instanceof Promise) asked.then(open, fail);
    else open(asked);
  }

  #handlersOf(attachment: Attachment<ClientSocket>): SocketHandlers {
    return {
      ...this.#pump.handlersOf(attachment),
      failed: (error) => {
        if (this.#pump.isCurrent(attachment)) this.#options.events.socketFailed(error);
      },
    };
  }

  /** The attempt came to nothing. */
  #fail(attachment: Attachment<ClientSocket>, cause: unknown): void {
    if (!this.#pump.isCurrent(attachment)) return;
    this.#options.events.attemptFailed(connectError(cause));
    this.#pump.detach();
    this.closed(1006, "");
  }

  #close(code: number, reason: string): void {
    this.#tellOfClose(code, reason);
    this.#pump.close(code, reason);
  }

  #tellOfClose(code: number, reason: string): void {
    const { events, tracer } = this.#options;
    tracer.tellClosed(code, reason);
    events.socketClosed(code, reason);
  }

  #arm(): void {
    this.#pump.arm(this.#isSuspended ? undefined : this.#options.session.deadline);
  }
}
