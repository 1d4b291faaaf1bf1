import { ClientRoom } from "./client-room.ts";
import { MemoryHistories } from "./histories.ts";
import { changeMembers, noMembers, type RoomMembers } from "./members.ts";
import { type MembersChange, MembersTally } from "./members-tally.ts";
import type { Membership, RoomPost } from "./membership.ts";
import type { RoomPosition } from "./position.ts";
import type { HistoryRead } from "./room-log.ts";
import { RoomTable } from "./room-table.ts";

// A server with rooms, its clients, and what lies between them, a step at a time.

export const BOUNDS = { size: 4, maxBytes: 10_000, ttlMs: 50 };
export const ROOMS = ["kept", "passing"] as const;
export type Room = (typeof ROOMS)[number];

const LIMITS = { maxRooms: 2, maxRoomsPerConnection: 2 };
const MAX_LISTED = 2;

/** What a client sends: a join by its handle, or that it left. */
type Up =
  | { readonly type: "join"; readonly handle: Handle; readonly since: RoomPosition | undefined }
  | { readonly type: "leave"; readonly room: Room };

/** What a server sends. */
type Down =
  | { readonly type: "joined"; readonly handle: Handle; readonly read: HistoryRead<number> | undefined }
  | { readonly type: "refused"; readonly handle: Handle }
  | { readonly type: "post"; readonly room: Room; readonly post: RoomPost<number> }
  | { readonly type: "put-out"; readonly room: Room }
  | { readonly type: "members"; readonly room: Room; readonly change: MembersChange };

/** One session, and what is on its way in it. */
export class Session {
  readonly uid: string;
  readonly up: Up[] = [];
  readonly down: Down[] = [];
  isOver = false;

  constructor(uid: string) {
    this.uid = uid;
  }
}

/** What one handle of a client was given. */
export class Handle {
  readonly room: Room;
  readonly since: RoomPosition | undefined;
  readonly machine: ClientRoom;
  readonly got: { readonly event: number; readonly offset: number | undefined }[] = [];
  /** Where a join was answered: how much it had by then, and whether it was told that nothing is missing. */
  readonly joins: { readonly had: number; readonly recovered: boolean | undefined }[] = [];
  members: RoomMembers = noMembers;
  /** Events that the server sent once more, or after one that it had not sent: the handle did not take them. */
  refusals = 0;
  /** True from its refusal until it is let in after all. */
  isRefused = false;
  /** Events that it was given while it was refused, or that were sent when its session was not in the room. */
  strays = 0;

  constructor(room: Room, since?: RoomPosition) {
    this.room = room;
    this.since = since;
    this.machine = new ClientRoom(since);
  }
}

export class Client {
  readonly uid: string;
  readonly handles = new Map<Room, Handle>();
  readonly all: Handle[] = [];
  session: Session;

  constructor(uid: string) {
    this.uid = uid;
    this.session = new Session(uid);
  }
}

/** A decision, or a read, that takes its time. */
type Later = () => void;

export class House {
  readonly clients = ["ann", "ann", "bob", "cy"].map((uid) => new Client(uid));
  readonly table = new RoomTable<Session, number>(LIMITS);
  readonly tallies = new Map<Room, MembersTally>(ROOMS.map((room) => [room, new MembersTally(MAX_LISTED)]));
  /** For each event which sessions were in its room when it was sent. */
  readonly audience: ReadonlySet<Session>[] = [];
  readonly later: Later[] = [];
  #now = 0;
  #epochs = 0;
  readonly histories = new MemoryHistories<number>({
    makeEpoch: () => `e${++this.#epochs}`,
    now: () => this.#now,
    maxBytes: 10_000,
    // Where nobody is in it, another room takes its place.
    maxRooms: 1,
    isInUse: (room) => this.table.has(room),
  });
  /** Whom the server let into which room, as its decisions say and not as its table has it. */
  readonly #letIn = new Map<Session, Set<Room>>();
  /** Posts that went to a session which the server had not let into the room, or which had left, been put out or ended. */
  strays = 0;

  join(client: Client, room: Room, since?: RoomPosition): void {
    if (client.handles.has(room)) return;
    const handle = new Handle(room, since);
    client.handles.set(room, handle);
    client.all.push(handle);
    this.#ask(client, handle);
  }

  leave(client: Client, room: Room): void {
    const handle = client.handles.get(room);
    client.handles.delete(room);
    if (handle?.machine.leave()) client.session.up.push({ type: "leave", room });
  }

  send(room: Room): void {
    const event = this.audience.length;
    const members = [...this.table.of(room)].filter(({ isMember }) => isMember);
    this.audience.push(new Set(members.map(({ session }) => session)));
    const offset = room === "kept" ? this.histories.append(room, event, 10, BOUNDS).offset : undefined;
    const post = { event, offset };
    for (const membership of this.table.of(room)) {
      if (membership.takes(post)) this.#push(membership.session, room, post);
    }
  }

  putOut(client: Client, room: Room): void {
    const membership = this.table.find(client.session, room);
    if (membership === undefined) return;
    this.#letIn.get(client.session)?.delete(room);
    this.#close(membership);
    client.session.down.push({ type: "put-out", room });
  }

  /** The next of what a client sent reaches the server; `allows` is what is then decided, now or later. */
  takeUp(client: Client, allows: boolean, isNow: boolean): void {
    const { session } = client;
    const up = session.up.shift();
    if (up === undefined) return;
    if (up.type === "leave") {
      this.#letIn.get(session)?.delete(up.room);
      const membership = this.table.find(session, up.room);
      if (membership !== undefined) this.#close(membership);
      return;
    }
    const { handle, since } = up;
    const membership = this.table.open(session, handle.room);
    if (typeof membership === "string") throw new Error(membership);
    const isIn = membership.status === "joined";
    const decide = () => {
      // Every join is answered, also where it was put out before it was in.
      if (membership.status === "over" || (!allows && !isIn)) {
        if (membership.status !== "over") this.#letIn.get(session)?.delete(handle.room);
        this.#close(membership);
        session.down.push({ type: "refused", handle });
        return;
      }
      const rooms = this.#letIn.get(session) ?? new Set();
      this.#letIn.set(session, rooms.add(handle.room));
      membership.catchUp();
      if (handle.room === "passing") this.#enter(membership, handle, undefined);
      else if (isNow) this.#enter(membership, handle, this.#read(since));
      else this.#readLater(membership, handle, since);
    };
    if (isNow) decide();
    else this.later.push(decide);
  }

  /** The next of what the server sent reaches the client. */
  takeDown(client: Client): void {
    const down = client.session.down.shift();
    if (down !== undefined) this.#receive(client, down);
  }

  /** An event is left out on its way, as a server may that bounds what waits. */
  drop(client: Client, nth: number): void {
    const { down } = client.session;
    const posts = down.filter((one) => one.type === "post" && one.room === "kept");
    const post = posts[nth % Math.max(1, posts.length)];
    if (post !== undefined) down.splice(down.indexOf(post), 1);
  }

  /** The session ends, and the client gets another: what was on its way is lost. */
  lose(client: Client): void {
    this.end(client.session);
    client.session = new Session(client.uid);
    for (const handle of client.handles.values()) {
      handle.machine.unanswered();
      handle.machine.sessionBegan();
      this.#ask(client, handle);
    }
  }

  end(session: Session): void {
    session.isOver = true;
    this.#letIn.delete(session);
    for (const membership of this.table.allOf(session)) this.#close(membership);
  }

  /** The users who are in a room, by the server's decisions. */
  findInsiders(room: Room): ReadonlySet<string> {
    const sessions = [...this.#letIn].filter(([, rooms]) => rooms.has(room)).map(([session]) => session);
    return new Set(sessions.map(({ uid }) => uid));
  }

  /** Another room has a history from now on. */
  openAnother(): void {
    this.histories.append("another", -1, 10, BOUNDS);
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  tellMembers(): void {
    for (const room of ROOMS) {
      const change = this.tallies.get(room)?.takeChange();
      if (change === undefined) continue;
      for (const { status, session } of this.table.of(room)) {
        if (status === "joined") session.down.push({ type: "members", room, change });
      }
    }
  }

  /** All that is on its way arrives. */
  settle(): void {
    for (let round = 0; round < 50; round++) {
      for (const decide of this.later.splice(0)) decide();
      for (const client of this.clients) {
        while (client.session.up.length > 0) this.takeUp(client, true, true);
        while (client.session.down.length > 0) this.takeDown(client);
      }
      this.tellMembers();
    }
  }

  #ask(client: Client, handle: Handle): void {
    if (!handle.machine.wantsJoin) return;
    client.session.up.push({ type: "join", handle, since: handle.machine.beginJoin() });
  }

  #read(since: RoomPosition | undefined): HistoryRead<number> {
    const range = since === undefined ? { limit: 0 } : { after: since };
    return this.histories.read("kept", range, BOUNDS);
  }

  #readLater(membership: Membership<Session, number>, handle: Handle, since: RoomPosition | undefined): void {
    // What is sent before the store reads is in what it read, too.
    this.later.push(() => {
      const read = this.#read(since);
      this.later.push(() => this.#enter(membership, handle, read));
    });
  }

  #enter(membership: Membership<Session, number>, handle: Handle, read: HistoryRead<number> | undefined): void {
    const { session, room, isMember } = membership;
    if (membership.status === "over") {
      session.down.push({ type: "refused", handle });
      return;
    }
    const first = membership.join(read);
    const tally = this.tallies.get(room as Room);
    if (!isMember) tally?.add(session.uid);
    session.down.push({ type: "joined", handle, read });
    if (tally !== undefined) session.down.push({ type: "members", room: room as Room, change: tally.list() });
    for (const post of first) this.#push(session, room as Room, post);
  }

  #push(session: Session, room: Room, post: RoomPost<number>): void {
    if (!this.#letIn.get(session)?.has(room)) this.strays++;
    session.down.push({ type: "post", room, post });
  }

  #close(membership: Membership<Session, number>): void {
    if (membership.isMember) this.tallies.get(membership.room as Room)?.remove(membership.session.uid);
    this.table.close(membership);
  }

  #receive(client: Client, down: Down): void {
    if (down.type === "joined") {
      const { machine, joins, got } = down.handle;
      const { read } = down;
      down.handle.isRefused = false;
      machine.joined({ position: read?.top, isRecovered: read?.isComplete ?? false });
      joins.push({ had: got.length, recovered: machine.recovered });
      return;
    }
    if (down.type === "refused") {
      down.handle.isRefused = true;
      down.handle.machine.refused({ code: "refused", message: "no" });
      return;
    }
    const handle = client.handles.get(down.room);
    if (handle === undefined) return;
    if (down.type === "put-out") handle.machine.leftByServer({ code: "left", message: "" });
    else if (down.type === "members") handle.members = changeMembers(handle.members, down.change);
    else {
      const wasJoined = handle.machine.status === "joined";
      if (handle.machine.takes(down.post.offset)) {
        handle.got.push(down.post);
        const { event, offset } = down.post;
        // Of a room without a history nothing comes that was sent before the session was in it, or after.
        const isMeant = offset !== undefined || this.audience[event]?.has(client.session) === true;
        if (handle.isRefused || !isMeant) handle.strays++;
      } else if (wasJoined) handle.refusals++;
      this.#ask(client, handle);
    }
  }
}
