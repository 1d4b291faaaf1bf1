import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import type { BrowserConfigOptions } from "vitest/node";

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

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  // Without "module", by which bundlers find builds that Node itself cannot load.
  ssr: { resolve: { conditions: [source, ...defaultServerConditions.filter((name) => name !== "module")] } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [
            "packages/{protocol,engine,node,bun,deno,browser,flow}/src/**/!(*.e2e).test.ts",
            "packages/conformance/src/model/*.test.ts",
            "apps/*/src/**/!(*.e2e).test.ts",
          ],
        },
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
      // The clients of Bun and Deno: each runs its suite in a vitest of its own.
      {
        extends: true,
        test: {
          name: "conformance-runtimes",
          include: ["packages/conformance/src/runtimes.conformance.test.ts"],
          testTimeout: 300_000,
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
          include: ["apps/examples/src/**/*.e2e.test.ts", "packages/flow/src/**/*.e2e.test.ts"],
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
      { extends: true, test: { name: "tooling", include: ["tooling/{bench,lint,scripts,vitest}/**/*.test.ts"] } },
      {
        extends: true,
        test: { name: "docs", include: ["tooling/docs/**/*.test.ts"], testTimeout: 30_000, hookTimeout: 30_000 },
      },
    ],
  },
});
