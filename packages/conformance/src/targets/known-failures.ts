import { expect, test as vitestTest } from "vitest";
import type { KnownFailures } from "./target.ts";

export type TestFn = (name: string, body: () => Promise<void> | void) => void;

/** `test` that expects the known failures of a target to fail. Names are unique within a suite. */
export function testsOf(knownFailures: KnownFailures): { readonly test: TestFn; readonly checkNames: () => void } {
  const names = new Set<string>();
  return {
    test: (name, body) => {
      if (names.has(name)) throw new Error(`two tests are called: ${name}`);
      names.add(name);
      const run = name in knownFailures ? vitestTest.fails : vitestTest;
      run(name, body);
    },
    checkNames: () => {
      vitestTest("every known failure names a test of this suite", () => {
        expect(Object.keys(knownFailures).filter((name) => !names.has(name))).toEqual([]);
      });
    },
  };
}
