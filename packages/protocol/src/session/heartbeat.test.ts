import { describe, expect, it } from "vitest";
import { Heartbeat } from "./heartbeat.ts";

describe("Heartbeat (PROTOCOL.md section 7)", () => {
  it("pings after the interval without a byte, and gives up after the timeout: within 20 s with the defaults", () => {
    const heart = new Heartbeat(12_000, 8_000, 0);
    expect(heart.wake(11_999, 0)).toBeUndefined();
    expect(heart.wake(12_000, 0)).toBe("ping");
    expect(heart.wake(19_999, 0)).toBeUndefined();
    expect(heart.wake(20_000, 0)).toBe("dead");
  });

  it("counts every byte as life, an answered ping and any other", () => {
    const heart = new Heartbeat(10_000, 8_000, 0);
    heart.noteHeard(9_000);
    expect(heart.wake(10_000, 0)).toBeUndefined();
    expect(heart.deadline).toBe(19_000);
    expect(heart.wake(19_000, 0)).toBe("ping");
    heart.noteHeard(20_000);
    expect(heart.wake(27_000, 0)).toBeUndefined();
  });

  it("pings again when the wake-up came late: this side stood still, and the peer's bytes may lie in the kernel", () => {
    const heart = new Heartbeat(10_000, 8_000, 0);
    expect(heart.wake(10_000, 0)).toBe("ping");
    expect(heart.wake(60_000, 0)).toBe("ping");
    expect(heart.wake(67_999, 0)).toBeUndefined();
    expect(heart.wake(68_000, 0)).toBe("dead");
  });

  it("is late once per silence only: a peer that is gone is given up however busy this side is", () => {
    const heart = new Heartbeat(10_000, 8_000, 0);
    heart.wake(10_000, 0);
    expect(heart.wake(60_000, 0)).toBe("ping");
    expect(heart.wake(120_000, 0)).toBe("dead");
  });

  it("does not give up a peer that is taking a large frame over a slow link", () => {
    const heart = new Heartbeat(10_000, 8_000, 0);
    heart.wake(10_000, 500_000);
    expect(heart.wake(18_000, 400_000)).toBeUndefined();
    expect(heart.wake(26_000, 400_000)).toBe("dead");
  });
});
