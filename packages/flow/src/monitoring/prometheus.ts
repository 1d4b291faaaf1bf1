import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { bucketsOf, describe } from "./instruments.ts";
import type { Metrics, Series } from "./metrics.ts";
import type { Labels } from "./series.ts";

interface LabelledHistogram {
  readonly histogram: Histogram;
  readonly labelNames: ReadonlySet<string>;
}

/**
 * The text that Prometheus scrapes, made anew at each call, by the library prom-client. Histograms have what is recorded
 * from now on, so call it before the system is started. Give the records of one histogram the same label names: a new
 * label name begins the histogram anew.
 *
 * `registry` is one of its own if left out, never the global one; name one to have the metrics of the process
 * (`collectDefaultMetrics({ register: registry })`) in the same text. The returned function rejects where a name is in
 * that registry already.
 */
export function prometheusText(metrics: Metrics, registry: Registry = new Registry()): () => Promise<string> {
  const histograms = new Map<string, LabelledHistogram>();
  const written = new Set<string>();

  function histogramOf(name: string, labels: Labels): Histogram {
    const known = histograms.get(name);
    const names = Object.keys(labels);
    if (known !== undefined && names.every((label) => known.labelNames.has(label))) return known.histogram;
    if (known !== undefined) registry.removeSingleMetric(name);
    const labelNames = new Set(["other", ...(known?.labelNames ?? []), ...names]);
    const { help, unit } = describe(name);
    const histogram = new Histogram({
      ...{ name, help, labelNames: [...labelNames] },
      buckets: bucketsOf(unit),
      registers: [registry],
    });
    histograms.set(name, { histogram, labelNames });
    return histogram;
  }

  /** Makes a counter or gauge anew at each call: all that it has to know is its value of now. */
  function write(name: string, series: readonly Series[]): void {
    const labelNames = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))];
    const config = { name, help: describe(name).help, labelNames, registers: [registry] };
    const metric = series[0]?.kind === "counter" ? new Counter(config) : new Gauge(config);
    written.add(name);
    for (const one of series) if (one.kind !== "histogram") metric.inc(one.labels, one.value);
  }

  metrics.onRecord((name, labels, value) => histogramOf(name, labels).observe(labels, value));
  return async () => {
    for (const name of written) registry.removeSingleMetric(name);
    written.clear();
    const byName = new Map<string, Series[]>();
    for (const one of metrics.series()) {
      if (one.kind !== "histogram") byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
    }
    for (const [name, series] of byName) write(name, series);
    return registry.metrics();
  };
}
