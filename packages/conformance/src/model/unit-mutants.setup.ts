import fc from "fast-check";
import { beforeEach, onTestFailed, vi } from "vitest";

// That a mutant fails is all that is asked: the smallest example of it is not looked for. And it fails in every run or in none.
fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true, seed: 1 });

// All mutants share a worker. What the last one left in its failure is put back.
vi.useRealTimers();
vi.restoreAllMocks();
vi.unstubAllGlobals();

// Nor is it asked how many tests fail: of a file, those after the first that does are left out.
let hasFailed = false;
beforeEach(({ skip }) => {
  skip(hasFailed);
  onTestFailed(() => {
    hasFailed = true;
  });
});
