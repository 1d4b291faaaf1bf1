import type { SenteEvent, To, ToClientId, ToRoom } from "@sente-lite/protocol";
import { type Missed, type MissedLimits, MissedPool } from "./missed.ts";

/** What the registry knows of a connection: client ids are chosen by clients, so they are scoped to the uid. */
export interface Registered {
  readonly uid: string | null;
  readonly clientId: string;
  /** False where it ends with its socket. */
  readonly hasSession: boolean;
}

/** Whose connection it is. */
type Label = Pick<Registered, "uid" | "clientId">;

/** Events that were pushed to a client without a session that is away: Sente keeps trying for a while. */
export interface Away {
  readonly uid: string | null;
  readonly clientId: string;
  readonly missed: Missed;
}

/** The connections of one user. */
interface User<C> {
  /** Several clients may call themselves the same. */
  readonly byClientId: Map<string, Namesakes<C>>;
  /** How many of them have a socket. */
  live: number;
}

/** The connections of one uid and client id. */
interface Namesakes<C> {
  readonly all: Set<C>;
  /**
   * Those without a session, in the order in which they came. As with Sente the last that is still here gets the pushes,
   * and the others stay connected. Those that have left are taken off later.
   */
  sessionless: C[];
}

/** The connections of a server by uid and client id, and the clients without a session that are away for a moment. */
export class Registry<C extends Registered> {
  readonly #byUid = new Map<string | null, User<C>>();
  readonly #away = new Map<string | null, Map<string, Away>>();
  readonly #missed: MissedPool;
  #live = 0;
  #awaySize = 0;

  constructor(limits: MissedLimits) {
    this.#missed = new MissedPool(limits);
  }

  /** Clients without a session that are away. */
  get awaySize(): number {
    return this.#awaySize;
  }

  /** Connections that have a socket. */
  get live(): number {
    return this.#live;
  }

  /** Adds a connection, which has no socket yet. */
  add(connection: C): void {
    const { uid, clientId, hasSession } = connection;
    const user = this.#byUid.get(uid) ?? { byClientId: new Map(), live: 0 };
    this.#byUid.set(uid, user);
    const same = user.byClientId.get(clientId) ?? { all: new Set(), sessionless: [] };
    user.byClientId.set(clientId, same);
    same.all.add(connection);
    if (!hasSession) same.sessionless.push(connection);
  }

  remove(connection: C): void {
    const { uid, clientId } = connection;
    const user = this.#byUid.get(uid);
    const same = user?.byClientId.get(clientId);
    if (user === undefined || same === undefined) return;
    same.all.delete(connection);
    // Not for each that leaves, which would be quadratic.
    if (same.sessionless.length > 2 * same.all.size) {
      same.sessionless = same.sessionless.filter((one) => same.all.has(one));
    }
    if (same.all.size === 0) user.byClientId.delete(clientId);
    if (user.byClientId.size === 0) this.#byUid.delete(uid);
  }

  /** A connection got a socket (1), or lost it (-1). */
  count({ uid }: C, change: 1 | -1): void {
    const user = this.#byUid.get(uid);
    if (user !== undefined) user.live += change;
    this.#live += change;
  }

  /** True while a connection of that user has a socket. */
  isLive(uid: string | null): boolean {
    return (this.#byUid.get(uid)?.live ?? 0) > 0;
  }

  /**
   * True where pushes go to it: not to a connection without a session whose client id a newer one has, or had a moment
   * ago.
   */
  isCurrent(connection: C): boolean {
    if (connection.hasSession) return true;
    const { uid, clientId } = connection;
    if (this.#away.get(uid)?.has(clientId)) return false;
    const same = this.#byUid.get(uid)?.byClientId.get(clientId);
    return same !== undefined && findNewest(same) === connection;
  }

  /** The connections to which pushes go (`isCurrent`). An array, since a generator is slow for many. */
  findCurrent(): C[] {
    const found: C[] = [];
    for (const [uid, { byClientId }] of this.#byUid) {
      const away = this.#away.get(uid);
      for (const [clientId, same] of byClientId) {
        const newest = same.sessionless.length === 0 || away?.has(clientId) ? undefined : findNewest(same);
        for (const one of same.all) if (one.hasSession || one === newest) found.push(one);
      }
    }
    return found;
  }

  /** True while somebody of that user is connected, or away. */
  has(uid: string | null): boolean {
    return this.#byUid.has(uid) || this.#away.has(uid);
  }

  /** Every connection, those too that get no pushes. */
  *findAll(): Iterable<C> {
    for (const { byClientId } of this.#byUid.values()) {
      for (const { all } of byClientId.values()) yield* all;
    }
  }

  /** The connections meant by `to`, each once, those too that get no pushes. */
  findMeant(to: ToLabels): Iterable<C> {
    return findOnce(to, (one) => this.#findMeantBy(one));
  }

  #findMeantBy(to: string | null | Label): Iterable<C> {
    const clients = this.#byUid.get(uidOf(isOne(to) ? to.uid : to))?.byClientId;
    if (clients === undefined) return [];
    return isOne(to) ? (clients.get(to.clientId)?.all ?? []) : findAllIn(clients.values());
  }

  /** The clients without a session that are away, of those meant by `to`. */
  findAway(to: ToLabels): Iterable<Away> {
    return findOnce(to, (one) => this.#findAwayBy(one));
  }

  *#findAwayBy(to: string | null | Label): Iterable<Away> {
    const clients = this.#away.get(uidOf(isOne(to) ? to.uid : to));
    if (!isOne(to)) yield* clients?.values() ?? [];
    else {
      const away = clients?.get(to.clientId);
      if (away !== undefined) yield away;
    }
  }

  /** The connection was lost: what is pushed to it is kept until `takeMissed` or `forget`. */
  noteAway({ uid, clientId }: Label): Away {
    const away: Away = { uid, clientId, missed: this.#missed.open() };
    const clients = this.#away.get(uid) ?? new Map<string, Away>();
    const before = clients.get(clientId);
    if (before === undefined) this.#awaySize++;
    else before.missed.take();
    this.#away.set(uid, clients.set(clientId, away));
    return away;
  }

  /** The client is back: what it missed. */
  takeMissed({ uid, clientId }: Label): readonly SenteEvent[] {
    const away = this.#away.get(uid)?.get(clientId);
    if (away === undefined) return [];
    const missed = away.missed.take();
    this.forget(away);
    return missed;
  }

  forget(away: Away): void {
    const clients = this.#away.get(away.uid);
    if (clients?.get(away.clientId) !== away) return;
    clients.delete(away.clientId);
    this.#awaySize--;
    away.missed.take();
    if (clients.size === 0) this.#away.delete(away.uid);
  }

  /** The clients without a session that are away, but for those for which `isLeftOut` holds. */
  *findAllAway(isLeftOut: (one: Label) => boolean): Iterable<Away> {
    for (const clients of this.#away.values()) {
      for (const away of clients.values()) if (!isLeftOut(away)) yield away;
    }
  }
}

function* findAllIn<C>(clients: Iterable<Namesakes<C>>): Iterable<C> {
  for (const { all } of clients) yield* all;
}

/** The last of those without a session that has not left. */
function findNewest<C>({ all, sessionless }: Namesakes<C>): C | undefined {
  for (;;) {
    const newest = sessionless.at(-1);
    if (newest === undefined || all.has(newest)) return newest;
    sessionless.pop();
  }
}

/** `To`, but for who is in a room. */
export type ToLabels = Exclude<To, ToRoom>;

/** True where those in a room are meant. */
export function isRoom(to: To): to is ToRoom {
  return typeof to === "object" && to !== null && "room" in to;
}

function isOne(to: ToLabels): to is ToClientId {
  return typeof to === "object" && to !== null && "clientId" in to;
}

/** Each of what is meant. */
export function labelsOf(to: ToLabels): Iterable<string | null | ToClientId> {
  return to === null || typeof to === "string" || isOne(to) ? [to] : to;
}

/** Finds each one once, even where both its user and the client itself are named. */
function findOnce<T>(to: ToLabels, find: (one: string | null | Label) => Iterable<T>): Iterable<T> {
  if (to === null || typeof to === "string" || isOne(to)) return find(to);
  const all = new Set<T>();
  for (const one of to) for (const meant of find(one)) all.add(meant);
  return all;
}

/** Sente's name for the users without an id. */
const WITHOUT_UID = "sente/all-users-without-uid";

export function uidOf(uid: string | null): string | null {
  return uid === WITHOUT_UID ? null : uid;
}

/** A test for whom a push leaves out. */
export function createMatcher(except: ToLabels | undefined): (one: Label) => boolean {
  if (except === undefined) return () => false;
  const uids = new Set<string | null>();
  const clients: ToClientId[] = [];
  for (const one of labelsOf(except)) {
    if (isOne(one)) clients.push(one);
    else uids.add(uidOf(one));
  }
  return (one) =>
    uids.has(one.uid) || clients.some(({ uid, clientId }) => one.uid === uidOf(uid) && one.clientId === clientId);
}
