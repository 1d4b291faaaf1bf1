import { defineConfig } from "vitest/config";

// The suites that run inside Bun and inside Deno, those of flow among them, on the built packages: node runs this in runtimes.conformance.test.ts,
// and names the runtime and the stage.
export default defineConfig({
  test: {
    include: [
      `packages/conformance/src/inside/${process.env.CONFORMANCE_RUNTIME}.inside.test.ts`,
      "packages/flow/src/{steps,system,ready,monitoring}/!(open-telemetry|*.e2e).test.ts",
    ],
    globalSetup: ["packages/conformance/src/inside/given-stage.ts"],
    testTimeout: 20_000,
  },
});
