import type { Event, To } from "@sente-lite/protocol";

/** What the registry knows of a connection: client ids are chosen by clients, so they are scoped to the uid. */
export interface Registered {
  readonly uid: string | null;
  readonly clientId: string;
}

/** Events that were pushed to a client without a session that is away: Sente keeps trying for a while. */
export interface Away {
  readonly uid: string | null;
  readonly clientId: string;
  readonly missed: Event[];
}

/** The connections of one user. */
interface User<C> {
  /** Several clients may call themselves the same. */
  readonly byClientId: Map<string, C[]>;
  /** How many of them have a socket. */
  live: number;
}

/** The connections of a server by uid and client id, and the clients without a session that are away for a moment. */
export class Registry<C extends Registered> {
  readonly #byUid = new Map<string | null, User<C>>();
  readonly #away = new Map<string | null, Map<string, Away>>();
  #live = 0;

  /** Connections that have a socket. */
  get live(): number {
    return this.#live;
  }

  /** Adds a connection, which has no socket yet. */
  add(connection: C): void {
    const { uid, clientId } = connection;
    const user = this.#byUid.get(uid) ?? { byClientId: new Map(), live: 0 };
    this.#byUid.set(uid, user);
    const same = user.byClientId.get(clientId);
    if (same === undefined) user.byClientId.set(clientId, [connection]);
    else same.push(connection);
  }

  remove(connection: C): void {
    const { uid, clientId } = connection;
    const user = this.#byUid.get(uid);
    const left = user?.byClientId.get(clientId)?.filter((one) => one !== connection);
    if (user === undefined || left === undefined) return;
    if (left.length > 0) user.byClientId.set(clientId, left);
    else user.byClientId.delete(clientId);
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

  /** The connections of that uid and client id. */
  named({ uid, clientId }: Registered): readonly C[] {
    return this.#byUid.get(uid)?.byClientId.get(clientId) ?? [];
  }

  *all(): Iterable<C> {
    for (const { byClientId } of this.#byUid.values()) {
      for (const same of byClientId.values()) yield* same;
    }
  }

  /** Calls `connected` for each connection meant by `to`, and `missed` for each client without a session that is away. */
  each(to: To, connected: (connection: C) => void, missed: (away: Away) => void): void {
    if (isOne(to)) {
      const uid = uidOf(to.uid);
      for (const connection of this.named({ uid, clientId: to.clientId })) connected(connection);
      const away = this.#away.get(uid)?.get(to.clientId);
      if (away !== undefined) missed(away);
      return;
    }
    for (const uid of uidsOf(to)) {
      for (const same of this.#byUid.get(uid)?.byClientId.values() ?? []) {
        for (const connection of same) connected(connection);
      }
      for (const away of this.#away.get(uid)?.values() ?? []) missed(away);
    }
  }

  /** The connection was lost: what is pushed to it is kept until `returned` or `forget`. */
  wentAway({ uid, clientId }: Registered): Away {
    const away: Away = { uid, clientId, missed: [] };
    const clients = this.#away.get(uid) ?? new Map<string, Away>();
    this.#away.set(uid, clients.set(clientId, away));
    return away;
  }

  /** The client is back: what it missed. */
  returned({ uid, clientId }: Registered): readonly Event[] {
    const away = this.#away.get(uid)?.get(clientId);
    if (away === undefined) return [];
    this.forget(away);
    return away.missed;
  }

  forget(away: Away): void {
    const clients = this.#away.get(away.uid);
    if (clients?.get(away.clientId) !== away) return;
    clients.delete(away.clientId);
    if (clients.size === 0) this.#away.delete(away.uid);
  }

  *allAway(): Iterable<Away> {
    for (const clients of this.#away.values()) yield* clients.values();
  }
}

function isOne(to: To): to is { readonly uid: string | null; readonly clientId: string } {
  return typeof to === "object" && to !== null && "clientId" in to;
}

function uidsOf(to: Exclude<To, Registered>): Iterable<string | null> {
  return to === null || typeof to === "string" ? [uidOf(to)] : new Set([...to].map(uidOf));
}

/** Sente's name for the users without an id. */
const WITHOUT_UID = "sente/all-users-without-uid";

function uidOf(uid: string | null): string | null {
  return uid === WITHOUT_UID ? null : uid;
}

/** A test for what `broadcastFn` leaves out. */
export function matcher(except: To | undefined): (one: Registered) => boolean {
  if (except === undefined) return () => false;
  if (isOne(except)) return (one) => one.uid === uidOf(except.uid) && one.clientId === except.clientId;
  const uids = new Set(uidsOf(except));
  return (one) => uids.has(one.uid);
}
