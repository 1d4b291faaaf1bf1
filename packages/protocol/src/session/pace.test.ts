import { describe, expect, it } from "vitest";
import { type Entry, Log } from "./log.ts";
import { Pace } from "./pace.ts";

const HIGH_WATER = 10;
const PATIENCE_MS = 8_000;

/** Three frames or 100 bytes, and a socket that is looked at every 20 ms. */
function setting() {
  const log = new Log<Entry>(3, 100);
  const pace = new Pace(log, HIGH_WATER, PATIENCE_MS);
  let now = 0;
  const look = (buffered: number) => {
    now += 20;
    return pace.look(now, buffered);
  };
  /** So many frames of a byte are offered; how many are accepted. */
  const offer = (count: number) => {
    let accepted = 0;
    for (; accepted < count && (pace.hasRoom(1) || pace.isTaking); accepted++) log.append({ bytes: 1 });
    return accepted;
  };
  const take = (count: number) => {
    for (let n = 0; n < count; n++) if (log.take() !== undefined) pace.noteProgress();
  };
  return { log, pace, look, offer, take };
}

describe("what a peer failed to take (PROTOCOL.md section 6.7)", () => {
  it("is bounded as it is while nobody has looked, and while the socket is full and stays so", () => {
    const { offer, look } = setting();
    expect(offer(10)).toBe(3);
    look(HIGH_WATER);
    expect(offer(10)).toBe(0);
  });

  it("is not what one turn makes, where the peer takes what it is sent", () => {
    const { offer, look, take, log } = setting();
    look(0);
    expect(offer(1_000)).toBe(1_000);
    take(1_000);
    expect(look(0)).toBe(true);
    expect([offer(500), log.isOver]).toEqual([500, true]);
  });

  it("does not grow over turns: what the turn left is held beside the bounds, which hold for what follows", () => {
    const { offer, look, take } = setting();
    look(0);
    expect(offer(1_000)).toBe(1_000);
    take(1);
    look(HIGH_WATER);
    expect(offer(1_000)).toBe(3);
    look(HIGH_WATER);
    expect(offer(1_000)).toBe(0);
    take(100);
    look(HIGH_WATER);
    expect(offer(1_000)).toBe(3);
    // All that is left fits the bounds again, and the next turn may make more.
    take(1_000);
    look(0);
    expect(offer(1_000)).toBe(1_000);
  });

  it("is given up on once nothing of it was taken for the patience, and not before", () => {
    const { offer, look, take } = setting();
    look(0);
    offer(1_000);
    for (let ms = 0; ms < 3 * PATIENCE_MS; ms += 20) {
      if (ms % 4_000 === 0) take(1);
      expect(look(HIGH_WATER)).toBe(true);
    }
    let looks = 0;
    while (looks < 10_000 && look(HIGH_WATER)) looks++;
    expect(looks * 20).toBeLessThanOrEqual(PATIENCE_MS);
    expect(looks * 20).toBeGreaterThan(PATIENCE_MS - 4_000);
  });

  it("is not counted against a peer while this side stood still", () => {
    const { offer, look, pace } = setting();
    look(0);
    offer(1_000);
    look(HIGH_WATER);
    expect(pace.look(60_000, HIGH_WATER)).toBe(true);
  });
});
