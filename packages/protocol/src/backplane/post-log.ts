import type { Topic } from "./backplane.ts";

/** A post of this node. */
export interface Post {
  readonly number: number;
  readonly topic: Topic;
  /** Undefined of one that cannot be posted: it is missing for ever. */
  readonly bytes: Uint8Array | undefined;
  /** The number of the post before it to this topic; 0 where that is not kept any more. */
  readonly previous: number;
  readonly at: number;
}

/** What a `PostLog` keeps at most. */
export interface PostLogBounds {
  readonly posts: number;
  readonly bytes: number;
  readonly ms: number;
}

/** The last posts of this node, those that wait for the broker and those that somebody may have missed. */
export class PostLog {
  readonly #bounds: PostLogBounds;
  #posts: Post[] = [];
  /** Those before this index are gone; they are cut off now and then. */
  #head = 0;
  #bytes = 0;
  #number = 0;
  /** By topic, its last post that is kept. */
  readonly #last = new Map<Topic, number>();

  constructor(bounds: PostLogBounds) {
    this.#bounds = bounds;
  }

  /** That of the last post. */
  get number(): number {
    return this.#number;
  }

  /** That of the first post that is kept, or of the next one. */
  get first(): number {
    return this.#posts[this.#head]?.number ?? this.#number + 1;
  }

  add(topic: Topic, bytes: Uint8Array | undefined, now: number): number {
    this.#number++;
    this.#posts.push({ number: this.#number, topic, bytes, previous: this.#last.get(topic) ?? 0, at: now });
    this.#last.set(topic, this.#number);
    this.#bytes += bytes?.length ?? 0;
    while (this.#posts.length - this.#head > this.#bounds.posts || this.#bytes > this.#bounds.bytes) this.#drop();
    return this.#number;
  }

  /** Lets go of what is old, and is with the broker. */
  expire(acknowledged: number, now: number): void {
    for (;;) {
      const post = this.#posts[this.#head];
      if (post === undefined || post.number > acknowledged || post.at + this.#bounds.ms > now) return;
      this.#drop();
    }
  }

  /** Those after a number, up to so many bytes, or one. */
  after(number: number, maxBytes: number): Post[] {
    const begin = this.#head + Math.max(0, number + 1 - this.first);
    let end = begin;
    for (let bytes = 0; end < this.#posts.length; end++) {
      const post = this.#posts[end];
      bytes += (post?.bytes?.length ?? 0) + 4 * (post?.topic.length ?? 0) + 32;
      if (bytes > maxBytes && end > begin) break;
    }
    return this.#posts.slice(begin, end);
  }

  #drop(): void {
    const post = this.#posts[this.#head];
    if (post === undefined) return;
    this.#bytes -= post.bytes?.length ?? 0;
    if (this.#last.get(post.topic) === post.number) this.#last.delete(post.topic);
    this.#head++;
    if (this.#head >= 32 && this.#head * 2 >= this.#posts.length) {
      this.#posts.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
