import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { Inbox, Membership } from "./backplane.ts";
import { BackplaneError } from "./backplane-error.ts";
import { pass, VirtualBroker } from "./virtual-broker.test-support.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const JOIN_MS = 20_000;
const LEASE_MS = 10_000;

/** A promise that a test settles. */
function deferred() {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

function stage() {
  const clock = new VirtualClock();
  const broker = new VirtualBroker(clock, LEASE_MS);
  /** A node that joins: what it hears, and how the join ended. */
  const begin = (id: string) => {
    const lines: string[] = [];
    const inbox: Inbox = {
      posted: (from, topic, bytes) => lines.push(`${from} ${topic} ${textOf(bytes)}`),
      gap: (from) => lines.push(`gap ${from}`),
      joined: (node) => lines.push(`joined ${node}`),
      gone: (node) => lines.push(`gone ${node}`),
      asked: async (_, bytes) => bytes,
      failed: ({ code, message }) => lines.push(`failed ${code} ${message}`),
    };
    const outcome: { membership?: Membership; error?: unknown } = {};
    broker.join(id, inbox).then(
      (membership) => {
        outcome.membership = membership;
      },
      (error: unknown) => {
        outcome.error = error;
      },
    );
    return { lines, outcome };
  };
  /** One that has joined. */
  const join = async (id: string) => {
    const { lines, outcome } = begin(id);
    await pass(clock, 20);
    if (outcome.membership === undefined) throw outcome.error;
    return { lines, membership: outcome.membership };
  };
  return { clock, broker, begin, join, pass: (ms: number) => pass(clock, ms) };
}

const unreachable = (message: string) => expect.objectContaining({ code: "unreachable", message });

describe("a node that joins through a broker", () => {
  it("is rejected where the connection is, with nothing of what was said of it, and by what a driver says itself", async () => {
    const { broker, begin, pass } = stage();
    broker.script.connect = () => Promise.reject(new Error("redis://ann:secret@host"));
    const first = begin("a");
    await pass(1);
    const error = first.outcome.error as BackplaneError;
    expect(error).toEqual(unreachable("the broker cannot be reached"));
    expect(error).toBeInstanceOf(BackplaneError);
    expect(error.cause).toBeUndefined();
    broker.script.connect = () => Promise.reject(new BackplaneError("unreachable", "refused: NOPERM"));
    const second = begin("b");
    await pass(1);
    expect(second.outcome.error).toEqual(unreachable("refused: NOPERM"));
  });

  it("is rejected in time by a broker that hangs, and closes the connection that comes later", async () => {
    const { clock, broker, begin, pass } = stage();
    const { promise, resolve } = deferred();
    broker.script.connect = () => promise;
    const { lines, outcome } = begin("a");
    await pass(JOIN_MS - 1);
    expect(outcome).toEqual({});
    await pass(1);
    expect(outcome.error).toEqual(unreachable("the broker did not answer in time"));
    resolve();
    await pass(1);
    expect([broker.isClosed("a"), lines, clock.pending]).toEqual([true, [], 0]);
  });

  it("is rejected in time where it gets a connection and no answer, and says nothing more", async () => {
    const { clock, broker, begin, join, pass } = stage();
    const other = await join("b");
    const { promise, resolve } = deferred();
    broker.script.subscribe = (channel) => (channel === "n:a" ? promise : Promise.resolve());
    const { outcome } = begin("a");
    await pass(JOIN_MS);
    expect(outcome.error).toEqual(unreachable("the broker did not answer in time"));
    expect(broker.isClosed("a")).toBe(true);
    resolve();
    await pass(LEASE_MS);
    expect(other.lines).toEqual([]);
    await Promise.all([other.membership.leave(), pass(10)]);
    expect(clock.pending).toBe(0);
  });

  it("is rejected where the connection goes before it has begun, and joins when the broker is back", async () => {
    const { clock, broker, begin, join, pass } = stage();
    broker.script.subscribe = async () => broker.cut("a");
    const { lines, outcome } = begin("a");
    await pass(10);
    expect([outcome.error, broker.isClosed("a")]).toEqual([unreachable("the broker cannot be reached"), true]);
    expect([lines, clock.pending]).toEqual([[], 0]);
    broker.script.subscribe = undefined;
    const again = await join("a2");
    const other = await join("b");
    await pass(10);
    expect([again.lines, other.lines]).toEqual([["joined b"], ["joined a2"]]);
  });

  it("hears what was said meanwhile once whoever joined has the membership, in its order", async () => {
    const { broker, begin, join, pass } = stage();
    const other = await join("b");
    const { promise, resolve } = deferred();
    broker.script.subscribe = (channel) => (channel === "n:a" ? promise : Promise.resolve());
    const { lines, outcome } = begin("a");
    // Its beats, and an hour of trouble.
    await pass(3_000);
    broker.cut("a");
    broker.heal("a");
    await pass(3_000);
    expect([lines, outcome]).toEqual([[], {}]);
    resolve();
    await pass(10);
    expect(outcome.membership).toBeDefined();
    expect(lines).toEqual(["joined b", "failed unreachable the broker is away"]);
    await Promise.all([outcome.membership?.leave(), pass(10)]);
    expect(other.lines).toEqual(["joined a", "gone a"]);
  });

  it("bridges a broker that is away for less than the lease, and reports it once", async () => {
    const { broker, join, pass } = stage();
    const [a, b] = [await join("a"), await join("b")];
    const subscribed = b.membership.subscribe("tea");
    await pass(10);
    await subscribed;
    broker.cut("a", "b");
    a.membership.post("tea", bytesOf("1"));
    await pass(LEASE_MS - 1_000);
    broker.heal("a", "b");
    a.membership.post("tea", bytesOf("2"));
    await pass(10);
    expect(b.lines).toEqual(["joined a", "failed unreachable the broker is away", "a tea 1", "a tea 2"]);
    await pass(3 * LEASE_MS);
    expect(a.lines).toEqual(["joined b", "failed unreachable the broker is away"]);
  });

  it("that was away for longer hears that it is gone, can do nothing any more, and joins as another", async () => {
    const { broker, join, pass } = stage();
    const [a, b] = [await join("a"), await join("b")];
    await pass(2 * LEASE_MS);
    broker.cut("a");
    await pass(2 * LEASE_MS);
    expect(b.lines).toEqual(["joined a", "gone a"]);
    a.membership.post("tea", bytesOf("from the dead"));
    const asked = expect(a.membership.ask("b", bytesOf("?"), 60_000)).rejects.toMatchObject({ code: "left" });
    broker.heal("a");
    await pass(20);
    await asked;
    expect([a.lines.at(-1), broker.isClosed("a")]).toEqual(["gone a", true]);
    for (const late of [a.membership.subscribe("tea"), a.membership.put("key", bytesOf("value"), 1_000)]) {
      await expect(late).rejects.toMatchObject({ code: "left" });
    }
    const again = await join("a2");
    await pass(10);
    expect([b.lines, again.lines]).toEqual([["joined a", "gone a", "joined a2"], ["joined b"]]);
  });

  it("leaves within two seconds where the broker is away, and what waits for it is told", async () => {
    const { clock, broker, join, pass } = stage();
    const { membership } = await join("a");
    broker.cut("a");
    membership.post("tea", bytesOf("never out"));
    const waiting = expect(membership.subscribe("milk")).rejects.toMatchObject({ code: "left" });
    let hasLeft = false;
    void membership.leave().then(() => {
      hasLeft = true;
    });
    await pass(1_999);
    expect(hasLeft).toBe(false);
    await pass(1);
    await waiting;
    expect([hasLeft, broker.isClosed("a"), clock.pending]).toEqual([true, true, 0]);
  });

  it("needs an id of a node", async () => {
    const { begin, pass } = stage();
    const { outcome } = begin("a b");
    await pass(1);
    expect(outcome.error).toMatchObject({ code: "bad-node-id" });
  });
});
