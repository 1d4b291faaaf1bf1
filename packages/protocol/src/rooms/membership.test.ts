import { describe, expect, it } from "vitest";
import { Membership } from "./membership.ts";

// PROTOCOL.md section 6.10.

const post = (offset: number) => ({ event: `event ${offset}`, offset });

describe("a membership", () => {
  it("keeps what is sent while its history is read, and gets each event once", () => {
    const membership = new Membership<string, string>("session", "room");
    membership.catchUp();
    expect([2, 3, 4].map((offset) => membership.takes(post(offset)))).toEqual([false, false, false]);
    const read = { entries: [post(1), post(2)], top: { epoch: "e", offset: 2 }, isComplete: true };
    expect(membership.join(read)).toEqual([post(1), post(2), post(3), post(4)]);
    expect(membership.position).toEqual({ epoch: "e", offset: 4 });
    expect(membership.takes(post(5))).toBe(true);
    expect(membership.position).toEqual({ epoch: "e", offset: 5 });
  });

  it("gets nothing before it may join, and nothing once it is over", () => {
    const membership = new Membership<string, string>("session", "room");
    expect(membership.takes(post(1))).toBe(false);
    membership.end();
    membership.catchUp();
    expect(membership.takes(post(2))).toBe(false);
    expect(membership.join()).toEqual([]);
  });
});
