import type { NodeId, Topic } from "../backplane/index.ts";
import type { Delivered, Post } from "./posts.ts";
import type { Heard, Missed } from "./recent-posts.ts";

/** A post that a session is meant by. */
export interface CutPost {
  readonly from: NodeId;
  readonly number: number;
  readonly post: Delivered;
}

/** A post that was heard as it was posted. */
export interface LivePost extends CutPost {
  readonly topic: Topic;
}

interface TimedPost extends CutPost {
  /** When it was posted, by the time of this node. */
  readonly at: number;
}

/** What a session is given as it goes on at this node. */
export interface CutResult {
  /** Of each node in its order; between nodes in about that in which they posted. */
  readonly posts: readonly CutPost[];
  /** Up to which of its posts each node has told: what comes of them live yet is a double. */
  readonly upTo: ReadonlyMap<NodeId, number>;
}

/** Whom to ask for what was posted, and after which of its posts. */
export interface CutQuestion {
  readonly node: NodeId;
  readonly after: number | null;
}

/** More than so many posts are not held for one session. */
const MAX_HELD = 10_000;

/**
 * How a session gets every post once, though it goes from one node to another (PROTOCOL.md section 6.13): its new node hears
 * what is posted from before it asks for the session, and holds it here; the snapshot says how far the old node had heard
 * each; and each tells what it posted after that. Where something may be missing, there is no result. Pure.
 */
export class Cut {
  readonly #read: (bytes: Uint8Array) => Post;
  readonly #held: (LivePost & TimedPost)[] = [];
  #topics: ReadonlySet<Topic> = new Set();
  readonly #awaited = new Set<NodeId>();
  readonly #told: TimedPost[] = [];
  readonly #upTo = new Map<NodeId, number>();
  #isWhole = true;

  constructor(read: (bytes: Uint8Array) => Post) {
    this.#read = read;
  }

  /** False once something may be missing. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** True while a node has yet to tell. */
  get isOpen(): boolean {
    return this.#awaited.size > 0;
  }

  /** Another node posted. */
  hear(live: LivePost, now: number): void {
    if (this.#held.length < MAX_HELD) this.#held.push({ ...live, at: now });
    else this.#isWhole = false;
  }

  /** Posts may be missing here. */
  gap(): void {
    this.#isWhole = false;
  }

  /**
   * The session is here, and what is posted to its topics is heard: whom to ask, of those that it was known to where it was,
   * and those that are here now. Each then answers (`takeAnswer`).
   */
  begin(heard: Heard, topics: Iterable<Topic>, nodes: Iterable<NodeId>): readonly CutQuestion[] {
    this.#topics = new Set(topics);
    const known = new Map(Object.entries(heard));
    for (const node of [...known.keys(), ...nodes]) this.#awaited.add(node);
    // Whom the old node had not met posted nothing that the session had.
    return [...this.#awaited].map((node) => ({ node, after: known.has(node) ? (known.get(node) ?? null) : 0 }));
  }

  /** A node told what it posted, or nobody can tell. */
  takeAnswer(node: NodeId, missed: Missed | undefined, now: number): void {
    if (!this.#awaited.delete(node)) return;
    if (missed === undefined || !missed.isComplete) {
      this.#isWhole = false;
      return;
    }
    try {
      for (const { number, bytes, ageMs } of missed.posts) {
        const post = this.#read(bytes);
        if (post.type !== "presence") this.#told.push({ from: node, number, post, at: now - ageMs });
      }
      this.#upTo.set(node, missed.upTo);
    } catch {
      this.#isWhole = false;
    }
  }

  /** Undefined where something may be missing, or not all have told. */
  end(): CutResult | undefined {
    if (!this.#isWhole || this.isOpen) return undefined;
    const live = this.#held.filter(
      ({ from, topic, number }) => this.#topics.has(topic) && number > (this.#upTo.get(from) ?? 0),
    );
    return { posts: inOrder([...this.#told, ...live]), upTo: this.#upTo };
  }
}

/** By time, but for those of one node: they stay in their order. */
function inOrder(posts: readonly TimedPost[]): readonly CutPost[] {
  const latest = new Map<NodeId, number>();
  const timed = posts.map((post) => {
    const at = Math.max(post.at, latest.get(post.from) ?? post.at);
    latest.set(post.from, at);
    return { ...post, at };
  });
  return timed.sort((a, b) => a.at - b.at);
}
