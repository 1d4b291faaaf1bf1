import { VirtualClock } from "@sente-lite/protocol/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { testHost } from "../testing/setting.test-support.ts";
import { LateGreetings, type Returning } from "./late-greetings.ts";

let time: VirtualClock;
let greetings: LateGreetings;
beforeEach(() => {
  time = new VirtualClock(1_000);
  const host = {
    ...testHost(),
    now: () => time.now,
    setTimer: (ms: number, fn: () => void) => time.after(ms, fn),
    clearTimer: (timer: unknown) => (timer as (() => void) | undefined)?.(),
  };
  greetings = new LateGreetings(host, () => time.now);
});

const peer = (clientId: string, ownPeer = false): Returning => ({
  uid: "ann",
  clientId,
  form: "wrapped",
  parameters: { ownPeer },
  request: { remoteAddress: "127.0.0.1" },
});

/** How long a peer waits for its handshake. */
async function waitMs(clientId: string): Promise<number> {
  const from = time.now;
  let isGreeted = false;
  const greeted = greetings.mayGreet(peer(clientId)).then(() => {
    isGreeted = true;
  });
  await Promise.resolve();
  for (let waited = 0; !isGreeted && waited < 20; waited++) {
    time.advance(500);
    await Promise.resolve();
    await Promise.resolve();
  }
  await greeted;
  return time.now - from;
}

describe("a peer that comes again at once (PROTOCOL.md section 3.7)", () => {
  it("is greeted at once, the first time and after a connection that lasted", async () => {
    expect(await greetings.mayGreet(peer("a"))).toBe(true);
    greetings.noteCutOff(peer("a"), 5_000);
    expect(await waitMs("a")).toBe(0);
  });

  it("is greeted later each time that it is cut off early, and at most 8 s later", async () => {
    const waits = [];
    for (let turn = 0; turn < 6; turn++) {
      greetings.noteCutOff(peer("a"), 4_999);
      waits.push(await waitMs("a"));
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    expect(await waitMs("b")).toBe(0);
    expect(await waitMs("a")).toBe(0);
    greetings.noteCutOff(peer("a"), 5_000);
    greetings.noteCutOff(peer("a"), 0);
    expect(await waitMs("a")).toBe(1_000);
  });

  it("is known by uid, client id and address together, and is none of our own and none that speaks the bare form", async () => {
    greetings.noteCutOff(peer("a"), 0);
    for (const other of [
      { ...peer("a"), uid: "bob" },
      peer("b"),
      { ...peer("a"), request: { remoteAddress: "127.0.0.2" } },
      { ...peer("a", true) },
      { ...peer("a"), form: "bare" as const },
    ]) {
      expect(await Promise.race([greetings.mayGreet(other), "late"])).toBe(true);
    }
    for (const calm of [peer("c", true), { ...peer("d"), form: "bare" as const }]) {
      greetings.noteCutOff(calm, 0);
      expect(await Promise.race([greetings.mayGreet(calm), "late"])).toBe(true);
    }
    expect(await waitMs("a")).toBe(1_000);
  });

  it("is forgotten after a minute", async () => {
    greetings.noteCutOff(peer("a"), 0);
    time.advance(60_000);
    greetings.noteCutOff(peer("a"), 0);
    expect(await waitMs("a")).toBe(1_000);
  });

  it("is one of a thousand that are remembered and held up, and let go at the end", async () => {
    for (let i = 0; i < 1_001; i++) greetings.noteCutOff(peer(`p${i}`), 0);
    expect(await greetings.mayGreet(peer("p0"))).toBe(true);
    const held = Array.from({ length: 1_000 }, () => greetings.mayGreet(peer("p1")));
    expect(await greetings.mayGreet(peer("p2"))).toBe(false);
    greetings.end();
    expect((await Promise.all(held)).every((one) => one)).toBe(true);
    expect(time.step(Number.POSITIVE_INFINITY)).toBe(false);
  });
});
