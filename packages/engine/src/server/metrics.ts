/** What a server counts; read through `server.metrics()`. */
export interface Counters {
  connectionsTotal: number;
  refusedTotal: number;
  sessionsResumed: number;
  sessionsLost: number;
  pushesDropped: number;
  framesIn: number;
  framesOut: number;
  bytesIn: number;
  bytesOut: number;
  eventsIn: number;
  badEvents: number;
}

export function createCounters(): Counters {
  return {
    connectionsTotal: 0,
    refusedTotal: 0,
    sessionsResumed: 0,
    sessionsLost: 0,
    pushesDropped: 0,
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    eventsIn: 0,
    badEvents: 0,
  };
}
