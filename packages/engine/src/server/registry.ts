import type { Event, To } from "@sente-lite/protocol";

/** What the registry knows of a connection: client ids are chosen by clients, so they are scoped to the uid. */
export interface Registered {
  readonly uid: string | null;
  readonly clientId: string;
}

/** Events that were pushed to a client that is away: Sente keeps trying for a while. */
export interface Away {
  readonly uid: string | null;
  readonly clientId: string;
  readonly missed: Event[];
}

/** The connections of a server by uid and client id, and the clients that are away for a moment. */
export class Registry<C extends Registered> {
  readonly #byUid = new Map<string | null, Map<string, C>>();
  readonly #away = new Map<string | null, Map<string, Away>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a connection, and returns the one of the same uid and client id that it takes the place of. */
  add(connection: C): C | undefined {
    const { uid, clientId } = connection;
    const clients = this.#byUid.get(uid) ?? new Map<string, C>();
    const previous = clients.get(clientId);
    this.#byUid.set(uid, clients.set(clientId, connection));
    if (previous === undefined) this.#size++;
    return previous;
  }

  /** Takes a connection out; false where another took its place. */
  remove(connection: C): boolean {
    const { uid, clientId } = connection;
    const clients = this.#byUid.get(uid);
    if (clients?.get(clientId) !== connection) return false;
    clients.delete(clientId);
    if (clients.size === 0) this.#byUid.delete(uid);
    this.#size--;
    return true;
  }

  hasUid(uid: string | null): boolean {
    return this.#byUid.has(uid);
  }

  *all(): Iterable<C> {
    for (const clients of this.#byUid.values()) yield* clients.values();
  }

  /** Calls `connected` for each connection meant by `to`, and `missed` for each client that is away. */
  each(to: To, connected: (connection: C) => void, missed: (away: Away) => void): void {
    if (isOne(to)) {
      visit(this.#byUid.get(to.uid), to.clientId, connected);
      visit(this.#away.get(to.uid), to.clientId, missed);
      return;
    }
    for (const uid of uidsOf(to)) {
      for (const connection of this.#byUid.get(uid)?.values() ?? []) connected(connection);
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
  return to === null || typeof to === "string" ? [to] : new Set(to);
}

function visit<T>(clients: Map<string, T> | undefined, clientId: string, fn: (one: T) => void): void {
  const one = clients?.get(clientId);
  if (one !== undefined) fn(one);
}

/** A test for what `broadcastFn` leaves out. */
export function matcher(except: To | undefined): (one: Registered) => boolean {
  if (except === undefined) return () => false;
  if (isOne(except)) return (one) => one.uid === except.uid && one.clientId === except.clientId;
  const uids = new Set(uidsOf(except));
  return (one) => uids.has(one.uid);
}
