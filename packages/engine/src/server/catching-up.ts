import type { NodeId, Topic } from "@sente-lite/protocol/backplane";
import {
  type Cut,
  type CutQuestion,
  type CutResult,
  type Heard,
  type Missed,
  nameLeftStream,
  type PostCodec,
  type RecentPosts,
  readLeft,
  readMissed,
  readMissedQuestion,
  writeLeft,
  writeMissed,
  writeMissedQuestion,
} from "@sente-lite/protocol/cluster";
import type { Host } from "../host.ts";
import type { Cluster } from "./cluster.ts";
import type { Liveness } from "./liveness.ts";

export interface CatchingUpOptions {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  readonly codec: PostCodec;
  readonly cluster: Cluster;
  readonly liveness: Pick<Liveness, "whileAlive">;
  /** What this node posted. */
  readonly recent: RecentPosts;
  /** The other nodes. */
  readonly nodes: () => readonly NodeId[];
  /** A session waits so long for its client. */
  readonly sessionWindowMs: number;
}

/** A node has so long to tell what it posted, and the broker so long to keep, or find, what it left. */
const PATIENCE_MS = 2_000;
/** What a node left is kept so much longer than a session can wait that it released. */
const MARGIN_MS = 30_000;
/** Of so many nodes that ended it is remembered what they left. */
const MAX_LEFT = 100;
/** A node leaves no more parts than that, which is over what `RecentPosts` keep. */
const MAX_PARTS = 1_000;

/**
 * What was posted to a session while it went from one node to another: each node is asked for it, those that have ended
 * through what they left in the backplane (PROTOCOL.md section 6.13). And this node answers, and leaves its own.
 */
export class CatchingUp {
  readonly #options: CatchingUpOptions;
  readonly #left = new Map<NodeId, RecentPosts>();
  /** When each of the others ended that this one has seen end. */
  readonly #endedAt = new Map<NodeId, number>();

  constructor(options: CatchingUpOptions) {
    this.#options = options;
    const { cluster, codec, recent, now } = options;
    cluster.answer("missed", (_from, body) => {
      const { topics, after } = readMissedQuestion(codec, body);
      return writeMissed(codec, recent.after(topics, after, now()));
    });
  }

  /** Another node has ended. */
  noteGone(node: NodeId): void {
    this.#endedAt.set(node, this.#options.now());
    trim(this.#endedAt);
  }

  /**
   * Asks for what a session missed that this node has taken, also those that have begun since it was released; resolves when all have told, or it is known who cannot.
   */
  async ask(cut: Cut, heard: Heard, topics: readonly Topic[], begun: readonly NodeId[] = []): Promise<void> {
    const { cluster, nodes, now } = this.#options;
    const questions = cut.begin(heard, topics, [...nodes(), cluster.node, ...begun]);
    const others = questions.filter(({ node }) => node !== cluster.node);
    await Promise.all(
      others.map(async (question) => {
        const missed = await this.#ask(question, topics);
        cut.takeAnswer(question.node, missed, now());
      }),
    );
  }

  /** What the session is to be given, now; undefined where something may be missing. */
  end(cut: Cut, heard: Heard, topics: readonly Topic[]): CutResult | undefined {
    const { cluster, recent, now } = this.#options;
    const { node } = cluster;
    const after = Object.hasOwn(heard, node) ? (heard[node] ?? null) : 0;
    cut.takeAnswer(node, recent.after(topics, after, now()), now());
    return cut.end();
  }

  /** This node ends: what it posted is left for those who go on with sessions that it was not asked for. Never rejects. */
  async leave(): Promise<void> {
    const { cluster, codec, recent, now } = this.#options;
    // One that is about to join has said that it begins: others look for what it left.
    await cluster.settle();
    const { membership } = cluster;
    if (membership?.streams === undefined) return;
    const { streams } = membership;
    const parts = writeLeft(codec, recent, membership.maxBytes, now());
    const name = nameLeftStream(cluster.node);
    const bounds = this.#bounds();
    try {
      await this.#inTime(
        (async () => {
          for (const part of parts) await streams.append(name, part, bounds);
        })(),
      );
    } catch {
      // Whoever goes on with such a session finds nothing, and tells.
    }
  }

  async #ask(question: CutQuestion, topics: readonly Topic[]): Promise<Missed | undefined> {
    const { cluster, codec, liveness, nodes, now } = this.#options;
    const { node, after } = question;
    if (nodes().includes(node)) {
      try {
        const body = writeMissedQuestion(codec, { topics, after });
        const answer = cluster.ask(node, "missed", body, PATIENCE_MS);
        return readMissed(codec, await liveness.whileAlive(node, answer));
      } catch {
        // It may have ended meanwhile.
      }
    }
    const left = await this.readLeft(node);
    // One that was not seen ended before this one began.
    return left?.after(topics, after, now() - (this.#endedAt.get(node) ?? 0));
  }

  /** What a node left as it ended; undefined where that is not there, or not to be had. Never rejects. */
  async readLeft(node: NodeId): Promise<RecentPosts | undefined> {
    const known = this.#left.get(node);
    if (known !== undefined) return known;
    const { cluster, codec } = this.#options;
    const streams = cluster.membership?.streams;
    if (streams === undefined) return undefined;
    try {
      const { entries } = await this.#inTime(streams.read(nameLeftStream(node), { limit: MAX_PARTS }, this.#bounds()));
      const left = readLeft(
        codec,
        entries.map(({ bytes }) => bytes),
      );
      if (left === undefined) return undefined;
      this.#left.set(node, left);
      trim(this.#left);
      return left;
    } catch {
      // That the session is lost for it is told, where it is.
      return undefined;
    }
  }

  #bounds() {
    return { size: MAX_PARTS, ttlMs: this.#options.sessionWindowMs + MARGIN_MS };
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    const { host } = this.#options;
    let timer: ReturnType<Host["setTimer"]>;
    const late = new Promise<never>((_, reject) => {
      timer = host.setTimer(PATIENCE_MS, () => reject(new Error("the backplane took too long")));
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      host.clearTimer(timer);
    }
  }
}

function trim(byNode: Map<NodeId, unknown>): void {
  const [oldest] = byNode.keys();
  if (byNode.size > MAX_LEFT && oldest !== undefined) byNode.delete(oldest);
}
