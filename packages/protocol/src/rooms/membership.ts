import type { RoomPosition } from "./position.ts";
import type { HistoryRead, RoomEntry } from "./room-log.ts";

/** An event on its way to the members of a room; its offset where the room has a history. */
export interface RoomPost<E> {
  readonly event: E;
  readonly offset: number | undefined;
}

/**
 * joining: somebody decides whether it may; catching-up: its place in the history is being read; joined: it gets what is
 * sent; over: it left, was refused, or its session ended.
 */
export type MembershipStatus = "joining" | "catching-up" | "joined" | "over";

/** One session in one room. It gets each event once and none is missing, however long it takes to read the history. */
export class Membership<S, E> {
  readonly session: S;
  readonly room: string;
  #status: MembershipStatus = "joining";
  #isMember = false;
  #held: RoomPost<E>[] = [];
  /** The history of which it gets the events, and the last of them that it was given. */
  #epoch: string | undefined;
  #offset = 0;

  constructor(session: S, room: string) {
    this.session = session;
    this.room = room;
  }

  get status(): MembershipStatus {
    return this.#status;
  }

  /** True from when it joined until it is over: others are told of it. */
  get isMember(): boolean {
    return this.#isMember;
  }

  /** Up to where it was given what is in the history; undefined where there is none. */
  get position(): RoomPosition | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, offset: this.#offset };
  }

  /** From now on what is sent waits until the history was read. */
  catchUp(): void {
    if (this.#status !== "over") this.#status = "catching-up";
  }

  /** Joins, once the history was read, or where there is none. Returns what is delivered first, before all that comes later. */
  join(read?: HistoryRead<E>): readonly RoomPost<E>[] {
    if (this.#status === "over") return [];
    const missed: readonly RoomEntry<E>[] = read?.entries ?? [];
    const held = this.#held.filter(
      ({ offset }) => read === undefined || offset === undefined || offset > read.top.offset,
    );
    this.#held = [];
    this.#status = "joined";
    this.#isMember = true;
    this.#epoch = read?.top.epoch;
    this.#offset = held.at(-1)?.offset ?? read?.top.offset ?? 0;
    return [...missed, ...held];
  }

  /** True where a post is to be delivered now. */
  takes(post: RoomPost<E>): boolean {
    if (this.#status === "catching-up") this.#held.push(post);
    if (this.#status !== "joined") return false;
    if (post.offset !== undefined) this.#offset = post.offset;
    return true;
  }

  end(): void {
    this.#status = "over";
    this.#isMember = false;
    this.#held = [];
  }
}
