import type { BatchObservableResult, Meter, Observable, Histogram as OtelHistogram } from "@opentelemetry/api";
import { bucketsOf, describe, instruments } from "./instruments.ts";
import type { Metrics } from "./metrics.ts";

/**
 * Gives metrics to OpenTelemetry: counters and gauges are observed when the meter's readers collect, and each record of
 * a histogram from now on is recorded there. Names are as OpenTelemetry has them: `flow_handled_total` is `flow.handled`,
 * `flow_latency_seconds` is `flow.latency` with the unit `s`; the names of the application lose the endings alone.
 * Labels become attributes. A name that is new at a collection is part of the next one. Returns the function that ends it.
 */
export function instrument(metrics: Metrics, meter: Meter): () => void {
  const observed = new Map<string, Observable>();
  const histograms = new Map<string, OtelHistogram>();
  let watched: Observable[] = [];
  let isOver = false;

  function add(name: string, kind: "counter" | "gauge"): void {
    if (observed.has(name)) return;
    const made = kind === "counter" ? meter.createObservableCounter : meter.createObservableGauge;
    observed.set(name, made.call(meter, otelName(name), options(name)));
  }

  function unwatch(): void {
    if (watched.length > 0) meter.removeBatchObservableCallback(observe, watched);
  }

  function watch(): void {
    unwatch();
    watched = [...observed.values()];
    meter.addBatchObservableCallback(observe, watched);
  }

  async function observe(result: BatchObservableResult): Promise<void> {
    for (const one of metrics.series()) {
      if (one.kind === "histogram") continue;
      add(one.name, one.kind);
      const observable = observed.get(one.name);
      if (observable !== undefined) result.observe(observable, one.value, one.labels);
    }
    if (observed.size === watched.length) return;
    // Not at once, since the meter still goes through its callbacks.
    await undefined;
    if (!isOver) watch();
  }

  for (const [name, { kind }] of instruments) if (kind !== "histogram") add(name, kind);
  watch();
  const unhear = metrics.onRecord((name, labels, value) => {
    const found = histograms.get(name) ?? meter.createHistogram(otelName(name), withBuckets(name));
    histograms.set(name, found);
    found.record(value, labels);
  });
  return () => {
    isOver = true;
    unhear();
    unwatch();
  };
}

/** The name for OpenTelemetry: without the endings for what it says in other fields, and with a namespace for our own. */
function otelName(name: string): string {
  return name
    .replace(/_total$/, "")
    .replace(/_(seconds|bytes)$/, "")
    .replace(/^(flow|sente)_/, "$1.");
}

function options(name: string): { unit: string; description: string } {
  const { unit, help } = describe(name);
  return { unit, description: help };
}

function withBuckets(name: string): ReturnType<typeof options> & { advice: { explicitBucketBoundaries: number[] } } {
  return { ...options(name), advice: { explicitBucketBoundaries: bucketsOf(describe(name).unit) } };
}
