import type { RefusedFor } from "@sente-lite/protocol";

/** What a server counts; read through `server.metrics()`. */
export interface Counters {
  connectionsTotal: number;
  refusedTotal: number;
  readonly refusedBy: Record<RefusedFor, number>;
  overRateTotal: number;
  sessionsResumed: number;
  sessionsLost: number;
  pushesDropped: number;
  volatileDropped: number;
  framesIn: number;
  framesOut: number;
  bytesIn: number;
  bytesOut: number;
  eventsIn: number;
  badEvents: number;
  clusterPostsIn: number;
  clusterPostsOut: number;
  clusterGaps: number;
}

export function createCounters(): Counters {
  return {
    connectionsTotal: 0,
    refusedTotal: 0,
    refusedBy: {
      parameters: 0,
      "csrf-token": 0,
      origin: 0,
      host: 0,
      unauthorized: 0,
      rejected: 0,
      limit: 0,
      closing: 0,
      failed: 0,
    },
    overRateTotal: 0,
    sessionsResumed: 0,
    sessionsLost: 0,
    pushesDropped: 0,
    volatileDropped: 0,
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    eventsIn: 0,
    badEvents: 0,
    clusterPostsIn: 0,
    clusterPostsOut: 0,
    clusterGaps: 0,
  };
}
