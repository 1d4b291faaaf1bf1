import type { TestProject } from "vitest/node";

/** The stage server runs in Node, whatever runs the tests. */
export function setup(project: TestProject): void {
  project.provide("stageOrigin", String(process.env.CONFORMANCE_STAGE));
}
