import { expect, it } from "vitest";
import { readLoginParams } from "./login-params.ts";

it("reads pairs of texts, and nothing that is no pair of texts", () => {
  const pairs = [
    ["token", "t"],
    ["", ""],
  ];
  expect(readLoginParams(pairs)).toBe(pairs);
  expect(readLoginParams([])).toEqual([]);
  for (const wrong of [undefined, null, "token", {}, [["token"]], [["token", 1]], [["a", "b", "c"]], ["ab"]]) {
    expect(readLoginParams(wrong)).toBeUndefined();
  }
});

it("reads no more than fits into the head of a request, in few parameters or in many", () => {
  expect(readLoginParams([["token", "x".repeat(16_384 - 7)]])).toHaveLength(1);
  expect(readLoginParams([["token", "x".repeat(16_384 - 6)]])).toBeUndefined();
  const empty = (count: number) => Array.from({ length: count }, () => ["", ""]);
  expect(readLoginParams(empty(8_192))).toHaveLength(8_192);
  expect(readLoginParams(empty(8_193))).toBeUndefined();
});
