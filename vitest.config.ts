import { availableParallelism } from "node:os";
import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type BrowserConfigOptions, type TestSpecification } from "vitest/node";

// Unit tests run from source: every package's export map names it under this condition, which publishing strips.
const source = "@sente-lite/source";

const { findChromium } = (await import(new URL("./tooling/scripts/chromium.mjs", import.meta.url).href)) as {
  findChromium(): Promise<string | undefined>;
};
const executablePath = await findChromium();

/** A Chromium for tests alone: without the sandbox, which root cannot use, and calling nobody. */
const chromiumArgs = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Each project needs an object of its own. */
const inChromium = (): BrowserConfigOptions => ({
  enabled: true,
  headless: true,
  screenshotFailures: false,
  provider: playwright({
    launchOptions: { args: chromiumArgs, ...(executablePath === undefined ? {} : { executablePath }) },
  }),
  instances: [{ browser: "chromium" }],
});

/**
 * Which projects begin, so that the longest file does not run alone at the end, and those that wait for other processes run beside
 * it, which keeps the processor busy; the others follow as vitest orders them.
 */
const first = ["conformance-runtimes", "conformance-servers", "conformance-node", "chat-e2e", "unit-alone"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification) =>
      first.includes(project.name) ? first.indexOf(project.name) : first.length;
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Unit tests with a process of their own: they change globals, count bytes or time, or load the process for long. */
const alone = [
  "packages/conformance/src/model/*.test.ts",
  "packages/{node,bun,deno}/src/**/!(*.e2e).test.ts",
  "packages/engine/src/{router,web/web-host,testing/in-memory,server/hooks,server/made-up}.test.ts",
  "packages/flow/src/monitoring/metrics.test.ts",
  "apps/chat/src/server/made-up.test.ts",
  "packages/protocol/src/codecs/{fuzz,linear,hostile,hostile-bytes}.test.ts",
  "packages/protocol/src/codecs/transit-*/*.test.ts",
  "packages/protocol/src/session/log.test.ts",
  "packages/protocol/src/values/{base64,normalise,snapshot}.test.ts",
];

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  // Without "module", by which bundlers find builds that Node itself cannot load.
  ssr: { resolve: { conditions: [source, ...defaultServerConditions.filter((name) => name !== "module")] } },
  test: {
    // Three also on two cores, where vitest would have one: half of the time the suites wait for other processes.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    // What one project has compiled, the others read.
    experimental: { fsModuleCache: true },
    projects: [
      // Most share their process and what they import: to begin anew for each took longer than the tests.
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/!(conformance)/src/**/!(*.e2e).test.ts", "apps/*/src/**/!(*.e2e).test.ts"],
          exclude: alone,
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: "unit-alone", include: alone },
      },
      {
        extends: true,
        test: {
          name: "conformance-node",
          include: ["packages/conformance/src/node*.conformance.test.ts"],
          globalSetup: ["packages/conformance/src/stage/global-setup.ts"],
          testTimeout: 20_000,
        },
      },
      // The servers of Bun and Deno, driven from Node.
      {
        extends: true,
        test: {
          name: "conformance-servers",
          include: ["packages/conformance/src/*-server.conformance.test.ts"],
          globalSetup: ["packages/conformance/src/stage/global-setup.ts"],
          testTimeout: 20_000,
        },
      },
      // The drivers of brokers, each with a broker of its own.
      {
        extends: true,
        test: {
          name: "backplane",
          include: ["packages/conformance/src/backplane/*.backplane.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      // The clients of Bun and Deno: each runs its suite in a vitest of its own.
      {
        extends: true,
        test: {
          name: "conformance-runtimes",
          include: ["packages/conformance/src/runtimes.conformance.test.ts"],
          testTimeout: 500_000,
        },
      },
      {
        extends: true,
        test: {
          name: "conformance-chromium",
          include: ["packages/conformance/src/browser*.conformance.test.ts"],
          globalSetup: ["packages/conformance/src/stage/global-setup.ts"],
          testTimeout: 20_000,
          browser: inChromium(),
        },
      },
      // The suites of the codecs in a browser.
      {
        extends: true,
        test: {
          name: "codecs-chromium",
          include: [
            "packages/protocol/src/codecs/{roundtrip,refusals,handlers,golden,hostile,hostile-bytes,linear}.test.ts",
          ],
          provide: { shareOfCases: 0.1 },
          testTimeout: 20_000,
          browser: inChromium(),
        },
      },
      // Flow in a browser: what needs no server.
      {
        extends: true,
        test: {
          name: "flow-chromium",
          include: [
            "packages/flow/src/{steps,system,monitoring}/!(wrap-step-fn|instruments|open-telemetry|prometheus|*.e2e).test.ts",
            "packages/flow/src/ready/ready.test.ts",
          ],
          browser: inChromium(),
        },
      },
      // The namespaces of packages/cljs in nbb and in Scittle, with the packages as they were built.
      {
        extends: true,
        test: {
          name: "cljs",
          include: ["packages/conformance/src/cljs/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      // Of the chat as it was built, in a Chromium.
      {
        extends: true,
        test: {
          name: "chat-e2e",
          include: ["apps/chat/src/**/*.e2e.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      // The life of a page in Chromium, by its devtools protocol.
      {
        extends: true,
        test: {
          name: "lifecycle-e2e",
          include: ["packages/conformance/src/*.e2e.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      // Every way of mounting, and flow's endpoints, on each runtime, with the packages as they were built.
      {
        extends: true,
        test: {
          name: "examples",
          include: ["apps/examples/src/**/*.e2e.test.ts", "packages/{engine,flow}/src/**/*.e2e.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      // The packages as they are published, installed into empty projects.
      {
        extends: true,
        test: {
          name: "published",
          include: ["tooling/published/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      // Some have the compiler read a package whole.
      {
        extends: true,
        test: {
          name: "tooling",
          include: ["tooling/{bench,lint,scripts,vitest}/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: { name: "docs", include: ["tooling/docs/**/*.test.ts"], testTimeout: 30_000, hookTimeout: 30_000 },
      },
    ],
  },
});
