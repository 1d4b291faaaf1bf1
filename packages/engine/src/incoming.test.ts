import { describe, expect, it } from "vitest";
import { Incoming, type IncomingLimits, type Paced, type Place } from "./incoming.ts";
import { ReceivedPool } from "./received-pool.ts";
import { turnsByHand } from "./testing/turns.test-support.ts";
import type { Turns } from "./turns.ts";

const MiB = 1_048_576;

function setting(limits: Partial<IncomingLimits> = {}, shared: { pool?: ReceivedPool; turns?: Turns } = {}) {
  const calls: string[] = [];
  const peer: Paced = {
    pause: () => calls.push("pause"),
    resume: () => calls.push("resume"),
    overflow: () => calls.push("overflow"),
    noteDropped: (count) => calls.push(`dropped ${count}`),
  };
  const incoming = new Incoming({
    peer,
    limits: { maxReceived: 1_000, maxReceivedBytes: 8 * MiB, ...limits },
    ...shared,
  });
  /** Puts in an event that waits until `place.leave()`, as for a busy handler. */
  const wait = (bytes = 1): Place | undefined => {
    let kept: Place | undefined;
    incoming.put(bytes, (place) => {
      place.wait();
      kept = place;
      return undefined;
    });
    return kept;
  };
  return { incoming, calls, wait };
}

const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("what waits between a socket and its handlers", () => {
  it("is bounded in events and in bytes, and one event always fits", () => {
    const { calls, wait } = setting({ maxReceived: 3, maxReceivedBytes: 100 });
    const first = wait(500);
    wait(1);
    expect(calls).toEqual(["overflow"]);
    first?.leave();
    for (const bytes of [50, 25, 25]) wait(bytes);
    expect(calls).toEqual(["overflow"]);
    wait(1);
    expect(calls).toEqual(["overflow", "overflow"]);
  });

  it("pauses its peer behind 64 events or a mebibyte, and lets it go on at half of that", () => {
    const { calls, wait } = setting();
    const many = Array.from({ length: 64 }, () => wait());
    expect(calls).toEqual(["pause"]);
    for (const place of many.slice(0, 32)) place?.leave();
    expect(calls).toEqual(["pause"]);
    many[32]?.leave();
    expect(calls).toEqual(["pause", "resume"]);
    const large = [wait(600_000), wait(600_000)];
    expect(calls).toEqual(["pause", "resume", "pause"]);
    for (const place of large) place?.leave();
    expect(calls).toEqual(["pause", "resume", "pause", "resume"]);
  });

  it("counts what waits for a validator as what waits for a handler, in order", async () => {
    const { incoming, calls } = setting({ maxReceived: 3 });
    const checks: (() => void)[] = [];
    const done: number[] = [];
    for (let n = 0; n < 5; n++) {
      incoming.put(1, () => new Promise<void>((resolve) => checks.push(resolve)).then(() => void done.push(n)));
    }
    // One is checked, three wait, and one found no place.
    expect([checks.length, calls]).toEqual([1, ["overflow"]]);
    while (checks.length > 0) {
      checks.shift()?.();
      await soon();
    }
    expect(done).toEqual([0, 1, 2, 3]);
  });

  it("keeps the order where a step puts in another event", () => {
    const { incoming } = setting();
    const done: string[] = [];
    const step = (name: string, inner?: string) => () => {
      if (inner !== undefined) incoming.put(0, step(inner));
      done.push(name);
      return undefined;
    };
    incoming.put(1, step("first", "second"));
    expect(done).toEqual(["first", "second"]);
  });

  it("forgets what was given up, and what is still worked on does not count twice", () => {
    const pool = new ReceivedPool(10 * MiB);
    const { incoming, wait, calls } = setting({ maxReceived: 2 }, { pool });
    const working = wait(1_000);
    working?.begin();
    working?.leave();
    const waiting = wait(2_000);
    incoming.clear();
    expect([working?.isVoid, waiting?.isVoid]).toEqual([true, true]);
    expect(pool.bytes).toBe(1_000 + 512);
    for (let i = 0; i < 2; i++) wait();
    expect(calls).toEqual([]);
    waiting?.leave();
    working?.end();
    expect(pool.bytes).toBe(2 * 513);
  });

  it("holds nothing that was given up, though a validator before it never ends", () => {
    const { incoming } = setting();
    incoming.put(1, () => new Promise(() => {}));
    incoming.put(1, () => undefined);
    incoming.put(0, () => undefined);
    expect(incoming.size).toBe(2);
    incoming.clear();
    expect(incoming.size).toBe(1);
  });

  it("drops what this side made up where too much of it waits, and blames nobody", () => {
    const { calls, wait } = setting({ maxReceived: 3 });
    expect([1, 2, 3, 4].map(() => wait(0) !== undefined)).toEqual([true, true, true, false]);
    wait(1);
    expect(calls).toEqual([]);
  });

  it("takes the rest of what was read at once, where the peer is paused in the middle of that", () => {
    const { turns, nextTurn } = turnsByHand();
    const { incoming, calls } = setting({ maxReceived: 100, maxReceivedBytes: 5_000 }, { turns });
    let done = 0;
    const put = (count: number) => {
      for (let i = 0; i < count; i++) incoming.put(1, () => void done++);
    };
    put(1_000);
    expect(calls).toEqual(["pause"]);
    nextTurn();
    put(1);
    expect(calls).toEqual(["pause", "overflow"]);
    while (done < 1_000) nextTurn();
    expect(calls).toEqual(["pause", "overflow", "resume"]);
  });

  it("bounds the number of events also in the turn of a pause that the runtime cannot make true", () => {
    const { turns } = turnsByHand();
    const { incoming, calls } = setting({ maxReceived: 100, maxReceivedBytes: 8_388_608 }, { turns });
    for (let i = 0; i < 1_000; i++) incoming.put(5_000, () => undefined);
    expect(calls.slice(0, 2)).toEqual(["pause", "overflow"]);
    expect(incoming.size).toBeLessThan(400);
  });

  it("is handled in parts of a turn of the loop, the others in between", () => {
    const { turns, nextTurn, countPlanned } = turnsByHand();
    const done: string[] = [];
    const one = setting({}, { turns });
    const other = setting({}, { turns });
    for (let i = 0; i < 150; i++) one.incoming.put(1, () => void done.push("one"));
    other.incoming.put(1, () => void done.push("other"));
    expect([done.length, done.at(-1)]).toEqual([65, "other"]);
    nextTurn();
    expect(done).toHaveLength(129);
    nextTurn();
    expect(done).toHaveLength(151);
    nextTurn();
    expect(countPlanned()).toBe(0);
  });

  it("asks for no turn of the loop while few events come", () => {
    const { turns, nextTurn, countPlanned } = turnsByHand();
    const { incoming } = setting({}, { turns });
    let done = 0;
    for (let i = 0; i < 8; i++) incoming.put(1, () => void done++);
    expect([done, countPlanned()]).toEqual([8, 0]);
    // As nobody has said that a turn ended, those may have been of this one.
    for (let i = 0; i < 64; i++) incoming.put(1, () => void done++);
    expect([done, countPlanned()]).toEqual([64, 1]);
    nextTurn();
    expect(done).toBe(72);
  });
});

describe("what all peers together make a server hold", () => {
  it("is bounded: the one that holds the most goes, and loses what waits", () => {
    const pool = new ReceivedPool(10_000);
    const large = setting({}, { pool });
    const small = setting({}, { pool });
    for (let i = 0; i < 4; i++) large.wait(1_488);
    small.wait(488);
    expect([large.calls, pool.bytes]).toEqual([["pause"], 9_000]);
    const another = setting({}, { pool });
    another.wait(5_488);
    expect(large.calls).toEqual(["pause", "resume", "dropped 4", "overflow"]);
    expect([small.calls, pool.bytes]).toEqual([[], 7_000]);
  });

  it("refuses the one that would hold the most", () => {
    const pool = new ReceivedPool(10_000);
    const one = setting({}, { pool });
    const other = setting({}, { pool });
    one.wait(5_488);
    other.wait(7_488);
    expect([one.calls.includes("overflow"), other.calls]).toEqual([false, ["overflow"]]);
  });

  it("never refuses one that holds no more than its equal part, though handlers hold all of it", () => {
    const pool = new ReceivedPool(10_000);
    for (let i = 0; i < 2; i++) {
      const place = setting({}, { pool }).wait(4_488);
      place?.begin();
      place?.leave();
    }
    const small = setting({}, { pool });
    for (let i = 0; i < 3; i++) expect(small.wait(488)).toBeDefined();
    // That is its part: a third of it all.
    expect(small.wait(1_000)).toBeUndefined();
    expect(small.calls).toContain("overflow");
  });

  it("holds nothing once all is done", () => {
    const pool = new ReceivedPool(10_000);
    const { wait } = setting({}, { pool });
    const place = wait(100);
    place?.begin();
    place?.leave();
    expect(pool.bytes).toBe(612);
    place?.end();
    expect(pool.bytes).toBe(0);
  });
});
