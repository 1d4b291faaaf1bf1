import { type To, UsageError } from "@sente-lite/protocol";
import { isRoom, labelsOf, uidOf } from "../registry.ts";
import type { Sharing } from "../sharing.ts";

/** The rooms that users are let into with each of their connections, until the application ends that. */
export class LastingMemberships {
  /** The other nodes, where there may be some. */
  readonly #sharing: Pick<Sharing, "noteLasting"> | undefined;
  readonly #rooms = new Map<string | null, Set<string>>();

  constructor(sharing: Pick<Sharing, "noteLasting"> | undefined) {
    this.#sharing = sharing;
  }

  roomsOf(uid: string | null): Iterable<string> {
    return this.#rooms.get(uid) ?? [];
  }

  /** All of them. */
  *all(): Iterable<readonly [uid: string | null, room: string]> {
    for (const [uid, rooms] of this.#rooms) for (const room of rooms) yield [uid, room];
  }

  /** Begins it for those users. Throws `UsageError` `bad-option` where clients are meant: they come and go. */
  add(to: To, room: string): void {
    if (to !== null && typeof to === "object" && !(Symbol.iterator in to)) throw notForClients();
    for (const uid of to === null || typeof to === "string" ? [to] : to) {
      if (uid !== null && typeof uid === "object") throw notForClients();
      this.#add(uidOf(uid), room);
    }
    this.#tellNodes(to, room, true);
  }

  /** Ends it for the users all of whose connections are meant. */
  end(to: To, room: string): void {
    for (const uid of usersOf(to)) this.#end(uid, room);
    this.#tellNodes(to, room, false);
  }

  /** Another node says that it began for a user, or ended. */
  noteOfNode(uid: string | null, room: string, isOn: boolean): void {
    if (isOn) this.#add(uid, room);
    else this.#end(uid, room);
  }

  #add(uid: string | null, room: string): void {
    const rooms = this.#rooms.get(uid) ?? new Set();
    this.#rooms.set(uid, rooms.add(room));
  }

  #end(uid: string | null, room: string): void {
    const rooms = this.#rooms.get(uid);
    if (rooms?.delete(room) && rooms.size === 0) this.#rooms.delete(uid);
  }

  #tellNodes(to: To, room: string, isOn: boolean): void {
    if (this.#sharing === undefined) return;
    for (const uid of usersOf(to)) this.#sharing.noteLasting(uid, room, isOn);
  }
}

function notForClients(): UsageError {
  return new UsageError("bad-option", "lasting is for users: give joinFn a uid, or several");
}

/** The users of whom every connection is meant. */
function usersOf(to: To): readonly (string | null)[] {
  if (isRoom(to)) return [];
  return [...labelsOf(to)].flatMap((one) => (one === null || typeof one === "string" ? [uidOf(one)] : []));
}
