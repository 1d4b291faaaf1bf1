import { UsageError } from "@sente-lite/protocol";
import { checkOptions } from "@sente-lite/protocol/options";
import type { Clock } from "../clock.ts";
import { BucketHistogram } from "./histogram.ts";
import { cleanLabels, cleanName, type Kind, type Labels, type SeriesName, seriesName } from "./series.ts";

/** A count that only grows. */
export interface Counter {
  /** Adds `by`, 1 if left out. What is negative or not finite is left out. */
  add(by?: number): void;
}

/** A value of now, which may fall. */
export interface Gauge {
  /** Sets it. What is not finite is left out. */
  set(value: number): void;
}

/** Many values, of which quantiles are kept, each off by at most 3.2 %. */
export interface Histogram {
  /** Records one. What is negative or not finite is left out. */
  record(value: number): void;
}

/** One value that a source gives when it is read. */
export interface Sample {
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly labels?: Labels;
  readonly value: number;
}

/** What is known of a histogram. All is 0 while `count` is. */
export interface HistogramSummary {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** One series with its value of now; its name and labels are clean. */
export type Series = { readonly id: SeriesName; readonly name: string; readonly labels: Labels } & (
  | { readonly kind: "counter" | "gauge"; readonly value: number }
  | { readonly kind: "histogram"; readonly summary: HistogramSummary }
);

/** All series as plain data, which JSON can carry. */
export interface MetricsSnapshot {
  /** When it was taken: milliseconds since 1970. */
  readonly at: number;
  /** Milliseconds since the metrics were created. */
  readonly uptimeMs: number;
  readonly counters: Readonly<Record<SeriesName, number>>;
  readonly gauges: Readonly<Record<SeriesName, number>>;
  readonly histograms: Readonly<Record<SeriesName, HistogramSummary>>;
  /**
   * By how much each counter grew per second: since the oldest snapshot of the last minute that is a second old, else
   * since the metrics were created. A counter that no snapshot had is taken to have been 0.
   */
  readonly rates: Readonly<Record<SeriesName, number>>;
}

/** Options of `createMetrics`. */
export interface MetricsOptions {
  /** Series that are kept; further ones are folded into one by name, with the label `other="true"`. Default 1000. */
  readonly maxSeries?: number;
}

/**
 * Counters, gauges and histograms, in bounded memory whatever names and labels they are asked for. Names and labels are
 * cleaned (`cleanName`); after 200 names, new ones are folded into `flow_other_total`, `flow_other` and
 * `flow_other_values`. A name belongs to the kind that used it first; for another kind it becomes `name_kind`. Ask for a
 * counter, gauge or histogram once and keep it where it is used often; it is the same for the same name and labels.
 */
export interface Metrics {
  readonly counter: (name: string, labels?: Labels) => Counter;
  readonly gauge: (name: string, labels?: Labels) => Gauge;
  readonly histogram: (name: string, labels?: Labels) => Histogram;
  /**
   * Takes note of something that happened: a number is recorded in the histogram `type`; of a plain object, each field
   * that is a number becomes the gauge `type_field`; else the counter `type` goes up by one.
   */
  readonly observe: (type: string, data?: unknown) => void;
  /**
   * Values that are read when somebody asks for series: `metrics.source(() => serverSamples(server))`. Equal series are
   * added up, and at most `maxSeries` samples of a source are read. Where `read` throws, what it gave before counts, and
   * `flow_metrics_source_errors_total` goes up by one. Returns the function that takes the source away.
   */
  readonly source: (read: () => Iterable<Sample>) => () => void;
  /** Every series, those of the sources too: for exporters. */
  readonly series: () => readonly Series[];
  /** Every series as plain data, with the rates of counters. */
  readonly snapshot: () => MetricsSnapshot;
  /** Calls `fn` at each record of a histogram, with its clean name and labels: for exporters. Returns the function that ends it. */
  readonly onRecord: (fn: RecordListener) => () => void;
}

/** Hears of each record of a histogram. Where it throws, `flow_metrics_source_errors_total` goes up by one. */
export type RecordListener = (name: string, labels: Labels, value: number) => void;

const MAX_NAMES = 200;
const RATE_OVER_MS = 60_000;
const RATE_STEP_MS = 1000;
const OTHER: Labels = { other: "true" };
const otherName: Readonly<Record<Kind, string>> = {
  counter: "flow_other_total",
  gauge: "flow_other",
  histogram: "flow_other_values",
};

interface Identity {
  readonly id: SeriesName;
  readonly name: string;
  readonly labels: Labels;
  readonly kind: Kind;
}

/** A series of this registry. Callers get it as a Counter, a Gauge or a Histogram, with the one method of that kind. */
interface OwnSeries extends Counter, Gauge, Histogram {
  readonly identity: Identity;
  value: number;
  readonly histogram: BucketHistogram;
}

/** One histogram for all series that need none, so that its 7.5 KB are taken once. */
const none = new BucketHistogram();

/**
 * Makes the metrics of one system. They need no timer: rates are worked out when somebody asks. Throws `UsageError` for
 * options that cannot be meant.
 */
export function createMetrics(clock: Pick<Clock, "now">, options: MetricsOptions = {}): Metrics {
  checkOptions("createMetrics", options, { maxSeries: "number" });
  const { maxSeries = 1000 } = options;
  if (!(maxSeries >= 0)) throw new UsageError("bad-option", "maxSeries is a number of at least 0");
  const createdAt = clock.now();
  const kinds = new Map<string, Kind>(Object.entries(otherName).map(([kind, name]) => [name, kind as Kind]));
  const own = new Map<SeriesName, OwnSeries>();
  const sources = new Set<() => Iterable<Sample>>();
  const listeners = new Set<RecordListener>();
  let remembered: { readonly at: number; readonly counters: Readonly<Record<SeriesName, number>> }[] = [];

  /** The name that a series of this kind gets; undefined where there are too many names. */
  function claim(kind: Kind, name: string): string | undefined {
    const taken = kinds.get(name);
    if (taken === kind) return name;
    if (taken !== undefined) return claim(kind, `${name}_${kind}`);
    if (kinds.size >= MAX_NAMES) return undefined;
    kinds.set(name, kind);
    return name;
  }

  /** Which series a name and labels mean; a map that is full has no place for a new one, and gives the one for all others. */
  function identify(among: ReadonlyMap<SeriesName, unknown>, kind: Kind, text: string, given: Labels = {}): Identity {
    const name = claim(kind, cleanName(text));
    if (name !== undefined) {
      const labels = cleanLabels(given);
      const id = seriesName(name, labels);
      if (among.has(id) || among.size < maxSeries) return { id, name, labels, kind };
    }
    const other = name ?? otherName[kind];
    return { id: seriesName(other, OTHER), name: other, labels: OTHER, kind };
  }

  function make(identity: Identity): OwnSeries {
    const { name, labels, kind } = identity;
    const made: OwnSeries = {
      identity,
      value: 0,
      histogram: kind === "histogram" ? new BucketHistogram() : none,
      add: (by = 1) => {
        if (by >= 0 && by < Number.POSITIVE_INFINITY) made.value = Math.min(Number.MAX_VALUE, made.value + by);
        else refused.add();
      },
      set: (value) => {
        if (Number.isFinite(value)) made.value = value;
        else refused.add();
      },
      record: (value) => {
        if (made.histogram.record(value)) for (const listener of listeners) guard(() => listener(name, labels, value));
        else refused.add();
      },
    };
    return made;
  }

  function guard(run: () => void): void {
    try {
      run();
    } catch {
      thrown.add();
    }
  }

  function find(kind: Kind, name: string, labels?: Labels): OwnSeries {
    const identity = identify(own, kind, name, labels);
    const known = own.get(identity.id);
    if (known !== undefined) return known;
    const made = make(identity);
    own.set(identity.id, made);
    return made;
  }

  const refused = find("counter", "flow_metrics_refused_total");
  const thrown = find("counter", "flow_metrics_source_errors_total");

  function series(): readonly Series[] {
    const rows = new Map([...own].map(([id, { identity }]) => [id, { identity, read: 0 }]));
    for (const read of sources) guard(() => readInto(rows, read()));
    // What was counted while the sources were read is part of it.
    return [...rows.values()].map(({ identity: { id, name, labels, kind }, read }) => {
      const mine = own.get(id);
      if (kind === "histogram") return { id, name, labels, kind, summary: summaryOf(mine?.histogram ?? none) };
      return { id, name, labels, kind, value: read + (mine?.value ?? 0) };
    });
  }

  function readInto(rows: Map<SeriesName, { readonly identity: Identity; read: number }>, samples: Iterable<Sample>) {
    let left = maxSeries;
    for (const { kind, name, labels, value } of samples) {
      if (left-- === 0) break;
      if (Number.isFinite(value) && (kind === "gauge" || value >= 0)) {
        const identity = identify(rows, kind, name, labels);
        const row = rows.get(identity.id);
        if (row === undefined) rows.set(identity.id, { identity, read: value });
        else row.read += value;
      } else refused.add();
    }
  }

  function rates(at: number, counters: Readonly<Record<SeriesName, number>>): Record<SeriesName, number> {
    // A clock may jump back: snapshots that then lie in the future are forgotten.
    remembered = remembered.filter((one) => one.at <= at && at - one.at <= RATE_OVER_MS);
    const base = remembered.find((one) => at - one.at >= RATE_STEP_MS) ?? { at: createdAt, counters: {} };
    const seconds = (at - base.at) / 1000;
    const last = remembered.at(-1);
    if (last === undefined || at - last.at >= RATE_STEP_MS) remembered.push({ at, counters });
    const rate = ([id, value]: [SeriesName, number]): [SeriesName, number] => {
      const before = base.counters[id] ?? 0;
      // A source that began anew counts from 0.
      const grown = value < before ? value : value - before;
      return [id, seconds > 0 ? grown / seconds : 0];
    };
    return Object.fromEntries(Object.entries(counters).map(rate));
  }

  function snapshot(): MetricsSnapshot {
    const at = clock.now();
    const all = series();
    const values = (kind: Kind) =>
      Object.fromEntries(all.flatMap((one) => (one.kind === kind && "value" in one ? [[one.id, one.value]] : [])));
    const counters = values("counter");
    return {
      at,
      uptimeMs: Math.max(0, at - createdAt),
      counters,
      gauges: values("gauge"),
      histograms: Object.fromEntries(all.flatMap((one) => (one.kind === "histogram" ? [[one.id, one.summary]] : []))),
      rates: rates(at, counters),
    };
  }

  function observe(type: string, data?: unknown): void {
    if (isRecord(data)) {
      for (const [field, value] of Object.entries(data)) {
        if (typeof value === "number") find("gauge", `${type}_${field}`).set(value);
      }
    } else if (typeof data === "number") find("histogram", type).record(data);
    else find("counter", type).add();
  }

  return {
    counter: (name, labels) => find("counter", name, labels),
    gauge: (name, labels) => find("gauge", name, labels),
    histogram: (name, labels) => find("histogram", name, labels),
    observe,
    source: (read) => {
      sources.add(read);
      return () => void sources.delete(read);
    },
    series,
    snapshot,
    onRecord: (fn) => {
      listeners.add(fn);
      return () => void listeners.delete(fn);
    },
  };
}

function summaryOf(histogram: BucketHistogram): HistogramSummary {
  const { count, sum, min, max } = histogram;
  const quantile = (q: number) => histogram.quantile(q);
  return { count, sum, min, max, p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) };
}

function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  if (typeof data !== "object" || data === null) return false;
  const prototype: unknown = Object.getPrototypeOf(data);
  return prototype === Object.prototype || prototype === null;
}
