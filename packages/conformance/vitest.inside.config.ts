import { defineConfig } from "vitest/config";
import { watchForHangs } from "../../tooling/vitest/unfinished.mjs";

// The suites that run inside Bun and inside Deno, those of the codecs and of flow among them, on the built packages: node runs this in runtimes.conformance.test.ts,
// and names the runtime and the stage.
const { CONFORMANCE_RUNTIME: runtime, CONFORMANCE_REPORT: outputFile } = process.env;
const watch = watchForHangs({
  hangsAfterMs: 120_000,
  now: () => performance.now(),
  say: (text) => console.error(`inside ${runtime}: ${text}`),
  onHang: () => process.exit(1),
});
setInterval(watch.look, 5_000).unref();

export default defineConfig({
  test: {
    include: [
      `packages/conformance/src/inside/${runtime}.inside.test.ts`,
      "packages/protocol/src/codecs/{roundtrip,refusals,handlers,golden,hostile,hostile-bytes,linear}.test.ts",
      "packages/flow/src/{steps,system,ready,monitoring}/!(open-telemetry|*.e2e).test.ts",
    ],
    reporters: [["json", { outputFile }], watch.reporter],
    globalSetup: ["packages/conformance/src/inside/given-stage.ts"],
    provide: { shareOfCases: 0.1 },
    testTimeout: 20_000,
  },
});
