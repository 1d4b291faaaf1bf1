import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { expect, it, onTestFinished } from "vitest";
import { createMetrics } from "./metrics.ts";
import { instrument } from "./open-telemetry.ts";

interface Point {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly asDouble?: number;
  readonly count?: number;
  readonly sum?: number;
}
interface Exported {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: readonly Point[] };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** A collector that keeps the metrics that were last posted to it, and an SDK that posts. */
async function setting() {
  let last: readonly Exported[] = [];
  const collector = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const { resourceMetrics } = JSON.parse(text) as {
        resourceMetrics: { scopeMetrics: { metrics: Exported[] }[] }[];
      };
      last = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  onTestFinished(() => void collector.close());
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/metrics`;
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url }),
    exportIntervalMillis: 3_600_000,
    exportTimeoutMillis: 30_000,
  });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const metrics = createMetrics({ now: () => 0 });
  const end = instrument(metrics, provider.getMeter("flow"));
  const exported = async () => {
    await provider.forceFlush();
    return new Map(last.map((one) => [one.name, one]));
  };
  return { metrics, end, exported };
}

it("a real SDK exports counters, gauges and histograms to a collector, with names and units of OpenTelemetry", async () => {
  const { metrics, exported } = await setting();
  metrics.counter("flow_handled_total", { process: "chat" }).add(3);
  metrics.gauge("sente_sessions_away_bytes").set(70);
  metrics.histogram("flow_latency_seconds", { process: "ws" }).record(0.25);
  const all = await exported();
  const attributes = [{ key: "process", value: { stringValue: "chat" } }];
  expect(all.get("flow.handled")).toMatchObject({
    unit: "{message}",
    sum: { isMonotonic: true, dataPoints: [{ attributes, asDouble: 3 }] },
  });
  expect(all.get("sente.sessions_away")).toBeDefined();
  const points = [...all.values()].flatMap(({ gauge }) => gauge?.dataPoints ?? []);
  expect(points).toEqual(expect.arrayContaining([expect.objectContaining({ asDouble: 70 })]));
  expect(all.get("flow.latency")).toMatchObject({ unit: "s", histogram: { dataPoints: [{ count: 1, sum: 0.25 }] } });
});

it("has names that are new at one collection in the next, and nothing more once it was ended", async () => {
  const { metrics, end, exported } = await setting();
  await exported();
  metrics.counter("orders_total").add();
  await exported();
  expect((await exported()).get("orders")).toMatchObject({ sum: { dataPoints: [{ asDouble: 1 }] } });
  end();
  metrics.counter("orders_total").add(5);
  metrics.histogram("waits_seconds").record(1);
  const after = await exported();
  expect(after.get("waits")).toBeUndefined();
  expect(after.get("orders")?.sum?.dataPoints[0]?.asDouble ?? 1).toBe(1);
});
