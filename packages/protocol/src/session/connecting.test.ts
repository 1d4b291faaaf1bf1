import { describe, expect, it } from "vitest";
import { Backoff } from "./connecting.ts";

const limits = { reconnectBaseMs: 500, reconnectCapMs: 20_000 };

describe("Backoff (PROTOCOL.md section 8)", () => {
  it("draws from a window that doubles up to the cap", () => {
    const backoff = new Backoff(limits, () => 0.999_999);
    const delays = Array.from({ length: 8 }, () => backoff.next(0, undefined));
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  });

  it("is jittered in full, so that a crowd never returns in one instant: at the first attempt, and at the cap", () => {
    const spread = (failures: number) => {
      const delays = Array.from({ length: 1_000 }, (_, i) => {
        const backoff = new Backoff(limits, () => (i + 0.5) / 1_000);
        for (let n = 0; n < failures; n++) backoff.next(0, undefined);
        return backoff.next(0, undefined);
      });
      return [Math.min(...delays), Math.max(...delays), new Set(delays).size > 400];
    };
    expect(spread(0)).toEqual([0, 500, true]);
    expect(spread(9)).toEqual([10, 19_990, true]);
  });

  it("begins anew after a connection that lasted 5 s, not after a handshake", () => {
    const backoff = new Backoff(limits, () => 0.999_999);
    for (let n = 0; n < 3; n++) backoff.next(0, undefined);
    backoff.noteLasted(4_999);
    expect(backoff.next(0, undefined)).toBe(4_000);
    backoff.noteLasted(5_000);
    expect(backoff.next(0, undefined)).toBe(500);
  });

  it("comes no earlier than a hint says, spread as it says, even when the page is looked at", () => {
    const backoff = new Backoff(limits, () => 0.5);
    const planned = backoff.next(1_000, { retryInMs: 10_000, spreadMs: 4_000 });
    expect(planned).toBe(13_000);
    expect(backoff.hasten(2_000, planned)).toBe(11_250);
    expect(backoff.next(0, undefined)).toBe(500);
  });

  it("tries within the base when the network comes back, and never later than planned", () => {
    const backoff = new Backoff(limits, () => 0.5);
    for (let n = 0; n < 6; n++) backoff.next(0, undefined);
    expect(backoff.hasten(100, 16_000)).toBe(350);
    expect(backoff.hasten(100, 120)).toBe(120);
  });
});
