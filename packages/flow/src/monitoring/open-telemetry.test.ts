import type { BatchObservableResult } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Point, startCollector } from "./collector.test-support.ts";
import { createMetrics } from "./metrics.ts";
import { instrument } from "./open-telemetry.ts";

function valuesOf(points: readonly Point[] | undefined): Record<string, number | undefined> {
  const keyOf = ({ attributes }: Point) => attributes.map(({ key, value }) => `${key}=${value.stringValue}`).join(",");
  return Object.fromEntries((points ?? []).map((point) => [keyOf(point), point.asDouble]));
}

/** A meter with the exporter of OTLP in JSON, which sends when it is told to. */
async function setUp() {
  const collector = await startCollector();
  const exporter = new OTLPMetricExporter({ url: collector.url });
  const never = { exportIntervalMillis: 2 ** 30, exportTimeoutMillis: 2 ** 29 };
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter, ...never })] });
  onTestFinished(async () => {
    await provider.shutdown();
    collector.close();
  });
  return {
    metrics: createMetrics({ now: () => 0 }),
    meter: provider.getMeter("flow"),
    collect: async () => {
      const before = collector.received.length;
      await provider.forceFlush();
      const received = collector.received[before];
      if (received === undefined) throw new Error("nothing was exported");
      return received;
    },
  };
}

describe("OpenTelemetry's exporter", () => {
  it("sends counters and gauges with the names, units and attributes of OpenTelemetry", async () => {
    const { metrics, meter, collect } = await setUp();
    instrument(metrics, meter);
    metrics.counter("flow_handled_total", { process: "chat" }).add(2);
    metrics.counter("flow_handled_total", { process: "log" }).add(3);
    metrics.source(() => [{ name: "sente_sessions_away_bytes", kind: "gauge", value: 9 }]);
    const first = await collect();
    expect(first["flow.handled"]).toMatchObject({ unit: "{message}", description: "Messages that a process handled." });
    expect(first["flow.handled"]?.sum?.isMonotonic).toBe(true);
    expect(valuesOf(first["flow.handled"]?.sum?.dataPoints)).toEqual({ "process=chat": 2, "process=log": 3 });
    expect(first["sente.sessions_away"]).toMatchObject({ unit: "By" });
    expect(valuesOf(first["sente.sessions_away"]?.gauge?.dataPoints)).toEqual({ "": 9 });
    metrics.counter("flow_handled_total", { process: "chat" }).add(5);
    expect(valuesOf((await collect())["flow.handled"]?.sum?.dataPoints)).toMatchObject({ "process=chat": 7 });
  });

  it("sends histograms in seconds, with the bounds of their unit", async () => {
    const { metrics, meter, collect } = await setUp();
    instrument(metrics, meter);
    for (const value of [0.0004, 0.02, 0.02])
      metrics.histogram("flow_latency_seconds", { process: "chat" }).record(value);
    const { "flow.latency": latency } = await collect();
    expect(latency).toMatchObject({ unit: "s" });
    const [point] = latency?.histogram?.dataPoints ?? [];
    expect(point).toMatchObject({ count: 3, sum: expect.closeTo(0.0404, 9) });
    expect(point?.explicitBounds?.slice(0, 5)).toEqual([0.001, 0.0025, 0.005, 0.01, 0.025]);
    expect(point?.bucketCounts?.slice(0, 5)).toEqual([1, 0, 0, 0, 2]);
  });

  it("has a new name from the second collection on, beside the callbacks of others", async () => {
    const { metrics, meter, collect } = await setUp();
    instrument(metrics, meter);
    const other = meter.createObservableGauge("other");
    meter.addBatchObservableCallback((result) => result.observe(other, 1), [other]);
    metrics.counter("orders_total").add(4);
    expect(Object.keys(await collect())).toContain("other");
    const second = await collect();
    expect(valuesOf(second.orders?.sum?.dataPoints)).toEqual({ "": 4 });
    expect(valuesOf(second.other?.gauge?.dataPoints)).toEqual({ "": 1 });
  });

  it("sends any name", async () => {
    const { metrics, meter, collect } = await setUp();
    instrument(metrics, meter);
    for (const name of ["__proto__", "constructor", "", "1", "é"]) metrics.counter(name).add();
    await collect();
    const names = Object.keys(await collect());
    expect(names).toEqual(expect.arrayContaining(["x___proto__", "constructor_", "x_", "x_1", "x__"]));
  });

  it("is given nothing any more once it was ended", async () => {
    const { metrics, meter, collect } = await setUp();
    const stop = instrument(metrics, meter);
    const other = meter.createObservableGauge("other");
    // Ended in the middle of a collection that has a new name.
    let end: (() => void) | undefined = stop;
    const callback = (result: BatchObservableResult) => {
      result.observe(other, 1);
      end?.();
      end = undefined;
    };
    meter.addBatchObservableCallback(callback, [other]);
    metrics.counter("flow_handled_total").add(1);
    metrics.counter("orders_total").add(1);
    await collect();
    metrics.counter("flow_handled_total").add(1);
    metrics.histogram("flow_latency_seconds").record(1);
    const after = await collect();
    expect(after).toHaveProperty("other");
    expect(after).not.toHaveProperty(["flow.latency"]);
    expect(after).not.toHaveProperty("orders");
    expect(Object.values(valuesOf(after["flow.handled"]?.sum?.dataPoints))).not.toContain(2);
  });
});
