import { describe, expect, it } from "vitest";
import { turnsByHand } from "./testing/turns.test-support.ts";

/** A peer that has so many events, each of which takes so long in milliseconds, or so many places. */
function peerWith(count: number, { tookMs = 0, places = 1 } = {}) {
  const hand = turnsByHand();
  let left = count;
  const goOn = () => {
    while (left > 0 && share.take(places)) {
      left--;
      hand.clock.now += tookMs;
    }
  };
  const share = hand.turns.share(goOn);
  /** How many are handled in each turn, until none is left. */
  const perTurn = () => {
    const counts: number[] = [];
    for (let before = left; left > 0; before = left) {
      if (counts.length === 0) goOn();
      else hand.nextTurn();
      counts.push(before - left);
    }
    return counts;
  };
  return { ...hand, share, perTurn };
}

describe("the share of one peer in a turn of the loop", () => {
  it("is 64 events that take little", () => {
    expect(peerWith(200, { tookMs: 0.001 }).perTurn()).toEqual([64, 64, 64, 8]);
  });

  it("is fewer of those that take long: a few, and then a quarter of a millisecond's worth", () => {
    expect(peerWith(200, { tookMs: 0.01 }).perTurn()).toEqual([44, 44, 44, 44, 24]);
    expect(peerWith(30, { tookMs: 1 }).perTurn()).toEqual([20, 10]);
  });

  it("is fewer of those that are counted as several, and one of any size", () => {
    expect(peerWith(20, { places: 8 }).perTurn()).toEqual([8, 8, 4]);
    expect(peerWith(3, { places: 1_000 }).perTurn()).toEqual([1, 1, 1]);
  });

  it("looks at the clock seldom, and never where few events come", () => {
    const few = peerWith(16);
    few.perTurn();
    expect(few.clock.asked).toBe(0);
    const many = peerWith(64);
    many.perTurn();
    expect(many.clock.asked).toBeLessThanOrEqual(16);
  });

  it("is not used up by events of earlier turns, however long ago those were", () => {
    const { share, clock, nextTurn } = peerWith(0);
    for (let i = 0; i < 60; i++) {
      expect(share.take()).toBe(true);
      clock.now += 100;
      // Nobody asked for the end of the turns with few events; the others end.
      nextTurn();
    }
  });
});

describe("a clock that is asked once a turn", () => {
  it("stands still where much comes, and goes with the clock where little does", () => {
    const { turns, nextTurn } = turnsByHand();
    let time = 0;
    const clock = turns.steady(() => ++time);
    expect([clock(), clock()]).toEqual([1, 2]);
    turns.countTurn();
    expect([clock(), clock()]).toEqual([3, 3]);
    nextTurn();
    expect([clock(), clock()]).toEqual([4, 5]);
    turns.countTurn();
    expect([clock(), clock()]).toEqual([6, 6]);
  });
});
