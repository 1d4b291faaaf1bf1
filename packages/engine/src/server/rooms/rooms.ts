import { type Pushed, type SenteEvent, type ServerLimits, type To, UsageError } from "@sente-lite/protocol";
import {
  checkRoomName,
  type HistoryRead,
  type Joined,
  type MembersList,
  makeLeft,
  makeMembers,
  makeServerJoined,
  type NoPlace,
  type RoomPosition,
  RoomTable,
} from "@sente-lite/protocol/rooms";
import type { SnapshotRoom } from "@sente-lite/protocol/session";
import type { Host } from "../../host.ts";
import { isRoom } from "../registry.ts";
import type { Roster } from "../roster.ts";
import type { SessionDriver } from "../session-driver.ts";
import type { Sharing } from "../sharing.ts";
import { LastingMemberships } from "./lasting-memberships.ts";
import { MembersByRoom } from "./members-by-room.ts";
import type { Posted } from "./post.ts";
import { kindOf, type RoomKind } from "./room-kinds.ts";
import { type Member, RoomPosts, type RoomPostsOptions } from "./room-posts.ts";

export interface RoomsOptions<Context> extends RoomPostsOptions<Context> {
  readonly host: Host;
  readonly limits: ServerLimits;
  readonly roster: Roster<Context>;
  /** The other nodes, where there may be some. */
  readonly sharing: Sharing | undefined;
}

/** What somebody who joined is told; undefined where the membership was over before. */
export type TellJoined = (joined: Joined | undefined, members: MembersList | undefined) => void;

/**
 * The rooms of a server (PROTOCOL.md section 6.10): who is in which, what goes to them, and what is kept. A membership is
 * its session's: it outlives the socket, and ends with the session.
 */
export class Rooms<Context> {
  /** Who their members are, by uid. */
  readonly members: MembersByRoom;
  /** Who is let into which with each connection. */
  readonly lasting: LastingMemberships;
  /** What goes into the rooms. */
  readonly posts: RoomPosts<Context>;
  readonly #options: RoomsOptions<Context>;
  readonly #table: RoomTable<SessionDriver<Context>, Posted>;
  /** Of sessions that came from another server: rooms whose history is still read for what they missed. */
  readonly #restoring = new WeakMap<Member<Context>, SnapshotRoom>();

  constructor(options: RoomsOptions<Context>) {
    this.#options = options;
    this.#table = new RoomTable(options.limits, (room) => options.kinds.isNamed(room));
    this.members = new MembersByRoom({ ...options, tell: (room, event) => this.#tellMembers(room, event) });
    this.lasting = new LastingMemberships(options.sharing);
    this.posts = new RoomPosts(options, this.#table);
  }

  /** Rooms that somebody is in, or wants to be in. */
  get count(): number {
    return this.#table.rooms;
  }

  /** What is said of a room that a client names; undefined where there is no such room. */
  find(room: string): RoomKind<Context> | undefined {
    return this.#options.kinds.find(room);
  }

  /** Throws `UsageError` `bad-room`, `unknown-room` for a room that the application names. */
  check(room: string): void {
    kindOf(this.#options.kinds, room);
  }

  membership(connection: SessionDriver<Context>, room: string): Member<Context> | undefined {
    return this.#table.find(connection, room);
  }

  open(connection: SessionDriver<Context>, room: string): Member<Context> | NoPlace {
    return this.#table.open(connection, room);
  }

  /** Lets a connection in, with what came since a position first. */
  enter(member: Member<Context>, since: RoomPosition | undefined, tell: TellJoined): Promise<void> | undefined {
    member.catchUp();
    return this.posts.readMissed(member, since, (read) => this.#join(member, read, since, tell));
  }

  /** Ends a membership. */
  close(member: Member<Context>): void {
    const { room, isMember, session } = member;
    if (isMember) {
      this.members.remove(room, session.uid);
      this.#options.sharing?.left(room, session.uid);
    }
    this.#table.close(member);
    this.#options.sharing?.mayEndRoom(room);
  }

  /** A session began: it is let into the rooms that its user is in with each of their connections. */
  noteBegin(connection: SessionDriver<Context>): void {
    for (const room of this.lasting.roomsOf(connection.uid)) this.#letIn(connection, room);
  }

  /** A session goes to another server: the rooms that it is in, and up to where it got their events. */
  release(connection: SessionDriver<Context>): readonly SnapshotRoom[] {
    const rooms: SnapshotRoom[] = [];
    for (const member of this.#table.allOf(connection)) {
      const { isMember, room, position } = member;
      const restoring = this.#restoring.get(member);
      if (isMember) rooms.push({ room, position });
      else if (restoring !== undefined) rooms.push(restoring);
    }
    this.noteOver(connection);
    return rooms;
  }

  /**
   * A session came from another server: it is in the rooms that it was in there, where nobody is asked again. What it missed
   * follows; where that cannot be told, it is told so.
   */
  restore(connection: SessionDriver<Context>, rooms: readonly SnapshotRoom[]): void {
    for (const { room, position } of rooms) {
      const member = this.find(room) === undefined ? "unknown-room" : this.#table.open(connection, room);
      if (typeof member === "string") {
        this.#options.push(connection, makeLeft(room, member, "the session came to a server that has no place for it"));
        continue;
      }
      this.#restoring.set(member, { room, position });
      void this.enter(member, position, (joined, members) => {
        this.#restoring.delete(member);
        if (joined === undefined || !knowsRooms(connection)) return;
        const isWhole = position === undefined ? joined.position === undefined : joined.isRecovered;
        if (!isWhole) this.#options.push(connection, makeServerJoined(room, joined, members));
        // It knows who was in it as the other server saw that, which had perhaps seen all of them leave.
        else if (members !== undefined) this.#options.push(connection, makeMembers(room, members));
      });
    }
    this.noteBegin(connection);
  }

  /** A session is over. */
  noteOver(connection: SessionDriver<Context>): void {
    for (const member of this.#table.allOf(connection)) this.close(member);
  }

  /** Lets those in who are here. */
  letIn(to: To, room: string, hasIt?: (connection: SessionDriver<Context>) => boolean): Pushed {
    const meant = this.findMeant(to).filter((connection) => hasIt?.(connection) !== true);
    return { connections: meant.filter((connection) => this.#letIn(connection, room)).length };
  }

  /** Puts those out who are here. */
  putOut(to: To, room: string, hasIt?: (connection: SessionDriver<Context>) => boolean): Pushed {
    let connections = 0;
    for (const connection of this.findMeant(to)) {
      const member = this.#table.find(connection, room);
      if (member === undefined || hasIt?.(connection) === true) continue;
      this.close(member);
      connections++;
      if (knowsRooms(connection)) this.#options.push(connection, makeLeft(room, "put-out", "the server ended it"));
    }
    return { connections };
  }

  /** Another node says that a user is in a room there now, or no more. */
  noteMember(room: string, uid: string | null, isIn: boolean): void {
    if (isIn) this.members.add(room, uid);
    else this.members.remove(room, uid);
  }

  /** True while somebody is in a room, or wants to be. */
  has(room: string): boolean {
    return this.#table.has(room);
  }

  /** The connections that are in a room. */
  *findIn(room: string): Iterable<SessionDriver<Context>> {
    for (const { isMember, session } of this.#table.of(checkRoomName(room))) if (isMember) yield session;
  }

  /** The connections that a checked `to` means: those in a room, or those of users and clients. */
  findMeant(to: To): readonly SessionDriver<Context>[] {
    return isRoom(to) ? [...this.findIn(to.room)] : this.#options.roster.findMeant(to);
  }

  /** True where it was not in the room and is now. */
  #letIn(connection: SessionDriver<Context>, room: string): boolean {
    const member = this.#table.open(connection, room);
    if (typeof member === "string") {
      connection.report(new UsageError(member, placeMessage(member)), { source: "joinFn", room });
      return false;
    }
    if (member.isMember) return false;
    void this.enter(member, undefined, (joined, members) => {
      if (joined === undefined || !knowsRooms(connection)) return;
      this.#options.push(connection, makeServerJoined(room, joined, members));
    });
    return true;
  }

  #join(
    member: Member<Context>,
    read: HistoryRead<Posted> | undefined,
    since: RoomPosition | undefined,
    tell: TellJoined,
  ): void {
    const { room, isMember } = member;
    if (member.status === "over") {
      tell(undefined, undefined);
      return;
    }
    const missed = this.posts.begin(member, read);
    if (!isMember) {
      this.members.add(room, member.session.uid);
      this.#options.sharing?.entered(room, member.session.uid);
    }
    const isRecovered = since !== undefined && read?.isComplete === true;
    tell({ position: read?.top, isRecovered }, this.members.list(room));
    this.posts.deliverMissed(member, missed);
  }

  #tellMembers(room: string, event: SenteEvent): void {
    for (const { isMember, session } of this.#table.of(room)) {
      if (isMember && knowsRooms(session)) this.#options.push(session, event);
    }
  }
}

export function knowsRooms<Context>({ session }: SessionDriver<Context>): boolean {
  return session.features.has("rooms");
}

/** What is said where there is no place in a room. */
export function placeMessage(code: NoPlace): string {
  return code === "too-many-rooms"
    ? "this connection is in as many rooms as it may (maxRoomsPerConnection)"
    : "the server has as many rooms as it may (maxRooms)";
}
