import { describe, expect, it } from "vitest";
import { findForbiddenSkips, summarise, summaryLine } from "./summary.mjs";

interface Suite {
  errors(): unknown[];
}

/** As much of vitest's module as the summary reads. */
function module(tests: Record<string, string>, errors: unknown[] = [], suites: Suite[] = [], meta: object = {}) {
  const allTests = Object.entries(tests).map(([fullName, state]) => ({
    fullName,
    result: () => ({ state }),
    meta: () => meta,
  }));
  return { errors: () => errors, children: { allTests: () => allTests, allSuites: () => suites } };
}

describe("the summary of a run", () => {
  it("counts tests by their state and names the skipped ones", () => {
    const summary = summarise([module({ a: "passed", b: "failed" }), module({ c: "passed", "d > e": "skipped" })], []);
    expect(summary).toEqual({ passed: 2, failed: 1, known: 0, skipped: ["d > e"] });
    expect(summaryLine(summary)).toBe("2 passed, 1 failed, 1 skipped");
  });

  it("counts a known failure as neither passed nor failed", () => {
    const summary = summarise([module({ a: "passed" }), module({ b: "passed" }, [], [], { knownFailure: true })], []);
    expect(summaryLine(summary)).toBe("1 passed, 0 failed, 1 known failure");
  });

  it("counts as failed a file that does not load, a hook that throws, and an error outside of any test", () => {
    const broken = module({}, ["does not load"]);
    const hook = module({ a: "passed" }, [], [{ errors: () => ["beforeAll"] }]);
    expect(summaryLine(summarise([broken, hook], ["unhandled"]))).toBe("1 passed, 3 failed");
  });

  it("forbids each skipped test, but those allowed by name for as long as their reason holds", () => {
    const allowed = { "a > b": () => true, "a > c": () => false };
    expect(findForbiddenSkips(["a > b", "a > c", "toString"], allowed)).toEqual(["a > c", "toString"]);
  });
});
