import { expect, it } from "vitest";
import { sharesOf, weighAlone } from "./shares.ts";

it("parts the bytes of a frame among its events, by what each of them is", () => {
  const shares = sharesOf([["a/small"], ["a/large", "☃".repeat(10_000)]], 30_030);
  expect(shares[0]).toBeLessThan(300);
  expect(shares[1]).toBeGreaterThan(29_500);
  expect(shares[1]).toBeLessThan(30_100);
});

it("charges what small parts take in memory, where that is more than their text", () => {
  const parts = Array.from({ length: 1_000 }, () => []);
  expect(weighAlone(["a/b", parts], 3_010)).toBeGreaterThan(38_000);
  expect(sharesOf([["a/b", parts]], 3_010)[0]).toBeGreaterThan(38_000);
  expect(sharesOf([["a/b", parts], ["a/c"]], 3_020)[0]).toBeGreaterThan(38_000);
});

it("has no parts in an empty frame", () => {
  expect(sharesOf([], 10)).toEqual([]);
});
