import { VirtualClock } from "@sente-lite/protocol/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMetrics, type Metrics, type MetricsOptions, type Sample } from "./metrics.ts";
import { cleanName } from "./series.ts";

function setUp(options?: MetricsOptions): { readonly clock: VirtualClock; readonly metrics: Metrics } {
  const clock = new VirtualClock(5000);
  return { clock, metrics: createMetrics({ now: () => clock.now }, options) };
}

/** The counters but those of the metrics themselves. */
function counters(metrics: Metrics): Record<string, number> {
  const all = Object.entries(metrics.snapshot().counters);
  return Object.fromEntries(all.filter(([id]) => !id.startsWith("flow_metrics_")));
}

describe("series", () => {
  it("are the same for the same name and labels, in whatever order", () => {
    const { metrics } = setUp();
    metrics.counter("a_total", { x: "1", y: "2" }).add();
    metrics.counter("a_total", { y: "2", x: "1" }).add(2);
    expect(metrics.counter("a_total", { y: "2", x: "1" })).toBe(metrics.counter("a_total", { x: "1", y: "2" }));
    expect(counters(metrics)).toEqual({ 'a_total{x="1",y="2"}': 3 });
  });

  it("work without their object", () => {
    const { metrics } = setUp();
    const { add } = metrics.counter("a_total");
    add();
    expect(counters(metrics)).toEqual({ a_total: 1 });
  });

  it("are written as Prometheus writes them, with what is special escaped", () => {
    const { metrics } = setUp();
    metrics.counter("messages-processed", { "a b": 'say "hi"\\\n' }).add();
    expect(counters(metrics)).toEqual({ 'messages_processed{a_b="say \\"hi\\"\\\\\\n"}': 1 });
  });

  it("keep gauges and histograms apart from counters", () => {
    const { metrics } = setUp();
    metrics.gauge("depth").set(4);
    metrics.gauge("depth").set(-2);
    for (const value of [1, 2, 3]) metrics.histogram("size").record(value);
    const { gauges, histograms } = metrics.snapshot();
    expect(gauges).toEqual({ depth: -2 });
    expect(histograms).toEqual({
      size: { count: 3, sum: 6, min: 1, max: 3, p50: expect.closeTo(2, 0), p95: 3, p99: 3 },
    });
    expect(metrics.series().filter(({ name }) => name === "depth")).toEqual([
      { id: "depth", name: "depth", labels: {}, kind: "gauge", value: -2 },
    ]);
  });

  it("give a name to the kind that used it first", () => {
    const { metrics } = setUp();
    metrics.counter("a").add();
    metrics.gauge("a").set(7);
    metrics.histogram("a").record(1);
    const { gauges, histograms } = metrics.snapshot();
    expect([counters(metrics), gauges, Object.keys(histograms)]).toEqual([{ a: 1 }, { a_gauge: 7 }, ["a_histogram"]]);
  });

  it("leave out values that are no measure, and count them", () => {
    const { metrics } = setUp();
    metrics.counter("a_total").add(-1);
    metrics.counter("a_total").add(Number.NaN);
    metrics.counter("a_total").add(Number.POSITIVE_INFINITY);
    metrics.gauge("b").set(Number.NaN);
    metrics.histogram("c").record(-1);
    metrics.source(() => [
      { name: "d", kind: "gauge", value: Number.NaN },
      { name: "e_total", kind: "counter", value: -1 },
    ]);
    const snapshot = metrics.snapshot();
    expect(counters(metrics)).toEqual({ a_total: 0 });
    expect(snapshot.counters.flow_metrics_refused_total).toBe(7);
    expect(snapshot.gauges).toEqual({ b: 0 });
    expect(snapshot.histograms).toMatchObject({ c: { count: 0, p99: 0 } });
  });
});

describe("memory", () => {
  it("holds at most maxSeries, further ones in one by name", () => {
    const { metrics } = setUp({ maxSeries: 10 });
    for (let index = 0; index < 5000; index += 1) metrics.counter("a_total", { user: String(index) }).add();
    metrics.counter("b_total").add();
    const found = counters(metrics);
    // Two of the ten are the metrics' own.
    expect(Object.keys(found)).toHaveLength(8 + 2);
    expect(found).toMatchObject({ 'a_total{user="0"}': 1, 'a_total{other="true"}': 4992, 'b_total{other="true"}': 1 });
  });

  it("holds at most 200 names", () => {
    const { metrics } = setUp();
    for (let index = 0; index < 5000; index += 1) metrics.observe(`name-${index}`);
    for (let index = 0; index < 5000; index += 1) metrics.observe(`size-${index}`, index);
    metrics.observe("late", { depth: 3 });
    const snapshot = metrics.snapshot();
    expect(Object.keys(snapshot.counters)).toHaveLength(198);
    expect(counters(metrics)['flow_other_total{other="true"}']).toBe(5000 - 195);
    expect(snapshot.histograms).toMatchObject({ 'flow_other_values{other="true"}': { count: 5000 } });
    expect(snapshot.gauges).toEqual({ 'flow_other{other="true"}': 3 });
  });

  it("holds a bounded part of long names and labels, and of many labels", () => {
    const { metrics } = setUp();
    const labels = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`l${index}`, "x".repeat(1e5)]));
    metrics.counter("n".repeat(1e6), labels).add();
    const [id = ""] = Object.keys(counters(metrics));
    expect(id.length).toBeLessThan(3000);
  });

  it("reads at most maxSeries samples of a source, were there no end of them", () => {
    const { metrics } = setUp({ maxSeries: 20 });
    metrics.source(function* (): Iterable<Sample> {
      for (let index = 0; ; index += 1) yield { name: "a", kind: "gauge", labels: { id: String(index) }, value: 1 };
    });
    const { gauges } = metrics.snapshot();
    expect(Object.values(gauges).reduce((a, b) => a + b, 0)).toBe(20);
    expect(metrics.series().length).toBeLessThanOrEqual(21);
  });

  it("stays clean whatever names are used: no key of an object's own, every name as both Prometheus and OpenTelemetry take it", () => {
    const { metrics } = setUp();
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "1", "é", "a:b", "le"];
    for (const name of names) {
      metrics.counter(name, { [name]: name }).add();
      metrics.observe(name, JSON.parse('{"__proto__": 1, "constructor": 2}'));
    }
    const all = metrics.series();
    expect(Object.keys(counters(metrics))).toHaveLength(names.length);
    for (const { name, labels } of all) {
      for (const one of [name, ...Object.keys(labels)]) expect(one).toMatch(/^[a-zA-Z][a-zA-Z0-9_]*$/);
    }
    expect({}).not.toHaveProperty("1");
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype))), (text) => {
        const name = cleanName(text);
        expect(name).toMatch(/^[a-zA-Z][a-zA-Z0-9_]*$/);
        expect(name in {}).toBe(false);
        expect(cleanName(text)).toBe(name);
      }),
    );
  });
});

describe("observe", () => {
  it("counts what comes without data or with data that is no number and no record", () => {
    const { metrics } = setUp();
    metrics.observe("connection-opened");
    metrics.observe("connection-opened", "ann");
    metrics.observe("connection-opened", null);
    metrics.observe("connection-opened", [1]);
    metrics.observe("connection-opened", new Map([["a", 1]]));
    expect(counters(metrics)).toEqual({ connection_opened: 5 });
  });

  it("records a number in a histogram", () => {
    const { metrics } = setUp();
    metrics.observe("size", 10);
    metrics.observe("size", 20);
    expect(metrics.snapshot().histograms).toMatchObject({ size: { count: 2, sum: 30 } });
  });

  it("sets a gauge for each field of a record that is a number", () => {
    const { metrics } = setUp();
    metrics.observe("pool", { free: 3, used: 5, name: "main" });
    metrics.observe("pool", { free: 2 });
    expect(metrics.snapshot().gauges).toEqual({ pool_free: 2, pool_used: 5 });
  });
});

describe("sources", () => {
  it("are read when somebody asks, until they are taken away", () => {
    const { metrics } = setUp();
    let value = 1;
    const remove = metrics.source(() => [{ name: "a", kind: "gauge", value, labels: { of: "it" } }]);
    value = 2;
    expect(metrics.snapshot().gauges).toEqual({ 'a{of="it"}': 2 });
    remove();
    expect(metrics.snapshot().gauges).toEqual({});
  });

  it("are added up where they give the same series", () => {
    const { metrics } = setUp();
    metrics.counter("a_total").add();
    metrics.source(() => [{ name: "a_total", kind: "counter", value: 10 }]);
    metrics.source(() => [{ name: "a_total", kind: "counter", value: 100 }]);
    expect(counters(metrics)).toEqual({ a_total: 111 });
  });

  it("do no harm where they throw: that is counted, and what they gave before stands", () => {
    const { metrics } = setUp();
    metrics.source(function* (): Iterable<Sample> {
      yield { name: "a", kind: "gauge", value: 1 };
      throw new Error("broken");
    });
    metrics.source(() => [{ name: "b", kind: "gauge", value: 2 }]);
    const { counters: all, gauges } = metrics.snapshot();
    expect(gauges).toEqual({ a: 1, b: 2 });
    expect(all.flow_metrics_source_errors_total).toBe(1);
  });
});

describe("onRecord", () => {
  it("hears the clean name, the labels and the value, until it is ended", () => {
    const { metrics } = setUp();
    const heard: unknown[] = [];
    const end = metrics.onRecord((...args) => heard.push(args));
    metrics.histogram("a-b", { p: "1" }).record(5);
    metrics.histogram("a-b", { p: "1" }).record(Number.NaN);
    end();
    metrics.histogram("a-b", { p: "1" }).record(6);
    expect(heard).toEqual([["a_b", { p: "1" }, 5]]);
  });

  it("does not harm who records where it throws", () => {
    const { metrics } = setUp();
    metrics.onRecord(() => {
      throw new Error("broken");
    });
    metrics.histogram("a").record(5);
    const { counters: all, histograms } = metrics.snapshot();
    expect(histograms).toMatchObject({ a: { count: 1 } });
    expect(all.flow_metrics_source_errors_total).toBe(1);
  });
});

describe("rates", () => {
  it("are per second since the metrics were created, at first", () => {
    const { clock, metrics } = setUp();
    metrics.counter("a_total").add(20);
    expect(metrics.snapshot()).toMatchObject({ at: 5000, uptimeMs: 0, rates: { a_total: 0 } });
    clock.advance(500);
    expect(metrics.snapshot()).toMatchObject({ uptimeMs: 500, rates: { a_total: 40 } });
  });

  it("are over the oldest snapshot of the last minute", () => {
    const { clock, metrics } = setUp();
    const counter = metrics.counter("a_total");
    for (let second = 0; second < 300; second += 1) {
      counter.add(second < 200 ? 1 : 5);
      metrics.snapshot();
      clock.advance(1000);
    }
    // What was added in the second of the oldest snapshot is in that one.
    expect(metrics.snapshot().rates.a_total).toBeCloseTo((59 * 5) / 60);
    clock.advance(30_000);
    // Half of the minute had five a second, the other half none.
    expect(metrics.snapshot().rates.a_total).toBeCloseTo((29 * 5) / 60);
    clock.advance(60_000);
    expect(metrics.snapshot().rates.a_total).toBe(0);
  });

  it("do not change because somebody asks often", () => {
    const { clock, metrics } = setUp();
    const counter = metrics.counter("a_total");
    for (let step = 0; step < 1000; step += 1) {
      clock.advance(10);
      counter.add();
      expect(metrics.snapshot().rates.a_total).toBeCloseTo(100, 6);
    }
  });

  it("count from 0 where a source began anew, and never fall below it", () => {
    const { clock, metrics } = setUp();
    let value = 1000;
    metrics.source(() => [{ name: "a_total", kind: "counter", value }]);
    clock.advance(1000);
    metrics.snapshot();
    clock.advance(10_000);
    value = 50;
    expect(metrics.snapshot().rates.a_total).toBe(5);
  });

  it("survive a clock that jumps back", () => {
    let now = 1e6;
    const metrics = createMetrics({ now: () => now });
    metrics.counter("a_total").add(10);
    now += 5000;
    metrics.snapshot();
    now = 1000;
    expect(metrics.snapshot()).toMatchObject({ uptimeMs: 0, rates: { a_total: 0 } });
    now += 2000;
    metrics.counter("a_total").add(4);
    expect(metrics.snapshot().rates.a_total).toBe(2);
  });
});

it("a snapshot is plain data", () => {
  const { metrics } = setUp();
  metrics.observe("a", 3);
  metrics.observe("b", { c: 1 });
  const snapshot = metrics.snapshot();
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
});
