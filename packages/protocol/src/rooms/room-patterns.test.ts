import { expect, it } from "vitest";
import { checkPosition, readPosition } from "./position.ts";
import { checkRoomName, isRoomName } from "./room-name.ts";
import { RoomPatterns } from "./room-patterns.ts";

const usageError = (code: string) => expect.objectContaining({ name: "UsageError", code });

it("finds a room by its name before a beginning, and by the longest beginning", () => {
  const patterns = new RoomPatterns<number>([
    ["*", 0],
    ["chat/*", 1],
    ["chat/tea/*", 2],
    ["chat/tea", 3],
  ]);
  const found = ["lobby", "chat/cake", "chat/tea/cup", "chat/tea", "chat/"].map((room) => patterns.find(room));
  expect(found).toEqual([0, 1, 2, 3, 0]);
  expect(new RoomPatterns([["chat/*", 1]]).find("chat/")).toBeUndefined();
});

it("has no room of the language's own names", () => {
  const patterns = new RoomPatterns<number>([["chat/*", 1]]);
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    expect(patterns.find(name)).toBeUndefined();
  }
  expect(new RoomPatterns([["__proto__", 1]]).find("__proto__")).toBe(1);
});

it("refuses patterns that say something else than a beginning", () => {
  for (const pattern of ["", "a*b", "**", "chat/*/x", "\ud800*", `${"x".repeat(257)}*`]) {
    expect(() => new RoomPatterns([[pattern, 1]])).toThrow(usageError("bad-room-pattern"));
  }
});

it("takes as the name of a room what is bounded, and goes through every codec", () => {
  for (const name of ["chat/tea", "a", "Straße 5", "x".repeat(256), "__proto__"]) expect(isRoomName(name)).toBe(true);
  for (const name of ["", "x".repeat(257), "chat/*", "\udc00", 5, null, undefined, ["a"]]) {
    expect(isRoomName(name)).toBe(false);
    expect(() => checkRoomName(name)).toThrow(usageError("bad-room"));
  }
});

it("reads a position, and nothing that looks like one", () => {
  expect(readPosition({ epoch: "e", offset: 3 })).toEqual({ epoch: "e", offset: 3 });
  for (const bad of [null, "e", {}, { epoch: "e" }, { epoch: 1, offset: 1 }, { epoch: "e", offset: -1 }]) {
    expect(readPosition(bad)).toBeUndefined();
    expect(() => checkPosition(bad)).toThrow(usageError("bad-position"));
  }
  expect(readPosition({ epoch: "e", offset: 1.5 })).toBeUndefined();
  expect(readPosition({ epoch: "x".repeat(65), offset: 1 })).toBeUndefined();
});
