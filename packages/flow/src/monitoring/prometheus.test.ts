import { Counter, Registry, register } from "prom-client";
import { describe, expect, it } from "vitest";
import { createMetrics, type Metrics } from "./metrics.ts";
import { prometheusText } from "./prometheus.ts";

interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: Record<string, number>;
}

/** Reads the text format of Prometheus, version 0.0.4; throws at a line that is none of it. */
function parse(text: string): Record<string, Family> {
  const families: Record<string, { help: string; type: string; samples: Record<string, number> }> = {};
  let current: (typeof families)[string] | undefined;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const help = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram)$/.exec(line);
    const sample = /^([a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\]|\\["\\n])*",?)*\})?) (\S+)$/.exec(line);
    if (help?.[1] !== undefined) {
      if (help[1] in families) throw new Error(`twice: ${help[1]}`);
      current = { help: help[2] ?? "", type: "", samples: {} };
      families[help[1]] = current;
    } else if (current === undefined) throw new Error(`no family: ${line}`);
    else if (type) current.type = type[2] ?? "";
    else if (sample?.[1] !== undefined) {
      if (sample[1] in current.samples) throw new Error(`twice: ${line}`);
      current.samples[sample[1]] = Number(sample[2]?.replace("+Inf", "Infinity"));
    } else throw new Error(`not of the format: ${line}`);
  }
  return families;
}

function make(): Metrics {
  return createMetrics({ now: () => 0 });
}

describe("the text for Prometheus", () => {
  it("has counters and gauges as they are when it is asked for", async () => {
    const metrics = make();
    const text = prometheusText(metrics);
    metrics.counter("flow_handled_total", { process: "chat" }).add(2);
    metrics.counter("flow_handled_total", { process: "log" }).add(3);
    metrics.gauge("depth").set(-1.5);
    expect(parse(await text())).toMatchObject({
      flow_handled_total: {
        help: "Messages that a process handled.",
        type: "counter",
        samples: { 'flow_handled_total{process="chat"}': 2, 'flow_handled_total{process="log"}': 3 },
      },
      depth: { help: "depth", type: "gauge", samples: { depth: -1.5 } },
      flow_metrics_refused_total: { type: "counter", samples: { flow_metrics_refused_total: 0 } },
    });
    metrics.counter("flow_handled_total", { process: "chat" }).add();
    metrics.gauge("depth", { port: "in" }).set(4);
    expect(parse(await text())).toMatchObject({
      flow_handled_total: { samples: { 'flow_handled_total{process="chat"}': 3 } },
      depth: { samples: { depth: -1.5, 'depth{port="in"}': 4 } },
    });
  });

  it("loses what a source that was taken away gave", async () => {
    const metrics = make();
    const registry = new Registry();
    const text = prometheusText(metrics, registry);
    const remove = metrics.source(() => [{ name: "a", kind: "gauge", value: 1 }]);
    expect(parse(await text())).toHaveProperty("a");
    remove();
    expect(parse(await text())).not.toHaveProperty("a");
    // The name is free for others then.
    new Counter({ name: "a", help: "Another.", registers: [registry] });
    expect(parse(await text())).toHaveProperty("a");
    expect(parse(await text())).toHaveProperty("a");
  });

  it("has histograms in cumulative buckets, by the unit of their name", async () => {
    const metrics = make();
    const text = prometheusText(metrics);
    for (const value of [0.0004, 0.02, 0.02, 99])
      metrics.histogram("flow_latency_seconds", { process: "chat" }).record(value);
    const { flow_latency_seconds: found } = parse(await text());
    expect(found).toMatchObject({
      type: "histogram",
      samples: {
        'flow_latency_seconds_bucket{le="0.001",process="chat"}': 1,
        'flow_latency_seconds_bucket{le="0.01",process="chat"}': 1,
        'flow_latency_seconds_bucket{le="0.025",process="chat"}': 3,
        'flow_latency_seconds_bucket{le="10",process="chat"}': 3,
        'flow_latency_seconds_bucket{le="+Inf",process="chat"}': 4,
        'flow_latency_seconds_count{process="chat"}': 4,
      },
    });
    expect(found?.samples['flow_latency_seconds_sum{process="chat"}']).toBeCloseTo(99.0404, 6);
    metrics.histogram("body_bytes").record(100);
    metrics.histogram("members").record(100);
    expect(parse(await text())).toMatchObject({
      body_bytes: { samples: { 'body_bytes_bucket{le="64"}': 0, 'body_bytes_bucket{le="256"}': 1 } },
      members: { samples: { 'members_bucket{le="50"}': 0, 'members_bucket{le="100"}': 1 } },
    });
  });

  it("takes series that were folded, and a histogram with a new label name, which begins anew", async () => {
    const metrics = createMetrics({ now: () => 0 }, { maxSeries: 3 });
    const text = prometheusText(metrics);
    metrics.histogram("a", { user: "1" }).record(1);
    metrics.histogram("a", { user: "2" }).record(1);
    const folded = parse(await text());
    expect(folded.a?.samples).toMatchObject({ 'a_count{user="1"}': 1, 'a_count{other="true"}': 1 });

    const more = make();
    const moreText = prometheusText(more);
    more.histogram("a", { user: "1" }).record(1);
    more.histogram("a", { room: "2" }).record(1);
    more.histogram("a", { user: "1" }).record(1);
    const anew = parse(await moreText());
    expect(anew.a?.samples).toMatchObject({ 'a_count{user="1"}': 1, 'a_count{room="2"}': 1 });
  });

  it("escapes labels, and stands any name", async () => {
    const metrics = make();
    const text = prometheusText(metrics);
    for (const name of ["__proto__", "constructor", "toString", "", "é", "le", 'a"b\n']) {
      metrics.counter(name, { [name]: 'a "b"\\\n' }).add();
      metrics.observe(name, 5);
      metrics.observe(name, { x: 1 });
    }
    const families = parse(await text());
    expect(families.a_b_?.samples).toEqual({ 'a_b_{a_b_="a \\"b\\"\\\\\\n"}': 1 });
    expect(families.le_?.samples).toEqual({ 'le_{le_="a \\"b\\"\\\\\\n"}': 1 });
    expect(families.constructor__histogram?.samples).toMatchObject({ constructor__histogram_count: 1 });
    expect(metrics.snapshot().counters.flow_metrics_source_errors_total).toBe(0);
  });

  it("gives each of two askers at once all of it", async () => {
    const metrics = make();
    const text = prometheusText(metrics);
    metrics.counter("a_total").add(2);
    const [one, two] = await Promise.all([text(), text()]);
    expect(parse(one).a_total?.samples).toEqual({ a_total: 2 });
    expect(two).toBe(one);
  });

  it("leaves the global registry alone, and shares the one that it is given", async () => {
    const registry = new Registry();
    new Counter({ name: "mine_total", help: "Mine.", registers: [registry] }).inc(7);
    const metrics = make();
    const text = prometheusText(metrics, registry);
    metrics.counter("a_total").add();
    expect(parse(await text())).toMatchObject({ mine_total: { samples: { mine_total: 7 } }, a_total: {} });
    expect(parse(await text())).toMatchObject({ mine_total: { samples: { mine_total: 7 } }, a_total: {} });
    metrics.counter("mine_total").add();
    await expect(text()).rejects.toThrow("mine_total");
    expect(register.getMetricsAsArray()).toEqual([]);
  });
});
