import { ProtocolError } from "@sente-lite/protocol";
import type { Membership, Topic } from "@sente-lite/protocol/backplane";
import { type Label, type Post, type PostOutput, uidTopic } from "@sente-lite/protocol/cluster";
import type { Counters } from "./metrics.ts";
import { uidOf } from "./registry.ts";

/** An order to clients, but for whom it means. */
export type OrderOf<T extends Post["type"]> = Omit<Extract<Post, { readonly type: T }>, "to">;

export interface NodePostsOptions {
  readonly counters: Counters;
  /** It went out, under that number. */
  readonly noteSent: (post: PostOutput, number: number) => void;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/** What is posted before the node has joined waits, as long as it is no more than that. */
const MAX_EARLY = 1_000;

/** What this node posts; before it has joined, it waits. */
export class NodePosts {
  readonly #options: NodePostsOptions;
  #membership: Membership | undefined;
  #early: PostOutput[] = [];

  constructor(options: NodePostsOptions) {
    this.#options = options;
  }

  /** The most bytes of a post; undefined while none goes out. */
  get maxBytes(): number | undefined {
    return this.#membership?.maxBytes;
  }

  /** The node has joined: what waits goes out. */
  use(membership: Membership): void {
    this.#membership = membership;
    const early = this.#early;
    this.#early = [];
    for (const post of early) this.send(post);
  }

  /** The node has joined no longer. */
  end(): void {
    this.#membership = undefined;
  }

  send(post: PostOutput): void {
    const { counters, noteSent, report } = this.#options;
    const { topic, bytes } = post;
    if (this.#membership !== undefined) {
      counters.clusterPostsOut++;
      noteSent(post, this.#membership.post(topic, bytes));
    } else if (this.#early.length < MAX_EARLY) this.#early.push(post);
    else
      report(new ProtocolError("post-dropped", "too much is posted before the node has joined"), {
        source: "backplane",
        topic,
      });
  }
}

/** Whom a push means, by the topics of their users. */
export function byTopic(labels: Iterable<Label>): ReadonlyMap<Topic, readonly Label[]> {
  const topics = new Map<Topic, Label[]>();
  for (const label of labels) {
    const isUser = label === null || typeof label === "string";
    const one = isUser ? uidOf(label) : { uid: uidOf(label.uid), clientId: label.clientId };
    const topic = uidTopic(isUser ? uidOf(label) : uidOf(label.uid));
    const known = topics.get(topic);
    if (known === undefined) topics.set(topic, [one]);
    else known.push(one);
  }
  return topics;
}
