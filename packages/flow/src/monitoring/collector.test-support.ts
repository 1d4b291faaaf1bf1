import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Point {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly asDouble?: number;
  readonly count?: number;
  readonly sum?: number;
  readonly bucketCounts?: readonly number[];
  readonly explicitBounds?: readonly number[];
}

export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: readonly Point[] };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
}

interface Export {
  readonly resourceMetrics: readonly { readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[] }[];
}

/** What was received of one export. Throws where a name came twice. */
function indexByName(body: Export): Record<string, Metric> {
  const all = body.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  const named = Object.fromEntries(all.map((metric) => [metric.name, metric]));
  if (Object.keys(named).length < all.length) throw new Error(`twice: ${all.map(({ name }) => name)}`);
  return named;
}

/** A collector of OpenTelemetry that takes OTLP in JSON, and keeps it. */
export async function startCollector() {
  const received: Record<string, Metric>[] = [];
  const http = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      received.push(indexByName(JSON.parse(body)));
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1/metrics`,
    received,
    close: () => {
      http.closeAllConnections();
      http.close();
    },
  };
}
