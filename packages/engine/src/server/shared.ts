import type { SenteEvent, ServerLimits } from "@sente-lite/protocol";
import type { NodeId, Topic } from "@sente-lite/protocol/backplane";
import {
  type CutPost,
  type CutResult,
  type Label,
  type PostOptions,
  type ReplyPost,
  type RoomPost,
  type Target,
  uidTopic,
} from "@sente-lite/protocol/cluster";
import { closeCodes } from "@sente-lite/protocol/session";
import type { Host } from "../host.ts";
import { CaughtUp, type Origin } from "./caught-up.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Elsewhere } from "./elsewhere.ts";
import type { FollowingReplies } from "./following-replies.ts";
import type { Outgoing } from "./outgoing.ts";
import { createMatcher } from "./registry.ts";
import type { Rooms } from "./rooms/rooms.ts";
import type { Roster } from "./roster.ts";
import type { SessionDriver } from "./session-driver.ts";
import type { SharedServer } from "./shared-server.ts";

export interface SharedOptions<Context> {
  readonly host: Host;
  readonly limits: ServerLimits;
  readonly roster: Roster<Context>;
  readonly rooms: Rooms<Context>;
  readonly outgoing: Outgoing<Context>;
  readonly dispatcher: Dispatcher<Context>;
  readonly following: Pick<FollowingReplies<Context>, "take" | "noteGone"> | undefined;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

const MISSED = "pushes of another server may be missing";
const UID = "uid/";
const ROOM = "room/";

/** What the other nodes of a cluster have this server do. */
export class Shared<Context> implements SharedServer {
  readonly #options: SharedOptions<Context>;
  /** Sessions that have what others posted up to some number. */
  readonly caughtUp: CaughtUp<SessionDriver<Context>> = new CaughtUp();

  constructor(options: SharedOptions<Context>) {
    this.#options = options;
  }

  push(to: readonly Label[], event: SenteEvent, options: PostOptions, origin: Origin): void {
    this.#options.outgoing.pushTo(to, event, { ...hereOf(options), hasIt: this.caughtUp.filterOf(origin) });
  }

  broadcast(event: SenteEvent, options: PostOptions, origin: Origin): void {
    this.#options.outgoing.pushToAll(event, { ...hereOf(options), hasIt: this.caughtUp.filterOf(origin) });
  }

  postInto(post: RoomPost, origin: Origin): void {
    const { rooms } = this.#options;
    const { room, event, uid, from, exceptRoom } = post;
    const inThere = exceptRoom === undefined ? [] : Array.from(rooms.findIn(exceptRoom), labelOf);
    const except = post.except === undefined && inThere.length === 0 ? undefined : [...(post.except ?? []), ...inThere];
    rooms.posts.postedElsewhere(room, { event, uid, from, except }, post, this.caughtUp.filterOf(origin));
  }

  /** Gives a session that came from another node what was posted meanwhile, before anything that comes from now on. */
  catchUp(driver: SessionDriver<Context>, { posts, upTo }: CutResult): void {
    this.caughtUp.add(driver, upTo);
    for (const one of posts) {
      if (driver.session.status === "ended") return;
      this.#replay(driver, one);
    }
  }

  #replay(driver: SessionDriver<Context>, { post }: CutPost): void {
    const { outgoing, rooms, following } = this.#options;
    const isMeant = (to: Target) => ("room" in to ? this.#isIn(driver, to.room) : createMatcher(to)(driver));
    switch (post.type) {
      case "push":
        if (isMeant(post.to) && !this.#isLeftOut(driver, post)) outgoing.push(driver, post.event, post.key);
        break;
      case "broadcast":
        if (!this.#isLeftOut(driver, post)) outgoing.push(driver, post.event, post.key);
        break;
      case "room": {
        const { room, event, uid, from, except, key, offset } = post;
        // It comes from the history.
        if (offset !== undefined) break;
        if (!this.#isLeftOut(driver, post)) rooms.posts.pushTo(driver, room, { event, uid, from, except }, key);
        break;
      }
      case "disconnect":
        if (isMeant(post.to)) outgoing.expel([labelOf(driver)], post.code, post.reason);
        break;
      case "join":
        if (isMeant(post.to)) rooms.letIn([labelOf(driver)], post.room);
        break;
      case "leave":
        if (isMeant(post.to)) rooms.putOut([labelOf(driver)], post.room);
        break;
      case "reply":
        if (post.session === driver.session.id) following?.take(driver, post);
        break;
    }
  }

  #isLeftOut(driver: SessionDriver<Context>, { except, exceptRoom }: PostOptions): boolean {
    return createMatcher(except)(driver) || (exceptRoom !== undefined && this.#isIn(driver, exceptRoom));
  }

  #isIn(driver: SessionDriver<Context>, room: string): boolean {
    const membership = this.#options.rooms.membership(driver, room);
    // Of a room with a history it reads yet what it missed, as it comes.
    return membership?.isMember === true || membership?.status === "catching-up";
  }

  disconnect(to: Target, code: number, reason: string, origin: Origin): void {
    this.#options.outgoing.expel(to, code, reason, this.caughtUp.filterOf(origin));
  }

  join(to: Target, room: string, origin: Origin): void {
    this.#options.rooms.letIn(to, room, this.caughtUp.filterOf(origin));
  }

  leave(to: Target, room: string, origin: Origin): void {
    this.#options.rooms.putOut(to, room, this.caughtUp.filterOf(origin));
  }

  reply(post: ReplyPost): void {
    const { roster, following } = this.#options;
    const driver = roster.findById(post.session)?.holder;
    if (driver !== undefined) following?.take(driver, post);
  }

  nodeGone(node: NodeId): void {
    this.#options.following?.noteGone(node);
  }

  needs(topic: Topic): boolean {
    const { roster, rooms } = this.#options;
    if (topic.startsWith(ROOM)) return rooms.has(topic.slice(ROOM.length));
    if (!topic.startsWith(UID)) return roster.hasUser(null);
    const name = topic.slice(UID.length);
    // Of a long uid the topic has a part: it stays.
    return roster.hasUser(name) || uidTopic(`${name} `) === topic;
  }

  unheard(topic: Topic): void {
    if (topic.startsWith(ROOM)) this.#options.rooms.posts.noteUnheard(topic.slice(ROOM.length));
  }

  endSessions(topic: Topic | undefined): number {
    const meant = [...this.#findMeant(topic)];
    for (const driver of meant) driver.end(closeCodes.restart, MISSED);
    return meant.length;
  }

  sessions(): WeakSet<object> {
    return new WeakSet(this.#options.roster.findAll());
  }

  readHistories(): void {
    void this.#options.rooms.posts.readHistories();
  }

  presence(uid: string | null, isHere: boolean, isToTell: boolean): void {
    const { roster, dispatcher } = this.#options;
    roster.notePresence(uid, isHere);
    if (!isToTell) return;
    const own = roster.findReached(uid).find(({ isLive }) => isLive);
    const source = own ?? new Elsewhere<Context>(uid, this.#options);
    dispatcher.announceUser(source, isHere ? "chsk/uidport-open" : "chsk/uidport-close");
  }

  member(room: string, uid: string | null, isIn: boolean): void {
    this.#options.rooms.noteMember(room, uid, isIn);
  }

  lasting(room: string, uid: string | null, isOn: boolean): void {
    this.#options.rooms.lasting.noteOfNode(uid, room, isOn);
  }

  allLasting(): Iterable<readonly [uid: string | null, room: string]> {
    return this.#options.rooms.lasting.all();
  }

  *#findMeant(topic: Topic | undefined): Iterable<SessionDriver<Context>> {
    const { roster, rooms } = this.#options;
    if (topic?.startsWith(ROOM)) yield* rooms.findIn(topic.slice(ROOM.length));
    else for (const driver of roster.findAll()) if (topic === undefined || uidTopic(driver.uid) === topic) yield driver;
  }
}

/** How another node's event is pushed here. */
function hereOf({ flush, key, volatile, except, exceptRoom }: PostOptions) {
  return {
    ...(flush !== undefined && { flush }),
    ...(key !== undefined && { key }),
    ...(volatile !== undefined && { volatile }),
    ...(exceptRoom === undefined ? { except } : { except: { room: exceptRoom } }),
  };
}

function labelOf({ uid, clientId }: { readonly uid: string | null; readonly clientId: string }): Label {
  return { uid, clientId };
}
