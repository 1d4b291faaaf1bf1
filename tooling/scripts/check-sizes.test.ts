import { expect, it } from "vitest";
import { problemsOf } from "./check-sizes.mjs";

it("tells what is over its budget, has none, and is gone", () => {
  expect(problemsOf({ a: 1, b: 2 }, { a: 1, b: 2.5 })).toEqual([]);
  expect(problemsOf({ a: 1.01, b: 2 }, { a: 1, c: 3 })).toEqual([
    "a weighs 1.01 KiB, more than 1",
    "b has no budget: pnpm check:sizes --write gives it one",
    "c has a budget, and is no entry",
  ]);
});
