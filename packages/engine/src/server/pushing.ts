import { type ChannelSocketServer, type Event, type ServerLimits, UsageError } from "@sente-lite/protocol";
import { type Batch, closeCodes, encodedBytes } from "@sente-lite/protocol/session";
import type { Host } from "../host.ts";
import type { Connection } from "./connection.ts";
import { matcher, type Registry } from "./registry.ts";

export interface Pushing<Context> extends Pick<ChannelSocketServer, "sendFn" | "broadcastFn" | "disconnectFn"> {
  /** Pushes to one connection. */
  readonly push: (connection: Connection<Context>, event: Event, key?: string) => void;
  /** The connection is over: nothing goes out to it any more. */
  readonly forget: (connection: Connection<Context>) => void;
}

export interface PushingOptions<Context> {
  readonly host: Host;
  readonly limits: ServerLimits;
  readonly root: Batch;
  readonly registry: Registry<Connection<Context>>;
  /** The event as it is sent. Throws `UsageError`, `EncodeError`. */
  readonly checked: (event: Event) => Event;
}

/** What a server sends unasked, and how it throws its clients out. */
export function createPushing<Context>(options: PushingOptions<Context>): Pushing<Context> {
  const { host, limits, root, registry, checked: pushed } = options;

  // Pushes wait for others of the same turn: one timer for all connections.
  const dirty = new Set<Connection<Context>>();
  let isFlushPlanned = false;
  const flushAll = () => {
    isFlushPlanned = false;
    const connections = [...dirty];
    dirty.clear();
    for (const connection of connections) flush(connection);
    root.release();
  };
  const flush = (connection: Connection<Context>) => {
    connection.session.flush();
    connection.run();
  };

  const push = (connection: Connection<Context>, event: Event, key?: string) => {
    if (connection.session.push(event, key)) connection.run();
    dirty.add(connection);
    if (isFlushPlanned) return;
    isFlushPlanned = true;
    host.setTimer(limits.batchMs, flushAll);
  };

  const sendFn: ChannelSocketServer["sendFn"] = (to, event, { flush: isFlush = false, key } = {}) => {
    const checked = pushed(event);
    const flushed: Connection<Context>[] = [];
    let connections = 0;
    const connected = (connection: Connection<Context>) => {
      if (connection.session.status === "live") connections++;
      push(connection, checked, key);
      if (isFlush) flushed.push(connection);
    };
    registry.each(to, connected, (away) => {
      if (away.missed.length < limits.maxQueuedFrames) away.missed.push(checked);
    });
    for (const connection of flushed) flush(connection);
    return { connections };
  };

  const broadcastFn: ChannelSocketServer["broadcastFn"] = (event, { except, flush: isFlush = false, key } = {}) => {
    const checked = pushed(event);
    const isLeftOut = matcher(except);
    let connections = 0;
    for (const connection of registry.all()) {
      if (isLeftOut(connection)) continue;
      if (connection.session.status === "live") connections++;
      push(connection, checked, key);
    }
    for (const away of registry.allAway()) {
      if (!isLeftOut(away) && away.missed.length < limits.maxQueuedFrames) away.missed.push(checked);
    }
    if (isFlush) flushAll();
    return { connections };
  };

  const disconnectFn: ChannelSocketServer["disconnectFn"] = (to, { code = closeCodes.normal, reason = "" } = {}) => {
    checkClose(code, reason);
    const meant: Connection<Context>[] = [];
    registry.each(
      to,
      (connection) => meant.push(connection),
      (away) => registry.forget(away),
    );
    const connections = meant.filter(({ session }) => session.status === "live").length;
    for (const connection of meant) {
      connection.isUnwanted = code !== closeCodes.broken;
      connection.close(code, reason);
    }
    return { connections };
  };

  return { push, sendFn, broadcastFn, disconnectFn, forget: (connection) => void dirty.delete(connection) };
}

/** RFC 6455 sections 5.5 and 7.4: what an application may close with, and how long a reason may be. */
function checkClose(code: number, reason: string): void {
  if (code !== closeCodes.normal && !(Number.isInteger(code) && code >= 4000 && code <= 4999)) {
    throw new UsageError("bad-close-code", `a close code is 1000 or 4000 to 4999, not ${code}`);
  }
  if (encodedBytes(reason) > 123) throw new UsageError("bad-close-reason", "a close reason has at most 123 bytes");
}
