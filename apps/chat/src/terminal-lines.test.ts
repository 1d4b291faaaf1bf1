import { expect, it } from "vitest";
import type { Entry } from "./client/view.ts";
import { entryLine, presenceLines } from "./terminal-lines.ts";

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
