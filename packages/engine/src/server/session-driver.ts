import { type Encoded, ProtocolError, type SenteEvent } from "@sente-lite/protocol";
import {
  closeCodes,
  countBytes,
  type Frame,
  type ServerOutput,
  ServerSession,
  type SessionState,
  type VolatilePush,
} from "@sente-lite/protocol/session";
import type { Peer } from "../delivery.ts";
import { Incoming, type Paced } from "../incoming.ts";
import { toDecodeError } from "../socket-pump.ts";
import type { ConnectionHandlers, ServerSocket } from "../sockets.ts";
import type { Admitted } from "./admission.ts";
import { ClientLife, type WhyOver } from "./client-life.ts";
import { ClientWork } from "./client-work.ts";
import type { ConnectionGround } from "./connection-ground.ts";
import { Departure } from "./departure.ts";
import { FrameIntake, type FrameReader } from "./frame-intake.ts";
import { SessionSocket, type SocketOwner } from "./session-socket.ts";

/**
 * Drives a client's session over one socket, and with our own clients over one socket after the other: connections
 * break, sessions stay (PROTOCOL.md section 6). The server's half of the one driver.
 */
export class SessionDriver<Context> implements Peer, Paced, SocketOwner, FrameReader {
  readonly uid: string | null;
  readonly clientId: string;
  readonly session: ServerSession;
  /** What came from it and waits for its handlers. */
  readonly incoming: Incoming;
  /** What the application does for it. */
  readonly work: ClientWork;
  /** How it leaves this server. */
  readonly departure: Departure<SessionDriver<Context>>;
  readonly #ground: ConnectionGround<SessionDriver<Context>>;
  readonly #socket: SessionSocket<SessionDriver<Context>>;
  readonly #life: ClientLife;
  readonly #intake: FrameIntake<SessionDriver<Context>>;
  #admitted: Admitted<Context>;
  #isRunning = false;

  /** `id` is the session's, where it outlives its sockets. */
  constructor(ground: ConnectionGround<SessionDriver<Context>>, admitted: Admitted<Context>, id: string | undefined) {
    const { limits, root, pool, turns, fanOut, backpressure } = ground;
    const { uid, clientId, codec, form, parameters } = admitted;
    this.#ground = ground;
    this.#admitted = admitted;
    this.uid = uid;
    this.clientId = clientId;
    const onIdle = () => this.departure.noteIdle();
    this.incoming = new Incoming({ peer: this, limits, pool, turns, fanOut, onIdle });
    this.work = new ClientWork({ peer: this, slowHandlers: ground.slowHandlers, onIdle });
    this.#intake = new FrameIntake(ground, this, admitted.owner);
    const { features, ownPeer, namesFeatures: tellsFeatures } = parameters;
    // No spread before other properties: V8 gives each such object a shape of its own, and whatever reads it every time is slow.
    const peer = { codec, form, features, ownPeer, tellsFeatures };
    this.session = new ServerSession({ limits, root, backpressure, id, ...peer });
    this.#socket = new SessionSocket(ground, this);
    this.departure = new Departure(ground, this, this.#socket);
    const announce = (event: SenteEvent) => ground.dispatcher.announce(this, event);
    this.#life = new ClientLife({ client: this, shutdown: ground.shutdown, announce });
  }

  /** False where it ends with its socket. */
  get hasSession(): boolean {
    return this.session.id !== undefined;
  }

  /** True while it has a connection. */
  get isLive(): boolean {
    return this.session.status === "live";
  }

  /** The request of who connected last: it is kept for the handlers, in bytes. */
  get requestBytes(): number {
    return this.#admitted.requestBytes;
  }

  /** True where its runtime cannot stop reading. */
  get cannotPause(): boolean {
    const { socket } = this.#socket.pump;
    return socket !== undefined && socket.pause === undefined;
  }

  /** Why nobody waits for it any more. */
  get whyOver(): WhyOver | undefined {
    return this.#life.whyOver;
  }

  /** Who connected last, and how. */
  get admitted(): Admitted<Context> {
    return this.#admitted;
  }

  /** The first socket is open: sends the handshake. */
  open(socket: ServerSocket): ConnectionHandlers {
    this.#ground.roster.noteSocket(this, socket);
    const handlers = this.#socket.attach(socket);
    this.#socket.greet((now) => this.session.open(this.#handshake(), now));
    this.#noteLogin();
    return handlers;
  }

  /**
   * Another socket is open, of a client that took over `received` frames. It replaces the earlier socket, and what
   * follows those frames is sent again.
   */
  resumeOn(socket: ServerSocket, admitted: Admitted<Context>, received: number): ConnectionHandlers {
    this.#ground.roster.noteSocket(this, socket);
    this.session.cut(closeCodes.takenOver, "taken over by a later attempt", this.#ground.now());
    this.run();
    this.#admitted = admitted;
    const handlers = this.#socket.attach(socket);
    this.#socket.greet((now) => this.session.resume(received, this.#handshake(), now));
    this.#noteLogin();
    return handlers;
  }

  /** Its client has logged in anew: what its handlers are given from now on is of that login. */
  renew(admitted: Admitted<Context>): void {
    this.#admitted = admitted;
    this.#noteLogin();
  }

  /** Its session began at another server, and goes on here: it waits for its client. */
  restore(state: SessionState): void {
    this.session.restore(state, this.#ground.now());
    this.#life.noteAnnounced();
    this.run();
  }

  /** Sends what may be sent, acts on what the session says, and sets the timer. */
  run(): void {
    this.#socket.pump.pump();
    // A handler that pushes or replies calls this again: its frames went out above, and the loop below takes its
    // outputs in their turn.
    if (this.#isRunning) return;
    let output = this.session.pollOutput();
    if (output !== undefined) {
      this.#isRunning = true;
      for (; output !== undefined; output = this.session.pollOutput()) this.#act(output);
      this.#isRunning = false;
      // The ack that was due waited for the events.
      this.#socket.pump.pump();
    }
    if (this.session.status === "away") this.#ground.roster.noteAway(this);
    this.#socket.pump.arm(this.session.deadline);
  }

  /** Tells of its user. */
  announce(id: "chsk/uidport-open" | "chsk/uidport-close"): void {
    this.#ground.dispatcher.announceUser(this, id);
  }

  /** Tells the application of a client that has come, unless it is gone again. */
  announceOpen(): void {
    if (this.isLive) this.#life.announceOpen();
  }

  /** Sends an event now or never; false, and counted, where it is left out. */
  pushVolatile(push: VolatilePush): boolean {
    this.session.flush();
    this.#socket.pump.pump();
    const { socket } = this.#socket.pump;
    const isSent = socket !== undefined && this.session.pushVolatile(push, socket.bufferedAmount);
    if (!isSent) this.#ground.counters.volatileDropped++;
    this.run();
    return isSent;
  }

  /** Closes from this side, after what waits. 4000 keeps the session, where it outlives its sockets. */
  close(code: number, reason: string): void {
    this.session.flush();
    this.#socket.pump.pump(Number.POSITIVE_INFINITY);
    if (code === closeCodes.broken) this.session.cut(code, reason, this.#ground.now());
    else this.session.close(code, reason);
    this.run();
  }

  /** Closes the connection at once; the session waits, where it outlives its sockets. */
  cut({ code, reason }: { readonly code: number; readonly reason: string }): void {
    this.session.cut(code, reason, this.#ground.now());
    this.run();
  }

  /** Ends the session from this side: what waits in it is not sent. */
  end(code: number, reason: string): void {
    this.session.close(code, reason);
    this.run();
  }

  /**
   * Closes because the application threw its client out. What waits from the client is not handled; what waits for it
   * is sent only as far as the socket has room.
   */
  expel(code: number, reason: string): void {
    this.#life.noteOver("expelled");
    this.incoming.clear();
    this.session.flush();
    this.#socket.pump.pump();
    this.end(code, reason);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** An event that was counted found no place: the session cannot go on as if nothing was lost. */
  overflow(): void {
    if (this.session.status === "ended") {
      this.#ground.following?.giveUp(this);
      return;
    }
    this.#ground.faults.reportFull(this);
    if (this.incoming.isFlood) this.#ground.floods.note(this.#admitted.request.remoteAddress);
    this.end(closeCodes.tooSlow, "too many events wait");
  }

  /** Its events were given up, so that the server goes on for others. */
  noteDropped(count: number): void {
    this.#ground.faults.reportEventsDropped(this, count);
  }

  report(error: unknown, context: Readonly<Record<string, unknown>>): void {
    this.#ground.report(error, { uid: this.uid, clientId: this.clientId, ...context });
  }

  warn(message: string): void {
    this.#ground.host.log.warn(message);
  }

  /** @internal For the pump. */
  transmit(socket: ServerSocket, frame: Frame): boolean {
    const { counters, now } = this.#ground;
    counters.framesOut++;
    counters.bytesOut += frame.bytes;
    if (socket.send(frame.data) !== "dropped") return true;
    this.session.cut(closeCodes.tooSlow, "a frame was dropped", now());
    return false;
  }

  /** @internal For the pump. */
  received(data: Encoded): void {
    const { counters } = this.#ground;
    const bytes = countBytes(data);
    counters.framesIn++;
    counters.bytesIn += bytes;
    this.#intake.put(data, bytes);
  }

  /** @internal For the pump: a ping or a pong came. */
  noteControl(bytes: number): void {
    this.#intake.noteControl(bytes);
  }

  /** @internal For the intake: its turn has come. */
  read(data: Encoded, bytes: number): boolean {
    const { now, limits, doubts } = this.#ground;
    if (bytes > limits.maxPayloadBytes) {
      // Most runtimes refuse it before it gets here. It is not counted: the client takes it out (section 6.3).
      this.session.cut(closeCodes.tooBig, "message too big", now());
      this.run();
      return false;
    }
    let value: unknown;
    try {
      value = this.#admitted.codec.decode(data);
    } catch (error) {
      doubts.noteUndecodable(this, data);
      this.session.receiveUnreadable(toDecodeError(error), bytes, now());
      this.run();
      return false;
    }
    doubts.noteDecoded(this, data, value);
    const { awaitsAck } = this.session;
    this.session.message(value, bytes, now());
    this.run();
    if (awaitsAck && !this.session.awaitsAck) this.departure.noteIdle();
    return true;
  }

  /** @internal For the pump: the connection is lost. */
  closed(code: number, reason: string): void {
    // Another server goes on with it.
    if (this.session.status === "ended") return;
    // Sente's own clients close with 1000 when they miss a pong, and come back.
    const { ownPeer } = this.#admitted.parameters;
    if (ownPeer && (code === closeCodes.normal || code === closeCodes.goingAway)) this.#life.noteOver("left");
    // Our clients' first word answers the handshake: one that says instead that a frame was too big could not read it.
    const isUnreadable = code === closeCodes.tooBig && this.hasSession && !this.session.isConfirmed;
    this.session.closed(code, reason, this.#ground.now());
    if (isUnreadable) this.#endUnreadable();
    this.#socket.noteClosed(code);
    this.#intake.leaveUnread();
    this.run();
  }

  /** @internal For the pump. */
  noteFull(isFull: boolean): void {
    this.#ground.fanOut.note(this, isFull);
  }

  /** @internal For the pump. */
  wake(now: number, buffered: number): void {
    if (this.#socket.isPaused) this.session.excuse(now);
    this.session.wake(now, buffered);
  }

  #act(output: ServerOutput): void {
    const { dispatcher, asking, faults, roster, rooms, doubts, refresh } = this.#ground;
    switch (output.type) {
      case "event":
        if (this.#intake.isOverRate) dispatcher.leaveOut(this, output);
        else dispatcher.dispatch(this, output);
        break;
      case "settle":
        asking.settle(this, output);
        break;
      case "report":
        faults.reportFault(this, output);
        break;
      case "dropped":
        faults.reportDropped(this, output);
        break;
      case "refresh":
        void refresh.take(this, output.params);
        break;
      case "login-expired":
        dispatcher.announce(this, ["chsk/login-expired", { uid: this.uid, clientId: this.clientId }]);
        break;
      case "close":
        if (output.code === closeCodes.pingTimeout) doubts.noteSilent(this);
        this.#socket.close(output.code, output.reason);
        this.#intake.leaveUnread();
        break;
      case "ended":
        roster.remove(this);
        rooms.noteOver(this);
        this.#intake.end();
        if (this.whyOver === undefined) faults.reportLost(this, output);
        this.#life.announceClose(output.cause);
        break;
    }
  }

  /** A login ends by the clock on the wall, and a session knows only its own. */
  #noteLogin(): void {
    const { host, now } = this.#ground;
    const { expiresAt = Number.POSITIVE_INFINITY } = this.#admitted;
    this.session.noteLogin(Math.floor(now() + expiresAt - host.now()), now());
    this.run();
  }

  #handshake() {
    return { uid: this.uid, csrfToken: null, data: this.#admitted.handshakeData };
  }

  #endUnreadable(): void {
    this.#life.noteOver("unreadable");
    const error = new ProtocolError("handshake-too-large", "the handshake is over maxPayloadBytes of a client");
    this.#ground.faults.reportFault(this, { error });
    this.session.close(closeCodes.tooBig, error.message);
  }
}
