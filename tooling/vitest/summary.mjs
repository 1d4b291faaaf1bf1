// What a test run came to, in one line, and which tests it left out.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/run.mjs";

const transitFormat = process.env.TRANSIT_FORMAT_DIR ?? join(root, "../shared/vectors/transit-format");

/**
 * Tests that may be skipped in CI, by their exact full name, each with the only reason that counts.
 * @type {Record<string, () => boolean>}
 */
export const allowedSkips = {
  // Files that are not ours to copy.
  "the exemplars of the Transit format > are all there": () => !existsSync(transitFormat),
  "the exemplars of Transit over MessagePack > are all there": () => !existsSync(transitFormat),
};

/**
 * Counts a finished run. A file that cannot be loaded, a failing hook and an error outside of any test count as
 * failures too, so that "0 failed" means that nothing failed.
 */
export function summarise(modules, unhandledErrors) {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const findInState = (state) => tests.filter((test) => test.result().state === state);
  const passed = findInState("passed");
  const known = passed.filter((test) => test.meta().knownFailure);
  const holders = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const outside = holders.flatMap((holder) => holder.errors()).length + unhandledErrors.length;
  return {
    passed: passed.length - known.length,
    known: known.length,
    failed: findInState("failed").length + outside,
    skipped: findInState("skipped").map((test) => test.fullName),
  };
}

/** `12 passed, 0 failed`, and `, 1 known failure, 1 skipped` where there were. */
export function summaryLine({ passed, failed, known, skipped }) {
  const knownPart = known === 0 ? "" : `, ${known} known failure${known === 1 ? "" : "s"}`;
  return `${passed} passed, ${failed} failed${knownPart}${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}`;
}

/** The skipped tests that have no leave to be skipped. */
export function findForbiddenSkips(skipped, allowed = allowedSkips) {
  return skipped.filter((name) => !(Object.hasOwn(allowed, name) && allowed[name]()));
}
