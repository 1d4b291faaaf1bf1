import type { Event } from "../api.ts";
import type { Codec } from "../codecs/codec.ts";
import type { SenteError } from "../errors.ts";
import { type Backpressure, type ClientLimits, clientDefaults, type ServerLimits, serverDefaults } from "../limits.ts";
import { Batch } from "../session/batch.ts";
import { ClientSession } from "../session/client-session.ts";
import type { RequestId, Settlement } from "../session/requests.ts";
import { ServerSession } from "../session/server-session.ts";
import { type Arrival, ServerSessions, type SessionHolder } from "../session/server-sessions.ts";
import { closeCodes } from "../wire/close-codes.ts";
import type { Form, Frame, Handshake } from "../wire/frames.ts";
import type { NamedSession } from "../wire/subprotocols.ts";
import { type Direction, Link } from "./link.ts";
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
  readonly reachable?: () => boolean;
  /** False: the server keeps no sessions, as real Sente. Default true. */
  readonly sessions?: boolean;
  readonly onSessionLost?: "report" | "resend";
  readonly backpressure?: Backpressure;
}

/** What a side says when its socket closed. */
interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** A server session, and the connection that it has, if any. */
interface Holder extends SessionHolder {
  wire: Wire | undefined;
  takeBackTimer: () => void;
}

/** One connection: both links, and whether the client still listens. The server does while its holder has this wire. */
interface Wire {
  readonly toServer: Link<Frame | Ending>;
  readonly toClient: Link<Frame | Ending>;
  holder: Holder | undefined;
  clientListens: boolean;
}

/**
 * A client session and the server sessions that it connects to, in memory, with virtual time: latency, a fence that
 * holds delivery, cuts with loss, and `leftovers` for the end. Frames really are encoded and decoded.
 */
export class Pair {
  readonly clock: VirtualClock = new VirtualClock();
  readonly client: ClientSession;
  /** Every server session that was opened, the current one last. */
  readonly sessions: ServerSession[] = [];
  /** What each side delivered, in order. */
  readonly atClient: Event[] = [];
  readonly atServer: { readonly event: Event; readonly cbId: string | null }[] = [];
  readonly settled: Map<RequestId, Settlement> = new Map();
  readonly errors: SenteError[] = [];
  readonly undelivered: Event[] = [];
  /** The losses of sessions that the client reported. */
  readonly gaps: { readonly sessionId: string; readonly inDoubt: readonly Event[] }[] = [];
  /** The sessions that ended at the server, with the frames that may not have arrived. */
  readonly endings: { readonly reason: string; readonly undelivered: readonly Frame[] }[] = [];
  /** The frames that the policy `drop-oldest` left out. */
  readonly dropped: Frame[] = [];
  /** The frames that went over the wire, as text. */
  readonly frames: { readonly direction: Direction; readonly data: string | Uint8Array }[] = [];
  /** How each connection ended, as the client was told or said. */
  readonly closes: { readonly by: "client" | "server"; readonly code: number; readonly reason: string }[] = [];
  /** When attempts were made. */
  readonly attempts: number[] = [];
  /** Answers a request that the server got; default: none. */
  onRequest: ((event: Event, reply: (value: unknown) => void) => void) | undefined;

  readonly #options: PairOptions;
  readonly #serverLimits: ServerLimits;
  readonly #root = Batch.root();
  readonly #holders: Holder[] = [];
  #table: ServerSessions<Holder>;
  #ids = 0;
  #wire: Wire | undefined;
  /** Every connection so far: an earlier one may still carry something. */
  readonly #wires = new Set<Wire>();
  #takeBackTimer: () => void = () => {};

  constructor(options: PairOptions) {
    this.#options = options;
    this.#serverLimits = { ...serverDefaults, ...options.server };
    this.#table = new ServerSessions(this.#serverLimits);
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

  /** Does something to the client, and carries on what follows. */
  act<T>(action: (client: ClientSession, now: number) => T): T {
    const result = action(this.client, this.clock.now);
    this.#runClient();
    return result;
  }

  /** Does something to the server session that was opened last. */
  serve(action: (session: ServerSession, now: number) => void): void {
    const holder = this.#holders.at(-1);
    if (holder === undefined) return;
    action(holder.session, this.clock.now);
    this.#runServer(holder);
  }

  /** The server forgets everything, as when its process is replaced; connections break. */
  restart(): void {
    for (const holder of this.#holders) holder.takeBackTimer();
    const wire = this.#wire;
    this.#table = new ServerSessions(this.#serverLimits);
    this.#holders.length = this.sessions.length = 0;
    if (wire === undefined) return;
    wire.holder = undefined;
    this.cut({ server: false });
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
    if (noticed.server !== false) this.#serverClosed(wire, { code: 1006, reason: "" });
    if (noticed.client !== false) this.#clientClosed(wire, { code: 1006, reason: "" });
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
    if (this.#table.away > 0) left.push(`${this.#table.away} sessions are away`);
    if (this.clock.pending > 0) left.push(`${this.clock.pending} timers wait`);
    return left;
  }

  #open(attempt: number, named: NamedSession | undefined): void {
    const { latencyMs = 5, codec, form = "wrapped", handshake, reachable } = this.#options;
    this.#detachClient();
    this.attempts.push(this.clock.now);
    if (reachable?.() === false) return;
    const wire: Wire = {
      toServer: new Link(this.clock, latencyMs, (item) => this.#atServer(wire, item)),
      toClient: new Link(this.clock, latencyMs, (item) => this.#atClient(wire, item)),
      holder: undefined,
      clientListens: true,
    };
    this.#wire = wire;
    this.#wires.add(wire);
    const { uid } = handshake ?? ann;
    this.clock.after(latencyMs, () => this.#admit(wire, { uid, clientId: "c1", codec, form, attempt, named }));
  }

  #admit(wire: Wire, arrival: Arrival): void {
    const { now } = this.clock;
    if (this.#table.isStale(arrival)) {
      wire.toClient.send({ code: 1006, reason: "" });
      return;
    }
    const { ending, resumed } = this.#table.admit(arrival);
    for (const { holder, reason } of ending) {
      holder.session.close(reason === "never confirmed" ? closeCodes.restart : closeCodes.takenOver, reason);
      this.#runServer(holder);
    }
    if (resumed === undefined || arrival.named === undefined) {
      this.#begin(wire, arrival);
      return;
    }
    resumed.wire?.toClient.send({ code: closeCodes.takenOver, reason: "taken over" });
    this.#attach(resumed, wire);
    this.#table.returned(resumed);
    resumed.session.resume(arrival.named.received, this.#options.handshake ?? ann, now);
    this.#runServer(resumed);
  }

  #begin(wire: Wire, arrival: Arrival): void {
    const { codec, form = "wrapped", handshake, sessions } = this.#options;
    const id = sessions === false || form === "bare" ? undefined : `s${++this.#ids}`;
    const session = new ServerSession({
      codec,
      form,
      ownPeer: true,
      limits: this.#serverLimits,
      root: this.#root,
      id,
      backpressure: this.#options.backpressure,
    });
    const { uid, clientId } = arrival;
    const holder: Holder = { uid, clientId, session, wire: undefined, takeBackTimer: () => {} };
    this.sessions.push(session);
    this.#holders.push(holder);
    this.#table.add(holder, arrival);
    this.#attach(holder, wire);
    session.open(handshake ?? ann, this.clock.now);
    this.#runServer(holder);
  }

  #attach(holder: Holder, wire: Wire): void {
    if (holder.wire !== undefined) holder.wire.holder = undefined;
    holder.wire = wire;
    wire.holder = holder;
  }

  #detach(holder: Holder): void {
    if (holder.wire !== undefined) holder.wire.holder = undefined;
    holder.wire = undefined;
  }

  #atServer(wire: Wire, item: Frame | Ending): void {
    const { holder } = wire;
    if (holder === undefined) return;
    if ("code" in item) {
      this.#serverClosed(wire, item);
      return;
    }
    holder.session.message(this.#options.codec.decode(item.data), item.bytes, this.clock.now);
    if (holder.session.isConfirmed) this.#table.confirmed(holder);
    this.#runServer(holder);
  }

  #atClient(wire: Wire, item: Frame | Ending): void {
    if (!wire.clientListens) return;
    if ("code" in item) {
      this.closes.push({ by: "server", ...item });
      this.#clientClosed(wire, item);
      return;
    }
    this.client.message(this.#options.codec.decode(item.data), item.bytes, this.clock.now);
    this.#runClient();
  }

  #serverClosed({ holder }: Wire, { code, reason }: Ending): void {
    if (holder === undefined) return;
    this.#detach(holder);
    holder.session.closed(code, reason, this.clock.now);
    this.#runServer(holder);
  }

  #clientClosed(wire: Wire, { code, reason }: Ending): void {
    if (!wire.clientListens) return;
    wire.clientListens = false;
    this.client.closed(code, reason, this.clock.now);
    this.#runClient();
  }

  #runClient(): void {
    this.#pumpClient();
    for (let said = this.client.pollOutput(); said !== undefined; said = this.client.pollOutput()) {
      if (said.type === "open") this.#open(said.attempt, said.session);
      else if (said.type === "event") this.atClient.push(said.event);
      else if (said.type === "settle") this.settled.set(said.id, said.settlement);
      else if (said.type === "report") this.errors.push(said.error);
      else if (said.type === "undelivered") this.undelivered.push(...said.events);
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

  #runServer(holder: Holder): void {
    const { session } = holder;
    for (let frame = session.nextFrame(); frame !== undefined; frame = session.nextFrame()) {
      this.frames.push({ direction: "toClient", data: frame.data });
      holder.wire?.toClient.send(frame);
    }
    for (let said = session.pollOutput(); said !== undefined; said = session.pollOutput()) {
      if (said.type === "event") this.#delivered(holder, said.event, said.cbId);
      else if (said.type === "report") this.errors.push(said.error);
      else if (said.type === "dropped") this.dropped.push(said.frame);
      else if (said.type === "ended") this.endings.push({ reason: said.reason, undelivered: said.undelivered });
      else {
        holder.wire?.toClient.send({ code: said.code, reason: said.reason });
        this.#detach(holder);
      }
    }
    if (session.status === "away") this.#table.weigh(holder);
    else if (session.status === "ended") this.#table.remove(holder);
    holder.takeBackTimer();
    const { deadline } = session;
    if (deadline === undefined) return;
    holder.takeBackTimer = this.clock.after(deadline - this.clock.now, () => {
      session.wake(this.clock.now, 0);
      this.#runServer(holder);
    });
  }

  #delivered(holder: Holder, event: Event, cbId: string | null): void {
    this.atServer.push({ event, cbId });
    if (cbId === null) return;
    this.onRequest?.(event, (value) => {
      holder.session.reply(cbId, value);
      this.#runServer(holder);
    });
  }

  /** The client no longer hears of its connection; the server learns of it when it is told, or by its own means. */
  #detachClient(): void {
    if (this.#wire !== undefined) this.#wire.clientListens = false;
  }
}

const ann: Handshake = { uid: "ann", csrfToken: null, data: null };
