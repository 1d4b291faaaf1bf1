import { expect, it } from "vitest";
import { noticeText } from "./notice-line.ts";
import { typingText } from "./typing-line.ts";

it("says what a reconnect brought, in the singular and the plural, and that nothing was missed", () => {
  expect([0, 1, 3].map((missed) => noticeText({ type: "resumed", missed }))).toEqual([
    "Back again: you missed nothing",
    "1 message came while you were away",
    "3 messages came while you were away",
  ]);
  expect([0, 1, 3].map((missed) => noticeText({ type: "recovered", missed }))).toEqual([
    "The session was lost, but you missed nothing",
    "The session was lost: 1 message came while you were away",
    "The session was lost: 3 messages came while you were away",
  ]);
  expect([0, 1, 3].map((missed) => noticeText({ type: "incomplete", missed }))).toEqual([
    "The server lost your place: something may be missing",
    "The server lost your place: 1 message was fetched, others may be missing",
    "The server lost your place: 3 messages were fetched, others may be missing",
  ]);
});

it("says who is typing, and of many only how many", () => {
  expect([[], ["Ann"], ["Ann", "Bob"], ["Ann", "Bob", "Cleo"]].map(typingText)).toEqual([
    "",
    "Ann is typing",
    "Ann and Bob are typing",
    "3 people are typing",
  ]);
});
