import { isNodeId, type NodeId, type Topic } from "../backplane/index.ts";
import { EncodeError, type SenteError } from "../errors.ts";
import { readChanges } from "./changes.ts";
import { ClusterPresence, type ClusterPresenceOptions, type PresenceOutput } from "./cluster-presence.ts";
import { Cut } from "./cut.ts";
import type { Part } from "./peer.ts";
import { type Delivered, isCount, type Post, type PostCodec, type ReplyPost } from "./posts.ts";
import { type Heard, RecentPosts } from "./recent-posts.ts";
import { ALL } from "./topics.ts";

/** What a `ClusterMachine` is made with. */
export interface ClusterMachineOptions extends ClusterPresenceOptions {
  readonly codec: PostCodec;
}

/** A post that is to go out; then `noteSent` is told its number. `isKept` where sessions may be meant by it. */
export interface PostOutput {
  readonly type: "post";
  readonly topic: Topic;
  readonly bytes: Uint8Array;
  readonly isKept: boolean;
}

/** What is to be done. */
export type ClusterOutput =
  | PresenceOutput
  | PostOutput
  | { readonly type: "deliver"; readonly from: NodeId; readonly post: Delivered; readonly number: number }
  /** Sessions that may have missed a post end, and are told: those to which the topic is of interest, or all. */
  | { readonly type: "endSessions"; readonly from: NodeId | "all"; readonly topic: Topic | undefined }
  /** What another node sent cannot be read. */
  | { readonly type: "report"; readonly from: NodeId; readonly error: SenteError };

/**
 * One node among those of a cluster, pure: what it hears goes in, with the time in milliseconds, and what is to be done comes
 * out. What its backplane may have lost is never hidden: the sessions that it was meant for end (PROTOCOL.md section 6.5).
 */
export class ClusterMachine {
  readonly presence: ClusterPresence;
  readonly #codec: PostCodec;
  readonly #outputs: ClusterOutput[] = [];
  /** Up to which of its posts each other node was heard; null of one that has posted nothing since it joined. */
  readonly #heard = new Map<NodeId, number | null>();
  /** Sessions that are on their way here. */
  readonly #cuts = new Set<Cut>();
  readonly recent: RecentPosts = new RecentPosts();
  #node: NodeId;
  /** The others held it for gone, and it has not joined again. */
  #isStranger = false;

  constructor(node: NodeId, options: ClusterMachineOptions) {
    this.#node = node;
    this.#codec = options.codec;
    this.presence = new ClusterPresence(node, options);
  }

  get deadline(): number | undefined {
    return this.presence.deadline;
  }

  pollOutput(): ClusterOutput | undefined {
    return this.#outputs.shift() ?? this.presence.pollOutput();
  }

  /** This process is that node now. */
  isNode(node: NodeId): void {
    // The numbers of its posts begin anew, and nobody knows the others by this name.
    if (node !== this.#node) this.recent.reset();
    this.#node = node;
    this.presence.isNode(node);
  }

  /** It has joined: the others hear what it posts. */
  hasJoined(now: number): void {
    this.#isStranger = false;
    this.presence.hasJoined(now);
  }

  /** How far each node was heard, for a session that leaves (section 6.13). */
  get heard(): Heard {
    return { ...Object.fromEntries(this.#heard), [this.#node]: this.recent.upTo };
  }

  /** A session may come here: what is posted is held for it from now on, until `endCut`. */
  beginCut(): Cut {
    const cut = new Cut((bytes) => this.#codec.read(bytes));
    this.#cuts.add(cut);
    return cut;
  }

  endCut(cut: Cut): void {
    this.#cuts.delete(cut);
  }

  /** What was an output went out, under that number. */
  noteSent({ topic, bytes, isKept }: Omit<PostOutput, "type">, number: number, now: number): void {
    if (isKept) this.recent.add({ topic, bytes, number, at: now });
    else this.recent.note(number);
  }

  /** Another node posted. */
  posted(from: NodeId, topic: Topic, bytes: Uint8Array, number: number, now: number): void {
    this.#heard.set(from, number);
    let post: Post;
    try {
      post = this.#codec.read(bytes);
    } catch (error) {
      this.#outputs.push({ type: "report", from, error: error as SenteError });
      this.#outputs.push({ type: "endSessions", from, topic });
      for (const cut of this.#cuts) cut.gap();
      return;
    }
    if (post.type === "presence") {
      this.presence.posted(from, post.version, post.changes);
      this.#moveOutputs();
      return;
    }
    for (const cut of this.#cuts) cut.hear({ from, topic, number, post }, now);
    this.#outputs.push({ type: "deliver", from, post, number });
  }

  /** Posts of a node, or of all, may be missing. */
  gap(from: NodeId | "all"): void {
    this.#tellMissed(from);
    this.presence.gap(from);
  }

  joined(node: NodeId): void {
    if (!this.#heard.has(node)) this.#heard.set(node, null);
    this.presence.joined(node);
  }

  gone(node: NodeId, now: number): void {
    // Nothing of it is heard any more: whoever leaves here has all of it that this node had.
    this.#heard.delete(node);
    this.presence.gone(node, now);
  }

  /** The others held this node for gone: it has missed what they posted, and they do not hear it until it has joined again. */
  lostLease(): void {
    this.#tellMissed("all");
    this.#isStranger = true;
    this.#heard.clear();
    this.presence.lostAll();
  }

  /** True where `flush` has something to tell. */
  get hasUntold(): boolean {
    return !this.#isStranger && this.presence.own.hasUntold;
  }

  /** Tells the others who came and went since the last time, once they hear it: once in a turn, for all of it. */
  flush(): void {
    if (!this.hasUntold) return;
    for (const { version, changes } of this.presence.own.takeUntold()) {
      this.post(ALL, { type: "presence", version, changes });
    }
  }

  /** Throws `EncodeError`. */
  post(topic: Topic, post: Post): void {
    this.#outputs.push({ type: "post", topic, bytes: this.#codec.write(post), isKept: isKept(post) });
  }

  /**
   * Posts a reply to where its session is, or will be. Throws `EncodeError` `reply-too-large` where the post would be of more
   * than `maxBytes`; then nothing was posted.
   */
  postReply(topic: Topic, post: ReplyPost, maxBytes: number): void {
    const bytes = this.#codec.write(post);
    if (bytes.length > maxBytes) {
      const message = `a reply of ${bytes.length} bytes is over the ${maxBytes} that may follow a session to another server`;
      throw new EncodeError("reply-too-large", message);
    }
    this.#outputs.push({ type: "post", topic, bytes, isKept: isKept(post) });
  }

  /** Another node asks who is here: a part of that. Throws `SenteError` for what is no such question. */
  asked(from: NodeId, question: Uint8Array, now: number): Uint8Array {
    const index = this.#codec.decode(question);
    // What it holds of this node is from before the snapshot, or after it.
    this.flush();
    const { own } = this.presence;
    const part = own.read(from, isCount(index) ? index : 0, now);
    // So that whoever asks hears by a post up to which number this node has posted.
    if (index === 0) this.post(ALL, { type: "presence", version: own.version, changes: [] });
    return this.#codec.encode(part);
  }

  /** The question for a part of who is at another node. */
  question(index: number): Uint8Array {
    return this.#codec.encode(index);
  }

  /** It answered. */
  answered(node: NodeId, index: number, answer: Uint8Array, now: number): void {
    let part: Part | undefined;
    try {
      part = readPart(this.#codec.decode(answer));
    } catch (error) {
      this.#outputs.push({ type: "report", from: node, error: error as SenteError });
    }
    if (part === undefined) this.presence.askFailed(node, now);
    else this.presence.partCame(node, index, part);
  }

  /** It did not answer. */
  unanswered(node: NodeId, now: number): void {
    this.presence.askFailed(node, now);
  }

  wake(now: number): void {
    this.presence.wake(now);
  }

  #tellMissed(from: NodeId | "all"): void {
    this.#outputs.push({ type: "endSessions", from, topic: undefined });
    for (const cut of this.#cuts) cut.gap();
  }

  /** What a post changed comes before what the next one does. */
  #moveOutputs(): void {
    for (let output = this.presence.pollOutput(); output !== undefined; output = this.presence.pollOutput()) {
      this.#outputs.push(output);
    }
  }
}

/** True for what a session is given afterwards, where it was on its way meanwhile. */
function isKept(post: Post): boolean {
  if (post.type === "presence" || ("volatile" in post && post.volatile === true)) return false;
  // What a history keeps is read from there.
  return post.type !== "room" || post.offset === undefined;
}

function readPart(value: unknown): Part | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { version, changes, isLast, origin } = value as Readonly<Record<string, unknown>>;
  const read = readChanges(changes);
  if (!isCount(version) || read === undefined || typeof isLast !== "boolean") return undefined;
  return isNodeId(origin) ? { version, changes: read, isLast, origin } : undefined;
}
