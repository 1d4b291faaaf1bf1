import { beforeEach, describe, expect, it } from "vitest";
import { createMatcher, Registry, type ToLabels } from "./registry.ts";

interface One {
  readonly name: string;
  readonly uid: string | null;
  readonly clientId: string;
  readonly hasSession: boolean;
}

let registry: Registry<One>;
beforeEach(() => {
  registry = new Registry({ maxQueuedFrames: 4, maxQueuedBytes: 100, maxAwayBytes: 150 });
});

const one = (uid: string | null, clientId: string, hasSession = true, name = `${uid}/${clientId}`): One => {
  const connection = { name, uid, clientId, hasSession };
  registry.add(connection);
  return connection;
};
const meant = (to: ToLabels) => [...registry.findMeant(to)].map(({ name }) => name);
const pushedTo = (to: ToLabels) =>
  [...registry.findMeant(to)].filter((c) => registry.isCurrent(c)).map(({ name }) => name);

describe("who is meant (PROTOCOL.md section 1.7)", () => {
  it("is a user, several, those without an id, or one client of one user", () => {
    for (const [uid, clientId] of [
      ["ann", "c1"],
      ["ann", "c2"],
      ["bob", "c1"],
      [null, "c1"],
    ] as const) {
      one(uid, clientId);
    }
    expect(meant("ann")).toEqual(["ann/c1", "ann/c2"]);
    expect(meant(["ann", "bob", "ann"])).toEqual(["ann/c1", "ann/c2", "bob/c1"]);
    expect(meant(null)).toEqual(["null/c1"]);
    expect(meant("sente/all-users-without-uid")).toEqual(["null/c1"]);
    expect(meant({ uid: "ann", clientId: "c2" })).toEqual(["ann/c2"]);
    expect(meant({ uid: "sente/all-users-without-uid", clientId: "c1" })).toEqual(["null/c1"]);
    expect(meant({ uid: "bob", clientId: "c2" })).toEqual([]);
    expect(meant("__proto__")).toEqual([]);
  });

  it("leaves out a user with all clients, or one client of that user only", () => {
    const ann = { uid: "ann", clientId: "c1" };
    const others = [
      { uid: "ann", clientId: "c2" },
      { uid: "bob", clientId: "c1" },
      { uid: null, clientId: "c1" },
    ];
    expect([ann, ...others].map(createMatcher("ann"))).toEqual([true, true, false, false]);
    expect([ann, ...others].map(createMatcher(ann))).toEqual([true, false, false, false]);
    expect([ann, ...others].map(createMatcher(["bob", null]))).toEqual([false, false, true, true]);
    expect([ann, ...others].map(createMatcher(undefined))).toEqual([false, false, false, false]);
  });
});

describe("clients that call themselves the same", () => {
  it("all get pushes where they have sessions; of the others the newest that is here", () => {
    one("ann", "c", true, "session 1");
    const old = one("ann", "c", false, "old");
    const middle = one("ann", "c", false, "middle");
    one("ann", "c", true, "session 2");
    const newest = one("ann", "c", false, "newest");
    expect(meant("ann")).toHaveLength(5);
    expect(pushedTo("ann")).toEqual(["session 1", "session 2", "newest"]);
    registry.remove(middle);
    registry.remove(newest);
    expect(pushedTo("ann")).toEqual(["session 1", "old", "session 2"]);
    registry.remove(old);
    expect(pushedTo({ uid: "ann", clientId: "c" })).toEqual(["session 1", "session 2"]);
  });

  it("are nobody's business under another user", () => {
    one("ann", "c", false);
    one("bob", "c", false);
    expect([pushedTo("ann"), pushedTo("bob")]).toEqual([["ann/c"], ["bob/c"]]);
  });

  it("do not get what is kept for the newest while that is away for a moment", () => {
    one("ann", "c", false, "old");
    const newest = one("ann", "c", false, "newest");
    const away = registry.noteAway(newest);
    registry.remove(newest);
    expect(pushedTo("ann")).toEqual([]);
    registry.forget(away);
    expect(pushedTo("ann")).toEqual(["old"]);
  });

  it("come and go in any number, and leave nothing", () => {
    const last = one("ann", "c", false, "last");
    for (let i = 0; i < 10_000; i++) {
      const next = one("ann", "c", false, `n${i}`);
      expect(registry.isCurrent(next)).toBe(true);
      registry.remove(next);
    }
    expect(registry.isCurrent(last)).toBe(true);
    const many = Array.from({ length: 10_000 }, (_, i) => one("bob", "c", false, `m${i}`));
    for (const each of many) registry.remove(each);
    registry.remove(last);
    expect([...registry.findAll()]).toEqual([]);
    expect([registry.live, registry.awaySize]).toEqual([0, 0]);
  });
});

describe("who has a socket", () => {
  it("is counted by user and in all", () => {
    const [ann, bob] = [one("ann", "c1"), one("bob", "c1")];
    registry.count(ann, 1);
    registry.count(bob, 1);
    registry.count(ann, -1);
    expect([registry.isLive("ann"), registry.isLive("bob"), registry.live]).toEqual([false, true, 1]);
  });
});

describe("clients that are away for a moment", () => {
  it("are meant as connections are, and get what they missed once", () => {
    const [ann, bob] = [one("ann", "c1", false), one("bob", "c1", false)];
    const first = registry.noteAway(ann);
    first.missed.add({ event: ["s/x"], bytes: 60 });
    const again = registry.noteAway(ann);
    again.missed.add({ event: ["s/y"], bytes: 60 });
    registry.noteAway(bob);
    const named = (to: ToLabels) => [...registry.findAway(to)].map(({ uid }) => uid);
    expect([named("ann"), named(["ann", "bob"]), named({ uid: "bob", clientId: "c1" })]).toEqual([
      ["ann"],
      ["ann", "bob"],
      ["bob"],
    ]);
    expect([named({ uid: "bob", clientId: "c2" }), registry.awaySize]).toEqual([[], 2]);
    // The end of its first absence is not that of its second.
    registry.forget(first);
    expect(registry.takeMissed(ann)).toEqual([["s/y"]]);
    expect(registry.takeMissed(ann)).toEqual([]);
    registry.forget(again);
    expect([[...registry.findAllAway(() => false)].length, registry.awaySize]).toEqual([1, 1]);
  });

  it("keep no more than a session would, in events and bytes, and all together no more than maxAwayBytes", () => {
    const [ann, bob] = [one("ann", "c1", false), one("bob", "c1", false)];
    const [annAway, bobAway] = [registry.noteAway(ann), registry.noteAway(bob)];
    const add = ({ missed }: typeof annAway, bytes: number) => missed.add({ event: ["s/x"], bytes });
    expect([1, 1, 1, 1, 1, 1].map((bytes) => add(annAway, bytes))).toEqual([
      ...["kept", "kept", "kept", "kept"],
      ...["first", "full"],
    ]);
    expect(registry.takeMissed(ann)).toHaveLength(4);
    const again = registry.noteAway(ann);
    expect([90, 11, 10].map((bytes) => add(again, bytes))).toEqual(["kept", "first", "kept"]);
    expect([50, 1].map((bytes) => add(bobAway, bytes))).toEqual(["kept", "first"]);
    registry.forget(again);
    expect(add(bobAway, 50)).toBe("kept");
  });
});

describe("what a broadcast leaves out", () => {
  const all = [
    { uid: "ann", clientId: "tab-1" },
    { uid: "ann", clientId: "tab-2" },
    { uid: "bob", clientId: "tab-1" },
    { uid: null, clientId: "tab-1" },
  ];
  const leftOut = (except: Parameters<typeof createMatcher>[0]) => all.filter(createMatcher(except));

  it.each([
    // Clients choose their ids: another user's client of the same name is another client.
    ["one client of one user", { uid: "ann", clientId: "tab-1" }, [all[0]]],
    ["one client of the users without an id", { uid: null, clientId: "tab-1" }, [all[3]]],
    ["a user", "ann", [all[0], all[1]]],
    ["several users", ["ann", "bob"], [all[0], all[1], all[2]]],
    ["the users without an id", null, [all[3]]],
    ["nobody", undefined, []],
  ])("is %s, and nobody else", (_name, except, expected) => {
    expect(leftOut(except)).toEqual(expected);
  });
});
