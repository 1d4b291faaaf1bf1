import type { ServerLimits } from "@sente-lite/protocol";
import type { NodeId } from "@sente-lite/protocol/backplane";
import type { ReplyPost } from "@sente-lite/protocol/cluster";
import {
  type AwaitedReply,
  countBytes,
  type Frame,
  type ReplyFailure,
  type ServerSession,
} from "@sente-lite/protocol/session";
import type { Cluster } from "./cluster.ts";
import type { Drainable } from "./drain.ts";
import type { Roster } from "./roster.ts";
import type { SessionDriver } from "./session-driver.ts";
import type { Sharing } from "./sharing.ts";

/** What a request of a client is answered whose handler is not waited for any more. */
const UNANSWERED: ReplyFailure = { code: "closed", message: "the server ended before the handler replied", data: null };

/** Where the answer to a client's request goes: into its session, or after it, where that has left. */
export type AnswerPath = Pick<ServerSession, "status" | "reply" | "replyFailed">;

/** A request of a client whose handler has not answered. */
export interface OpenRequest {
  readonly cbId: string;
  /** False where the answer would be of no use at another server. */
  readonly mayFollow: boolean;
  /** From now on it is answered that way. */
  answerBy(path: AnswerPath): void;
}

export interface FollowingRepliesOptions<Context> {
  /** Machine time. */
  readonly now: () => number;
  readonly limits: Pick<ServerLimits, "maxRequestsInFlight">;
  readonly cluster: Pick<Cluster, "node">;
  readonly sharing: Pick<Sharing, "nodes" | "isPosting" | "postReply">;
  readonly roster: Pick<Roster<Context>, "findById" | "findAll">;
  /** No handler works any more for a session that has left. */
  readonly onIdle: (work: Drainable) => void;
}

interface OpenRequests {
  /** Oldest first. */
  readonly requests: Set<OpenRequest>;
  /** Once their session has left. */
  pathAfter: AnswerPath | undefined;
}

interface Awaited {
  readonly node: NodeId;
  /** Of the requests in flight, among which it counts here. */
  readonly period: number;
}

/**
 * Replies of handlers that work on when the session of their client has gone to another server (PROTOCOL.md section 6.13).
 * The snapshot of the session says which requests wait, and for which server; that one posts each reply to the topic of the
 * user, and so it reaches the session as pushes do, wherever that is by then. Whoever has the session gives its client one
 * answer to each: the first that comes, or `closed` where the server that owes it has ended.
 */
export class FollowingReplies<Context> {
  /** What this server waits for before it ends: handlers that work for sessions which have left. */
  readonly work: Drainable;
  readonly #options: FollowingRepliesOptions<Context>;
  readonly #open = new WeakMap<SessionDriver<Context>, OpenRequests>();
  /** What sessions that are here wait for, of handlers that they have left. */
  readonly #awaited = new WeakMap<SessionDriver<Context>, Map<string, Awaited>>();
  /** Requests that handlers here work on, of sessions that have left. */
  #following = 0;

  constructor(options: FollowingRepliesOptions<Context>) {
    this.#options = options;
    const isBusy = () => this.#following > 0;
    this.work = {
      get isBusy() {
        return isBusy();
      },
      takeNoMore: () => {},
      askForAcks: () => {},
      drain: () => undefined,
    };
  }

  // Where the handlers work.

  /** A request of a client goes to its handler. */
  begin(driver: SessionDriver<Context>, request: OpenRequest): void {
    const known = this.#open.get(driver);
    if (known === undefined) this.#open.set(driver, { requests: new Set([request]), pathAfter: undefined });
    else known.requests.add(request);
  }

  /** It was answered. */
  end(driver: SessionDriver<Context>, request: OpenRequest): void {
    const known = this.#open.get(driver);
    if (known?.requests.delete(request) && known.pathAfter !== undefined) this.#endFollowing(1);
  }

  /** The session is about to leave, as this server ends: no handler is waited for. */
  closeAll(driver: SessionDriver<Context>): void {
    this.#close(driver, this.#findOpen(driver));
  }

  /** The session is about to leave, and this server stays: those alone are not waited for that cannot follow, or are too many. */
  prepare(driver: SessionDriver<Context>): void {
    const own = this.#findOpen(driver);
    const followers = own.filter(({ mayFollow }) => mayFollow);
    const { maxRequestsInFlight } = this.#options.limits;
    const excess = followers.length + (this.#awaited.get(driver)?.size ?? 0) - maxRequestsInFlight;
    const left = new Set(followers.slice(Math.max(0, excess)));
    this.#close(
      driver,
      own.filter((request) => !left.has(request)),
    );
  }

  /** The session leaves: which replies follow it, those too that followed it here. */
  leave(driver: SessionDriver<Context>): readonly AwaitedReply[] {
    const { node } = this.#options.cluster;
    const inherited = Array.from(this.#awaited.get(driver) ?? [], ([cbId, one]) => ({ cbId, node: one.node }));
    this.#awaited.delete(driver);
    const known = this.#open.get(driver);
    if (known === undefined) return inherited;
    const path = new PathAfter(driver, node, this);
    known.pathAfter = path;
    this.#following += known.requests.size;
    for (const request of known.requests) request.answerBy(path);
    return [...inherited, ...Array.from(known.requests, ({ cbId }) => ({ cbId, node }))];
  }

  /** What had come from the client of a session that has left is given up: none of its handlers is waited for. */
  giveUp(driver: SessionDriver<Context>): void {
    const { requests, pathAfter } = this.#open.get(driver) ?? {};
    if (requests === undefined || pathAfter === undefined) return;
    if (pathAfter.status !== "ended") for (const { cbId } of requests) pathAfter.replyFailed(cbId, UNANSWERED);
    const { size } = requests;
    requests.clear();
    this.#endFollowing(size);
  }

  /** False where nobody gets a reply of the server that this one was under that id. */
  canPost(node: NodeId): boolean {
    return this.#options.sharing.isPosting && this.#options.cluster.node === node;
  }

  /** A handler answered. Throws `EncodeError` `reply-too-large` where the answer is too large to follow. */
  send({ uid, session: { id = "" } }: SessionDriver<Context>, cbId: string, frame: Frame): void {
    const { roster, sharing } = this.#options;
    const here = roster.findById(id)?.holder;
    // It came back.
    if (here !== undefined) this.#settle(here, cbId, () => here.session.replyWith(frame));
    else sharing.postReply(uid, { type: "reply", session: id, cbId, data: frame.data });
  }

  // Where the session is.

  /** A session has come, for which others work. */
  restore(driver: SessionDriver<Context>, awaited: readonly AwaitedReply[] = []): void {
    if (awaited.length === 0) return;
    const { requests } = driver.work;
    const now = this.#options.now();
    const entries = awaited.map(({ cbId, node }) => [cbId, { node, period: requests.begin(now) }] as const);
    this.#awaited.set(driver, new Map(entries));
  }

  /** A reply was posted for it. */
  take(driver: SessionDriver<Context>, { cbId, data }: ReplyPost): void {
    this.#settle(driver, cbId, () => driver.session.replyWith({ data, bytes: countBytes(data) }));
  }

  /** It has what was posted while it was on its way: who has ended by now posts no more. */
  closeOfGone(driver: SessionDriver<Context>): void {
    const { sharing, cluster } = this.#options;
    const alive = new Set([...sharing.nodes, cluster.node]);
    this.#closeAwaited(driver, (node) => !alive.has(node));
  }

  /** A server has ended, and what it posted was heard. */
  noteGone(gone: NodeId): void {
    for (const driver of [...this.#options.roster.findAll()]) this.#closeAwaited(driver, (node) => node === gone);
  }

  #closeAwaited(driver: SessionDriver<Context>, isOver: (node: NodeId) => boolean): void {
    for (const [cbId, { node }] of this.#awaited.get(driver) ?? []) {
      if (isOver(node)) this.#settle(driver, cbId, () => driver.session.replyFailed(cbId, UNANSWERED));
    }
  }

  /** Of several answers to a request the first one counts. */
  #settle(driver: SessionDriver<Context>, cbId: string, answer: () => void): void {
    const awaited = this.#awaited.get(driver);
    const one = awaited?.get(cbId);
    if (one === undefined) return;
    awaited?.delete(cbId);
    driver.work.requests.end(one.period);
    answer();
    driver.run();
  }

  /** Those of a session that has not left. */
  #findOpen(driver: SessionDriver<Context>): readonly OpenRequest[] {
    const { requests = [], pathAfter } = this.#open.get(driver) ?? {};
    return pathAfter === undefined ? [...requests] : [];
  }

  #close(driver: SessionDriver<Context>, requests: readonly OpenRequest[]): void {
    const known = this.#open.get(driver);
    for (const request of requests) {
      known?.requests.delete(request);
      driver.session.replyFailed(request.cbId, UNANSWERED);
    }
  }

  #endFollowing(count: number): void {
    this.#following -= count;
    if (count > 0 && this.#following === 0) this.#options.onIdle(this.work);
  }
}

/** The way of the answers after a session that has left the server which had this id. */
class PathAfter<Context> implements AnswerPath {
  readonly #driver: SessionDriver<Context>;
  readonly #node: NodeId;
  readonly #replies: FollowingReplies<Context>;

  constructor(driver: SessionDriver<Context>, node: NodeId, replies: FollowingReplies<Context>) {
    this.#driver = driver;
    this.#node = node;
    this.#replies = replies;
  }

  get status(): "away" | "ended" {
    return this.#replies.canPost(this.#node) ? "away" : "ended";
  }

  reply(cbId: string, value: unknown): void {
    this.#replies.send(this.#driver, cbId, this.#driver.session.makeReply(cbId, value));
  }

  replyFailed(cbId: string, failure: ReplyFailure): void {
    this.#replies.send(this.#driver, cbId, this.#driver.session.makeFailedReply(cbId, failure));
  }
}
