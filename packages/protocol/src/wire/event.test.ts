import { describe, expect, it } from "vitest";
import { checkEvent, isEventId, readEvent } from "./event.ts";

describe("an event id (PROTOCOL.md section 2)", () => {
  it("is namespaced, and has at most 8,192 units", () => {
    const longest = `a/${"x".repeat(8_190)}`;
    for (const id of ["chat/message", "chsk/state", longest]) expect(isEventId(id)).toBe(true);
    for (const id of ["", "chat", "/", "/a", "a/", "a/b/c", `${longest}x`, 1, null]) expect(isEventId(id)).toBe(false);
    expect(readEvent([longest, 1], true)).toEqual([longest, 1]);
    expect(readEvent([`${longest}x`, 1], true)).toBeUndefined();
    expect(() => checkEvent([`${longest}x`])).toThrow(expect.objectContaining({ code: "bad-event-id" }));
  });
});
