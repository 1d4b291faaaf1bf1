import type { Codec } from "../codecs/codec.ts";
import type { SenteError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import { type Backpressure, type ServerLimits, serverDefaults } from "../limits.ts";
import { Batch } from "../session/batch.ts";
import type { RequestId } from "../session/requests.ts";
import { ServerSession } from "../session/server-session.ts";
import { readSessionSnapshot, writeSessionSnapshot } from "../session/session-snapshot.ts";
import { type Arrival, type SessionHolder, SessionTable } from "../session/session-table.ts";
import { closeCodes } from "../wire/close-codes.ts";
import { baselineFeatures, type FeatureSet } from "../wire/features.ts";
import type { Form, Frame, Handshake } from "../wire/frames.ts";
import type { LoginParams } from "../wire/login-params.ts";
import type { Settlement } from "../wire/settlement.ts";
import type { Direction, Pipe } from "./pipe.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface PairServerOptions {
  readonly clock: VirtualClock;
  readonly codec: Codec;
  readonly server?: Partial<ServerLimits>;
  readonly form?: Form;
  readonly handshake?: Handshake;
  readonly sessions?: boolean;
  readonly backpressure?: Backpressure;
  readonly features?: FeatureSet;
  /** Where both sides of the pair write what went wrong, and what went over the wire. */
  readonly errors: SenteError[];
  readonly frames: { readonly direction: Direction; readonly data: string | Uint8Array }[];
  /** Answers a request. */
  readonly onRequest: (event: SenteEvent, reply: (value: unknown) => void) => void;
}

/** What a side says when its socket closed. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** One connection: both ways, and whether the client still listens. The server does while its holder has this wire. */
export interface Wire {
  readonly toServer: Pipe<Frame | Ending>;
  readonly toClient: Pipe<Frame | Ending>;
  holder: Holder | undefined;
  clientListens: boolean;
}

/** A server session, and the connection that it has, if any. */
interface Holder extends SessionHolder {
  /** The last that was accepted. */
  arrival: Arrival;
  /** How far the clock of its process is ahead of that of the pair. */
  readonly aheadMs: number;
  wire: Wire | undefined;
  takeBackTimer: () => void;
}

/** The user of a pair, where its options name none. */
export const ann: Handshake = { uid: "ann", csrfToken: null, data: null };

/** The server's side of a pair: its sessions, who has which, and the processes that they go to. */
export class PairServer {
  /** Every session that was opened, the current one last. */
  readonly sessions: ServerSession[] = [];
  /** What was delivered here, in order. */
  readonly atServer: { readonly event: SenteEvent; readonly cbId: string | null }[] = [];
  /** How requests to the client ended, by session. */
  readonly settled: { readonly session: ServerSession; readonly id: RequestId; readonly settlement: Settlement }[] = [];
  /** The sessions that ended, with the frames that may not have arrived. */
  readonly endings: { readonly reason: string; readonly undelivered: readonly Frame[] }[] = [];
  /** The frames that the policy `drop-oldest` left out. */
  readonly dropped: Frame[] = [];
  /** What the client said where it was asked for a new login. */
  readonly loggedIn: LoginParams[] = [];
  /** How many logins have ended. */
  expired = 0;
  readonly #options: PairServerOptions;
  readonly #limits: ServerLimits;
  readonly #root = Batch.root();
  readonly #holders: Holder[] = [];
  #table: SessionTable<Holder>;
  #ids = 0;

  constructor(options: PairServerOptions) {
    this.#options = options;
    this.#limits = { ...serverDefaults, ...options.server };
    this.#table = new SessionTable(this.#limits);
  }

  /** How many sessions are away. */
  get away(): number {
    return this.#table.away;
  }

  /** Does something to the session that was opened last. */
  serve(action: (session: ServerSession, now: number) => void): void {
    const holder = this.#holders.at(-1);
    if (holder === undefined) return;
    action(holder.session, this.#timeOf(holder));
    this.#run(holder);
  }

  /** Forgets everything: what connections still bring reaches nobody. */
  forget(): void {
    for (const holder of this.#holders) {
      holder.takeBackTimer();
      this.#detach(holder);
    }
    this.#table = new SessionTable(this.#limits);
    this.#holders.length = this.sessions.length = 0;
  }

  /** The session that was opened last goes to another process; see `Pair`. */
  move({ drained, aheadMs }: { readonly drained: boolean; readonly aheadMs: number }): boolean {
    const from = this.#holders.at(-1);
    if (from === undefined) return false;
    const { session, uid, clientId, arrival } = from;
    if (drained) session.takeLeave();
    this.#run(from);
    const state = session.release(this.#timeOf(from));
    const end = drained ? { code: closeCodes.draining, reason: "" } : { code: 1006, reason: "" };
    from.wire?.toClient.send(end);
    this.#detach(from);
    this.#run(from);
    this.#holders.pop();
    if (state === undefined || session.id === undefined) return false;
    const { codec, form, features, attempt, instance, owner } = arrival;
    const whose = { id: session.id, uid, clientId, codec: codec.name, form, features, attempt, instance, owner };
    const snapshot = { ...whose, tellsFeatures: this.#options.features !== undefined, rooms: [], heard: {}, state };
    const limit = Number.MAX_SAFE_INTEGER;
    const { state: arrived } = readSessionSnapshot(writeSessionSnapshot(snapshot, limit), limit);
    const holder = this.#makeHolder(arrival, session.id, from.aheadMs + aheadMs);
    holder.session.restore(arrived, this.#timeOf(holder));
    this.sessions[this.sessions.indexOf(session)] = holder.session;
    this.#table = new SessionTable(this.#limits);
    this.#table.add(holder, arrival);
    this.#run(holder);
    return true;
  }

  /** An attempt came, over that connection. */
  admit(wire: Wire, arrival: Arrival): void {
    if (this.#table.isStale(arrival)) {
      wire.toClient.send({ code: 1006, reason: "" });
      return;
    }
    const { ending, resumed } = this.#table.find(arrival);
    for (const { holder, reason } of ending) {
      holder.session.close(reason === "never confirmed" ? closeCodes.restart : closeCodes.takenOver, reason);
      this.#run(holder);
    }
    if (resumed === undefined || arrival.named === undefined) {
      this.#begin(wire, arrival);
      return;
    }
    resumed.wire?.toClient.send({ code: closeCodes.takenOver, reason: "taken over" });
    this.#attach(resumed, wire);
    resumed.arrival = arrival;
    this.#table.noteReturn(resumed);
    resumed.session.resume(arrival.named.received, this.#options.handshake ?? ann, this.#timeOf(resumed));
    this.#run(resumed);
  }

  /** A frame came over that connection, or its end. */
  receive(wire: Wire, item: Frame | Ending): void {
    const { holder } = wire;
    if (holder === undefined) return;
    if ("code" in item) {
      this.close(wire, item);
      return;
    }
    holder.session.message(this.#options.codec.decode(item.data), item.bytes, this.#timeOf(holder));
    this.#run(holder);
  }

  /** That connection is gone. */
  close({ holder }: Wire, { code, reason }: Ending): void {
    if (holder === undefined) return;
    this.#detach(holder);
    holder.session.closed(code, reason, this.#timeOf(holder));
    this.#run(holder);
  }

  #begin(wire: Wire, arrival: Arrival): void {
    const { form = "wrapped", handshake, sessions } = this.#options;
    const id = sessions === false || form === "bare" ? undefined : `s${++this.#ids}`;
    const holder = this.#makeHolder(arrival, id, this.#holders.at(-1)?.aheadMs ?? 0);
    this.sessions.push(holder.session);
    this.#table.add(holder, arrival);
    this.#attach(holder, wire);
    holder.session.open(handshake ?? ann, this.#timeOf(holder));
    this.#run(holder);
  }

  #makeHolder(arrival: Arrival, id: string | undefined, aheadMs: number): Holder {
    const { codec, form = "wrapped", features, backpressure } = this.#options;
    const session = new ServerSession({
      codec,
      form,
      features: features ?? baselineFeatures,
      tellsFeatures: features !== undefined,
      limits: this.#limits,
      root: this.#root,
      id,
      backpressure,
    });
    const { uid, clientId } = arrival;
    const holder: Holder = { uid, clientId, session, arrival, aheadMs, wire: undefined, takeBackTimer: () => {} };
    this.#holders.push(holder);
    return holder;
  }

  /** The time as the process of that session has it. */
  #timeOf({ aheadMs }: Holder): number {
    return this.#options.clock.now + aheadMs;
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

  /** Sends what may be sent, takes what the session says, and sets its timer. */
  #run(holder: Holder): void {
    const { session } = holder;
    this.#pump(holder);
    for (let said = session.pollOutput(); said !== undefined; said = session.pollOutput()) {
      if (said.type === "event") this.#deliver(holder, said.event, said.cbId);
      else if (said.type === "report") this.#options.errors.push(said.error);
      else if (said.type === "settle") this.settled.push({ session, id: said.id, settlement: said.settlement });
      else if (said.type === "dropped") this.dropped.push(said.frame);
      else if (said.type === "refresh") this.loggedIn.push(said.params);
      else if (said.type === "login-expired") this.expired++;
      else if (said.type === "ended") this.endings.push({ reason: said.reason, undelivered: said.undelivered });
      else {
        holder.wire?.toClient.send({ code: said.code, reason: said.reason });
        this.#detach(holder);
      }
    }
    this.#pump(holder);
    if (session.status === "away") this.#table.noteAway(holder);
    else if (session.status === "ended") this.#table.remove(holder);
    holder.takeBackTimer();
    const { deadline } = session;
    if (deadline === undefined) return;
    holder.takeBackTimer = this.#options.clock.after(deadline - this.#timeOf(holder), () => {
      session.wake(this.#timeOf(holder), 0);
      this.#run(holder);
    });
  }

  #pump({ session, wire }: Holder): void {
    for (let frame = session.nextFrame(); frame !== undefined; frame = session.nextFrame()) {
      this.#options.frames.push({ direction: "toClient", data: frame.data });
      wire?.toClient.send(frame);
    }
  }

  #deliver(holder: Holder, event: SenteEvent, cbId: string | null): void {
    this.atServer.push({ event, cbId });
    if (cbId === null) return;
    this.#options.onRequest(event, (value) => {
      const now = this.#nowHolding(holder);
      now.session.reply(cbId, value);
      this.#run(now);
    });
  }

  /** Who has that session, also where it went to another process: the reply of a handler follows it there. */
  #nowHolding(holder: Holder): Holder {
    return this.#holders.find(({ session }) => session.id !== undefined && session.id === holder.session.id) ?? holder;
  }
}
