import { expect, test } from "vitest";
import { serverSuite } from "./suites/server-suite.ts";
import { serverOf } from "./targets/servers.ts";

test("this runs in Node itself", () => {
  expect(process.release.name).toBe("node");
  expect(process.versions.bun).toBeUndefined();
  expect("Deno" in globalThis).toBe(false);
});

serverSuite(serverOf("node"));
