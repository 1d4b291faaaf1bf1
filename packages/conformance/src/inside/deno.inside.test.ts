import { expect, test } from "vitest";
import { clientSuite } from "../suites/client-suite.ts";
import { pairSuites } from "../suites/pair-suite.ts";
import { denoClient } from "../targets/deno-client.ts";

test("this runs in Deno", () => {
  const { Deno } = globalThis as unknown as { readonly Deno: { readonly version: { readonly deno: string } } };
  expect(Deno.version.deno).toMatch(/^\d+\.\d+/);
});

clientSuite(denoClient);
pairSuites(denoClient);
