import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { createMetrics } from "./metrics.ts";
import { prometheusText } from "./prometheus.ts";

it("is text that Prometheus reads: help, type, labels, and the buckets of a histogram", async () => {
  const metrics = createMetrics({ now: () => 0 });
  const text = prometheusText(metrics);
  metrics.counter("flow_handled_total", { process: 'a "quoted"\nname' }).add(3);
  metrics.counter("flow_handled_total", { process: "b" }).add();
  metrics.gauge("flow_queue_depth", { process: "b", port: "in" }).set(4);
  for (const seconds of [0.002, 0.3]) metrics.histogram("flow_latency_seconds", { process: "ws" }).record(seconds);
  const lines = (await text()).split("\n");
  for (const line of [
    "# HELP flow_handled_total Messages that a process handled.",
    "# TYPE flow_handled_total counter",
    'flow_handled_total{process="a \\"quoted\\"\\nname"} 3',
    'flow_handled_total{process="b"} 1',
    "# TYPE flow_queue_depth gauge",
    'flow_queue_depth{port="in",process="b"} 4',
    "# TYPE flow_latency_seconds histogram",
    'flow_latency_seconds_bucket{le="0.001",process="ws"} 0',
    'flow_latency_seconds_bucket{le="0.0025",process="ws"} 1',
    'flow_latency_seconds_bucket{le="+Inf",process="ws"} 2',
    'flow_latency_seconds_count{process="ws"} 2',
  ]) {
    expect(lines).toContain(line);
  }
});

it("says what is true at each call, and takes a registry that has more in it", async () => {
  const registry = new Registry();
  const metrics = createMetrics({ now: () => 0 });
  const text = prometheusText(metrics, registry);
  const gauge = metrics.gauge("depth");
  gauge.set(5);
  expect(await text()).toContain("depth 5");
  gauge.set(2);
  metrics.counter("later_total").add();
  const second = await text();
  expect(second).toContain("depth 2");
  expect(second).not.toContain("depth 5");
  expect(second).toContain("later_total 1");
});
