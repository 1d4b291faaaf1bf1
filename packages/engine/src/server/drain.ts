import { writeHint } from "@sente-lite/protocol/session";
import type { Host, Timer } from "../host.ts";

/** What is closed while a server drains. */
export interface Drainable {
  /** True while a handler of it works, or a request of it has no answer. */
  readonly isBusy: boolean;
  /** Closes it with 4503, after what waits. */
  drain(reason: string): void;
}

/** Into so many stages the connections are divided. */
const STAGES = 10;
/** New clients are told to spread over at least so much. */
const MIN_SPREAD_MS = 500;

export interface Drain<C extends Drainable> {
  /** The close reason for clients that come while it drains: the hint of PROTOCOL.md section 8.3. */
  readonly hint: string;
  /** A handler of that connection ended. */
  readonly idle: (connection: C) => void;
  /** Closes all that is left. */
  readonly finish: () => void;
}

/**
 * Closes connections in stages over half of `drainMs`, so that their clients do not come back in one instant, and each
 * only once its handlers have ended; after `drainMs` all of them. Calls `finished` once, when none is left to close.
 */
export function startDrain<C extends Drainable>(
  host: Host,
  connections: readonly C[],
  drainMs: number,
  finished: () => void,
): Drain<C> {
  const stageMs = Math.ceil(drainMs / 2 / STAGES);
  const hint = writeHint({ retryInMs: 0, spreadMs: Math.max(MIN_SPREAD_MS, stageMs) });
  const perStage = Math.max(1, Math.ceil(connections.length / STAGES));
  const left = new Set(connections);
  /** Those whose turn has come. */
  const due = new Set<C>();
  const timers: Timer[] = [];
  let isOver = false;

  const close = (connection: C) => {
    due.delete(connection);
    if (!left.delete(connection)) return;
    connection.drain(hint);
    if (left.size === 0) end();
  };
  const end = () => {
    if (isOver) return;
    isOver = true;
    for (const timer of timers) host.clearTimer(timer);
    finished();
  };
  const stage = (from: number) => {
    for (const connection of connections.slice(from, from + perStage)) {
      due.add(connection);
      if (!connection.isBusy) close(connection);
    }
  };
  const finish = () => {
    for (const connection of [...left]) close(connection);
    end();
  };

  for (let from = 0, n = 0; from < connections.length; from += perStage, n++) {
    timers.push(host.setTimer(n * stageMs, () => stage(from)));
  }
  timers.push(host.setTimer(connections.length === 0 ? 0 : drainMs, finish));
  return {
    hint,
    idle: (connection) => {
      if (due.has(connection) && !connection.isBusy) close(connection);
    },
    finish,
  };
}
