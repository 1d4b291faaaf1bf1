import {
  type Handler,
  ProtocolError,
  type SenteEvent,
  type ServerMetrics,
  type To,
  UsageError,
} from "@sente-lite/protocol";
import type { Membership, NodeId, Topic } from "@sente-lite/protocol/backplane";
import {
  ALL,
  ClusterMachine,
  type ClusterOutput,
  type Cut,
  type CutResult,
  type Heard,
  maxBytesLeft,
  type Post,
  PostCodec,
  type PostOptions,
  type RecentPosts,
  type ReplyPost,
  type RoomPost,
  roomTopic,
  type Target,
  uidTopic,
} from "@sente-lite/protocol/cluster";
import type { SessionSnapshot, SnapshotNodes } from "@sente-lite/protocol/session";
import type { Host, Timer } from "../host.ts";
import { CatchingUp } from "./catching-up.ts";
import type { Origin } from "./caught-up.ts";
import type { Cluster, Hearing } from "./cluster.ts";
import { KnownNodes } from "./known-nodes.ts";
import type { Liveness } from "./liveness.ts";
import type { Counters } from "./metrics.ts";
import { byTopic, NodePosts, type OrderOf } from "./node-posts.ts";
import { type Here, Overlooked } from "./overlooked.ts";
import { isRoom, labelsOf } from "./registry.ts";
import { deliver, type SharedServer } from "./shared-server.ts";
import { Topics } from "./topics.ts";

type Report = (error: unknown, context: Readonly<Record<string, unknown>>) => void;

export interface SharingOptions {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  readonly graceMs: number;
  /** A session waits so long for its client. */
  readonly sessionWindowMs: number;
  /** Those of the codecs. */
  readonly handlers: readonly Handler[];
  readonly sharesPresence: boolean;
  /** A room with a history needs a backplane with streams. */
  readonly needsStreams: boolean;
  readonly counters: Counters;
  readonly report: Report;
}

const SNAPSHOT_PATIENCE_MS = 5_000;

/**
 * What the nodes of one application share: pushes, rooms, orders to clients, and who is here. Drives the `ClusterMachine` of
 * this node: what the server does goes out, and what others do comes in to it.
 */
export class Sharing implements Hearing {
  readonly codec: PostCodec;
  readonly #options: SharingOptions;
  readonly #machine: ClusterMachine;
  readonly #topics: Topics;
  readonly #posts: NodePosts;
  readonly #known: KnownNodes;
  readonly #overlooked: Overlooked;
  #catchingUp: CatchingUp | undefined;
  #server: SharedServer | undefined;
  #cluster: Cluster | undefined;
  #isFlushPlanned = false;
  #isRunning = false;
  #timer: Timer;

  constructor(options: SharingOptions) {
    const { host, now, graceMs, handlers, counters, report } = options;
    this.#options = options;
    this.codec = new PostCodec(handlers);
    const lasting = () => this.#lasting();
    this.#machine = new ClusterMachine("", { codec: this.codec, graceMs, lasting });
    this.#posts = new NodePosts({
      counters,
      report,
      noteSent: (post, number) => this.#machine.noteSent(post, number, now()),
    });
    this.#known = new KnownNodes(host);
    this.#overlooked = new Overlooked({
      host,
      known: this.#known,
      look: () => ({ topics: [ALL, ...this.#topics.all], sessions: this.#server?.sessions() ?? new WeakSet() }),
      readLeft: async (node) => this.#catchingUp?.readLeft(node),
      give: (node, left, here) => this.#giveLeft(node, left, here),
      gap: (node) => this.gap(node),
    });
    this.#topics = new Topics({
      host,
      now,
      isNeeded: (topic) => topic === ALL || this.#server?.needs(topic) === true,
      ended: (topic) => this.#server?.unheard(topic),
    });
  }

  /** Before the node joins. */
  serve(server: SharedServer, cluster: Cluster, liveness: Liveness): void {
    this.#server = server;
    this.#cluster = cluster;
    const { host, now, sessionWindowMs } = this.#options;
    const { codec } = this;
    const { recent } = this.#machine;
    const nodes = () => this.nodes;
    this.#catchingUp = new CatchingUp({ host, now, codec, cluster, liveness, recent, nodes, sessionWindowMs });
    cluster.answer("presence", (from, body) => {
      const answer = this.#machine.asked(from, body, this.#options.now());
      this.#run();
      return answer;
    });
  }

  get nodes(): readonly NodeId[] {
    return this.#machine.presence.nodes;
  }

  /** The other nodes, those first that are known to have whom that means. */
  likelyNodes(to: Target): Iterable<NodeId> {
    const { presence } = this.#machine;
    const nodes = new Set<NodeId>();
    if ("room" in to) for (const node of presence.holdersOfRoom(to.room)) nodes.add(node);
    else {
      for (const label of to) {
        const uid = label === null || typeof label === "string" ? label : label.uid;
        for (const node of presence.holdersOf(uid)) nodes.add(node);
      }
    }
    for (const node of this.nodes) nodes.add(node);
    return nodes;
  }

  /** For `metrics`. */
  counts(): Pick<ServerMetrics, "clusterNodes" | "clusterTopics" | "clusterUids"> {
    const { nodes, size } = this.#machine.presence;
    return { clusterNodes: nodes.length + 1, clusterTopics: this.#topics.size, clusterUids: size };
  }

  // What the server does here, and others are to do as well.

  /** Something was pushed to those users or clients. */
  pushed(to: Exclude<To, { readonly room: string }>, event: SenteEvent, options: PostOptions): void {
    for (const [topic, labels] of byTopic(labelsOf(to)))
      this.#post(topic, { type: "push", to: labels, event, ...options });
  }

  broadcasted(event: SenteEvent, options: PostOptions): void {
    this.#post(ALL, { type: "broadcast", event, ...options });
  }

  postedInto(post: RoomPost): void {
    this.#post(roomTopic(post.room), post);
  }

  /** An order to clients: each node does it with those that are there. */
  ordered(to: To, order: OrderOf<"disconnect"> | OrderOf<"join" | "leave">): void {
    if (isRoom(to)) this.#post(roomTopic(to.room), { ...order, to: { room: to.room } });
    else for (const [topic, labels] of byTopic(labelsOf(to))) this.#post(topic, { ...order, to: labels });
  }

  /** True while posts go out: not before the node has joined, and not once it ends. */
  get isPosting(): boolean {
    return this.#posts.maxBytes !== undefined;
  }

  /** A handler answered for a session that went elsewhere. Throws `EncodeError` `reply-too-large`; then nothing was posted. */
  postReply(uid: string | null, post: ReplyPost): void {
    const topic = uidTopic(uid);
    this.#machine.postReply(topic, post, maxBytesLeft(topic, this.#posts.maxBytes ?? 0));
    this.#run();
  }

  // Sessions that go from node to node.

  /** How far each node was heard here, itself too. */
  get heard(): Heard {
    return this.#machine.heard;
  }

  /** Which nodes a session that leaves here has nothing of. */
  get knownNodes(): SnapshotNodes | undefined {
    return this.#known.snapshot;
  }

  /** A session may come here: what is posted is held for it, until `endCut`. */
  beginCut(): Cut {
    return this.#machine.beginCut();
  }

  endCut(cut: Cut): void {
    this.#machine.endCut(cut);
  }

  /** Asks the other nodes for what a session missed that was taken. Rejects where its rooms cannot be heard. */
  async catchUp(cut: Cut, { heard, nodes }: SessionSnapshot, topics: readonly Topic[]): Promise<void> {
    await Promise.all(topics.filter((topic) => topic !== ALL).map((topic) => this.#topics.hold(topic)));
    const others = await this.#known.findNew(nodes, Object.keys(heard));
    if (others === undefined) cut.gap();
    else await this.#catchingUp?.ask(cut, heard, topics, others);
  }

  /** What such a session is to be given, now; undefined where something may be missing. */
  finishCut(cut: Cut, heard: Heard, topics: readonly Topic[]): CutResult | undefined {
    return this.#catchingUp?.end(cut, heard, topics);
  }

  // Who is here.

  /** What is posted for that user arrives from now on, or once the promise resolves; it rejects where the broker is away. */
  holdUid(uid: string | null): Promise<void> | undefined {
    return this.#topics.hold(uidTopic(uid));
  }

  holdRoom(room: string): Promise<void> | undefined {
    return this.#topics.hold(roomTopic(room));
  }

  /** A client of that user is gone. */
  mayEndUid(uid: string | null): void {
    this.#topics.mayEnd(uidTopic(uid));
  }

  mayEndRoom(room: string): void {
    this.#topics.mayEnd(roomTopic(room));
  }

  /** A user came to this node; true where that is to be told. */
  arrived(uid: string | null): boolean {
    if (!this.#options.sharesPresence) return true;
    this.#planFlush();
    return this.#machine.presence.arrived(uid);
  }

  /** A user left this node; true where that is to be told. */
  departed(uid: string | null): boolean {
    if (!this.#options.sharesPresence) return true;
    this.#planFlush();
    return this.#machine.presence.departed(uid);
  }

  /** A connection of that user came into a room. */
  entered(room: string, uid: string | null): void {
    const { own } = this.#machine.presence;
    if (this.#options.sharesPresence && own.enter(room, uid)) own.note(["in", uid, room]);
    this.#planFlush();
  }

  left(room: string, uid: string | null): void {
    const { own } = this.#machine.presence;
    if (this.#options.sharesPresence && own.leave(room, uid)) own.note(["out", uid, room]);
    this.#planFlush();
  }

  /** A user is let into a room with each connection, or no more. */
  noteLasting(uid: string | null, room: string, isOn: boolean): void {
    this.#machine.presence.own.note([isOn ? "lasting" : "over", uid, room]);
    this.#planFlush();
  }

  /** Nothing is told any more, and what was is left for those who ask for it. Never rejects. */
  async end(): Promise<void> {
    const { host } = this.#options;
    this.#machine.flush();
    this.#run();
    this.#posts.end();
    this.#overlooked.end();
    await this.#catchingUp?.leave();
    this.#known.end();
    this.#topics.end();
    host.clearTimer(this.#timer);
  }

  // What is heard.

  async begun(node: NodeId, membership: Membership): Promise<void> {
    if (this.#options.needsStreams && membership.streams === undefined) {
      throw new UsageError(
        "no-streams",
        "a room with a history needs a backplane that keeps streams, and this one has none",
      );
    }
    this.#machine.isNode(node);
    await membership.subscribe(ALL);
    await this.#topics.use(membership);
    await this.#known.begin(node, membership.streams);
  }

  isIn(membership: Membership): void {
    this.#posts.use(membership);
    this.#machine.hasJoined(this.#options.now());
    this.#run();
  }

  posted(from: NodeId, topic: Topic, bytes: Uint8Array, number: number): void {
    this.#options.counters.clusterPostsIn++;
    this.#machine.posted(from, topic, bytes, number, this.#options.now());
    this.#run();
  }

  gap(from: NodeId | "all"): void {
    this.#machine.gap(from);
    this.#run();
  }

  joined(node: NodeId): void {
    this.#known.noteMet(node);
    this.#machine.joined(node);
    this.#run();
  }

  gone(node: NodeId): void {
    this.#catchingUp?.noteGone(node);
    this.#known.noteEnded(node);
    this.#machine.gone(node, this.#options.now());
    this.#run();
    this.#server?.nodeGone(node);
  }

  away(): void {
    this.#overlooked.noteAway();
  }

  lostLease(): void {
    this.#overlooked.end();
    this.#known.end();
    this.#posts.end();
    this.#machine.lostLease();
    this.#run();
  }

  /** A node has ended of which nothing was heard here: what it posted is given to those who would have heard it. */
  #giveLeft(node: NodeId, left: RecentPosts, { topics, sessions }: Here): void {
    const { counters, now } = this.#options;
    const { isComplete, posts } = left.after(topics, 0, now());
    if (!isComplete) this.gap(node);
    const isFor = (session: object) => sessions.has(session);
    for (const { bytes, number } of posts) {
      counters.clusterPostsIn++;
      this.#deliverLeft(bytes, { from: node, number, isFor });
    }
    // What it told of users and rooms the others know.
    this.#machine.presence.gap("all");
    this.#run();
    this.#server?.readHistories();
  }

  #deliverLeft(bytes: Uint8Array, origin: Origin): void {
    let post: Post | undefined;
    try {
      post = this.codec.read(bytes);
      if (this.#server !== undefined && post.type !== "presence") deliver(this.#server, post, origin);
    } catch (error) {
      this.#options.report(error, { source: "backplane", from: origin.from });
      // It is of another version.
      if (post === undefined) this.gap(origin.from);
    }
  }

  #post(topic: Topic, post: Post): void {
    try {
      this.#machine.post(topic, post);
    } catch (error) {
      // The clients here got it; no codec of theirs need be this one.
      this.#options.report(error, { source: "backplane", topic });
    }
    this.#run();
  }

  #run(): void {
    // What the server does meanwhile comes in its turn.
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let output = this.#machine.pollOutput(); output !== undefined; output = this.#machine.pollOutput()) {
      try {
        this.#act(output);
      } catch (error) {
        this.#options.report(error, { source: "backplane" });
      }
    }
    this.#isRunning = false;
    if (this.#machine.hasUntold) this.#planFlush();
    this.#arm();
  }

  #act(output: ClusterOutput): void {
    const server = this.#server;
    switch (output.type) {
      case "post":
        this.#posts.send(output);
        break;
      case "ask":
        void this.#ask(output.node, output.index);
        break;
      case "deliver":
        if (server !== undefined) deliver(server, output.post, { from: output.from, number: output.number });
        break;
      case "endSessions":
        this.#endSessions(output.from, output.topic);
        break;
      case "report":
        this.#options.report(output.error, { source: "backplane", from: output.from });
        break;
      case "uid":
        if (this.#options.sharesPresence) server?.presence(output.uid, output.isHere, output.isToTell);
        break;
      case "member":
        if (this.#options.sharesPresence) server?.member(output.room, output.uid, output.isIn);
        break;
      case "lasting":
        server?.lasting(output.room, output.uid, output.isOn);
        break;
    }
  }

  async #ask(node: NodeId, index: number): Promise<void> {
    const { now } = this.#options;
    try {
      await this.#cluster?.joining;
      const question = this.#machine.question(index);
      const answer = await this.#cluster?.ask(node, "presence", question, SNAPSHOT_PATIENCE_MS);
      if (answer === undefined) this.#machine.unanswered(node, now());
      else this.#machine.answered(node, index, answer, now());
    } catch {
      // It is asked again; where it is gone, that is heard.
      this.#machine.unanswered(node, now());
    }
    this.#run();
  }

  /** Posts may be missing: whom they were meant for is told by the end of the session, and the application here. */
  #endSessions(from: NodeId | "all", topic: Topic | undefined): void {
    const { counters, report } = this.#options;
    counters.clusterGaps++;
    const sessions = this.#server?.endSessions(topic === ALL ? undefined : topic) ?? 0;
    const message = "posts of another node may be missing here: the sessions that they were meant for end";
    report(new ProtocolError("posts-missing", message), { source: "backplane", from, topic, sessions });
  }

  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    this.#options.host.setTimer(0, () => {
      this.#isFlushPlanned = false;
      this.#machine.flush();
      this.#run();
    });
  }

  #arm(): void {
    const { host, now } = this.#options;
    host.clearTimer(this.#timer);
    this.#timer = undefined;
    const { deadline } = this.#machine;
    if (deadline === undefined || this.#cluster?.hasLeft === true) return;
    this.#timer = host.setTimer(Math.max(0, deadline - now()), () => {
      this.#machine.wake(now());
      this.#run();
    });
  }

  *#lasting(): Iterable<readonly ["lasting", string | null, string]> {
    for (const [uid, room] of this.#server?.allLasting() ?? []) yield ["lasting", uid, room];
  }
}
