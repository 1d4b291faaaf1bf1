import type { NodeId } from "../backplane/index.ts";
import type { Change } from "./changes.ts";
import { Forgotten } from "./forgotten.ts";
import { OwnPresence } from "./own-presence.ts";
import { type Part, Peer } from "./peer.ts";

/** A node that did not say who is there is asked again after so long. */
const RETRY_MS = 1_000;
/** Whether a node is gone is not known: this one is a stranger to it. */
const UNKNOWN = Number.POSITIVE_INFINITY;
/** Whoever has joined again hears the others within that: they answer at once. */
const HEARD_MS = 1_000;

/** What a `ClusterPresence` is made with. */
export interface ClusterPresenceOptions {
  /** What a node held that is gone is held for so long, so that its clients can come to others. */
  readonly graceMs: number;
  /** Who is let into which room with each connection. */
  readonly lasting: () => Iterable<Change>;
}

/** What became known of other nodes. */
export type PresenceOutput =
  /** Ask a node for that part of who is there; then `partCame` or `askFailed`. */
  | { readonly type: "ask"; readonly node: NodeId; readonly index: number }
  /** A user is in the cluster now, or no more; `isToTell` where this node is to tell the application. */
  | { readonly type: "uid"; readonly uid: string | null; readonly isHere: boolean; readonly isToTell: boolean }
  /** A user is in a room at another node now, or no more. */
  | { readonly type: "member"; readonly room: string; readonly uid: string | null; readonly isIn: boolean }
  /** A user is let into a room with each connection, or no more. */
  | { readonly type: "lasting"; readonly room: string; readonly uid: string | null; readonly isOn: boolean };

/**
 * Who is in the cluster, by the changes that nodes post, each with a version, and the snapshots that they are asked for.
 * Pure; time is an argument in milliseconds.
 */
export class ClusterPresence {
  readonly own: OwnPresence;
  readonly #options: ClusterPresenceOptions;
  readonly #peers = new Map<NodeId, Peer>();
  /** How many other nodes have each user. */
  readonly #holders = new Map<string | null, Set<NodeId>>();
  /** Users that left here while others had them, and the nodes that they left since in the same way. */
  readonly #leftHere = new Map<string | null, Set<NodeId>>();
  readonly #forgotten = new Forgotten();
  readonly #outputs: PresenceOutput[] = [];
  #node: NodeId;

  constructor(node: NodeId, options: ClusterPresenceOptions) {
    this.#node = node;
    this.#options = options;
    this.own = new OwnPresence(options.lasting);
    if (node !== "") this.own.isNode(node);
  }

  /** The other nodes that are not gone. */
  get nodes(): readonly NodeId[] {
    return this.#here().map(({ node }) => node);
  }

  /** Users in the cluster. */
  get size(): number {
    let size = this.own.uids.size;
    for (const uid of this.#holders.keys()) if (!this.own.uids.has(uid)) size++;
    return size;
  }

  /** The next moment at which `wake` has something to do. */
  get deadline(): number | undefined {
    let deadline: number | undefined;
    for (const { goneAt, retryAt } of this.#peers.values()) {
      const at = goneAt === undefined ? retryAt : goneAt + this.#options.graceMs;
      if (at !== undefined && at !== UNKNOWN) deadline = Math.min(deadline ?? at, at);
    }
    return deadline;
  }

  pollOutput(): PresenceOutput | undefined {
    return this.#outputs.shift();
  }

  /** The other nodes at which that user is. */
  holdersOf(uid: string | null): Iterable<NodeId> {
    return this.#holders.get(uid) ?? [];
  }

  /** The other nodes at which somebody is in that room. */
  holdersOfRoom(room: string): readonly NodeId[] {
    return [...this.#peers.values()].filter(({ rooms }) => rooms.has(room)).map(({ node }) => node);
  }

  /** This process is that node now. */
  isNode(node: NodeId): void {
    this.#node = node;
    this.own.isNode(node);
  }

  /** It has joined, and hears the others again, or they are gone. */
  hasJoined(now: number): void {
    for (const peer of this.#peers.values()) if (peer.goneAt === UNKNOWN) peer.goneAt = now + HEARD_MS;
  }

  /** A user came to this node; true where that is the first of them in the cluster. */
  arrived(uid: string | null): boolean {
    const holders = this.#holders.get(uid);
    this.own.come(uid, holders !== undefined && [...holders].every((node) => this.#peers.get(node)?.isUnsure));
    this.#leftHere.delete(uid);
    return holders === undefined;
  }

  /** A user left this node; true where no other has that user. */
  departed(uid: string | null): boolean {
    const isLast = !this.#holders.has(uid);
    this.own.go(uid, isLast);
    if (!isLast) this.#leftHere.set(uid, new Set());
    return isLast;
  }

  joined(node: NodeId): void {
    const peer = this.#peers.get(node) ?? new Peer(node);
    peer.goneAt = undefined;
    this.#peers.set(node, peer);
    if (peer.noteGap()) this.#ask(peer);
  }

  /** A node is gone: what it held ends after the grace, unless it is elsewhere by then. */
  gone(node: NodeId, now: number): void {
    const peer = this.#peers.get(node);
    if (peer !== undefined) peer.goneAt = now;
  }

  /** This node is a stranger to the others: until it has joined again nothing is known of them, and none of them is gone. */
  lostAll(): void {
    this.own.lostLease();
    for (const peer of this.#peers.values()) {
      peer.goneAt = UNKNOWN;
      peer.isUnsure = true;
    }
  }

  /** Posts of that node, or of all, may be missing. */
  gap(from: NodeId | "all"): void {
    for (const peer of this.#peers.values()) {
      if ((from === "all" || from === peer.node) && peer.goneAt === undefined && peer.noteGap()) this.#ask(peer);
    }
  }

  /** A node posted changes. */
  posted(from: NodeId, version: number, changes: readonly Change[]): void {
    const peer = this.#peers.get(from);
    if (peer === undefined || peer.goneAt !== undefined) return;
    // Also where the snapshot that is on the way has it: what a node told is never taken back by one.
    for (const [what, uid] of changes) {
      if (what === "last" ? this.own.uids.has(uid) : what === "missed" && this.own.takeMissed(uid)) this.#tellAnew(uid);
    }
    const taken = peer.take(version, changes);
    if (taken === undefined) this.#ask(peer);
    else for (const change of taken) this.#apply(peer, change);
  }

  /** A node answered with a part of who is there. */
  partCame(node: NodeId, index: number, part: Part): void {
    const peer = this.#peers.get(node);
    if (peer?.isAsked !== true) return;
    if (peer.goneAt !== undefined) {
      // From before this node was a stranger to it: it is asked anew as it is heard of.
      peer.failed();
      return;
    }
    const all = peer.takePart(part);
    if (all === undefined) {
      this.#outputs.push({ type: "ask", node, index: index + 1 });
      return;
    }
    this.#replace(peer, all.snapshot);
    const { changes, isStale } = peer.takeHeld();
    for (const change of changes) this.#apply(peer, change);
    if (isStale || all.isStale) this.#ask(peer);
  }

  /** A node did not answer: it is asked again a little later. */
  askFailed(node: NodeId, now: number): void {
    this.#peers.get(node)?.failed(now + RETRY_MS);
  }

  wake(now: number): void {
    for (const peer of [...this.#peers.values()]) {
      if (peer.goneAt !== undefined) {
        if (peer.goneAt + this.#options.graceMs <= now) this.#forget(peer);
      } else if (peer.retryAt !== undefined && peer.retryAt <= now) this.#ask(peer);
    }
  }

  #here(): readonly Peer[] {
    return [...this.#peers.values()].filter(({ goneAt }) => goneAt === undefined);
  }

  #ask(peer: Peer): void {
    peer.beginAsk();
    this.#outputs.push({ type: "ask", node: peer.node, index: 0 });
  }

  /** Its grace is over. One of the nodes that stay tells of the users that went with it: the one with the smallest id. */
  #forget(peer: Peer): void {
    this.#peers.delete(peer.node);
    const isToTell = this.nodes.every((node) => this.#node < node);
    this.#forgotten.note(peer.origin, [this.own.origin, ...this.#here().map(({ origin }) => origin)]);
    for (const uid of [...peer.uids]) this.#removeUid(peer, uid, isToTell);
    this.#leaveRooms(peer, new Map());
  }

  /** That process is another node now, which is known. It has told who left there meanwhile; this node, who left here. */
  #forgetFormer({ node, origin }: Peer): void {
    for (const former of [...this.#peers.values()]) {
      if (former.node === node || former.origin !== origin || former.goneAt === undefined) continue;
      this.#peers.delete(former.node);
      for (const uid of [...former.uids]) this.#removeUid(former, uid, this.#leftHere.has(uid));
      this.#leaveRooms(former, new Map());
    }
  }

  /** What it holds is exactly that. */
  #replace(peer: Peer, snapshot: readonly Change[]): void {
    const uids = new Set<string | null>();
    const rooms = new Map<string, Set<string | null>>();
    for (const [what, uid, room] of snapshot) {
      if (what === "came") uids.add(uid);
      else if (what === "in") rooms.set(room, (rooms.get(room) ?? new Set()).add(uid));
      else if (what === "lasting") this.#outputs.push({ type: "lasting", room, uid, isOn: true });
    }
    for (const uid of [...peer.uids]) if (!uids.has(uid)) this.#removeUid(peer, uid, false);
    const isToTell = this.#forgotten.take(peer, this.#node, this.#here());
    for (const uid of uids) if (this.#addUid(peer, uid) && isToTell) this.own.note(["missed", uid]);
    peer.isUnsure = false;
    this.#leaveRooms(peer, rooms);
    for (const [room, members] of rooms) for (const uid of members) this.#enterRoom(peer, room, uid);
    this.#forgetFormer(peer);
  }

  #apply(peer: Peer, [what, uid, room]: Change): void {
    switch (what) {
      case "came":
        this.#addUid(peer, uid);
        break;
      case "last":
        this.#removeUid(peer, uid, false);
        break;
      case "left":
        this.#removeUid(peer, uid, this.#isToTellOf(peer, uid));
        break;
      case "in":
        this.#enterRoom(peer, room, uid);
        break;
      case "out":
        this.#leaveRoom(peer, room, uid);
        break;
      case "lasting":
      case "over":
        this.#outputs.push({ type: "lasting", room, uid, isOn: what === "lasting" });
        break;
      case "missed":
        break;
    }
  }

  /**
   * A user left that node as others had them. Where both left at once, each as not the last, nobody has told: of those that
   * did so the node with the smallest id tells, and all of them know which are meant.
   */
  #isToTellOf(peer: Peer, uid: string | null): boolean {
    const others = this.#leftHere.get(uid)?.add(peer.node);
    return others !== undefined && [...others].every((node) => this.#node < node);
  }

  /** Another node told that a user has left, and had not heard that the user is here. */
  #tellAnew(uid: string | null): void {
    this.#outputs.push({ type: "uid", uid, isHere: true, isToTell: true });
  }

  /** True where nobody else has that user. */
  #addUid(peer: Peer, uid: string | null): boolean {
    if (peer.uids.has(uid)) return false;
    peer.uids.add(uid);
    const holders = this.#holders.get(uid) ?? new Set();
    const isNew = holders.size === 0 && !this.own.uids.has(uid);
    this.#holders.set(uid, holders.add(peer.node));
    if (isNew) this.#outputs.push({ type: "uid", uid, isHere: true, isToTell: false });
    return isNew;
  }

  #removeUid(peer: Peer, uid: string | null, isToTell: boolean): void {
    const holders = this.#holders.get(uid);
    if (!peer.uids.delete(uid) || holders === undefined) return;
    holders.delete(peer.node);
    if (holders.size > 0) return;
    this.#holders.delete(uid);
    if (this.own.uids.has(uid)) {
      if (peer.isUnsure && this.own.takeUnsure(uid)) this.#tellAnew(uid);
      return;
    }
    this.#leftHere.delete(uid);
    // Where the user came elsewhere meanwhile, that node contradicts.
    if (isToTell) this.own.note(["last", uid]);
    this.#outputs.push({ type: "uid", uid, isHere: false, isToTell });
  }

  #enterRoom(peer: Peer, room: string, uid: string | null): void {
    const members = peer.rooms.get(room) ?? new Set();
    peer.rooms.set(room, members);
    if (members.has(uid)) return;
    members.add(uid);
    this.#outputs.push({ type: "member", room, uid, isIn: true });
  }

  #leaveRoom(peer: Peer, room: string, uid: string | null): void {
    const members = peer.rooms.get(room);
    if (members === undefined || !members.delete(uid)) return;
    if (members.size === 0) peer.rooms.delete(room);
    this.#outputs.push({ type: "member", room, uid, isIn: false });
  }

  #leaveRooms(peer: Peer, kept: ReadonlyMap<string, ReadonlySet<string | null>>): void {
    for (const [room, members] of [...peer.rooms]) {
      for (const uid of [...members]) if (kept.get(room)?.has(uid) !== true) this.#leaveRoom(peer, room, uid);
    }
  }
}
