import { expect, test } from "vitest";
import { clientSuite } from "../suites/client-suite.ts";
import { pairSuite } from "../suites/pair-suite.ts";
import { bunClient } from "../targets/bun-client.ts";

test("this runs in Bun", () => {
  expect(process.versions.bun).toMatch(/^\d+\.\d+/);
  expect("Bun" in globalThis).toBe(true);
});

clientSuite(bunClient);
for (const server of ["node", "bun", "deno"]) {
  for (const codec of bunClient.capabilities.codecs) {
    pairSuite({ client: bunClient, server, codec, faults: codec === "transit-json", knownFailures: {} });
  }
}
