import { expect, it } from "vitest";
import { type Entry, initialView, talkIn, type View } from "../client/view.ts";
import { createReadMarks } from "./read-marks.ts";

const said = (id: string, at: number, own = false): Entry => ({
  id,
  uid: own ? "me" : "ann",
  name: "Ann",
  runtime: "node",
  text: id,
  at,
  own,
  status: "delivered",
});
const viewOf = (room: string, ...entries: Entry[]): View => ({
  ...initialView(room),
  talks: new Map([[room, { ...talkIn(initialView(room), room), entries, loaded: true }]]),
});
const [one, two, three] = [said("1", 1), said("2", 2), said("3", 3)];

it("takes the history of a room for read, and what comes while one looks", () => {
  const marks = createReadMarks(() => 0);
  for (const view of [initialView("go"), viewOf("go", one), viewOf("go", one, two)]) {
    marks.see(view, true);
    expect([marks.divider(), marks.countUnread(view)]).toEqual([undefined, 0]);
  }
});

it("divides at the first message of somebody else that came while nobody looked, in an empty room too", () => {
  const marks = createReadMarks(() => 0);
  marks.see(viewOf("go"), true);
  marks.see(viewOf("go"), false);
  const missed = viewOf("go", said("0", 0, true), one, two);
  marks.see(missed, false);
  expect([marks.divider(), marks.countUnread(missed)]).toEqual(["ann/1", 2]);
  marks.see(missed, true);
  expect([marks.divider(), marks.countUnread(missed)]).toEqual(["ann/1", 0]);
});

it("no longer divides once one answers, or looks away and comes back", () => {
  const answer: Entry = { ...said("a", 4, true), status: "sending" };
  for (const [entries, isLooking] of [
    [[one, two, answer], true],
    [[one, two], false],
  ] as const) {
    const marks = createReadMarks(() => 0);
    marks.see(viewOf("go", one), true);
    marks.see(viewOf("go", one, two), false);
    marks.see(viewOf("go", one, two), true);
    expect(marks.divider()).toBe("ann/2");
    marks.see(viewOf("go", ...entries), isLooking);
    expect(marks.divider()).toBeUndefined();
  }
});

it("divides what was said in a room while one was in another, though it arrives after one came back", () => {
  let now = 1;
  const marks = createReadMarks(() => now);
  marks.see(viewOf("go", one), true);
  marks.see(viewOf("tea"), true);
  now = 3;
  marks.see(viewOf("go", one), true);
  marks.see(viewOf("go", one, two), true);
  expect(marks.divider()).toBe("ann/2");
  marks.see(viewOf("go", one, two, three), true);
  expect(marks.divider()).toBe("ann/2");
});

it("takes what a page showed before its reload for read, and divides at what came meanwhile", () => {
  const marks = createReadMarks(() => 5);
  const before: View = { ...initialView("go", [one]) };
  const after: View = { ...initialView("go", [one, two]) };
  for (const view of [before, after, viewOf("go", one, two)]) marks.see(view, true);
  expect(marks.divider()).toBe("ann/2");
});
