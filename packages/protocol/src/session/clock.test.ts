import { expect, it } from "vitest";
import { makeMonotonic } from "./clock.ts";

it("goes on evenly from where the clock fell back (PROTOCOL.md section 7)", () => {
  let read = 1_000.7;
  const now = makeMonotonic(() => read);
  expect(now()).toBe(1_000);
  read = 400;
  expect(now()).toBe(1_000);
  read = 650.9;
  expect(now()).toBe(1_250);
  read = 0;
  expect(now()).toBe(1_250);
  read = 5;
  expect(now()).toBe(1_255);
});
