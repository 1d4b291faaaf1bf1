import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runtimePath } from "../../../tooling/scripts/runtimes.mjs";
import { measureNotice, type Noticed } from "./default-numbers.ts";
import { insideNames, serverRuntimes } from "./runtimes.mjs";
import { StageServer } from "./stage/stage-server.ts";
import { fixtures } from "./targets/fixtures.ts";

// The client suite, the clients with every server, and the suites of the codecs and of flow, inside Bun and inside Deno: each runs vitest itself, and the
// stage runs here. A run with fewer tests than it had once is one that silently ran less.
const AT_LEAST = 1_760;

const root = fileURLToPath(new URL("../../..", import.meta.url));
let stage: StageServer;
let origin: string;
/** Takes 20 s of waiting, while the others work. */
let noticed: Promise<PromiseSettledResult<Noticed>[]>;
/** Kept until the next run: docs/conformance.md is made of them. */
const folder = fileURLToPath(new URL("../reports", import.meta.url));

beforeAll(async () => {
  noticed = Promise.allSettled(fixtures.map(measureNotice));
  stage = new StageServer();
  origin = await stage.listen();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
});

afterAll(async () => {
  await noticed;
  await stage.close();
});

interface Report {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

it.concurrent.each(insideNames)("the client suite and its pairs pass inside %s", async (name) => {
  const file = join(folder, `${name}.json`);
  const child = spawn(
    runtimePath(name),
    [
      ...(serverRuntimes[name].inside ?? []),
      "node_modules/vitest/vitest.mjs",
      "run",
      "--root=.",
      "--config=packages/conformance/vitest.inside.config.ts",
    ],
    {
      cwd: root,
      env: { ...process.env, CONFORMANCE_RUNTIME: name, CONFORMANCE_STAGE: origin, CONFORMANCE_REPORT: file },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  await once(child, "close");
  const report = JSON.parse(await readFile(file, "utf8")) as Report;
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.filter(({ status }) => status !== "passed");
  expect(
    failed.map(({ status, fullName, failureMessages }) => `${status}: ${fullName}\n${failureMessages.join("\n")}`),
  ).toEqual([]);
  expect(results.some(({ fullName }) => fullName.toLowerCase() === `this runs in ${name}`)).toBe(true);
  expect(report.numTotalTests).toBeGreaterThanOrEqual(AT_LEAST);
  expect(child.exitCode).toBe(0);
});

it("a peer that vanishes is noticed in 20 s with the default numbers, by clients and servers of all runtimes", async () => {
  const outcomes = await noticed;
  expect(outcomes.map(({ status }) => status)).toEqual(fixtures.map(() => "fulfilled"));
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") continue;
    const { client, server } = outcome.value;
    // With what timers and processes take.
    expect(client).toBeLessThan(18_000 + 1_000);
    expect(server).toBeLessThan(20_000 + 1_000);
  }
});
