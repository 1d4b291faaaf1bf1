import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runArgs, runtimePath } from "../../../../tooling/scripts/runtimes.mjs";
import { type ServerName, serverNames } from "../../../conformance/src/runtimes.mjs";
import { startCollector } from "./collector.test-support.ts";

// The endpoints on the http servers of all three runtimes, and the exporters with their real libraries there: of the
// package as it was built.

const folder = fileURLToPath(new URL("fixtures/", import.meta.url));

function start(runtime: ServerName, file: string, ...args: string[]): ChildProcess {
  return spawn(runtimePath(runtime), [...runArgs(runtime, "all"), file, ...args], {
    cwd: folder,
    // Without the mode of the tests.
    env: { ...process.env, NODE_ENV: undefined, VITEST: undefined, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** The first line that a program prints. */
async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("no output");
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("it ended without a line");
}

describe.each(serverNames)("on %s", (runtime) => {
  let child: ChildProcess;
  let origin: string;

  beforeAll(async () => {
    child = start(runtime, `${runtime}.mjs`);
    origin = await firstLine(child);
  });
  afterAll(async () => {
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  });

  async function ask(path: string, method = "GET") {
    const response = await fetch(origin + path, { method });
    const { status, headers } = response;
    return {
      status,
      type: headers.get("content-type"),
      cache: headers.get("cache-control"),
      headers,
      body: await response.text(),
    };
  }
  const json = { type: "application/json", cache: "no-store" };
  const text = { type: "text/plain; charset=utf-8", cache: "no-store" };

  it("/healthz says 200 with the reasons while healthy or degraded, then 503", async () => {
    await ask("/be/healthy");
    expect(await ask("/healthz")).toMatchObject({ status: 200, ...json, body: '{"status":"healthy","reasons":[]}' });
    await ask("/be/degraded");
    const degraded = '{"status":"degraded","reasons":["The disk is slow."]}';
    expect(await ask("/healthz?verbose=1")).toMatchObject({ status: 200, ...json, body: degraded });
    await ask("/be/unhealthy");
    expect(await ask("/healthz")).toMatchObject({ status: 503, body: degraded.replace("degraded", "unhealthy") });
  });

  it("/healthz says 503 and nothing of the error where the check throws", async () => {
    await ask("/be/throwing");
    const body = '{"status":"unhealthy","reasons":["The health check failed."]}';
    expect(await ask("/healthz")).toMatchObject({ status: 503, ...json, body });
  });

  it("/readyz says 200 while ready, then 503", async () => {
    await ask("/be/healthy");
    expect(await ask("/readyz")).toMatchObject({ status: 200, ...text, body: "ready" });
    await ask("/be/unhealthy");
    expect(await ask("/readyz")).toMatchObject({ status: 503, ...text, body: "not ready" });
  });

  it("/metrics has the text of prom-client", async () => {
    const { status, type, cache, body } = await ask("/metrics");
    expect({ status, type, cache }).toEqual({
      status: 200,
      type: "text/plain; version=0.0.4; charset=utf-8",
      cache: "no-store",
    });
    expect(body).toContain('# TYPE flow_handled_total counter\nflow_handled_total{process="chat"} 3\n');
    expect(body).toContain('flow_latency_seconds_bucket{le="0.025",process="chat"} 1\n');
  });

  it("HEAD is answered without a body, other methods with 405", async () => {
    await ask("/be/unhealthy");
    expect(await ask("/healthz", "HEAD")).toMatchObject({ status: 503, ...json, body: "" });
    expect(await ask("/metrics", "HEAD")).toMatchObject({ status: 200, body: "" });
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const { status, headers } = await ask("/readyz", method);
      expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    }
  });

  it("other paths stay the application's", async () => {
    for (const path of ["/be/healthz", "/healthz/", "/", "/metrics2", "//healthz"]) {
      expect(await ask(path)).toMatchObject({ status: 200, body: expect.stringMatching(/^the application is /) });
    }
  });

  it("the SDK of OpenTelemetry sends what it observes to a collector", async () => {
    const collector = await startCollector();
    const exporting = start(runtime, "open-telemetry.mjs", collector.url);
    expect(await once(exporting, "close")).toEqual([0, null]);
    collector.close();
    expect(collector.received).toHaveLength(1);
    expect(collector.received[0]).toMatchObject({
      "flow.handled": { sum: { dataPoints: [{ asDouble: 3 }] } },
      "flow.latency": { unit: "s", histogram: { dataPoints: [{ count: 1, sum: 0.02 }] } },
    });
  });
});
