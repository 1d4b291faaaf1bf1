import { Membership } from "./membership.ts";

/** How many memberships a table holds. */
export interface RoomTableLimits {
  /** Rooms that have members, or somebody who wants to be one. */
  readonly maxRooms: number;
  /** Rooms of one session. */
  readonly maxRoomsPerConnection: number;
}

/** Why a session finds no place in a room. */
export type NoPlace = "too-many-rooms" | "rooms-full";

/** Who is in which room: sessions by room, and rooms by session. */
export class RoomTable<S, E> {
  readonly #limits: RoomTableLimits;
  readonly #hasPlace: (room: string) => boolean;
  readonly #rooms = new Map<string, Map<S, Membership<S, E>>>();
  readonly #sessions = new Map<S, Map<string, Membership<S, E>>>();

  /** `hasPlace` is true for a room in which there is a place also over `maxRooms`. */
  constructor(limits: RoomTableLimits, hasPlace: (room: string) => boolean = () => false) {
    this.#limits = limits;
    this.#hasPlace = hasPlace;
  }

  get rooms(): number {
    return this.#rooms.size;
  }

  find(session: S, room: string): Membership<S, E> | undefined {
    return this.#sessions.get(session)?.get(room);
  }

  /** The place of a session in a room: the one that it has already, or a new one, which counts from now on. */
  open(session: S, room: string): Membership<S, E> | NoPlace {
    const own = this.#sessions.get(session) ?? new Map<string, Membership<S, E>>();
    const members = this.#rooms.get(room) ?? new Map<S, Membership<S, E>>();
    const known = own.get(room);
    if (known !== undefined) return known;
    if (own.size >= this.#limits.maxRoomsPerConnection) return "too-many-rooms";
    const isNew = members.size === 0;
    if (isNew && this.#rooms.size >= this.#limits.maxRooms && !this.#hasPlace(room)) return "rooms-full";
    const membership = new Membership<S, E>(session, room);
    this.#sessions.set(session, own.set(room, membership));
    this.#rooms.set(room, members.set(session, membership));
    return membership;
  }

  /** Ends a membership, also one that still waits for a decision. */
  close(membership: Membership<S, E>): void {
    const { session, room, status } = membership;
    if (status === "over") return;
    membership.end();
    remove(this.#sessions, session, room);
    remove(this.#rooms, room, session);
  }

  /** Every membership of a session, decided or not. */
  allOf(session: S): readonly Membership<S, E>[] {
    return [...(this.#sessions.get(session)?.values() ?? [])];
  }

  /** True while a room has members, or somebody who wants to be one. */
  has(room: string): boolean {
    return this.#rooms.has(room);
  }

  /** Every membership of a room, decided or not. */
  of(room: string): Iterable<Membership<S, E>> {
    return this.#rooms.get(room)?.values() ?? [];
  }
}

function remove<K, L, V>(table: Map<K, Map<L, V>>, key: K, inner: L): void {
  const row = table.get(key);
  row?.delete(inner);
  if (row?.size === 0) table.delete(key);
}
