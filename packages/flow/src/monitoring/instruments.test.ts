import { makeChannelSocketClient, makeChannelSocketServer } from "@sente-lite/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { instruments, serverSamples } from "./instruments.ts";
import { createMetrics } from "./metrics.ts";
import { prometheusText } from "./prometheus.ts";
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
    onTestFinished(client.close);
    await client.ready();
    const values = server.metrics();
    const metrics = createMetrics({ now: () => 0 });
    metrics.source(() => serverSamples({ metrics: () => values }));
    expect(metrics.snapshot()).toMatchObject({
      gauges: { sente_connections: 1, sente_sessions_away: 0 },
      counters: { sente_connections_total: 1, sente_frames_out_total: values.framesOut },
    });
    expect(values.framesOut).toBeGreaterThan(0);

    // Each field once, which numbers that differ tell.
    const fields = Object.keys(values).filter((field) => field !== "refusedTotal" && field !== "refusedBy");
    const numbered = Object.fromEntries(fields.map((field, index) => [field, index]));
    const refusedBy = { origin: 1_000, limit: 1_001 };
    const samples = [...serverSamples({ metrics: () => ({ ...numbered, refusedBy }) as unknown as typeof values })];
    expect(samples.map(({ value }) => value).sort((a, b) => a - b)).toEqual([...Object.values(numbered), 1_000, 1_001]);
    const refused = samples.filter(({ name }) => name === "sente_refused_total");
    expect(refused.map(({ labels }) => labels)).toEqual([{ reason: "origin" }, { reason: "limit" }]);
  });
});

it("the text for Prometheus tells no token, session id or payload of a client", async () => {
  const server = makeChannelSocketServer({ userIdFn: () => "ann", csrfTokenFn: () => "csrf-5ecret" });
  onTestFinished(() => server.close());
  server.chRecv.on("a/ask", ({ replyFn }) => replyFn?.("reply-5ecret"));
  const { url } = await server.listen({ port: 0, hostname: "127.0.0.1" });
  const client = makeChannelSocketClient(url, {
    clientId: "client-5ecret",
    csrfToken: "csrf-5ecret",
    params: { token: "query-5ecret" },
    headers: { cookie: "token=cookie-5ecret" },
    protocols: ["sente-lite", "token.subprotocol-5ecret"],
  });
  onTestFinished(client.close);
  await client.requestFn(["a/ask", "sent-5ecret"]);
  const metrics = createMetrics({ now: () => 0 });
  metrics.source(() => serverSamples(server));
  const text = await prometheusText(metrics)();
  expect(text).toContain("sente_connections 1");
  expect(text).not.toContain("5ecret");
  expect(text).not.toContain(client.state.get().sessionId);
});
