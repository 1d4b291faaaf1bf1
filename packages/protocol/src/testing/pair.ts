import type { Codec } from "../codecs/codec.ts";
import type { SenteError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import { type Backpressure, type ClientLimits, clientDefaults, type ServerLimits } from "../limits.ts";
import { ClientSession } from "../session/client-session.ts";
import type { ClientOutput } from "../session/outputs.ts";
import type { RequestId } from "../session/requests.ts";
import type { ServerSession } from "../session/server-session.ts";
import type { Arrival } from "../session/session-table.ts";
import { baselineFeatures, type FeatureSet } from "../wire/features.ts";
import type { Form, Frame, Handshake } from "../wire/frames.ts";
import type { LoginParams } from "../wire/login-params.ts";
import type { Answer } from "../wire/request-bodies.ts";
import type { Settlement } from "../wire/settlement.ts";
import type { NamedSession } from "../wire/subprotocols.ts";
import { ann, type Ending, PairServer, type Wire } from "./pair-server.ts";
import { type Direction, Pipe } from "./pipe.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Options of a `Pair`. */
export interface PairOptions {
  readonly codec: Codec;
  /** One way, in milliseconds. Default 5. */
  readonly latencyMs?: number;
  readonly client?: Partial<ClientLimits>;
  readonly server?: Partial<ServerLimits>;
  readonly form?: Form;
  readonly handshake?: Handshake;
  /** Jitter, in [0, 1). Default: always 0.5. */
  readonly random?: () => number;
  /** False: attempts to connect get no answer. */
  readonly isReachable?: () => boolean;
  /** False: the server keeps no sessions, as real Sente. Default true. */
  readonly sessions?: boolean;
  readonly onSessionLost?: "report" | "resend";
  readonly backpressure?: Backpressure;
  /** What the client names, and the server tells; default: those of before features had names, of which none is told. */
  readonly features?: FeatureSet;
}

/**
 * A client session and the server sessions that it connects to, in memory, with virtual time: latency, a fence that
 * holds delivery, cuts with loss, and `leftovers` for the end. Frames really are encoded and decoded.
 */
export class Pair {
  readonly clock: VirtualClock = new VirtualClock();
  readonly client: ClientSession;
  /** Every server session that was opened, the current one last. */
  readonly sessions: ServerSession[];
  /** What each side delivered, in order. */
  readonly atClient: SenteEvent[] = [];
  readonly atServer: { readonly event: SenteEvent; readonly cbId: string | null }[];
  readonly settled: Map<RequestId, Settlement> = new Map();
  /** How the server's requests ended, by session. */
  readonly settledAtServer: {
    readonly session: ServerSession;
    readonly id: RequestId;
    readonly settlement: Settlement;
  }[];
  readonly errors: SenteError[] = [];
  readonly undelivered: SenteEvent[] = [];
  /** The losses of sessions that the client reported. */
  readonly gaps: { readonly sessionId: string; readonly inDoubt: readonly SenteEvent[] }[] = [];
  /** Connections over which the client was asked for a new login, and what it said at the server. */
  readonly asked: object[] = [];
  readonly loggedIn: LoginParams[];
  /** The sessions that ended at the server, with the frames that may not have arrived. */
  readonly endings: { readonly reason: string; readonly undelivered: readonly Frame[] }[];
  /** The frames that the policy `drop-oldest` left out. */
  readonly dropped: Frame[];
  /** The frames that went over the wire, as text. */
  readonly frames: { readonly direction: Direction; readonly data: string | Uint8Array }[] = [];
  /** How each connection ended, as the client was told or said. */
  readonly closes: { readonly by: "client" | "server"; readonly code: number; readonly reason: string }[] = [];
  /** When attempts were made. */
  readonly attempts: number[] = [];
  /** Answers a request that the server got; default: none. */
  onRequest: ((event: SenteEvent, reply: (value: unknown) => void) => void) | undefined;
  /** Answers a request that the client got; default: none. */
  onAsked: ((event: SenteEvent, answer: (answer: Answer) => boolean) => void) | undefined;

  readonly #options: PairOptions;
  readonly #server: PairServer;
  #wire: Wire | undefined;
  /** Every connection so far: an earlier one may still carry something. */
  readonly #wires = new Set<Wire>();
  #takeBackTimer: () => void = () => {};

  constructor(options: PairOptions) {
    this.#options = options;
    const { clock, errors, frames } = this;
    this.#server = new PairServer({
      ...options,
      clock,
      errors,
      frames,
      onRequest: (event, reply) => this.onRequest?.(event, reply),
    });
    const { sessions, atServer, settled, loggedIn, endings, dropped } = this.#server;
    this.sessions = sessions;
    this.atServer = atServer;
    this.settledAtServer = settled;
    this.loggedIn = loggedIn;
    this.endings = endings;
    this.dropped = dropped;
    this.client = new ClientSession({
      codec: options.codec,
      limits: { ...clientDefaults, ...options.client },
      random: options.random ?? (() => 0.5),
      onSessionLost: options.onSessionLost,
    });
  }

  /** The server session that was opened last. */
  get server(): ServerSession | undefined {
    return this.sessions.at(-1);
  }

  /** How many logins have ended. */
  get expired(): number {
    return this.#server.expired;
  }

  /** Does something to the client, and carries on what follows. */
  act<T>(action: (client: ClientSession, now: number) => T): T {
    const result = action(this.client, this.clock.now);
    this.#runClient();
    return result;
  }

  /** Does something to the server session that was opened last. */
  serve(action: (session: ServerSession, now: number) => void): void {
    this.#server.serve(action);
  }

  /** The server forgets everything, as when its process is replaced; connections break. */
  restart(): void {
    this.#server.forget();
    this.cut({ server: false });
  }

  /**
   * The server session that was opened last goes to another process, whose clock is ahead by so much more: `drained`, after
   * its client was told exactly what was taken over (PROTOCOL.md section 6.9), else with nothing but the end of the
   * connection. False where there is nothing to go on with.
   */
  moveServer({ drained = true, aheadMs = 0 }: { readonly drained?: boolean; readonly aheadMs?: number } = {}): boolean {
    return this.#server.move({ drained, aheadMs });
  }

  /** Connects, and lets time pass until the handshake is there. */
  connect(): void {
    this.act((client, now) => client.connect(now));
    this.clock.advance((this.#options.latencyMs ?? 5) * 2);
  }

  push(...event: [string, unknown?]): void {
    this.serve((session) => {
      session.push(event);
      session.flush();
    });
  }

  /** The fence: nothing is delivered in that direction until `release`. */
  hold(direction: Direction): void {
    this.#wire?.[direction].hold();
  }

  release(direction: Direction): void {
    this.#wire?.[direction].release();
  }

  /** The connection breaks: what is in flight is lost. Each side notices at once, or as told, or (never) by its own means. */
  cut(noticed: { readonly client?: boolean; readonly server?: boolean } = {}): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    wire.toServer.cut();
    wire.toClient.cut();
    if (noticed.server !== false) this.#server.close(wire, { code: 1006, reason: "" });
    if (noticed.client !== false) this.#closeClient(wire, { code: 1006, reason: "" });
  }

  /** What is left that should not be, at the end of a test, once the client was disconnected. */
  leftovers(): readonly string[] {
    const left: string[] = [];
    if (this.client.queued > 0) left.push(`${this.client.queued} events wait at the client`);
    if (this.client.deadline !== undefined) left.push("the client waits for something");
    for (const session of this.sessions) {
      if (session.status !== "ended") left.push(`a server session is ${session.status}`);
      if (session.nextFrame() !== undefined) left.push("a frame waits at the server");
    }
    for (const { toServer, toClient } of this.#wires) {
      if (toServer.inFlight > 0) left.push(`${toServer.inFlight} frames are on their way to the server`);
      if (toClient.inFlight > 0) left.push(`${toClient.inFlight} frames are on their way to the client`);
    }
    if (this.#server.away > 0) left.push(`${this.#server.away} sessions are away`);
    if (this.clock.pending > 0) left.push(`${this.clock.pending} timers wait`);
    return left;
  }

  #open(attempt: number, named: NamedSession | undefined): void {
    const { latencyMs = 5, codec, form = "wrapped", handshake, isReachable: reachable } = this.#options;
    this.#detachClient();
    this.attempts.push(this.clock.now);
    if (reachable?.() === false) return;
    const wire: Wire = {
      toServer: new Pipe(this.clock, latencyMs, (item) => this.#server.receive(wire, item)),
      toClient: new Pipe(this.clock, latencyMs, (item) => this.#receiveAtClient(wire, item)),
      holder: undefined,
      clientListens: true,
    };
    this.#wire = wire;
    this.#wires.add(wire);
    const { uid } = handshake ?? ann;
    const owner = { key: "user", isUser: true };
    const { features = baselineFeatures } = this.#options;
    const arrival: Arrival = { uid, clientId: "c1", codec, form, features, attempt, instance: "i1", owner, named };
    this.clock.after(latencyMs, () => this.#server.admit(wire, arrival));
  }

  #receiveAtClient(wire: Wire, item: Frame | Ending): void {
    if (!wire.clientListens) return;
    if ("code" in item) {
      this.closes.push({ by: "server", ...item });
      this.#closeClient(wire, item);
      return;
    }
    this.client.message(this.#options.codec.decode(item.data), item.bytes, this.clock.now);
    this.#runClient();
  }

  #closeClient(wire: Wire, { code, reason }: Ending): void {
    if (!wire.clientListens) return;
    wire.clientListens = false;
    this.client.closed(code, reason, this.clock.now);
    this.#runClient();
  }

  #runClient(): void {
    this.#pumpClient();
    for (let said = this.client.pollOutput(); said !== undefined; said = this.client.pollOutput()) {
      if (said.type === "open") this.#open(said.attempt, said.session);
      else if (said.type === "event") this.#deliverToClient(said);
      else if (said.type === "settle") this.settled.set(said.id, said.settlement);
      else if (said.type === "report") this.errors.push(said.error);
      else if (said.type === "undelivered") this.undelivered.push(...said.events);
      else if (said.type === "refresh") this.asked.push(said.connection);
      else if (said.type === "gap") this.gaps.push({ sessionId: said.sessionId, inDoubt: said.inDoubt });
      else if (said.type === "close") {
        this.closes.push({ by: "client", code: said.code, reason: said.reason });
        this.#wire?.toServer.send({ code: said.code, reason: said.reason });
        this.#detachClient();
      }
      this.#pumpClient();
    }
    this.#takeBackTimer();
    const { deadline } = this.client;
    if (deadline === undefined) return;
    this.#takeBackTimer = this.clock.after(deadline - this.clock.now, () => {
      this.client.wake(this.clock.now, 0);
      this.#runClient();
    });
  }

  #pumpClient(): void {
    const wire = this.#wire;
    for (let frame = this.client.nextFrame(); frame !== undefined; frame = this.client.nextFrame()) {
      this.frames.push({ direction: "toServer", data: frame.data });
      wire?.toServer.send(frame);
    }
  }

  #deliverToClient({ event, request }: Extract<ClientOutput, { type: "event" }>): void {
    this.atClient.push(event);
    if (request === undefined) return;
    this.onAsked?.(event, (answer) => this.act((client) => client.answer(request, answer)));
  }

  /** The client no longer hears of its connection; the server learns of it when it is told, or by its own means. */
  #detachClient(): void {
    if (this.#wire !== undefined) this.#wire.clientListens = false;
  }
}
