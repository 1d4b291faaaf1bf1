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
