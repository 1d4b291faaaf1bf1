import type { ServerMetrics } from "@sente-lite/protocol";
import type { Sample } from "./metrics.ts";
import type { Kind } from "./series.ts";

/** What a name of a metric stands for. */
export interface Instrument {
  readonly kind: Kind;
  /** By UCUM, as OpenTelemetry has it: `s`, `By`, or what is counted in braces. */
  readonly unit: string;
  readonly help: string;
  /** The field of a server's `metrics()` that it is read from. */
  readonly field?: Field;
}

/** `refusedBy` is the label `reason` of what `refusedTotal` counts. */
type Field = Exclude<keyof ServerMetrics, "refusedBy">;

type Row = readonly [name: string, kind: Kind, unit: string, help: string, field?: Field];

const rows: readonly Row[] = [
  ["sente_connections", "gauge", "{connection}", "Open connections.", "connections"],
  ["sente_connections_total", "counter", "{connection}", "Connections ever opened.", "connectionsTotal"],
  ["sente_sockets_lingering", "gauge", "{socket}", "Sockets that were closed and cannot be cut.", "socketsLingering"],
  ["sente_sessions_away", "gauge", "{session}", "Sessions whose client is away.", "sessionsAway"],
  ["sente_sessions_away_bytes", "gauge", "By", "Bytes that are held for clients that are away.", "sessionsAwayBytes"],
  ["sente_sessions_resumed_total", "counter", "{session}", "Sessions that a client came back to.", "sessionsResumed"],
  ["sente_sessions_lost_total", "counter", "{session}", "Sessions that no client came back to.", "sessionsLost"],
  ["sente_rooms", "gauge", "{room}", "Rooms that somebody is in.", "rooms"],
  ["sente_room_history_bytes", "gauge", "By", "Bytes that the histories of rooms keep.", "roomHistoryBytes"],
  ["sente_pushes_dropped_total", "counter", "{push}", "Pushes that backpressure left out.", "pushesDropped"],
  ["sente_volatile_dropped_total", "counter", "{push}", "Volatile pushes that were left out.", "volatileDropped"],
  ["sente_refused_total", "counter", "{connection}", "Connections refused, by the reason.", "refusedTotal"],
  ["sente_over_rate_total", "counter", "{frame}", "Frames that came too fast.", "overRateTotal"],
  ["sente_frames_in_total", "counter", "{frame}", "Frames received.", "framesIn"],
  ["sente_frames_out_total", "counter", "{frame}", "Frames sent.", "framesOut"],
  ["sente_bytes_in_total", "counter", "By", "Bytes received.", "bytesIn"],
  ["sente_bytes_out_total", "counter", "By", "Bytes sent.", "bytesOut"],
  ["sente_events_in_total", "counter", "{event}", "Events received.", "eventsIn"],
  ["sente_bad_events_total", "counter", "{event}", "Events received that were malformed.", "badEvents"],
  ["sente_cluster_nodes", "gauge", "{node}", "Nodes that serve the application.", "clusterNodes"],
  ["sente_cluster_topics", "gauge", "{topic}", "Topics that the node is subscribed to.", "clusterTopics"],
  ["sente_cluster_uids", "gauge", "{user}", "Users in the cluster.", "clusterUids"],
  ["sente_cluster_posts_in_total", "counter", "{post}", "Posts of other nodes.", "clusterPostsIn"],
  ["sente_cluster_posts_out_total", "counter", "{post}", "Posts of the node.", "clusterPostsOut"],
  ["sente_cluster_gaps_total", "counter", "{gap}", "Posts of others that may be missing.", "clusterGaps"],
  ["sente_errors_total", "counter", "{error}", "Errors of the server.", "errors"],
  ["flow_handled_total", "counter", "{message}", "Messages that a process handled."],
  ["flow_errors_total", "counter", "{error}", "Errors of a process, by their code."],
  ["flow_restarts_total", "counter", "{restart}", "Restarts of a process."],
  ["flow_dropped_total", "counter", "{message}", "Messages that a full queue left out."],
  ["flow_queue_depth", "gauge", "{message}", "Messages that wait at a port."],
  ["flow_latency_seconds", "histogram", "s", "Time from the arrival of an event to the end of its handling."],
  ["flow_uptime_seconds", "gauge", "s", "Time since the system was started."],
  ["flow_metrics_source_errors_total", "counter", "{error}", "Errors of functions that the metrics were given."],
  ["flow_metrics_refused_total", "counter", "{value}", "Values that no metric takes: NaN, infinite, negative."],
];

/**
 * Every name that this library itself uses. Names follow Prometheus: in base units, so times are seconds here though
 * options and snapshots elsewhere speak of milliseconds; the unit is in the name; what only grows ends in `_total`.
 * Labels: `reason` on refusals; `process` on those of a process, besides `code` on errors, and `port` on queues and what they left out.
 */
export const instruments: ReadonlyMap<string, Instrument> = new Map(
  rows.map(([name, kind, unit, help, field]) => [name, { kind, unit, help, ...(field && { field }) }]),
);

/** What to tell a monitoring system of any name: from the table, else by the name's ending. */
export function describe(name: string): { readonly unit: string; readonly help: string } {
  const unit = /_seconds(_total)?$/.test(name) ? "s" : /_bytes(_total)?$/.test(name) ? "By" : "1";
  return instruments.get(name) ?? { unit, help: name };
}

/** The upper bounds of a histogram's buckets where a monitoring system needs some: 1 ms to 10 s, 64 B to 16 MiB, 1 to 1e6. */
export function bucketsOf(unit: string): number[] {
  if (unit === "s") return [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
  if (unit === "By") return Array.from({ length: 10 }, (_, index) => 4 ** (index + 3));
  return Array.from({ length: 7 }, (_, index) => 10 ** index).flatMap((ten) =>
    ten < 1e6 ? [ten, 2 * ten, 5 * ten] : ten,
  );
}

/** The metrics of a server as samples: `metrics.source(() => serverSamples(server))`. */
export function* serverSamples(server: { readonly metrics: () => ServerMetrics }): Iterable<Sample> {
  const values = server.metrics();
  for (const [name, { kind, field }] of instruments) {
    if (field === undefined || kind === "histogram") continue;
    if (field !== "refusedTotal") yield { name, kind, value: values[field] };
    else
      for (const [reason, value] of Object.entries(values.refusedBy)) yield { name, kind, labels: { reason }, value };
  }
}
