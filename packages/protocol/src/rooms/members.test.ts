import { expect, it } from "vitest";
import { changeMembers, noMembers } from "./members.ts";
import { MembersTally } from "./members-tally.ts";

it("counts a user once, however many sessions are in the room", () => {
  const tally = new MembersTally(10);
  expect([tally.add("ann"), tally.add("ann"), tally.add(null)]).toEqual([true, false, true]);
  expect([tally.remove("ann"), tally.count, tally.remove("ann"), tally.count]).toEqual([false, 2, true, 1]);
  expect(tally.remove("nobody")).toBe(false);
});

it("tells of each what it is now: who came and went again may be on a list that was told in between", () => {
  const tally = new MembersTally(10);
  tally.add("ann");
  tally.takeChange();
  tally.add("bob");
  const told = changeMembers(noMembers, tally.list());
  tally.remove("bob");
  const change = tally.takeChange();
  expect(change).toEqual({ count: 1, joined: [], left: ["bob"] });
  expect(change && [...changeMembers(told, change).uids]).toEqual(["ann"]);
  expect(tally.takeChange()).toBeUndefined();
});

it("tells a number where the list would be too long, and the whole list once it is not", () => {
  const tally = new MembersTally(2);
  for (const uid of ["a", "b"]) tally.add(uid);
  let seen = changeMembers(noMembers, tally.list());
  tally.takeChange();
  const tell = () => {
    seen = changeMembers(seen, tally.takeChange() ?? { count: -1 });
    return [seen.count, [...seen.uids], seen.isComplete];
  };
  tally.add("c");
  expect(tell()).toEqual([3, [], false]);
  tally.remove("a");
  expect(tell()).toEqual([2, ["b", "c"], true]);
  tally.remove("b");
  expect(tell()).toEqual([1, ["c"], true]);
});

it("tells the whole list to all where one joined while it was too long", () => {
  const tally = new MembersTally(2);
  for (const uid of ["a", "b", "c"]) tally.add(uid);
  const late = changeMembers(noMembers, tally.list());
  expect(late).toMatchObject({ count: 3, isComplete: false });
  tally.remove("c");
  expect(tally.takeChange()).toEqual({ count: 2, uids: ["a", "b"] });
});
