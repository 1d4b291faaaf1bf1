import { expect, it } from "vitest";
import type { Inbox, Membership } from "../backplane/backplane.ts";
import { type MemoryBackplane, memoryBackplane } from "./memory-backplane.ts";
import { VirtualClock } from "./virtual-clock.ts";

// The suite that every driver passes is in packages/conformance; here are the faults that a test asks for.

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

interface Heard extends Inbox {
  readonly log: string[];
}

function inbox(): Heard {
  const log: string[] = [];
  return {
    log,
    posted: (from, topic, value, number) => void log.push(`${from} ${topic} ${number} ${text(value)}`),
    gap: (from) => void log.push(`gap ${from}`),
    joined: (node) => void log.push(`joined ${node}`),
    gone: (node) => void log.push(`gone ${node}`),
    asked: async (from, value) => bytes(`${from} asked ${text(value)}`),
    failed: (error) => void log.push(`failed ${error.code}`),
  };
}

class Stage {
  readonly clock = new VirtualClock();
  readonly backplane: MemoryBackplane = memoryBackplane({ clock: this.clock, leaseMs: 100, keptPosts: 3 });

  /** Lets time pass until the promise settles. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    promise.then(settled, settled);
    for (let ms = 0; ms < 1_000 && !isSettled; ms++) {
      this.clock.advance(1);
      await Promise.resolve();
      await Promise.resolve();
    }
    return promise;
  }

  async two() {
    const [a, b] = [inbox(), inbox()];
    const atA: Membership = await this.until(this.backplane.join("a", a));
    const atB: Membership = await this.until(this.backplane.join("b", b));
    await this.until(atB.subscribe("tea"));
    a.log.length = 0;
    b.log.length = 0;
    return { a, b, atA, atB };
  }
}

it("loses a post where it is asked to, and has a gap in its place", async () => {
  const stage = new Stage();
  const { b, atA } = await stage.two();
  stage.backplane.drop("a", "up");
  for (const value of ["one", "two"]) atA.post("tea", bytes(value));
  stage.clock.advance(10);
  stage.backplane.drop("b", "down");
  for (const value of ["three", "four"]) atA.post("tea", bytes(value));
  stage.clock.advance(10);
  expect(b.log).toEqual(["gap a", "a tea 2 two", "gap all", "a tea 4 four"]);
});

it("keeps what is posted during a split within the lease, in order, and nothing overtakes", async () => {
  const stage = new Stage();
  const { a, b, atA } = await stage.two();
  stage.backplane.delay("a", 20);
  atA.post("tea", bytes("one"));
  stage.backplane.split("a");
  atA.post("tea", bytes("two"));
  stage.clock.advance(99);
  stage.backplane.delay("a", 1);
  stage.backplane.heal();
  atA.post("tea", bytes("three"));
  stage.clock.advance(40);
  expect(b.log).toEqual(["a tea 1 one", "a tea 2 two", "a tea 3 three"]);
  expect(a.log).toEqual(["failed unreachable"]);
  expect(stage.backplane.leftovers).toBe(0);
});

it("has a gap for what is posted beyond the bound", async () => {
  const stage = new Stage();
  const { b, atA } = await stage.two();
  stage.backplane.split("a");
  for (let n = 1; n <= 5; n++) atA.post("tea", bytes(`${n}`));
  stage.backplane.heal("a");
  stage.clock.advance(10);
  expect(b.log).toEqual(["gap a", "a tea 5 5"]);
  stage.backplane.split("b");
  for (let n = 6; n <= 10; n++) atA.post("tea", bytes(`${n}`));
  stage.clock.advance(5);
  stage.backplane.heal("b");
  stage.clock.advance(10);
  expect(b.log.slice(2)).toEqual(["failed unreachable", "gap all", "a tea 10 10"]);
});

it.each(["stop", "split"] as const)("makes a stranger of a node after a %s of longer than its lease", async (fault) => {
  const stage = new Stage();
  const { a, b, atA, atB } = await stage.two();
  stage.backplane[fault]("b");
  atA.post("tea", bytes("unheard"));
  stage.clock.advance(101);
  expect(a.log).toEqual(["gone b"]);
  if (fault === "stop") stage.backplane.resume("b");
  else stage.backplane.heal();
  stage.clock.advance(10);
  expect(b.log.at(-1)).toBe("gone b");
  expect(b.log).not.toContainEqual(expect.stringContaining("unheard"));
  await expect(stage.until(atB.subscribe("more"))).rejects.toMatchObject({ code: "left" });
  await expect(stage.until(atA.ask("b", bytes("?"), 20))).rejects.toMatchObject({ code: "no-answer" });
});

it("tells of a crash when the lease is over", async () => {
  const stage = new Stage();
  const { a } = await stage.two();
  stage.backplane.crash("b");
  stage.clock.advance(99);
  expect(a.log).toEqual([]);
  stage.clock.advance(2);
  expect(a.log).toEqual(["gone b"]);
});
