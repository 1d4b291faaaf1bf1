import type { NodeId } from "@sente-lite/protocol/backplane";
import {
  type PostCodec,
  readSessionAnswer,
  readSessionQuestion,
  type SessionAnswer,
  type SessionQuestion,
  writeSessionAnswer,
  writeSessionQuestion,
} from "@sente-lite/protocol/cluster";
import type { Host } from "../host.ts";
import type { Cluster } from "./cluster.ts";
import type { Liveness } from "./liveness.ts";

/** Handlers of what came before have so long to end, so that what comes elsewhere is handled after them. */
export const IDLE_MS = 2_000;
/** Another node that lives has so much longer to answer. */
const PATIENCE_MS = IDLE_MS + 1_000;
/** And is heard so much longer: what it lets go of too late nobody goes on with, and that is told. */
const LATE_MS = 5_000;
/** A session is followed over no more nodes than that. */
const MAX_HOPS = 4;
/** It is remembered of so many sessions where they went. */
const MAX_MOVED = 10_000;

/** A session that is here, as it is let go of for another node. */
export interface Movable {
  /** False for whom it is not: that one does not touch it. */
  isOf(question: SessionQuestion): boolean;
  /** The last attempt that was accepted for it. */
  readonly attempt: number;
  /** Puts it where the other node finds it; false where its client came back meanwhile, or it ended. */
  letGo(): Promise<boolean>;
}

export interface MovingOptions {
  readonly host: Host;
  readonly codec: PostCodec;
  readonly cluster: Cluster;
  readonly liveness: Pick<Liveness, "isAlive">;
  /** The other nodes. */
  readonly nodes: () => readonly NodeId[];
  /** A session that is here; waits for one that is on its way here. */
  readonly find: (id: string) => Promise<Movable | undefined>;
}

/**
 * Sessions whose client came to another node than the one that has it (PROTOCOL.md section 6.13): asks for those that came
 * here, and lets go of those that others ask for. A session's id names the node that began it, which knows where it went.
 */
export class Moving {
  readonly #options: MovingOptions;
  /** Sessions that other nodes asked for, and got. */
  readonly #moved = new Map<string, NodeId>();
  readonly #leaving = new Map<string, Promise<SessionAnswer>>();

  constructor(options: MovingOptions) {
    this.#options = options;
    const { cluster, codec } = options;
    cluster.answer("session", async (from, body) => {
      return writeSessionAnswer(codec, await this.#answer(from, readSessionQuestion(codec, body)));
    });
  }

  /**
   * Has the node that has the session put it into the backplane: the one that its id names, or to which it went from there.
   * `gone` where none of them has it. Those that were asked are added to `asked`; `isLate` is called where one of them put it
   * when nobody waited for it any more.
   */
  async ask(question: SessionQuestion, asked: Set<NodeId>, isLate: () => void): Promise<SessionAnswer["type"]> {
    const { cluster } = this.#options;
    const born = nodeOf(question.id);
    // One that another node is being given is asked for there.
    await this.#leaving.get(question.id);
    let node = born === cluster.node ? this.#moved.get(question.id) : born;
    for (let hops = 0; node !== undefined && node !== cluster.node && hops < MAX_HOPS; hops++) {
      asked.add(node);
      const answer = await this.#ask(node, question, isLate);
      if (answer.type !== "moved") return answer.type;
      node = answer.to;
    }
    return "gone";
  }

  /** Asks all other nodes but those: where the one that began the session has ended, nobody knows who has it. */
  async askAll(
    question: SessionQuestion,
    asked: ReadonlySet<NodeId>,
    isLate: () => void,
  ): Promise<SessionAnswer["type"]> {
    const others = this.#options.nodes().filter((node) => !asked.has(node));
    const answers = await Promise.all(others.map((node) => this.#ask(node, question, isLate)));
    return answers.find(({ type }) => type === "put" || type === "stale")?.type ?? "gone";
  }

  async #ask(node: NodeId, question: SessionQuestion, isLate: () => void): Promise<SessionAnswer> {
    const { host, cluster, codec, nodes, liveness } = this.#options;
    // What is dead, or stands still, is not asked: what it has of the session it ends, or keeps for whom it is, as long as it waits.
    if (!nodes().includes(node) || !(await liveness.isAlive(node))) return { type: "gone" };
    const body = writeSessionQuestion(codec, question);
    const answer = cluster
      .ask(node, "session", body, PATIENCE_MS + LATE_MS)
      .then((bytes) => readSessionAnswer(codec, bytes))
      .catch((): SessionAnswer => ({ type: "gone" }));
    return new Promise((resolve) => {
      let isOver = false;
      const timer = host.setTimer(PATIENCE_MS, () => {
        isOver = true;
        resolve({ type: "gone" });
      });
      void answer.then((told) => {
        host.clearTimer(timer);
        if (isOver && told.type === "put") isLate();
        resolve(told);
      });
    });
  }

  async #answer(from: NodeId, question: SessionQuestion): Promise<SessionAnswer> {
    const { id, attempt } = question;
    await this.#leaving.get(id);
    const session = await this.#options.find(id);
    if (session === undefined) {
      const to = this.#moved.get(id);
      return to === undefined || to === from ? { type: "gone" } : { type: "moved", to };
    }
    if (!session.isOf(question)) return { type: "gone" };
    if (attempt <= session.attempt) return { type: "stale" };
    const leaving = session.letGo().then((isPut): SessionAnswer => {
      if (!isPut) return { type: "stale" };
      this.#moved.delete(id);
      this.#moved.set(id, from);
      const [oldest] = this.#moved.keys();
      if (this.#moved.size > MAX_MOVED && oldest !== undefined) this.#moved.delete(oldest);
      return { type: "put" };
    });
    this.#leaving.set(id, leaving);
    try {
      return await leaving;
    } finally {
      this.#leaving.delete(id);
    }
  }
}

/** The node that gave out a session's id; undefined for an id of another kind. */
function nodeOf(id: string): NodeId | undefined {
  return /^(.{1,32})_.{22}$/.exec(id)?.[1];
}
