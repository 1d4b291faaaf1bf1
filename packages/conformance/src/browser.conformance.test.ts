import { expect, test } from "vitest";
import { clientSuite } from "./suites/client-suite.ts";
import { pairSuites } from "./suites/pair-suite.ts";
import { chromiumClient } from "./targets/chromium-client.ts";

test("this runs in a page of Chromium", () => {
  expect(navigator.userAgent).toMatch(/Chrome\/\d+/);
  expect(globalThis.document.defaultView).toBe(globalThis);
  expect("process" in globalThis && "versions" in (globalThis.process as object)).toBe(false);
});

clientSuite(chromiumClient);
pairSuites(chromiumClient);
