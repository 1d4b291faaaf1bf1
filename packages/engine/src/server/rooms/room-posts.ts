import { type SenteEvent, UsageError } from "@sente-lite/protocol";
import { BackplaneError } from "@sente-lite/protocol/backplane";
import { isThenable, whenSettled } from "@sente-lite/protocol/calls";
import type { PostOptions, RoomPost } from "@sente-lite/protocol/cluster";
import type {
  HistoryBounds,
  HistoryRange,
  HistoryRead,
  Membership,
  RoomHistories,
  RoomPatterns,
  RoomPosition,
  RoomTable,
} from "@sente-lite/protocol/rooms";
import { weightOf } from "@sente-lite/protocol/session";
import type { Host } from "../../host.ts";
import { createMatcher, labelsOf } from "../registry.ts";
import type { Roster } from "../roster.ts";
import type { SessionDriver } from "../session-driver.ts";
import type { Sharing } from "../sharing.ts";
import { UnderWay } from "../under-way.ts";
import { type ChannelId, Post, type Posted } from "./post.ts";
import { RoomFeed } from "./room-feed.ts";
import { kindOf, type RoomKind } from "./room-kinds.ts";

/** Whoever joins while the broker is away is read for again after so long. */
const AGAIN_MS = 1_000;

export interface RoomPostsOptions<Context> {
  readonly host: Pick<Host, "setTimer">;
  readonly kinds: RoomPatterns<RoomKind<Context>>;
  readonly histories: RoomHistories<Posted>;
  readonly roster: Pick<Roster<Context>, "isReached">;
  readonly push: (connection: SessionDriver<Context>, event: SenteEvent, key?: string) => void;
  /** Now or never; false where it is left out. */
  readonly pushVolatile: (connection: SessionDriver<Context>, event: SenteEvent) => boolean;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  /** The other nodes, where there may be some. */
  readonly sharing: Pick<Sharing, "holdRoom" | "postedInto"> | undefined;
  /** Ends the sessions of who is in a room, where events of it are missing. */
  readonly endSessionsIn: (room: string) => void;
}

/** How an event is sent into a room. */
export interface PostInto {
  readonly key?: string | undefined;
  /** At once: of interest to other nodes. */
  readonly flush?: boolean;
  /** Who is in that room, at other nodes, is left out. */
  readonly exceptRoom?: string | undefined;
}

/** How an event goes to who is in a room. */
interface Delivery<Context> {
  readonly key?: string | undefined;
  /** From the feed of a history that nodes share. */
  readonly isFed?: boolean;
  /** Of those that were given it before. */
  readonly hasIt?: ((connection: SessionDriver<Context>) => boolean) | undefined;
}

export type Member<Context> = Membership<SessionDriver<Context>, Posted>;

/** The events of rooms: on their way into the histories and to the members, and what is read from the histories. */
export class RoomPosts<Context> {
  readonly #options: RoomPostsOptions<Context>;
  readonly #table: RoomTable<SessionDriver<Context>, Posted>;
  /** What sente_lite's peers call the rooms that they subscribed to. */
  readonly #channelIds = new WeakMap<Member<Context>, ChannelId>();
  /** Of rooms whose history other nodes add to as well. */
  readonly #feeds = new Map<string, RoomFeed<Posted>>();
  /** Where the history stood when they joined: what came before they have, or do not get. */
  readonly #joinedAt = new WeakMap<Member<Context>, number>();

  /** Events that are on their way into a history, and are told to the other nodes then. */
  readonly underWay: UnderWay = new UnderWay();

  /** `table`: who is in which room. */
  constructor(options: RoomPostsOptions<Context>, table: RoomTable<SessionDriver<Context>, Posted>) {
    this.#options = options;
    this.#table = table;
  }

  /** Sends an event to who is in a room; returns the connections that are. */
  post(room: string, posted: Posted, options: PostInto = {}): readonly SessionDriver<Context>[] {
    const { key } = options;
    const { sharing, histories } = this.#options;
    const bounds = kindOf(this.#options.kinds, room).history;
    if (bounds !== undefined && key !== undefined) {
      throw new UsageError("bad-option", "key does not go with a room that has a history: it keeps every event");
    }
    const isLeftOut = createMatcher(posted.except);
    const meant: SessionDriver<Context>[] = [];
    for (const { isMember, session } of this.#table.of(room)) if (isMember && !isLeftOut(session)) meant.push(session);
    if (bounds === undefined) {
      this.#deliver(room, posted, undefined, { key });
      sharing?.postedInto(asPost(room, posted, options));
      return meant;
    }
    const bytes = posted.event[0].length + weightOf(posted.event[1], bounds.maxBytes);
    const appended = histories.append(room, posted, bytes, bounds);
    const told = this.#reportFailure(
      room,
      whenSettled(appended, ({ epoch, offset }) => {
        if (sharing === undefined) this.#deliver(room, posted, offset);
        else {
          this.#feeds.get(room)?.take({ event: posted, offset }, epoch);
          sharing.postedInto(asPost(room, posted, { ...options, epoch, offset }));
        }
      }),
    );
    if (told !== undefined) this.underWay.add(told);
    return meant;
  }

  /** Sends an event to who is in a room and takes it now, and keeps it nowhere; returns to how many connections. */
  postVolatile(room: string, posted: Posted, exceptRoom?: string): number {
    kindOf(this.#options.kinds, room);
    this.#options.sharing?.postedInto(asPost(room, posted, { volatile: true, exceptRoom }));
    return this.#pushVolatile(room, posted);
  }

  /** Another node sent an event into a room. */
  postedElsewhere(
    room: string,
    posted: Posted,
    { epoch, offset, key, flush, volatile }: RoomPost,
    hasIt?: (connection: SessionDriver<Context>) => boolean,
  ): void {
    if (volatile === true) this.#pushVolatile(room, posted);
    else if (offset !== undefined) this.#feeds.get(room)?.take({ event: posted, offset }, epoch);
    else this.#deliver(room, posted, undefined, { key, hasIt });
    if (flush !== true) return;
    for (const { isMember, session } of this.#table.of(room)) {
      if (!isMember) continue;
      session.session.flush();
      session.run();
    }
  }

  /** Sends an event of a room to one who is in it. */
  pushTo(connection: SessionDriver<Context>, room: string, posted: Posted, key?: string): void {
    const member = this.#table.find(connection, room);
    const entry = { event: posted, offset: undefined };
    if (member?.takes(entry)) this.#push(member, new Post(room, posted, undefined), key);
  }

  /** Others may have added to the histories without that this node heard of it. Never rejects. */
  async readHistories(): Promise<void> {
    for (const feed of [...this.#feeds.values()]) await feed.look();
  }

  /** What other nodes send into a room is not heard here any more. */
  noteUnheard(room: string): void {
    this.#feeds.delete(room);
  }

  /** Reads a history. Throws `UsageError` `no-history`. */
  read(room: string, range: HistoryRange): HistoryRead<Posted> | Promise<HistoryRead<Posted>> {
    const bounds = kindOf(this.#options.kinds, room).history;
    if (bounds === undefined) throw new UsageError("no-history", `the room ${JSON.stringify(room)} keeps no history`);
    return this.#options.histories.read(room, range, bounds);
  }

  /**
   * Reads for one who joins what came since a position, or where the history stands; without one, nothing. While the broker
   * is away that is tried again, as long as the one is meant to be in there.
   */
  readMissed(
    member: Member<Context>,
    since: RoomPosition | undefined,
    join: (read: HistoryRead<Posted> | undefined) => void,
  ): Promise<void> | undefined {
    const { kinds, histories, sharing } = this.#options;
    const { room } = member;
    const range: HistoryRange = since === undefined ? { limit: 0 } : { after: since };
    const bounds = kinds.find(room)?.history;
    const readNow = () => bounds && histories.read(room, range, bounds);
    const read = () => {
      // What others post arrives before the place in the history is read.
      const held = sharing?.holdRoom(room);
      if (sharing !== undefined && bounds !== undefined) this.#feed(room, bounds);
      return held === undefined ? readNow() : held.then(readNow);
    };
    const reading = read();
    const found = isThenable(reading) ? this.#untilRead(member, reading, read) : reading;
    return this.#reportFailure(room, whenSettled(found, join));
  }

  async #untilRead<T>(
    member: Member<Context>,
    first: PromiseLike<T>,
    read: () => PromiseLike<T> | T,
  ): Promise<T | undefined> {
    const { host } = this.#options;
    for (let reading: PromiseLike<T> | T = first, isFirst = true; ; isFirst = false) {
      try {
        return await reading;
      } catch (error) {
        if (!(error instanceof BackplaneError)) throw error;
        if (isFirst) this.#options.report(error, { source: "histories", room: member.room });
      }
      await new Promise<void>((resolve) => void host.setTimer(AGAIN_MS, resolve));
      if (member.status === "over") return undefined;
      reading = read();
    }
  }

  /** Lets one in that was read for; returns what it missed, for `deliverMissed`. */
  begin(member: Member<Context>, read: HistoryRead<Posted> | undefined): ReturnType<Member<Context>["join"]> {
    const missed = member.join(read);
    const feed = this.#feeds.get(member.room);
    if (read !== undefined && feed !== undefined) {
      this.#joinedAt.set(member, read.top.offset);
      feed.begin(read.top);
    }
    return missed;
  }

  /** Sends one who has joined what it missed. */
  deliverMissed(member: Member<Context>, missed: ReturnType<Member<Context>["join"]>): void {
    for (const { event, offset } of missed) this.#push(member, new Post(member.room, event, offset));
  }

  /** Remembers how a sente_lite peer calls the room that it subscribed to. */
  nameChannel(member: Member<Context>, channelId: ChannelId): void {
    this.#channelIds.set(member, channelId);
  }

  #deliver(
    room: string,
    posted: Posted,
    offset: number | undefined,
    { key, isFed = false, hasIt }: Delivery<Context> = {},
  ): void {
    const post = new Post(room, posted, offset);
    const entry = { event: posted, offset };
    for (const member of this.#table.of(room)) {
      if (isFed && offset !== undefined && offset <= (this.#joinedAt.get(member) ?? 0)) continue;
      if (hasIt?.(member.session) === true) continue;
      if (member.takes(entry)) this.#push(member, post, key);
    }
  }

  #push(member: Member<Context>, post: Post, key?: string): void {
    const { session } = member;
    const event = post.makeEventFor(session, this.#channelIds.get(member));
    if (event !== undefined && this.#options.roster.isReached(session)) this.#options.push(session, event, key);
  }

  #pushVolatile(room: string, posted: Posted): number {
    const post = new Post(room, posted, undefined);
    const { roster, pushVolatile } = this.#options;
    let connections = 0;
    for (const member of this.#table.of(room)) {
      const { session, status } = member;
      const event = status === "joined" ? post.makeEventFor(session, this.#channelIds.get(member)) : undefined;
      if (event !== undefined && roster.isReached(session) && pushVolatile(session, event)) connections++;
    }
    return connections;
  }

  #feed(room: string, bounds: HistoryBounds): void {
    if (this.#feeds.has(room)) return;
    const { histories, endSessionsIn, report } = this.#options;
    const feed = new RoomFeed<Posted>({
      read: (after) => histories.read(room, { after }, bounds),
      deliver: ({ event, offset }) => this.#deliver(room, event, offset, { isFed: true }),
      broken: () => endSessionsIn(room),
      report: (error) => report(error, { source: "histories", room }),
    });
    this.#feeds.set(room, feed);
  }

  /** Reports a store of histories that fails: whoever sends or joins is not told, as it is not their fault. */
  #reportFailure(room: string, work: Promise<void> | undefined): Promise<void> | undefined {
    return work?.catch((error: unknown) => this.#options.report(error, { source: "histories", room }));
  }
}

/** What other nodes are told of an event that was sent into a room. */
function asPost(
  room: string,
  { event, uid, from, except }: Posted,
  options: PostOptions & { readonly epoch?: string; readonly offset?: number },
): RoomPost {
  const { key, flush, volatile, exceptRoom, epoch, offset } = options;
  return {
    type: "room",
    room,
    event,
    ...(uid !== undefined && { uid }),
    ...(from !== undefined && { from }),
    ...(except !== undefined && { except: [...labelsOf(except)] }),
    ...(key !== undefined && { key }),
    ...(flush && { flush }),
    ...(volatile && { volatile }),
    ...(exceptRoom !== undefined && { exceptRoom }),
    ...(epoch !== undefined && { epoch }),
    ...(offset !== undefined && { offset }),
  };
}
