import type { Inbox, NodeId, Topic } from "./backplane.ts";
import type { Page, PagePost } from "./page.ts";

/** What of a peer waits while it is asked for what was missed, at most. */
const MAX_HELD_BYTES = 8 * 1_048_576;

/** Another node, as this one hears it: its posts in order and once, or a gap. */
export class Peer {
  readonly id: NodeId;
  /** When something of it was heard. */
  heardAt: number;
  readonly #inbox: Inbox;
  readonly #isSubscribed: (topic: Topic) => boolean;
  /** All up to this post was handed out, or was not for this node. */
  #number: number;
  /** That of the last message that was no post. */
  #messages = 0;
  /** By topic that is subscribed: the last post of it. */
  readonly #last = new Map<Topic, number>();
  /** While it is asked for what was missed: what came meanwhile. */
  #held: PagePost[] | undefined;
  #heldBytes = 0;

  constructor(id: NodeId, inbox: Inbox, isSubscribed: (topic: Topic) => boolean, number: number, now: number) {
    this.id = id;
    this.#inbox = inbox;
    this.#isSubscribed = isSubscribed;
    this.#number = number;
    this.heardAt = now;
  }

  /** All up to this post is here. */
  get number(): number {
    return this.#number;
  }

  /** Something may have been missed: from now on what comes waits for the pages. */
  get isCatchingUp(): boolean {
    return this.#held !== undefined;
  }

  catchUp(): void {
    this.#held ??= [];
  }

  /** False of a message that came before: it was sent again. */
  isNew(message: number): boolean {
    if (message <= this.#messages) return false;
    this.#messages = message;
    return true;
  }

  /** It says that it has posted so much: what is not here by now was not for this node. */
  advance(number: number): void {
    if (this.#held === undefined) this.#number = Math.max(this.#number, number);
  }

  forget(topic: Topic): void {
    this.#last.delete(topic);
  }

  take(post: PagePost): void {
    if (this.#held === undefined) {
      this.#deliver(post);
      return;
    }
    this.#held.push(post);
    this.#heldBytes += 64 + (post.bytes?.length ?? 0);
    if (this.#heldBytes > MAX_HELD_BYTES) this.giveUp();
  }

  /** The next part of what was missed. True where there is more to ask for. */
  turn({ isTooLate, isLast, posts }: Page): boolean {
    if (this.#held === undefined) return false;
    if (isTooLate) this.gap();
    for (const post of posts) this.#deliver(post);
    if (isLast) this.#goOn();
    return !isLast;
  }

  /** What was missed cannot be had. */
  giveUp(): void {
    this.gap();
    this.#goOn();
  }

  /** Its posts were lost on the way, or it could not post them. */
  gap(): void {
    this.#inbox.gap(this.id);
    this.#last.clear();
  }

  #goOn(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    for (const post of held) this.#deliver(post);
  }

  #deliver({ number, topic, bytes, previous }: PagePost): void {
    // It was sent again by a node that did not know whether it had arrived.
    if (number <= this.#number) return;
    this.#number = number;
    if (bytes === undefined) this.gap();
    else if (this.#isSubscribed(topic)) {
      const last = this.#last.get(topic);
      if (last !== undefined && previous > last) this.gap();
      this.#last.set(topic, number);
      this.#inbox.posted(this.id, topic, bytes, number);
    }
  }
}
