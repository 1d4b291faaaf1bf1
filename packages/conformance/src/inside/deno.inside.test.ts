import { expect, test } from "vitest";
import { clientSuite } from "../suites/client-suite.ts";
import { pairSuite } from "../suites/pair-suite.ts";
import { denoClient } from "../targets/deno-client.ts";

test("this runs in Deno", () => {
  const { Deno } = globalThis as unknown as { readonly Deno: { readonly version: { readonly deno: string } } };
  expect(Deno.version.deno).toMatch(/^\d+\.\d+/);
});

clientSuite(denoClient);
for (const server of ["node", "bun", "deno"]) {
  for (const codec of denoClient.capabilities.codecs) {
    pairSuite({ client: denoClient, server, codec, faults: codec === "transit-json", knownFailures: {} });
  }
}
