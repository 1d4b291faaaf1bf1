import { expect, test } from "vitest";
import { clientSuite } from "./suites/client-suite.ts";
import { pairSuite } from "./suites/pair-suite.ts";
import { chromiumClient } from "./targets/chromium-client.ts";

test("this runs in a page of Chromium", () => {
  expect(navigator.userAgent).toMatch(/Chrome\/\d+/);
  expect(globalThis.document.defaultView).toBe(globalThis);
  expect("process" in globalThis && "versions" in (globalThis.process as object)).toBe(false);
});

clientSuite(chromiumClient);
for (const server of ["node", "bun", "deno"]) {
  for (const codec of chromiumClient.capabilities.codecs) {
    pairSuite({ client: chromiumClient, server, codec, faults: codec === "transit-json", knownFailures: {} });
  }
}
