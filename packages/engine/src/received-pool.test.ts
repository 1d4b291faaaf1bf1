import { describe, expect, it } from "vitest";
import { type PoolPart, ReceivedPool } from "./received-pool.ts";

/** Parts of a pool, each of which gives up all that it holds when it has to. */
function parts(pool: ReceivedPool, names: string) {
  const yielded: string[] = [];
  const byName = new Map<string, PoolPart>();
  const part = (name: string) => byName.get(name) as PoolPart;
  for (const name of names) {
    byName.set(
      name,
      pool.open({
        holdsWaiting: true,
        yieldRoom: () => {
          yielded.push(name);
          part(name).release(part(name).bytes);
        },
      }),
    );
  }
  return { part, yielded };
}

describe("what all peers make a server hold", () => {
  it("is shared by those alone that hold something", () => {
    const pool = new ReceivedPool(1_200);
    const { part } = parts(pool, "abcd");
    expect(pool.share).toBe(1_200);
    for (const name of "abcd") part(name).take(10);
    expect(pool.share).toBe(300);
    part("a").release(10);
    expect(pool.share).toBe(400);
    part("d").release(4);
    part("b").release(10);
    part("d").release(6);
    expect([pool.share, pool.bytes]).toEqual([1_200, 10]);
  });

  it("is given up by the largest, whoever came and left before", () => {
    const pool = new ReceivedPool(1_000);
    const { part, yielded } = parts(pool, "abcde");
    for (const name of "abcd") part(name).take(100);
    part("a").release(100);
    part("d").take(400);
    part("b").release(100);
    part("d").take(250);
    part("d").release(50);
    part("a").take(100);
    // d holds 700, c and a 100 each: there is no room for 300 more, and d makes it.
    expect(part("e").hasRoom(300)).toBe(true);
    expect([yielded, pool.bytes]).toEqual([["d"], 200]);
    part("c").release(100);
    part("a").release(100);
    expect([pool.bytes, pool.share]).toEqual([0, 1_000]);
  });
});
