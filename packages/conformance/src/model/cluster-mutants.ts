// Faults of sessions that go from node to node, which the unit tests have to notice (PROTOCOL.md section 6.13).

import type { Change } from "./mutants.ts";

/** As in unit-mutants.ts, which has these too. */
interface ClusterMutant {
  readonly name: string;
  readonly change: Change;
  readonly test: string;
}

const cluster = "packages/protocol/src/cluster";
const server = "packages/engine/src/server";
const of =
  (file: string, test: string) =>
  (name: string, search: string, replace: string): ClusterMutant => ({ name, change: { file, search, replace }, test });

const cut = of(`${cluster}/cut.ts`, `${cluster}/cut.test.ts`);
const recent = of(`${cluster}/recent-posts.ts`, `${cluster}/recent-posts.test.ts`);
const caughtUp = of(`${server}/caught-up.ts`, `${server}/caught-up.test.ts`);
const catchingUp = of(`${server}/catching-up.ts`, `${server}/cut.test.ts`);
const known = of(`${server}/known-nodes.ts`, `${server}/cut.test.ts`);
const recentAnew = of(`${cluster}/cluster-machine.ts`, `${server}/cut.test.ts`);
const shared = of(`${server}/shared.ts`, `${server}/cut.test.ts`);
const moving = of(`${server}/moving.ts`, `${server}/moves.test.ts`);
const handover = of(`${server}/handover.ts`, `${server}/moves.test.ts`);
const liveness = of(`${server}/liveness.ts`, `${server}/moves.test.ts`);
const following = of(`${server}/following-replies.ts`, `${server}/following-replies.test.ts`);
const followedBy = (file: string) => of(`${server}/${file}`, `${server}/following-replies.test.ts`);
const presence = of(`${cluster}/cluster-presence.ts`, `${cluster}/cluster-machine.random.test.ts`);
const leaving = of(`${server}/presence.ts`, `${server}/moves.test.ts`);
const toldUsers = of(`${server}/dispatcher.ts`, `${server}/client-events.test.ts`);
const departure = of(`${server}/departure.ts`, `${server}/moves.test.ts`);

export const clusterMutants: readonly ClusterMutant[] = [
  cut("what-was-told-is-not-given-again", "number > (this.#upTo.get(from) ?? 0)", "number > 0"),
  cut("who-cannot-tell-all-is-a-gap", "missed === undefined || !missed.isComplete", "missed === undefined"),
  cut("posts-of-one-node-stay-in-order", "Math.max(post.at, latest.get(post.from) ?? post.at)", "post.at"),
  recent("what-was-dropped-is-said", "isComplete &&= droppedAt <= number;", ""),
  recent("an-unknown-number-is-not-0", "isComplete &&= kept.length === 0 && droppedAt === 0;", ";"),
  caughtUp("a-late-double-is-left-out", "if (number <= told) return true;", ""),
  known("who-began-meanwhile-is-asked", "!known.has(node)", "false"),
  known("who-was-heard-to-the-end-is-not-asked-again", "...ended, this", "this"),
  known("a-node-is-named-until-the-log-has-it", "this.#planAdvance(0);\n    }", "this.#ended.clear();\n    }"),
  recentAnew("numbers-begin-anew-after-a-lease", "if (node !== this.#node) this.recent.reset();", ""),
  shared("who-reads-a-history-is-in-the-room", ' || membership?.status === "catching-up"', ""),
  catchingUp("who-ended-leaves-its-posts", "await streams.append(name, part, bounds)", "void part"),
  moving("a-later-attempt-is-not-overtaken", 'if (attempt <= session.attempt) return { type: "stale" };', ""),
  moving("whose-it-is-not-does-not-touch-it", 'if (!session.isOf(question)) return { type: "gone" };', ""),
  moving("who-is-dead-is-not-asked", "!(await liveness.isAlive(node))", "false"),
  moving("what-comes-too-late-is-told", 'if (isOver && told.type === "put") isLate();', ""),
  handover("the-last-of-those-who-wait-has-it", "known.arrivals.push(arrival);", ""),
  handover(
    "who-ends-looks-for-nothing",
    "named === undefined || this.#options.shutdown.isClosed",
    "named === undefined",
  ),
  of("packages/protocol/src/backplane/peers.ts", "packages/protocol/src/backplane/lost-on-the-way.test.ts")(
    "strangers-to-each-other-for-ever",
    "if (isOfThis) this.#options.lose();",
    "",
  ),
  of(`${server}/handover.ts`, `${server}/handover.test.ts`)(
    "a-broker-that-is-away-is-waited-for",
    "await membership.whenUp?.();",
    "",
  ),
  presence(
    "who-stayed-with-a-stranger-is-told-anew",
    "const isToTell = this.#forgotten.take(peer, this.#node, this.#here());",
    "const isToTell = false;",
  ),
  presence(
    "who-came-while-nobody-was-known-is-told",
    "if (peer.isUnsure && this.own.takeUnsure(uid)) this.#tellAnew(uid);",
    "",
  ),
  presence("what-a-process-was-before-is-forgotten", "this.#forgetFormer(peer);", ""),
  leaving("who-moves-does-not-leave", "if (this.#moving.has(uid)) return;", ""),
  toldUsers("users-are-told-of-at-once", "driver.work?.isIdle === false", "false"),
  liveness("who-has-a-connection-lives", "!isConnected && begin", "begin"),
  liveness("a-broker-that-was-away-makes-nobody-dead", "begin - cluster.lastAwayAt > PATIENCE_MS", "true"),
  following(
    "a-reply-finds-a-session-that-came-back",
    "if (here !== undefined) this.#settle",
    "if (here?.uid === 0) this.#settle",
  ),
  following("replies-are-awaited-further-on", "return [...inherited, ...Array", "return [...Array"),
  following("of-two-answers-one-counts", "    awaited?.delete(cbId);\n", ""),
  following("an-awaited-reply-is-a-request-in-flight", "period: requests.begin(now)", "period: 0"),
  following("one-that-came-is-none", "driver.work.requests.end(one.period);", ""),
  following("who-is-gone-replies-no-more", "if (isOver(node)) this", "if (false) this"),
  following("who-was-gone-before-replies-no-more", "(node) => !alive.has(node)", "() => false"),
  following("nobody-hears-who-was-held-for-gone", " && this.#options.cluster.node === node", ""),
  following("what-is-given-up-is-answered", "pathAfter.replyFailed(cbId, UNANSWERED);", "void cbId;"),
  following("too-many-do-not-follow", "followers.slice(Math.max(0, excess))", "followers"),
  followedBy("server.ts")(
    "a-drain-waits-for-what-follows",
    "isMore ? [following.work, ...departures] : departures",
    "departures",
  ),
  followedBy("server.ts")("a-drain-waits-for-who-is-away", "(following !== undefined && departure.isBusy)", "false"),
  of(`${server}/dispatcher.ts`, `${server}/moves.test.ts`)(
    "a-join-does-not-follow",
    "return this.#id !== roomIds.join;",
    "return true;",
  ),
  departure("what-came-is-handled-first", "    await this.waitUntilIdle(patienceMs);\n", ""),
];
