import type { NodeId, Topic } from "../backplane/index.ts";

/** A post of a node, as it is kept for sessions that were on their way. */
export interface KeptPost {
  readonly number: number;
  readonly topic: Topic;
  readonly bytes: Uint8Array;
  /** When it was posted, in ms of that node. */
  readonly at: number;
}

/** A post that a session missed. */
export interface MissedPost extends Omit<KeptPost, "at"> {
  /** How long ago it was posted: posts of several nodes are put in order by it. */
  readonly ageMs: number;
}

/**
 * How far the node that released a session had heard each node, itself too, by the numbers of their posts; null where that
 * cannot be told, as of one that had posted nothing since it was met.
 */
export type Heard = Readonly<Record<NodeId, number | null>>;

/** What a node posted to some topics after a number. */
export interface Missed {
  /** Nothing is missing among the posts. */
  readonly isComplete: boolean;
  /** The last number that the node had given out then, whatever the topic. */
  readonly upTo: number;
  /** In order. */
  readonly posts: readonly MissedPost[];
}

/** What `RecentPosts` keep at most. */
export interface RecentPostsBounds {
  readonly posts: number;
  readonly bytes: number;
}

export const recentPostsBounds: RecentPostsBounds = { posts: 10_000, bytes: 4 * 1_048_576 };

/** Of so many topics it is remembered which post was dropped last. */
const MAX_DROPPED = 10_000;

/**
 * The last posts of one node that sessions are meant by: a session that goes from node to node has none for a moment, and is
 * given afterwards what was posted meanwhile. Where what was asked for is kept no more, that is said.
 */
export class RecentPosts {
  readonly #bounds: RecentPostsBounds;
  /** Oldest first. */
  readonly #posts = new Map<number, KeptPost>();
  readonly #byTopic = new Map<Topic, KeptPost[]>();
  readonly #dropped = new Map<Topic, number>();
  #bytes = 0;
  /** Of topics that are not among the dropped: nothing after this number was dropped. */
  #floor: number;
  #upTo: number;

  /** `floor`: of what was posted up to there nothing is known; `upTo`: the last number that was given out. */
  constructor(bounds: RecentPostsBounds = recentPostsBounds, floor = 0, upTo = 0) {
    this.#bounds = bounds;
    this.#floor = floor;
    this.#upTo = upTo;
  }

  get upTo(): number {
    return this.#upTo;
  }

  /** Nothing is known of a post up to this number, whatever its topic, that is not kept. */
  get floor(): number {
    return Math.max(this.#floor, ...this.#dropped.values());
  }

  /** All that is kept, in order. */
  get all(): Iterable<KeptPost> {
    return this.#posts.values();
  }

  /** Nothing was posted yet. */
  reset(): void {
    this.#posts.clear();
    this.#byTopic.clear();
    this.#dropped.clear();
    this.#bytes = 0;
    this.#floor = 0;
    this.#upTo = 0;
  }

  /** A number was given out, for whatever post. */
  note(number: number): void {
    this.#upTo = Math.max(this.#upTo, number);
  }

  add(post: KeptPost): void {
    this.note(post.number);
    this.#posts.set(post.number, post);
    const same = this.#byTopic.get(post.topic);
    if (same === undefined) this.#byTopic.set(post.topic, [post]);
    else same.push(post);
    this.#bytes += post.bytes.length;
    for (const oldest of this.#posts.values()) {
      if (this.#posts.size <= this.#bounds.posts && this.#bytes <= this.#bounds.bytes) break;
      this.#drop(oldest);
    }
  }

  /** What was posted to those topics after a number, at this moment; with null after one that is not known. */
  after(topics: Iterable<Topic>, number: number | null, now: number): Missed {
    let isComplete = true;
    const posts: MissedPost[] = [];
    for (const topic of new Set(topics)) {
      const kept = this.#byTopic.get(topic) ?? [];
      const droppedAt = this.#dropped.get(topic) ?? this.#floor;
      // Which of them the session had is not known; where there are none, that does not matter.
      if (number === null) isComplete &&= kept.length === 0 && droppedAt === 0;
      else {
        isComplete &&= droppedAt <= number;
        for (const { at, ...post } of kept)
          if (post.number > number) posts.push({ ...post, ageMs: Math.max(0, now - at) });
      }
    }
    posts.sort((a, b) => a.number - b.number);
    return { isComplete, upTo: this.#upTo, posts };
  }

  #drop({ number, topic, bytes }: KeptPost): void {
    this.#posts.delete(number);
    this.#bytes -= bytes.length;
    const same = this.#byTopic.get(topic);
    same?.shift();
    if (same?.length === 0) this.#byTopic.delete(topic);
    this.#dropped.delete(topic);
    this.#dropped.set(topic, number);
    for (const [oldest, at] of this.#dropped) {
      if (this.#dropped.size <= MAX_DROPPED) break;
      this.#dropped.delete(oldest);
      this.#floor = Math.max(this.#floor, at);
    }
  }
}
