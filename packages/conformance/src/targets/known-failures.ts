import { expect, test as vitestTest } from "vitest";
import type { ClientTarget, KnownFailures, ServerTarget } from "./target.ts";

declare module "vitest" {
  interface TaskMeta {
    /** It passes by failing, as its target says. */
    knownFailure?: boolean;
    /** What a suite was told of its target: docs/conformance.md is made of it. */
    target?: Pick<ServerTarget | ClientTarget, "capabilities" | "knownFailures">;
  }
}

export type TestFn = (name: string, body: () => Promise<void> | void) => void;

/** `test` that expects the known failures of a target to fail. Names are unique within a suite. */
export function testsOf(knownFailures: KnownFailures): {
  readonly test: TestFn;
  readonly checkNames: (target?: ServerTarget | ClientTarget) => void;
} {
  const names = new Set<string>();
  return {
    test: (name, body) => {
      if (names.has(name)) throw new Error(`two tests are called: ${name}`);
      names.add(name);
      if (!(name in knownFailures)) vitestTest(name, () => body());
      else {
        vitestTest.fails(name, ({ task }) => {
          task.meta.knownFailure = true;
          return body();
        });
      }
    },
    checkNames: (target) => {
      vitestTest("every known failure names a test of this suite", ({ task }) => {
        if (target !== undefined) task.meta.target = { capabilities: target.capabilities, knownFailures };
        expect(Object.keys(knownFailures).filter((name) => !names.has(name))).toEqual([]);
      });
    },
  };
}
