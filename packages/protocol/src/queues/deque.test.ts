import { describe, expect, it } from "vitest";
import { Deque } from "./deque.ts";

describe("a deque", () => {
  it("gives back in order what was put in, also where both happen by turns", () => {
    const deque = new Deque<number>();
    const got: (number | undefined)[] = [];
    let next = 0;
    for (let round = 0; round < 300; round++) {
      for (let i = 0; i < 3; i++) deque.push(next++);
      for (let i = 0; i < 2; i++) got.push(deque.shift());
    }
    expect(deque.size).toBe(300);
    while (deque.size > 0) got.push(deque.shift());
    expect(got).toEqual(Array.from({ length: 900 }, (_, i) => i));
    expect([deque.shift(), deque.size]).toEqual([undefined, 0]);
  });

  it("holds what is undefined like anything else", () => {
    const deque = new Deque<undefined>();
    deque.push(undefined);
    expect(deque.size).toBe(1);
    deque.shift();
    expect(deque.size).toBe(0);
  });
});
