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

/** With a process of their own: they change globals, count bytes or time, or load the process for long. */
const alone = [
  `packages/conformance/src/inside/${runtime}.inside.test.ts`,
  "packages/protocol/src/codecs/{hostile,hostile-bytes,linear}.test.ts",
  "packages/flow/src/monitoring/metrics.test.ts",
];
const shared = [
  "packages/protocol/src/codecs/{roundtrip,refusals,handlers,golden}.test.ts",
  "packages/flow/src/{steps,system,ready,monitoring}/!(open-telemetry|*.e2e).test.ts",
];

// Not by `extends`, which would load this file once more for each project, and so watch what never begins.
const both = {
  globalSetup: ["packages/conformance/src/inside/given-stage.ts"],
  provide: { shareOfCases: 0.1 },
  testTimeout: 20_000,
};

export default defineConfig({
  test: {
    reporters: [["json", { outputFile }], watch.reporter],
    experimental: { fsModuleCache: true },
    projects: [
      { test: { ...both, name: "alone", include: alone } },
      { test: { ...both, name: "shared", include: shared, exclude: alone, isolate: false } },
    ],
  },
});
