import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { Inbox } from "./backplane.ts";
import { pass as passTime, VirtualBroker } from "./virtual-broker.test-support.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Two nodes, of which one hears what the other posts about tea. */
async function two() {
  const clock = new VirtualClock();
  const broker = new VirtualBroker(clock);
  const pass = (ms: number) => passTime(clock, ms);
  const join = async (id: string) => {
    const heard: string[] = [];
    const inbox: Inbox = {
      posted: (_, topic, bytes) => heard.push(`${topic} ${textOf(bytes)}`),
      gap: (from) => heard.push(`gap ${from}`),
      joined: () => {},
      gone: (node) => heard.push(`gone ${node}`),
      asked: async (_, bytes) => bytes,
      failed: () => {},
    };
    const [membership] = await Promise.all([broker.join(id, inbox), pass(20)]);
    return { heard, membership };
  };
  const [a, b] = [await join("a"), await join("b")];
  await Promise.all(["tea", "milk"].map((topic) => b.membership.subscribe(topic)).concat(pass(20)));
  const post = (topic: string, text: string) => a.membership.post(topic, bytesOf(text));
  post("tea", "1");
  await pass(20);
  return { broker, a, b, post, pass };
}

describe("what a broker had taken and lost, as one of its servers that dies", () => {
  it("is asked for once its poster has the broker again, also where nothing is posted afterwards", async () => {
    const { broker, b, post, pass } = await two();
    broker.lose("b", 2);
    post("tea", "2");
    post("milk", "3");
    await pass(20);
    broker.cut("a");
    await pass(1_000);
    broker.heal("a");
    await pass(100);
    expect(b.heard).toEqual(["tea 1", "tea 2", "milk 3"]);
    await pass(60_000);
    expect(b.heard).toHaveLength(3);
  });

  it("comes before what is posted meanwhile and afterwards, whatever the topic", async () => {
    const { broker, b, post, pass } = await two();
    broker.lose("b", 1);
    post("tea", "2");
    await pass(20);
    broker.cut("a");
    post("milk", "3");
    await pass(1_000);
    broker.heal("a");
    post("tea", "4");
    await pass(100);
    expect(b.heard).toEqual(["tea 1", "tea 2", "milk 3", "tea 4"]);
  });

  it("holds up no answer that waited for the broker", async () => {
    const { broker, a, post, pass } = await two();
    post("tea", "2");
    await pass(20);
    broker.cut("a");
    const asked = [1, 2, 3].map((n) => a.membership.ask("b", bytesOf(`${n}`), 5_000));
    await pass(1_000);
    broker.heal("a");
    await pass(100);
    expect((await Promise.all(asked)).map(textOf)).toEqual(["1", "2", "3"]);
  });

  it("is a gap where the poster keeps it no more", async () => {
    const { broker, b, post, pass } = await two();
    broker.lose("b", 1);
    post("tea", "2");
    await pass(20);
    broker.cut("a");
    for (let n = 0; n < 10_001; n++) post("other", "x");
    await pass(100);
    broker.heal("a");
    await pass(2_000);
    expect(b.heard.slice(0, 2)).toEqual(["tea 1", "gap a"]);
  });
});

describe("two servers of a broker that lose each other for longer than a lease", () => {
  it("leave nobody at either as a stranger for ever: each node hears that it was held for gone, and may join again", async () => {
    const { broker, a, b, post, pass } = await two();
    broker.part("a");
    post("tea", "2");
    await pass(30_000);
    expect([a.heard, b.heard]).toEqual([["gone b"], ["tea 1", "gone a"]]);
    broker.unite();
    await pass(10_000);
    expect([a.heard, b.heard]).toEqual([
      ["gone b", "gone a"],
      ["tea 1", "gone a", "gone b"],
    ]);
    expect([broker.isClosed("a"), broker.isClosed("b")]).toEqual([true, true]);
  });

  it("is no matter where it was shorter, but for what was posted", async () => {
    const { broker, a, b, post, pass } = await two();
    broker.part("a");
    post("tea", "2");
    await pass(4_000);
    broker.unite();
    post("tea", "3");
    await pass(20_000);
    expect([a.heard, b.heard]).toEqual([[], ["tea 1", "gap a", "tea 3"]]);
  });
});
