import type { Event } from "../api.ts";
import type { Codec } from "../codecs/codec.ts";
import type { SenteError } from "../errors.ts";
import { type ClientLimits, clientDefaults, type ServerLimits, serverDefaults } from "../limits.ts";
import { Batch } from "../session/batch.ts";
import { ClientSession } from "../session/client-session.ts";
import type { RequestId, Settlement } from "../session/requests.ts";
import { ServerSession } from "../session/server-session.ts";
import type { Form, Frame, Handshake } from "../wire/frames.ts";
import { type Direction, Link } from "./link.ts";
import { VirtualClock } from "./virtual-clock.ts";

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
}

/** What a side says when its socket closed. */
interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** One connection: both links, the server's session, and whether its ends still listen. */
interface Wire {
  readonly session: ServerSession;
  readonly toServer: Link<Frame | Ending>;
  readonly toClient: Link<Frame | Ending>;
  clientListens: boolean;
  serverListens: boolean;
  takeBackTimer: () => void;
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
  #wire: Wire | undefined;
  #takeBackTimer: () => void = () => {};

  constructor(options: PairOptions) {
    this.#options = options;
    this.#serverLimits = { ...serverDefaults, ...options.server };
    this.client = new ClientSession({
      codec: options.codec,
      limits: { ...clientDefaults, ...options.client },
      random: options.random ?? (() => 0.5),
    });
  }

  /** The current server session. */
  get server(): ServerSession | undefined {
    return this.#wire?.session;
  }

  /** Does something to the client, and carries on what follows. */
  act<T>(action: (client: ClientSession, now: number) => T): T {
    const result = action(this.client, this.clock.now);
    this.#runClient();
    return result;
  }

  /** Does something to the current server session. */
  serve(action: (session: ServerSession, now: number) => void): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    action(wire.session, this.clock.now);
    this.#runServer(wire);
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
      if (session.status !== "ended") left.push("a server session is live");
      if (session.nextFrame() !== undefined) left.push("a frame waits at the server");
    }
    if (this.clock.pending > 0) left.push(`${this.clock.pending} timers wait`);
    return left;
  }

  #open(): void {
    const { latencyMs = 5, codec, form = "wrapped", handshake, reachable } = this.#options;
    this.#detachClient();
    this.attempts.push(this.clock.now);
    if (reachable?.() === false) return;
    const session = new ServerSession({
      codec,
      form,
      ownPeer: true,
      handshake: handshake ?? { uid: "ann", csrfToken: null, data: null },
      limits: this.#serverLimits,
      root: this.#root,
    });
    const wire: Wire = {
      session,
      toServer: new Link(this.clock, latencyMs, (item) => this.#atServer(wire, item)),
      toClient: new Link(this.clock, latencyMs, (item) => this.#atClient(wire, item)),
      clientListens: true,
      serverListens: true,
      takeBackTimer: () => {},
    };
    this.#wire = wire;
    this.clock.after(latencyMs, () => {
      this.sessions.push(session);
      session.open(this.clock.now);
      this.#runServer(wire);
    });
  }

  #atServer(wire: Wire, item: Frame | Ending): void {
    if (!wire.serverListens) return;
    if ("code" in item) {
      this.#serverClosed(wire, item);
      return;
    }
    wire.session.message(this.#options.codec.decode(item.data), item.bytes, this.clock.now);
    this.#runServer(wire);
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

  #serverClosed(wire: Wire, { code, reason }: Ending): void {
    if (!wire.serverListens) return;
    wire.serverListens = false;
    wire.session.closed(code, reason, this.clock.now);
    this.#runServer(wire);
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
      if (said.type === "open") this.#open();
      else if (said.type === "event") this.atClient.push(said.event);
      else if (said.type === "settle") this.settled.set(said.id, said.settlement);
      else if (said.type === "report") this.errors.push(said.error);
      else if (said.type === "undelivered") this.undelivered.push(...said.events);
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

  #runServer(wire: Wire): void {
    const { session } = wire;
    for (let frame = session.nextFrame(); frame !== undefined; frame = session.nextFrame()) {
      this.frames.push({ direction: "toClient", data: frame.data });
      wire.toClient.send(frame);
    }
    for (let said = session.pollOutput(); said !== undefined; said = session.pollOutput()) {
      if (said.type === "event") this.#delivered(wire, said.event, said.cbId);
      else if (said.type === "report") this.errors.push(said.error);
      else {
        wire.serverListens = false;
        wire.toClient.send({ code: said.code, reason: said.reason });
      }
    }
    wire.takeBackTimer();
    const { deadline } = session;
    if (deadline === undefined) return;
    wire.takeBackTimer = this.clock.after(deadline - this.clock.now, () => {
      session.wake(this.clock.now, 0);
      this.#runServer(wire);
    });
  }

  #delivered(wire: Wire, event: Event, cbId: string | null): void {
    this.atServer.push({ event, cbId });
    if (cbId === null) return;
    this.onRequest?.(event, (value) => {
      wire.session.reply(cbId, value);
      this.#runServer(wire);
    });
  }

  /** The client no longer hears of its connection; the server learns of it when it is told, or by its own means. */
  #detachClient(): void {
    if (this.#wire !== undefined) this.#wire.clientListens = false;
  }
}
