import { describe, expect, it } from "vitest";
import { Cut } from "./cut.ts";
import { PostCodec } from "./posts.ts";
import { ALL } from "./topics.ts";

const codec = new PostCodec([]);
const push = (n: number) => ({ type: "push", to: ["ann"], event: ["s/n", n] }) as const;
const kept = (number: number, ageMs = 0) => ({ number, topic: "uid/ann", bytes: codec.write(push(number)), ageMs });
const live = (from: string, number: number, topic = "uid/ann") => ({ from, number, topic, post: push(number) });

/** A session of ann's that comes from a, where b was heard up to 3 and c was not. */
function cutOf(nodes: readonly string[] = ["b", "d"]) {
  const cut = new Cut((bytes) => codec.read(bytes));
  return { cut, begin: () => cut.begin({ a: 5, b: 3, c: null }, ["uid/ann", ALL], nodes) };
}

const resultOf = (cut: Cut) => cut.end()?.posts.map(({ from, number }) => `${from}${number}`);

describe("a session's cut", () => {
  it("asks each node that may have posted, after what was heard of it where the session was", () => {
    expect(cutOf().begin()).toEqual([
      { node: "a", after: 5 },
      { node: "b", after: 3 },
      { node: "c", after: null },
      { node: "d", after: 0 },
    ]);
  });

  it("gives of each node what it tells, and then what came of it meanwhile, each once", () => {
    const { cut, begin } = cutOf(["b"]);
    for (const number of [2, 4, 5, 6]) cut.hear(live("b", number), 0);
    begin();
    cut.hear(live("b", 8), 0);
    cut.hear(live("e", 1), 0);
    cut.hear(live("b", 9, "uid/bob"), 0);
    for (const node of ["a", "c"]) cut.takeAnswer(node, { isComplete: true, upTo: 5, posts: [] }, 0);
    expect([cut.isOpen, cut.end()]).toEqual([true, undefined]);
    cut.takeAnswer("b", { isComplete: true, upTo: 6, posts: [4, 5, 6].map(kept) }, 0);
    expect([cut.isOpen, resultOf(cut)]).toEqual([false, ["b4", "b5", "b6", "b8", "e1"]]);
    expect(cut.end()?.upTo.get("b")).toBe(6);
  });

  it("puts posts of several nodes in the order of their age, and keeps that of each node", () => {
    const { cut, begin } = cutOf([]);
    cut.hear(live("e", 7), 95);
    begin();
    cut.takeAnswer("a", { isComplete: true, upTo: 9, posts: [kept(8, 30), kept(9, 2)] }, 100);
    cut.takeAnswer("b", { isComplete: true, upTo: 6, posts: [kept(4, 20), kept(5, 40), kept(6, 1)] }, 110);
    cut.takeAnswer("c", { isComplete: true, upTo: 0, posts: [] }, 110);
    expect(resultOf(cut)).toEqual(["a8", "b4", "b5", "e7", "a9", "b6"]);
  });

  it.each<readonly [string, (cut: Cut) => void]>([
    ["a node does not tell all", (cut) => cut.takeAnswer("b", { isComplete: false, upTo: 6, posts: [] }, 0)],
    ["a node cannot tell", (cut) => cut.takeAnswer("b", undefined, 0)],
    [
      "a node tells what nobody posts",
      (cut) =>
        cut.takeAnswer("b", { isComplete: true, upTo: 6, posts: [{ ...kept(4), bytes: Uint8Array.of(1, 99) }] }, 0),
    ],
    ["there was a gap", (cut) => cut.gap()],
    [
      "too much came meanwhile",
      (cut) => {
        for (let n = 0; n <= 10_000; n++) cut.hear(live("b", n + 10), 0);
      },
    ],
  ])("has no result where %s", (_what, happen) => {
    const { cut, begin } = cutOf([]);
    begin();
    happen(cut);
    for (const node of ["a", "b", "c"]) cut.takeAnswer(node, { isComplete: true, upTo: 6, posts: [] }, 0);
    expect([cut.isWhole, cut.isOpen, cut.end()]).toEqual([false, false, undefined]);
  });
});
