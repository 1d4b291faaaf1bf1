import { expect, test } from "vitest";
import { clientSuite } from "../suites/client-suite.ts";
import { pairSuites } from "../suites/pair-suite.ts";
import { bunClient } from "../targets/bun-client.ts";

test("this runs in Bun", () => {
  expect(process.versions.bun).toMatch(/^\d+\.\d+/);
  expect("Bun" in globalThis).toBe(true);
});

clientSuite(bunClient);
pairSuites(bunClient);
