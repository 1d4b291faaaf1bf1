import { describe, expect, it } from "vitest";
import { kw } from "./keyword.ts";
import { double, isDouble, sym, tagged, uri, uuid } from "./types.ts";

describe("what makes values", () => {
  const noText: unknown[] = [undefined, null, 1, 1n, Symbol("a"), ["a"], { toString: () => "a" }, () => "a", kw("a")];

  it.each<[string, (text: string) => unknown, string]>([
    ["kw", kw, "bad-keyword"],
    ["sym", sym, "bad-symbol"],
    ["uuid", uuid, "bad-uuid"],
    ["uri", uri, "bad-uri"],
    ["tagged", (tag) => tagged(tag, 1), "bad-tag"],
  ])("refuses what is no text: %s", (_, make, code) => {
    for (const value of noText) {
      expect(() => make(value as string)).toThrow(expect.objectContaining({ name: "UsageError", code }));
    }
  });

  it("refuses a double of no number", () => {
    for (const value of ["1.5", ...noText.filter((candidate) => candidate !== 1)]) {
      expect(() => double(value as number)).toThrow(
        expect.objectContaining({ name: "UsageError", code: "bad-double" }),
      );
    }
    expect([1, -0, Number.NaN, 1 / 0].every((value) => isDouble(double(value)))).toBe(true);
  });

  it("takes Clojure's name for division", () => {
    expect([sym("/").fqn, sym("clojure.core//").name]).toEqual(["/", "/"]);
    for (const name of ["//", "a///", "a//b", "1//"]) expect(() => sym(name)).toThrow("no name for a symbol");
  });
});
