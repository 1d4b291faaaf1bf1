import { makeChannelSocketClient, makeChannelSocketServer } from "@sente-lite/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { instruments, serverSamples } from "./instruments.ts";
import { createMetrics } from "./metrics.ts";
import { cleanName } from "./series.ts";

describe("the table of names", () => {
  it.each([...instruments])("follows Prometheus: %s", (name, { kind, unit, help }) => {
    expect(cleanName(name)).toBe(name);
    expect(name.endsWith("_total")).toBe(kind === "counter");
    expect(help).toMatch(/^[A-Z].*\.$/);
    if (unit === "s") expect(name).toMatch(/_seconds$/);
    if (unit === "By") expect(name).toMatch(/_bytes/);
  });
});

describe("the samples of a server", () => {
  it("have every number of its metrics, under a name of the table", async () => {
    const server = makeChannelSocketServer({ userIdFn: () => "ann" });
    onTestFinished(() => server.close());
    const { url } = await server.listen({ port: 0, hostname: "127.0.0.1" });
    const client = makeChannelSocketClient(url);
    await client.ready();
    const values = server.metrics();
    const metrics = createMetrics({ now: () => 0 });
    metrics.source(() => serverSamples({ metrics: () => values }));
    const samples = metrics.series().filter(({ name }) => name.startsWith("sente_"));
    expect(samples).toHaveLength(Object.keys(values).length);
    expect(samples.map((one) => "value" in one && one.value).sort()).toEqual(Object.values(values).sort());
    expect(metrics.snapshot()).toMatchObject({
      gauges: { sente_connections: 1, sente_sessions_away: 0 },
      counters: { sente_connections_total: 1, sente_frames_out_total: values.framesOut },
    });
    expect(values.framesOut).toBeGreaterThan(0);
    client.close();
  });
});
