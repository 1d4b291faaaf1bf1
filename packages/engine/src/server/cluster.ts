import { ProtocolError, type Rejection, UsageError } from "@sente-lite/protocol";
import {
  type Backplane,
  BackplaneError,
  type Inbox,
  type Membership,
  type NodeId,
  type Streams,
} from "@sente-lite/protocol/backplane";
import { type AskKind, readAnswer, readQuestion, writeAnswer, writeQuestion } from "@sente-lite/protocol/cluster";
import { type Host, randomId, type Timer } from "../host.ts";

type Report = (error: unknown, context: Readonly<Record<string, unknown>>) => void;

/** What the server does with what it hears of other nodes. */
export interface Hearing extends Pick<Inbox, "posted" | "gap" | "joined" | "gone"> {
  /** It has joined; what rejects here is a join that failed. */
  begun(node: NodeId, membership: Membership): Promise<void>;
  /** All that was needed for it is in force: from now on this node is one of them. */
  isIn(membership: Membership): void;
  /** The broker is away; where it comes back in time, the others tell what they posted meanwhile. */
  away(): void;
  /** The others held it for gone: it has missed what they posted. */
  lostLease(): void;
}

/** Answers what another node asks: the body of the answer for the body of the question. What it throws is told. */
export type AnswerFn = (from: NodeId, body: Uint8Array) => Promise<Uint8Array> | Uint8Array;

export interface ClusterOptions {
  readonly host: Host;
  readonly backplane: Backplane;
  readonly hearing: Hearing;
  readonly report: Report;
}

/** So long after a join that failed comes the next, and at most so long. */
const RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;
/** What has not come to an end within that is given up, and tried anew. */
const JOIN_MS = 30_000;
/** A server that ends waits so long for a join that is under way. */
const END_MS = 5_000;
/** Clients that are refused since the node has not joined come again in so many ms. */
const COME_AGAIN_MS = 1_000;

/**
 * A server as one node of several. It joins when it is made; until it has joined nobody is let in, and what fails is
 * reported and tried again. It leaves at the end of `close`.
 */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #answerers = new Map<AskKind, AnswerFn>();
  readonly #hearing: Hearing;
  #node: NodeId;
  #membership: Membership | undefined;
  /** Settles with the attempt that is under way, however it ends. */
  #attempt: Promise<void>;
  /** Has it fail. */
  #giveUp: (why: ProtocolError) => void = () => {};
  #retry: Timer;
  #isEnding = false;
  #hasLeft = false;
  #lastAwayAt = Number.NEGATIVE_INFINITY;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#hearing = options.hearing;
    this.#node = nodeIdOf(options.host);
    // A turn later, so that whoever answers and hears has been set up.
    this.#attempt = Promise.resolve().then(() => this.#join(RETRY_MS));
  }

  /** A fresh one for each start, and after its lease was lost. */
  get node(): NodeId {
    return this.#node;
  }

  /** What the backplane gave; undefined before the join, and after the end. */
  get membership(): Membership | undefined {
    return this.#membership;
  }

  /** Logs that the nodes share. Throws `BackplaneError` `left` where it has not joined. */
  get streams(): Streams {
    const streams = this.#membership?.streams;
    if (streams === undefined) throw new BackplaneError("left", "this node has not joined its backplane");
    return streams;
  }

  /** When the broker was last said to be away, by the host's monotonic time. */
  get lastAwayAt(): number {
    return this.#lastAwayAt;
  }

  /** True once it leaves. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Undefined once it has joined, else a promise that settles when the attempt to join has ended, one way or the other. */
  get joining(): Promise<void> | undefined {
    return this.#membership === undefined && !this.#hasLeft ? this.#attempt : undefined;
  }

  /** Why nobody is let in. */
  get rejection(): Rejection | undefined {
    if (this.#membership !== undefined) return undefined;
    return {
      status: 503,
      body: "the server has not joined its backplane",
      retryInMs: COME_AGAIN_MS,
      spreadMs: COME_AGAIN_MS,
    };
  }

  /** Registers who answers questions of one kind. */
  answer(kind: AskKind, answer: AnswerFn): void {
    this.#answerers.set(kind, answer);
  }

  /**
   * Asks another node; resolves to the body of its answer. Rejects with `ProtocolError`, the code of a refusal, and with
   * `BackplaneError`, as where nobody answered in time.
   */
  async ask(node: NodeId, kind: AskKind, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const membership = this.#membership;
    if (membership === undefined) throw new BackplaneError("left", "this node has not joined its backplane");
    return readAnswer(await membership.ask(node, writeQuestion(kind, body), timeoutMs));
  }

  /** The server ends: no further attempt to join begins, and one that is under way has 5 s. Never rejects. */
  async settle(): Promise<void> {
    const { host } = this.#options;
    this.#isEnding = true;
    host.clearTimer(this.#retry);
    const timer = host.setTimer(END_MS, () => this.#giveUp(makeJoinTimeout()));
    await this.#attempt;
    host.clearTimer(timer);
  }

  /** Leaves; what others hold of this node ends. Never rejects. */
  async leave(): Promise<void> {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    await this.settle();
    const membership = this.#membership;
    this.#membership = undefined;
    try {
      await membership?.leave();
    } catch (error) {
      this.#report(error);
    }
  }

  async #join(retryMs: number): Promise<void> {
    if (this.#isEnding) return;
    const { host, hearing } = this.#options;
    try {
      const membership = await this.#begin(this.#node);
      hearing.isIn(membership);
      this.#membership = membership;
    } catch (error) {
      this.#report(error);
      if (this.#isEnding) return;
      this.#node = nodeIdOf(host);
      this.#retry = host.setTimer(retryMs, () => {
        this.#attempt = this.#join(Math.min(2 * retryMs, MAX_RETRY_MS));
      });
    }
  }

  /** Joins in time; where that fails, what there is of the membership ends, also what comes of it later. */
  async #begin(node: NodeId): Promise<Membership> {
    const { backplane, host, hearing } = this.#options;
    let membership: Membership | undefined;
    let isOver = false;
    let timer: Timer;
    const leave = () => void membership?.leave().catch(() => {});
    const late = new Promise<never>((_, reject) => {
      this.#giveUp = reject;
      timer = host.setTimer(JOIN_MS, () => reject(makeJoinTimeout()));
    });
    const begun = async () => {
      membership = await backplane.join(
        node,
        this.#inbox(node, () => isOver),
      );
      if (isOver) leave();
      else await hearing.begun(node, membership);
      return membership;
    };
    try {
      return await Promise.race([begun(), late]);
    } catch (error) {
      isOver = true;
      leave();
      throw error;
    } finally {
      host.clearTimer(timer);
    }
  }

  #inbox(node: NodeId, isOver: () => boolean): Inbox {
    const hearing = this.#hearing;
    const hear = (say: () => void) => {
      if (!isOver()) say();
    };
    return {
      posted: (from, topic, bytes, number) => hear(() => hearing.posted(from, topic, bytes, number)),
      gap: (from) => hear(() => hearing.gap(from)),
      joined: (other) => hear(() => hearing.joined(other)),
      gone: (other) => hear(() => (other === node ? this.#isStranger() : hearing.gone(other))),
      asked: (from, bytes) => this.#asked(from, bytes),
      failed: (error) =>
        hear(() => {
          if (error.code === "unreachable") {
            this.#lastAwayAt = this.#options.host.monotonic();
            hearing.away();
          }
          this.#report(error);
        }),
    };
  }

  /** The others hold this node for gone, and it has missed what they posted: it joins anew. */
  #isStranger(): void {
    const why = new ProtocolError("lease-lost", "the other nodes held this one for gone: it joins again, as another");
    if (this.#membership === undefined) this.#giveUp(why);
    if (this.#membership === undefined || this.#isEnding) return;
    this.#membership = undefined;
    this.#node = nodeIdOf(this.#options.host);
    this.#report(why);
    this.#hearing.lostLease();
    this.#attempt = this.#join(RETRY_MS);
  }

  /** Never rejects: what cannot be read is answered with an error, and reported. */
  async #asked(from: NodeId, bytes: Uint8Array): Promise<Uint8Array> {
    try {
      const { kind, body } = readQuestion(bytes);
      const answer = this.#answerers.get(kind);
      if (answer === undefined)
        throw new ProtocolError("unknown-question", `this node answers nothing of the kind ${kind}`);
      return writeAnswer({ ok: true, body: await answer(from, body) });
    } catch (error) {
      this.#report(error, from);
      return writeAnswer({ ok: false, error });
    }
  }

  #report(error: unknown, from?: NodeId): void {
    this.#options.report(error, { source: "backplane", node: this.node, ...(from !== undefined && { from }) });
  }
}

function makeJoinTimeout(): ProtocolError {
  return new ProtocolError("join-timeout", "the backplane did not let this node join in time");
}

/** 64 random bits: what is told apart by it are the nodes of one cluster, ever. */
function nodeIdOf(host: Host): NodeId {
  return randomId(host).replaceAll("-", "").slice(0, 16);
}

const METHODS = ["join"] as const;

/** Throws `UsageError` `bad-option` for what is no backplane. */
export function checkBackplane(given: unknown): void {
  if (given === undefined) return;
  const isOne =
    typeof given === "object" &&
    given !== null &&
    METHODS.every((name) => typeof Reflect.get(given, name) === "function");
  if (isOne) return;
  throw new UsageError(
    "bad-option",
    "makeChannelSocketServer: the option backplane is what a driver made, with a function join",
  );
}
