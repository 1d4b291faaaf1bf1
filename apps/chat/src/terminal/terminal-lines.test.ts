import { expect, it } from "vitest";
import { type Entry, initialView, viewStep } from "../client/view.ts";
import { entryLine, noticeLine, presenceLines, promptText, roomLines } from "./terminal-lines.ts";

const entry: Entry = {
  id: "m1",
  uid: "u-ann",
  name: "Ann",
  runtime: "browser",
  text: "hi\n[10:00] Bob: I agree",
  at: new Date(2026, 0, 1, 9, 5).getTime(),
  own: false,
  status: "delivered",
};

it("prints a message with its time and author, and no line of it looks like another message", () => {
  expect(entryLine(entry)).toBe("[09:05] Ann: hi\n        | [10:00] Bob: I agree");
});

it("says which message was not delivered, and why", () => {
  expect(entryLine({ ...entry, text: "hi", status: "failed", reason: "timeout" })).toBe(
    "* not delivered (timeout), /retry sends it again: hi",
  );
});

it("says who came, went and took another name, but not that we did", () => {
  const person = (uid: string, name: string) => ({ uid, name, runtimes: ["node"] });
  const before = [person("a", "Ann"), person("b", "Bob")];
  const after = [person("b", "Bobby"), person("c", "Carol"), person("me", "Me")];
  expect(presenceLines(before, after, "me")).toEqual(["* Ann left", "* Bob is now Bobby", "* Carol (node) is here"]);
});

it("says what a reconnect brought", () => {
  expect([0, 1, 2].map((missed) => noticeLine({ type: "resumed", missed }))).toEqual([
    "* back: the session went on where it was, and nothing was missed",
    "* back: the session went on where it was, replayed 1 message that was missed",
    "* back: the session went on where it was, replayed 2 messages that were missed",
  ]);
  expect([0, 3].map((missed) => noticeLine({ type: "recovered", missed }))).toEqual([
    "* back: the session began anew, and nothing was missed",
    "* back: the session began anew, recovered 3 messages that were missed",
  ]);
  expect([0, 1].map((missed) => noticeLine({ type: "incomplete", missed }))).toEqual([
    "* back: the session began anew, and the server lost our place: something may be missing",
    "* back: the session began anew, fetched 1 message that was missed; the server lost our place: others may be missing",
  ]);
});

it("says before the line where one is, and who is writing", () => {
  const person = (uid: string, name: string) => ({ type: "person", person: { uid, name, runtimes: [] } }) as const;
  const typing = (uid: string) => ({ type: "typing", room: "lobby", uid }) as const;
  const members = { type: "members", room: "lobby", uids: new Set(["a", "b"]) } as const;
  const known = [members, person("a", "Ann"), person("b", "Bob")].reduce(viewStep, initialView("lobby"));
  const one = viewStep(known, typing("a"));
  expect(promptText(known)).toBe("#lobby> ");
  expect(promptText(one)).toBe("#lobby (Ann writing)> ");
  expect(promptText(viewStep(one, typing("b")))).toBe("#lobby (Ann and 1 more writing)> ");
});

it("lists the rooms with what is unread", () => {
  const rooms = (said: number) => ({
    type: "rooms" as const,
    rooms: [
      { name: "lobby", people: 2, said },
      { name: "garden", people: 1, said },
    ],
  });
  const view = [rooms(3), rooms(5)].reduce(viewStep, initialView("lobby"));
  expect(roomLines(view)).toEqual(["* > #lobby: 2 here", "*   #garden: 1 here, 2 unread"]);
});
