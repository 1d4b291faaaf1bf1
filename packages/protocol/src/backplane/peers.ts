import type { Inbox, NodeId, Topic } from "./backplane.ts";
import type { BackplaneClock } from "./clock.ts";
import { type Envelope, kinds } from "./envelope.ts";
import { isNodeId } from "./names.ts";
import { CONTROL, type Note } from "./outbox.ts";
import { decodePage, encodePage } from "./page.ts";
import { Peer } from "./peer.ts";
import type { PostLog } from "./post-log.ts";

/** Of those that are gone so many are remembered. */
const MAX_STRANGERS = 1_000;
const PAGE_BYTES = 256 * 1_024;

/** What `Peers` are made with. */
export interface PeersOptions {
  readonly node: NodeId;
  readonly inbox: Inbox;
  readonly clock: BackplaneClock;
  readonly leaseMs: number;
  readonly beatMs: number;
  readonly isSubscribed: (topic: Topic) => boolean;
  readonly say: (note: Note) => void;
  /** This node is held for gone. */
  readonly lose: () => void;
  /** Another node is gone. */
  readonly gone: (node: NodeId) => void;
}

/**
 * The other nodes. One whose lease is over is declared gone by those that hear the broker all the time, and what one of them
 * says holds for all. A node that was without the broker itself judges nobody: where the broker was away, nobody is gone.
 */
export class Peers {
  readonly #options: PeersOptions;
  readonly #peers = new Map<NodeId, Peer>();
  readonly #strangers = new Set<NodeId>();
  /** Since when this node hears its own beats without a pause. */
  #steadySince: number | undefined;
  #echoAt: number;
  /** It was without the broker once: who is new to it may have been there before. */
  #hasMissed = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#echoAt = options.clock.now;
  }

  isGone(node: NodeId): boolean {
    return this.#strangers.has(node);
  }

  forget(topic: Topic): void {
    for (const peer of this.#peers.values()) peer.forget(topic);
  }

  /** An own beat came back. */
  echo(): void {
    const { now } = this.#options.clock;
    this.#echoAt = now;
    this.#steadySince ??= now;
  }

  down(): void {
    this.#steadySince = undefined;
    this.#hasMissed = true;
  }

  /** What came meanwhile is asked for, of everybody. */
  up(): void {
    for (const peer of this.#peers.values()) {
      peer.catchUp();
      this.#askMissed(peer);
    }
  }

  tick(): void {
    const { clock, leaseMs, beatMs } = this.#options;
    const { now } = clock;
    if (now - this.#echoAt > 2 * beatMs) this.#steadySince = undefined;
    const isJudge = this.#steadySince !== undefined && now - this.#steadySince >= leaseMs;
    for (const peer of this.#peers.values()) {
      if (isJudge && now - peer.heardAt > leaseMs) this.#declare(peer.id);
      // The question or its answer may be lost.
      else if (peer.isCatchingUp) this.#askMissed(peer);
    }
  }

  /** Takes a message of another node. False where it does not count. */
  hear(message: Envelope): boolean {
    const { kind, from, number, about, topic } = message;
    if (this.#strangers.has(from)) {
      const isOfThis = kind === kinds.gone && topic === this.#options.node;
      if (kind === kinds.beat || kind === kinds.hello || isOfThis) this.#declare(from);
      // Each held the other for gone, and has missed what it posted: both hear of it, and join again.
      if (isOfThis) this.#options.lose();
      return false;
    }
    const peer = this.#peers.get(from) ?? this.#meet(message);
    peer.heardAt = this.#options.clock.now;
    if (kind === kinds.post) {
      peer.take({ number, topic, previous: about, bytes: message.payload });
      return true;
    }
    if (kind === kinds.lost) {
      peer.gap();
      return true;
    }
    if (kind === kinds.hello && number === 0) {
      this.#noteBack(peer, about);
      return true;
    }
    if (!peer.isNew(number)) return false;
    if (kind === kinds.hello || kind === kinds.beat) peer.advance(about);
    if (kind === kinds.hello) this.#options.say({ channel: CONTROL, kind: kinds.beat });
    if (kind === kinds.beat && peer.isCatchingUp) this.#askMissed(peer);
    if (kind === kinds.bye) this.#remove(from);
    if (kind === kinds.gone) this.#noteGone(topic);
    if (kind === kinds.page) this.#turn(peer, message.payload);
    return true;
  }

  /** A node of another version posts what cannot be read here. */
  noteUnreadable(from: NodeId): void {
    this.#peers.get(from)?.gap();
  }

  /** What this node posted after a number, to one that was without the broker. */
  tellMissed(to: NodeId, after: number, log: PostLog, maxBytes: number): void {
    const posts = log.after(after, Math.min(maxBytes, PAGE_BYTES));
    const isTooLate = after + 1 < log.first && after < log.number;
    const isLast = (posts.at(-1)?.number ?? log.number) === log.number;
    this.#options.say({
      channel: `n:${to}`,
      kind: kinds.page,
      payload: encodePage({ isTooLate, isLast, posts }),
    });
  }

  #meet({ kind, from, number, about }: Envelope): Peer {
    const { inbox, clock, isSubscribed } = this.#options;
    const told = kind === kinds.hello || kind === kinds.beat ? about : 0;
    const isLate = this.#hasMissed && kind !== kinds.hello;
    const known = kind === kinds.post ? number - 1 : told;
    const peer = new Peer(from, inbox, isSubscribed, isLate ? 0 : known, clock.now);
    this.#peers.set(from, peer);
    inbox.joined(from);
    if (isLate) {
      peer.catchUp();
      this.#askMissed(peer);
    }
    return peer;
  }

  /** It lost the broker: what that had taken up to there may have come to nobody, as where a server of it died. */
  #noteBack(peer: Peer, acknowledged: number): void {
    if (peer.isCatchingUp || acknowledged <= peer.number) return;
    peer.catchUp();
    this.#askMissed(peer);
  }

  #askMissed(peer: Peer): void {
    this.#options.say({ channel: `n:${peer.id}`, kind: kinds.missed, about: peer.number });
  }

  #turn(peer: Peer, payload: Uint8Array): void {
    const page = decodePage(payload);
    if (page === undefined) peer.giveUp();
    else if (peer.turn(page)) this.#askMissed(peer);
  }

  #declare(node: NodeId): void {
    this.#options.say({ channel: CONTROL, kind: kinds.gone, topic: node });
    this.#noteGone(node);
  }

  #noteGone(node: string): void {
    if (!isNodeId(node)) return;
    if (node === this.#options.node) {
      this.#options.lose();
      return;
    }
    this.#remove(node);
    this.#strangers.add(node);
    for (const oldest of this.#strangers) {
      if (this.#strangers.size <= MAX_STRANGERS) break;
      this.#strangers.delete(oldest);
    }
  }

  #remove(node: NodeId): void {
    const peer = this.#peers.get(node);
    if (peer === undefined) return;
    this.#peers.delete(node);
    // What it posted while this node was without the broker nobody can tell any more.
    if (peer.isCatchingUp) peer.giveUp();
    this.#options.inbox.gone(node);
    this.#options.gone(node);
  }
}
