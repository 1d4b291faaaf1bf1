import { describe, expect, it } from "vitest";
import { load } from "../../../../tooling/scripts/bundle.mjs";
import { directed } from "./directed.ts";
import { type Change, equivalent, handedOnMutants, inboundMutants, mutants } from "./mutants.ts";
import { lateReplyMutants, type NodesMutant, nodesMutants } from "./nodes/mutants.ts";
import type { runNodes } from "./nodes/run.ts";
import type { NodesSchedule } from "./nodes/schedule.ts";
import type { run } from "./run.ts";
import type { Schedule } from "./schedule.ts";
import { type NodesKind, nodesScheduleOf, scheduleOf } from "./sim.ts";

/** Among so many nearly all are noticed. */
const RUNS = 600;

const random = Array.from({ length: RUNS }, (_, n) => scheduleOf(n + 1));

const lagging = Array.from({ length: RUNS }, (_, n) => scheduleOf(n + 1, "lagging"));

const handedOn = Array.from({ length: RUNS / 2 }, (_, n) => scheduleOf(n + 1, "handedOn"));

/** Which seed noticed some that most do not: it is tried first. Where it no longer does, the search goes on, and takes longer. */
const noticedBy: Readonly<Record<string, number>> = {
  "handler-stays-behind": 51,
  "never-goes-on": 60,
  "acks-what-has-no-place": 369,
  "old-conn-heard": 42,
  "poison-uncounted-by-client": 43,
  "resume-unchecked": 64,
  "naive-dead": 63,
  "reply-overtakes": 295,
  "codec-unchecked": 66,
  "too-big-kept": 43,
  "too-big-kept-by-server": 93,
  "no-mark": 45,
  "no-mark-at-client": 45,
  "hint-unclamped": 155,
  "hint-ignored": 90,
  "drain-in-doubt": 151,
};

/** The schedule that noticed it once, and then all. */
function foremost(name: string, schedules: readonly Schedule[]): readonly Schedule[] {
  const found = schedules[(noticedBy[name] ?? 0) - 1];
  return found === undefined ? schedules : [found, ...schedules];
}

const amongNodes = (kind: NodesKind) => Array.from({ length: RUNS / 4 }, (_, n) => nodesScheduleOf(n + 1, kind));
const severalNodes: Readonly<Record<NodesKind, readonly NodesSchedule[]>> = {
  nodes: amongNodes("nodes"),
  replies: amongNodes("replies"),
};

/** What the first of the schedules that fails says, with the sources changed. */
async function failureOf(changes: readonly Change[], given: readonly Schedule[]): Promise<string | undefined> {
  const changed = (await load("packages/conformance/src/model/run.ts", changes)) as { readonly run: typeof run };
  for (const schedule of given) {
    const { failure } = await changed.run(schedule);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** The same among several nodes. */
async function failureAmongNodes({ changes, seed }: NodesMutant, kind: NodesKind): Promise<string | undefined> {
  const file = "packages/conformance/src/model/nodes/run.ts";
  const changed = (await load(file, changes)) as { readonly runNodes: typeof runNodes };
  for (const schedule of seed === undefined ? severalNodes[kind] : [nodesScheduleOf(seed, kind)]) {
    const { failure } = await changed.runNodes(schedule);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

describe("the model notices", () => {
  it.each(mutants)("$name", { timeout: 60_000 }, async ({ name, changes, directed: by }) => {
    const given = by === undefined ? [...foremost(name, random), ...Object.values(directed)] : [directed[by]];
    expect(await failureOf(changes, given)).toEqual(expect.any(String));
  });

  it.each(inboundMutants)("$name, where consumers lag behind", { timeout: 60_000 }, async ({ name, changes }) => {
    expect(await failureOf(changes, foremost(name, lagging))).toEqual(expect.any(String));
  });

  it.each(handedOnMutants)("$name, where sessions are handed on", { timeout: 60_000 }, async ({ name, changes }) => {
    expect(await failureOf(changes, foremost(name, handedOn))).toEqual(expect.any(String));
  });

  it.each(nodesMutants)("$name, among several nodes", { timeout: 60_000 }, async (mutant) => {
    expect(await failureAmongNodes(mutant, "nodes")).toEqual(expect.any(String));
  });

  it.each(lateReplyMutants)("$name, where handlers answer late", { timeout: 60_000 }, async (mutant) => {
    expect(await failureAmongNodes(mutant, "replies")).toEqual(expect.any(String));
  });
});

describe("the model does not notice", () => {
  // A few, as a bundle: model.test.ts plays all of them.
  it("sources without a fault, in the same schedules", { timeout: 60_000 }, async () => {
    const some = [random, lagging, handedOn].flatMap((schedules) => schedules.slice(0, 50));
    expect(await failureOf([], [...Object.values(directed), ...some])).toBeUndefined();
  });

  it.each(equivalent)("$name, as $why", { timeout: 60_000 }, async ({ changes }) => {
    expect(await failureOf(changes, [...Object.values(directed), ...random.slice(0, 100)])).toBeUndefined();
  });
});
