import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unitMutants } from "../../packages/conformance/src/model/unit-mutants.ts";
import { testedNames as servers } from "../../packages/conformance/src/runtimes.mjs";
import { root } from "../scripts/run.mjs";
import { attacks, attackTableOf } from "./attacks.mjs";
import { securityProblemsOf } from "./record.mjs";

const ran = (name: string, heading: string, title: string) => ({
  path: [`server: ${name}`, heading, title],
  passed: true,
  meta: {} as Record<string, unknown>,
});
const [first = ""] = servers;
const page = readFileSync(join(root, "docs/security.md"), "utf8");

describe("the table of attacks", () => {
  it("names mutants that there are", () => {
    const names = unitMutants.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(attacks.flatMap(({ mutants = [] }) => mutants)));
  });

  it("is on the page, whatever the tests said", () => {
    const { markdown } = attackTableOf([]);
    for (const row of markdown.split("\n")) {
      const [, who, does, stoppedBy] = row.split(" | ").map((cell) => cell.replace(/^\| /, ""));
      expect(page).toContain([who, does, stoppedBy].filter(Boolean).join(" | "));
    }
  });

  it("fails a run in which an attack was not tried on a server, or one of its tests failed", () => {
    const tried = servers.map((name) => ran(name, "§9 attacks: handlers that fail", "one"));
    const what = "the application has a handler that fails, whatever it throws";
    const about = (tests: Parameters<typeof attackTableOf>[0]) =>
      securityProblemsOf(tests).filter((problem) => problem.includes(what));
    expect(about(tried)).toEqual([]);
    expect(about(tried.slice(1))).toEqual([`server on ${first}: no test shows that ${what}`]);
    expect(about([...tried, { ...ran(first, "§9 attacks: handlers that fail", "two"), passed: false }])).toEqual([
      `server on ${first}: a test failed of: ${what}`,
    ]);
  });

  it("says where a failure of a runtime is known", () => {
    const test = { ...ran(first, "§9 attacks: handlers that fail", "one"), meta: { knownFailure: true } };
    expect(attackTableOf([test]).markdown).toContain("reported | ✓ * | ✓ | ✓ | ✓ |");
  });
});
