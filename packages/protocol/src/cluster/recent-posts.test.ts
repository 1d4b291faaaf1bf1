import { describe, expect, it } from "vitest";
import { maxBytesLeft, readLeft, writeLeft } from "./missed.ts";
import { PostCodec } from "./posts.ts";
import { RecentPosts } from "./recent-posts.ts";

const codec = new PostCodec([]);
const bytes = (length: number) => new Uint8Array(length);
const numbersOf = ({ posts }: { readonly posts: readonly { readonly number: number }[] }) =>
  posts.map(({ number }) => number);

function filled(): RecentPosts {
  const recent = new RecentPosts({ posts: 4, bytes: 1_000 });
  for (const [number, topic] of [
    [1, "uid/ann"],
    [2, "all"],
    [4, "uid/bob"],
    [5, "uid/ann"],
    [7, "uid/ann"],
  ] as const) {
    recent.add({ number, topic, bytes: bytes(10), at: number });
  }
  recent.note(9);
  return recent;
}

describe("the recent posts of a node", () => {
  it("are told by topic after a number, in order, with how far they go", () => {
    const missed = filled().after(["uid/ann", "all"], 1, 100);
    expect([numbersOf(missed), missed.isComplete, missed.upTo]).toEqual([[2, 5, 7], true, 9]);
    expect(numbersOf(filled().after(["uid/ann"], 5, 100))).toEqual([7]);
  });

  it("are not whole where one was dropped after that number, and are of other topics", () => {
    const recent = filled();
    expect([0, 1].map((after) => recent.after(["uid/ann"], after, 100).isComplete)).toEqual([false, true]);
    expect(recent.after(["all", "uid/bob", "uid/nobody"], 0, 100).isComplete).toBe(true);
    recent.add({ number: 10, topic: "uid/big", bytes: bytes(990), at: 10 });
    expect(numbersOf(recent.after(["uid/ann", "uid/big"], 0, 100))).toEqual([7, 10]);
    expect([4, 5, 7].map((after) => recent.after(["uid/ann"], after, 100).isComplete)).toEqual([false, true, true]);
  });

  it("after a number that is not known are whole only where there was none", () => {
    const recent = filled();
    expect([["uid/nobody"], ["all"], ["uid/ann"]].map((topics) => recent.after(topics, null, 100).isComplete)).toEqual([
      true,
      false,
      false,
    ]);
    for (let number = 20; number < 30; number++) recent.add({ number, topic: "uid/eve", bytes: bytes(1), at: number });
    expect(recent.after(["all"], null, 100)).toMatchObject({ isComplete: false, posts: [] });
  });

  it("hold a bounded number of topics of which something was dropped, and say less of the others after that", () => {
    const recent = new RecentPosts({ posts: 1, bytes: 1_000 });
    for (let number = 1; number <= 10_010; number++)
      recent.add({ number, topic: `uid/${number}`, bytes: bytes(1), at: number });
    expect([0, 8, 9].map((after) => recent.after(["uid/other"], after, 100).isComplete)).toEqual([false, false, true]);
    expect([0, 9_000].map((after) => recent.after(["uid/9000"], after, 100).isComplete)).toEqual([false, true]);
  });

  it("are left in parts, and read back as they were; without one of the parts they are not", () => {
    const recent = new RecentPosts();
    for (let number = 1; number <= 20; number++)
      recent.add({ number, topic: "uid/ann", bytes: bytes(300), at: number });
    recent.note(33);
    const parts = writeLeft(codec, recent, 4_000, 70);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(4_000);
    // It ended at 70, and 30 ms later it is asked for.
    const left = readLeft(codec, parts)?.after(["uid/ann"], 3, 30);
    expect(left).toEqual(recent.after(["uid/ann"], 3, 100));
    expect(readLeft(codec, parts.slice(1))).toBeUndefined();
    expect(readLeft(codec, [])).toBeUndefined();
    expect(readLeft(codec, writeLeft(codec, new RecentPosts(), 4_000, 70))?.after(["all"], 0, 100)).toEqual({
      isComplete: true,
      upTo: 0,
      posts: [],
    });
  });

  it("are left with a large one, in a part of its own", () => {
    const recent = new RecentPosts();
    const large = maxBytesLeft("uid/ann", 700_000);
    recent.add({ number: 1, topic: "uid/ann", bytes: bytes(large), at: 1 });
    recent.add({ number: 2, topic: "uid/bob", bytes: bytes(100_000), at: 2 });
    recent.add({ number: 3, topic: "uid/bob", bytes: bytes(large), at: 3 });
    const parts = writeLeft(codec, recent, 700_000, 70);
    expect(parts.map(({ length }) => length < 700_000)).toEqual([true, true, true]);
    const left = readLeft(codec, parts)?.after(["uid/ann", "uid/bob"], 0, 0);
    expect(left?.posts.map(({ number, bytes: { length } }) => [number, length])).toEqual([
      [1, large],
      [2, 100_000],
      [3, large],
    ]);
    recent.add({ number: 4, topic: "uid/ann", bytes: bytes(large + 1), at: 4 });
    const without = readLeft(codec, writeLeft(codec, recent, 700_000, 70));
    expect([3, 4].map((after) => without?.after(["uid/ann"], after, 0).isComplete)).toEqual([false, true]);
  });

  it("are left without what is too big, and what was dropped, and that is not whole", () => {
    const recent = filled();
    recent.add({ number: 11, topic: "uid/eve", bytes: bytes(900), at: 11 });
    const left = readLeft(codec, writeLeft(codec, recent, 1_000, 70));
    expect([10, 11].map((after) => left?.after(["uid/eve"], after, 100).isComplete)).toEqual([false, true]);
    expect(left?.after(["uid/other"], 0, 100).isComplete).toBe(false);
  });
});
