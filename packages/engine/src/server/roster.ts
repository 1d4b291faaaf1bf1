import type { ConnectedUids, SenteEvent, ServerLimits, ServerMetrics, Watchable } from "@sente-lite/protocol";
import { type Arrival, closeCodes, type Found, SessionTable } from "@sente-lite/protocol/session";
import type { Host, Timer } from "../host.ts";
import { CLOSE_GRACE_MS, type ServerSocket } from "../sockets.ts";
import { Presence, type PresenceShare } from "./presence.ts";
import { type Away, type createMatcher, Registry, type ToLabels } from "./registry.ts";
import type { SessionDriver } from "./session-driver.ts";
import type { Shutdown } from "./shutdown.ts";

export interface RosterOptions {
  readonly host: Host;
  readonly limits: ServerLimits;
  readonly shutdown: Pick<Shutdown, "isReady">;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  /** The other nodes, where there may be some. */
  readonly share: (PresenceShare & { mayEndUid(uid: string | null): void }) | undefined;
}

/**
 * Who is here, who is away, and who leaves. Users and their clients are in the registry, sessions that outlive their
 * connections in the session table, and uids, with the grace of those that leave, in presence: the roster alone changes
 * and asks the three. The drivers tell it what becomes of them.
 */
export class Roster<Context> {
  readonly #options: RosterOptions;
  readonly #registry: Registry<SessionDriver<Context>>;
  readonly #sessions: SessionTable<SessionDriver<Context>>;
  readonly #presence: Presence;
  /** Timers that end what is kept for clients without a session. */
  readonly #awayTimers = new Set<Timer>();
  /** Sockets that have not closed, those too that are no longer served. */
  readonly #sockets = new Set<ServerSocket>();
  #allClosed: (() => void) | undefined;

  constructor(options: RosterOptions) {
    const { host, limits, report, share } = options;
    this.#options = options;
    this.#registry = new Registry(limits);
    this.#sessions = new SessionTable(limits);
    const fail = (error: unknown) => report(error, { source: "connectedUids" });
    this.#presence = new Presence(host, limits.presenceGraceMs, fail, share);
  }

  get connectedUids(): Watchable<ConnectedUids> {
    return this.#presence.connectedUids;
  }

  /** For `metrics`: who has a socket, and the sessions whose client is away, with what waits in them. */
  counts(): Pick<ServerMetrics, "connections" | "sessionsAway" | "sessionsAwayBytes"> {
    return {
      connections: this.#registry.live,
      sessionsAway: this.#sessions.away,
      sessionsAwayBytes: this.#sessions.awayBytes,
    };
  }

  /** Everybody, those too that are away with a session. */
  findAll(): Iterable<SessionDriver<Context>> {
    return this.#registry.findAll();
  }

  /** True while somebody of that user is here, or away. */
  hasUser(uid: string | null): boolean {
    return this.#registry.has(uid);
  }

  /** Another node says that a user is in the cluster now, or no more. */
  notePresence(uid: string | null, isHere: boolean): void {
    this.#presence.note(uid, isHere);
  }

  /** Those who are meant, those too that get no pushes. */
  findMeant(to: ToLabels): SessionDriver<Context>[] {
    return [...this.#registry.findMeant(to)];
  }

  /** Those of the meant who get pushes: of namesakes without a session the newest. */
  findReached(to: ToLabels): SessionDriver<Context>[] {
    return this.findMeant(to).filter((driver) => this.#registry.isCurrent(driver));
  }

  /** True for one who gets pushes. */
  isReached(driver: SessionDriver<Context>): boolean {
    return this.#registry.isCurrent(driver);
  }

  /** All who get pushes. */
  findAllReached(): SessionDriver<Context>[] {
    return this.#registry.findCurrent();
  }

  /** The clients without a session that are away, of those who are meant. */
  findMissing(to: ToLabels): Iterable<Away> {
    return this.#registry.findAway(to);
  }

  /** All clients without a session that are away, but for those for which `isLeftOut` holds. */
  findAllMissing(isLeftOut: ReturnType<typeof createMatcher>): Iterable<Away> {
    return this.#registry.findAllAway(isLeftOut);
  }

  /** Keeps nothing more for the clients without a session that are away, of those who are meant. */
  forgetMissing(to: ToLabels): void {
    for (const away of [...this.#registry.findAway(to)]) this.#registry.forget(away);
  }

  /** True for an attempt that a later one of the same client has overtaken. */
  isStale(arrival: Arrival): boolean {
    return this.#sessions.isStale(arrival);
  }

  /** True where an arrival comes again to a session that is here. */
  knows(arrival: Arrival): boolean {
    return this.#sessions.knows(arrival);
  }

  /** The session that an arrival which is not stale goes on with, and those that it ends. */
  find(arrival: Arrival): Found<SessionDriver<Context>> {
    return this.#sessions.find(arrival);
  }

  /** The driver of that session, live or away, and the last attempt that it had. */
  findById(id: string): ReturnType<SessionTable<SessionDriver<Context>>["findById"]> {
    return this.#sessions.findById(id);
  }

  /** Its session goes to another server: it is nobody's here any more. The attempt of which it was last. */
  letGo(driver: SessionDriver<Context>): ReturnType<SessionTable<SessionDriver<Context>>["findAttempt"]> {
    const last = this.#sessions.findAttempt(driver);
    this.remove(driver);
    return last;
  }

  /** Somebody came, and is not yet connected; with an arrival, where the session outlives its connections. */
  add(driver: SessionDriver<Context>, arrival: Arrival | undefined): void {
    if (arrival !== undefined) this.#sessions.add(driver, arrival);
    this.#registry.add(driver);
  }

  /** What a client without a session missed while it was away. */
  takeMissed(driver: SessionDriver<Context>): readonly SenteEvent[] {
    return this.#registry.takeMissed(driver);
  }

  /** It has a socket. */
  noteSocket(driver: SessionDriver<Context>, socket: ServerSocket): void {
    this.#sockets.add(socket);
    this.#registry.count(driver, 1);
  }

  /** Its client was greeted, over the first socket or over another. */
  noteGreeted(driver: SessionDriver<Context>): void {
    if (this.#registry.isLive(driver.uid)) this.#presence.noteArrival(driver);
    if (driver.isLive) this.#sessions.noteReturn(driver);
  }

  /** It has no socket: its user leaves after the grace. Its session may go on. */
  noteSocketLost(driver: SessionDriver<Context>): void {
    const { uid, admitted, hasSession, whyOver } = driver;
    this.#registry.count(driver, -1);
    if (!this.#options.shutdown.isReady) return;
    if (!hasSession && whyOver !== "left" && admitted.form === "wrapped") this.#keepMissed(driver);
    if (!this.#registry.isLive(uid)) this.#presence.noteLeaving(driver);
  }

  /** Its session is about to go to another server, so its user does not leave; `noteMoved` once it has gone, or stays. */
  noteMoving({ uid }: SessionDriver<Context>): void {
    this.#presence.noteMoving(uid);
  }

  /** The grace of its user, where nobody else of them is here, begins now. */
  noteMoved(driver: SessionDriver<Context>): void {
    const mayLeave = this.#presence.noteMoved(driver.uid);
    if (mayLeave && this.#options.shutdown.isReady && !this.#registry.isLive(driver.uid)) {
      this.#presence.noteLeaving(driver);
    }
  }

  /**
   * It is away, or more waits for it. What waits for sessions that are away is bounded: at the bound they end, one
   * after the other.
   */
  noteAway(driver: SessionDriver<Context>): void {
    this.#sessions.noteAway(driver);
    for (;;) {
      const excess = this.#sessions.findExcess(driver);
      if (excess === undefined) return;
      this.#sessions.remove(excess);
      excess.end(closeCodes.tooSlow, "too many sessions were away");
    }
  }

  /** Its session is over. */
  remove(driver: SessionDriver<Context>): void {
    this.#registry.remove(driver);
    this.#sessions.remove(driver);
    this.#options.share?.mayEndUid(driver.uid);
  }

  /** Nothing is left of that socket. */
  socketClosed(socket: ServerSocket): void {
    this.#sockets.delete(socket);
    if (this.#sockets.size === 0) this.#allClosed?.();
  }

  /** Nobody leaves any more, and nothing is kept for those who are away without a session. */
  end(): void {
    this.#presence.end();
    for (const timer of this.#awayTimers) this.#options.host.clearTimer(timer);
  }

  /** Resolves when every socket has closed. One that cannot be cut is not waited for without end. */
  async waitForSockets(): Promise<void> {
    if (this.#sockets.size === 0) return;
    const { host } = this.#options;
    await new Promise<void>((resolve) => {
      const patience = host.setTimer(2 * CLOSE_GRACE_MS, resolve);
      this.#allClosed = () => {
        host.clearTimer(patience);
        resolve();
      };
    });
  }

  /** As Sente: what is pushed to a client without a session that was cut off is kept for the grace. */
  #keepMissed(driver: SessionDriver<Context>): void {
    const { host, limits } = this.#options;
    if (!this.#registry.isCurrent(driver) || this.#registry.awaySize >= limits.maxAwaySessions) return;
    const away = this.#registry.noteAway(driver);
    const timer = host.setTimer(limits.presenceGraceMs, () => {
      this.#awayTimers.delete(timer);
      this.#registry.forget(away);
    });
    this.#awayTimers.add(timer);
  }
}
