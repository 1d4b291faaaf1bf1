import type { SenteError } from "../errors.ts";
import type { RoomPosition } from "../rooms/position.ts";

/**
 * One start of one server process: 1 to 32 characters of `0-9`, `A-Z`, `a-z`, `_` and `-`. A process that starts again, or
 * has lost its lease, is another node and has another id.
 */
export type NodeId = string;

/**
 * What nodes post to and subscribe to: a well-formed string of 1 to 1,024 UTF-16 units. Two that differ in anything are two
 * topics.
 */
export type Topic = string;

/** A place in a stream, as in the history of a room (PROTOCOL.md section 6.10). */
export type Position = RoomPosition;

/** An entry of a stream. */
export interface Entry {
  /** That of its position; entries of a stream have successive ones. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * What connects the nodes of one application, each a server process: a broker, as Redis or NATS. Of bytes that are given to
 * it, and of those that it gives, nobody changes any afterwards.
 */
export interface Backplane {
  /**
   * Makes this process a node, from the moment when it resolves to the end of the membership. The id must be a fresh one.
   * Rejects with `UsageError` `bad-node-id`, and with `BackplaneError` `unreachable` where there is no broker.
   */
  join(node: NodeId, inbox: Inbox): Promise<Membership>;
}

/** What a node can do. After `leave`, and after `gone` of the node itself, what returns a promise rejects with `left`. */
export interface Membership {
  /** The most bytes of a post, question, answer, `put` or entry. */
  readonly maxBytes: number;
  /**
   * Resolves when it is in force: what other nodes post from now on arrives, or is a gap. Posts that were under way before may
   * arrive too. Subscribing twice is subscribing once. A broker that is away is waited for. Rejects with `UsageError`
   * `bad-topic`.
   */
  subscribe(topic: Topic): Promise<void>;
  /** From now on nothing of this topic arrives. */
  unsubscribe(topic: Topic): void;
  /**
   * Posts to every other node that is subscribed. Returns at once, and never throws: the number of this post, which is the one
   * that `Inbox.posted` gives at the others. What cannot be posted is reported to the own inbox, and is a gap at the others.
   */
  post(topic: Topic, bytes: Uint8Array): number;
  /**
   * What `Inbox.asked` of that node resolved to. Rejects with `BackplaneError`: `no-answer` after `timeoutMs` or where the node
   * is gone, `answer-failed`, `too-large`, `left`. A question whose answer does not come may have been heard all the same.
   */
  ask(node: NodeId, bytes: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /**
   * Keeps bytes by a key, a string as a topic is, for whoever takes them within `ttlMs`, by the broker's clock; in place of
   * what was kept by that key before. Resolved: they are there. Rejects with `BackplaneError`.
   */
  put(key: string, bytes: Uint8Array, ttlMs: number): Promise<void>;
  /**
   * Removes and resolves to what was put; undefined where there is nothing. Of those who race for it one gets it, and the
   * others nothing. Rejects with `BackplaneError`: then nobody may have got it.
   */
  take(key: string): Promise<Uint8Array | undefined>;
  /**
   * Whether the broker has a connection of that node, whatever the node does: a process that was killed has none, one that only
   * stands still has one. Absent where the broker cannot tell. Rejects with `BackplaneError`.
   */
  isConnected?(node: NodeId): Promise<boolean>;
  /**
   * Resolves while the broker is there, at once, or once it is there again; rejects with `BackplaneError` `left` when the
   * membership ends. What it is to do then was sent to it only once. Absent where that is not known.
   */
  whenUp?(): Promise<void>;
  /** Ends the membership: the others hear `gone`, and the own inbox nothing more. Resolves when all posts are with the broker. */
  leave(): Promise<void>;
  /** For rooms with a history; undefined where the broker cannot keep any. */
  readonly streams?: Streams;
}

/**
 * What a node hears. None of it may throw; `joined` of a node comes before anything else of it, and after its `gone` nothing
 * of it is heard any more.
 */
export interface Inbox {
  /**
   * Another node posted to a topic that is subscribed here. Of one node in the order in which it posted, whatever the topics,
   * and each post once; between nodes there is no order. `number` is greater with each post of that node, also of those that
   * are not for this one.
   */
  posted(from: NodeId, topic: Topic, bytes: Uint8Array, number: number): void;
  /**
   * Posts of that node, or of all, may be missing here. A driver MUST call it wherever it is not sure that it has handed out
   * every post in order; what comes after is in order again.
   */
  gap(from: NodeId | "all"): void;
  /** There is another node; heard of each that was there before, too. */
  joined(node: NodeId): void;
  /**
   * A node has left, or its lease is over: for all others it is a stranger for ever. Of the node itself: the others hold it for
   * gone, after a stop or a cut of longer than the lease; this membership is over, and the process may join by a fresh id.
   */
  gone(node: NodeId): void;
  /** Another node asks. What it rejects with, and whatever is over `maxBytes`, is `answer-failed` there. */
  asked(from: NodeId, bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * Something went wrong, and the driver goes on: `unreachable` when the broker went away (once, until it is back), `unreadable`
   * of what nobody of ours can have posted, `too-large` of a post. Whether posts are missing is said by `gap`, not here.
   */
  failed(error: SenteError): void;
}

/** How much of a stream is kept. */
export interface StreamBounds {
  /** Entries. */
  readonly size: number;
  /** How long each is kept, by the broker's clock. */
  readonly ttlMs: number;
}

/** Which part of a stream is read: the first entries after a position, or the last ones, of all or of those before an offset. */
export type StreamRange =
  | { readonly after: Position; readonly limit: number }
  | { readonly limit: number; readonly before?: number | undefined };

/** A part of a stream. */
export interface StreamRead {
  /** In order, and none missing between them. */
  readonly entries: readonly Entry[];
  /**
   * After a position: nothing is missing between it and the first entry, or `top`; where it is false there are no entries.
   * Otherwise: nothing that is older is kept.
   */
  readonly isComplete: boolean;
  /** Where the stream stood when it was read. An empty stream has offset 0. */
  readonly top: Position;
}

/** Logs that all nodes share, each with one order. Every method rejects with `BackplaneError` where the broker is away. */
export interface Streams {
  /**
   * Adds an entry, and lets go of what is over the bounds. The position has the next offset; its epoch is another than before
   * only where the broker has forgotten the stream. Where it rejects, the entry may have been added all the same.
   */
  append(stream: string, bytes: Uint8Array, bounds: StreamBounds): Promise<Position>;
  /** Of a stream that nobody appended to as well: its epoch is then the one that its first entry will have. */
  read(stream: string, range: StreamRange, bounds: StreamBounds): Promise<StreamRead>;
}
