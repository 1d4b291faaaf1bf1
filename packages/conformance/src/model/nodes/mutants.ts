// Faults among several nodes, which the schedules of several nodes have to notice.

import type { Change } from "../mutants.ts";

export interface NodesMutant {
  readonly name: string;
  readonly changes: readonly Change[];
  /** A seed whose schedule notices it, where the first ones do not. `pnpm sim --kind nodes` finds another one. */
  readonly seed?: number;
}

const one = (name: string, file: string, search: string, replace: string, seed?: number): NodesMutant => ({
  name,
  changes: [{ file, search, replace }],
  ...(seed !== undefined && { seed }),
});

const server = "packages/engine/src/server";
const cluster = "packages/protocol/src/cluster";

export const nodesMutants: readonly NodesMutant[] = [
  one("what-was-told-comes-again", `${cluster}/cut.ts`, "number > (this.#upTo.get(from) ?? 0)", "number > 0", 46),
  one("leaves-no-posts", `${server}/catching-up.ts`, "await streams.append(name, part, bounds)", "void part"),
  one(
    "a-gap-is-hidden",
    `${cluster}/cluster-machine.ts`,
    'this.#outputs.push({ type: "endSessions", from, topic: undefined });',
    "",
    35,
  ),
  one(
    "asks-not-all",
    `${server}/handover.ts`,
    "await this.#moving.askAll(question, asked, isLate)",
    '"gone" as string',
  ),
  one(
    "hears-when-it-is-too-late",
    `${server}/door.ts`,
    "sharing?.holdUid(judged.admitted.uid)",
    "undefined as Promise<void> | undefined",
  ),
  one(
    "rooms-are-left-behind",
    `${server}/rooms/rooms.ts`,
    "if (isMember) rooms.push({ room, position });",
    "if (isMember) void 0;",
  ),
  one("users-of-the-dead-stay", `${cluster}/cluster-machine.ts`, "this.presence.gone(node, now);", ""),
  one(
    "an-older-attempt-takes-it",
    `${server}/moving.ts`,
    'if (attempt <= session.attempt) return { type: "stale" };',
    "",
    70,
  ),
  one("closes-while-one-comes", `${server}/handover.ts`, "this.#underWay.add(isStale);", "", 447),
  one(
    "closes-before-the-history",
    `${server}/rooms/room-posts.ts`,
    "if (told !== undefined) this.underWay.add(told);",
    "",
    514,
  ),
  one(
    "looks-once",
    `${server}/handover.ts`,
    'return answer === "stale" ? "stale" : this.#take(id, arrival);',
    'return answer === "put" ? this.#take(id, arrival) : answer === "stale" ? "stale" : undefined;',
    288,
  ),
];

const following = `${server}/following-replies.ts`;

/** Faults that are noticed where handlers answer late. */
export const lateReplyMutants: readonly NodesMutant[] = [
  one("no-reply-follows", following, "else sharing.postReply(", "else if (frame.bytes < 0) sharing.postReply("),
  one("replies-follow-once", following, "return [...inherited, ...Array", "return [...Array", 30),
  one("does-not-see-it-came-back", following, "if (here !== undefined) this", "if (frame.bytes < 0 && here) this", 40),
  one("waits-for-the-dead", following, "(node) => node === gone", "() => false", 71),
  one("waits-for-those-who-had-ended", following, "(node) => !alive.has(node)", "() => false", 366),
  one(
    "ends-before-its-replies",
    `${server}/server.ts`,
    "isMore ? [following.work, ...departures] :",
    "false ? [] :",
    408,
  ),
  one(
    "waits-for-nobody-who-is-away",
    `${server}/server.ts`,
    "(following !== undefined && departure.isBusy)",
    "false",
    146,
  ),
  one("forgets-a-later-attempt", `${server}/handover.ts`, "known.arrivals.push(arrival);", "", 470),
];
