import { expect, it } from "vitest";
import { CaughtUp } from "./caught-up.ts";

it("leaves out what comes late of what a session was given, for that session and of that node alone", () => {
  const caughtUp = new CaughtUp<object>();
  const [moved, other] = [{}, {}];
  expect(caughtUp.filterOf({ from: "a", number: 1 })).toBeUndefined();
  caughtUp.add(moved, new Map([["a", 5]]));
  expect([moved, other].map((one) => caughtUp.filterOf({ from: "a", number: 5 })?.(one))).toEqual([true, false]);
  expect(caughtUp.filterOf({ from: "b", number: 1 })?.(moved)).toBe(false);
  expect(caughtUp.findHeard(moved, { a: 3, b: 2 })).toEqual({ a: 5, b: 2 });
  expect(caughtUp.findHeard(other, { a: 3, b: 2 })).toEqual({ a: 3, b: 2 });
  // It has ended.
  expect(caughtUp.findHeard(moved, { b: 2 })).toEqual({ b: 2 });
  expect(caughtUp.filterOf({ from: "a", number: 6 })?.(moved)).toBe(false);
  expect(caughtUp.findHeard(moved, { a: 6 })).toEqual({ a: 6 });
});
