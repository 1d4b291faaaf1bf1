import { SessionLostError } from "@sente-lite/protocol";
import { type Arrival, closeCodes, type Frame, type NamedSession, ServerSessions } from "@sente-lite/protocol/session";
import { randomId, type Timer } from "../host.ts";
import { CLOSE_GRACE_MS, type ConnectionHandlers, type ServerSocket } from "../sockets.ts";
import type { Admitted } from "./admission.ts";
import { closeAtOnce } from "./close-at-once.ts";
import type { Presence } from "./connected-uids.ts";
import { Connection, type ConnectionEvents, type ConnectionOptions } from "./connection.ts";
import type { Pushing } from "./pushing.ts";
import type { Registry } from "./registry.ts";
import { eventsIn } from "./undelivered.ts";

export const STALE = "a later attempt of this client was accepted";

export interface ConnectionsOptions<Context> {
  /** What every connection is made with. */
  readonly connection: Omit<ConnectionOptions<Context>, "admitted" | "sessionId" | "events">;
  readonly registry: Registry<Connection<Context>>;
  readonly presence: Presence;
  readonly pushing: Pick<Pushing<Context>, "push" | "forget">;
  readonly isReady: () => boolean;
  readonly output: ConnectionEvents<Context>["output"];
  readonly idle: ConnectionEvents<Context>["idle"];
  readonly presenceChanged: (connection: Connection<Context>, id: "chsk/uidport-open" | "chsk/uidport-close") => void;
  readonly report: ConnectionEvents<Context>["report"];
}

export interface Connections<Context> {
  /** True for an attempt that a later one of the same client has overtaken. */
  readonly isStale: (admitted: Admitted<Context>) => boolean;
  readonly opened: (admitted: Admitted<Context>, socket: ServerSocket) => ConnectionHandlers;
  /** The session of a connection is over. */
  readonly ended: (connection: Connection<Context>, reason: string, undelivered: readonly Frame[]) => void;
  /** The sessions whose client is away, and what waits in them. */
  readonly away: () => { readonly sessionsAway: number; readonly sessionsAwayBytes: number };
  /** Closes all of them; resolves when every socket is closed. */
  readonly end: () => Promise<void>;
}

/** Who is connected, from arrival to end: new sessions and resumed ones, those that are away, and presence. */
export function createConnections<Context>(options: ConnectionsOptions<Context>): Connections<Context> {
  const { registry, presence, pushing, isReady, output, idle, presenceChanged, report } = options;
  const { limits, counters, host } = options.connection;
  const sessions = new ServerSessions<Connection<Context>>(limits);
  const awayTimers = new Set<Timer>();
  /** Sockets that have not closed, those too that are no longer served. */
  const sockets = new Set<ServerSocket>();
  let allEnded: (() => void) | undefined;

  /** The connection has no socket: presence ends after the grace. Its session may go on. */
  const detached = (connection: Connection<Context>, hasEnded: boolean) => {
    const { uid, session, admitted } = connection;
    registry.count(connection, -1);
    if (session.id === undefined && !hasEnded && isReady() && admitted.form === "wrapped") keepMissed(connection);
    if (!registry.isLive(uid) && isReady()) {
      presence.leaving(uid, () => presenceChanged(connection, "chsk/uidport-close"));
    }
  };

  /** As Sente: what is pushed to a client without a session that was cut off is kept for the grace. */
  const keepMissed = (connection: Connection<Context>) => {
    const away = registry.wentAway(connection);
    const timer = host.setTimer(limits.presenceGraceMs, () => {
      awayTimers.delete(timer);
      registry.forget(away);
    });
    awayTimers.add(timer);
  };

  const ended = (connection: Connection<Context>, reason: string, undelivered: readonly Frame[]) => {
    const { session, admitted, isUnwanted } = connection;
    pushing.forget(connection);
    registry.remove(connection);
    sessions.remove(connection);
    if (session.id === undefined || undelivered.length === 0 || isUnwanted) return;
    counters.sessionsLost++;
    const events = () => eventsIn(undelivered, admitted.codec, admitted.form);
    connection.report(new SessionLostError(session.id, reason, events), { source: "session" });
  };

  /** The sessions that wait for clients which are away are bounded: the oldest ends first. */
  const waits = (connection: Connection<Context>) => {
    sessions.weigh(connection);
    for (let oldest = sessions.overflow(); oldest !== undefined; oldest = sessions.overflow()) {
      sessions.remove(oldest);
      oldest.session.close(closeCodes.tooSlow, "too many sessions were away");
      oldest.run();
    }
  };

  const opened = (admitted: Admitted<Context>, socket: ServerSocket): ConnectionHandlers => {
    counters.connectionsTotal++;
    const arrival = arrivalOf(admitted);
    if (arrival === undefined) return begun(admitted, socket, undefined);
    // A later attempt was accepted since this one was judged.
    if (sessions.isStale(arrival)) return closeAtOnce(host, socket, closeCodes.broken, STALE);
    const { ending, resumed } = sessions.admit(arrival);
    for (const { holder, reason } of ending) {
      holder.session.close(reason === "never confirmed" ? closeCodes.restart : closeCodes.takenOver, reason);
      holder.run();
    }
    if (resumed === undefined || arrival.named === undefined) return begun(admitted, socket, arrival);
    return resumedOn(resumed, admitted, socket, arrival.named);
  };

  /** Sessions are between our own peers, where they are not switched off (PROTOCOL.md section 6). */
  const arrivalOf = ({ uid, clientId, codec, form, parameters }: Admitted<Context>): Arrival | undefined => {
    if (!parameters.ownPeer || form === "bare" || limits.sessionWindowMs === 0) return undefined;
    return { uid, clientId, codec, form, attempt: parameters.attempt, named: parameters.session };
  };

  const begun = (admitted: Admitted<Context>, socket: ServerSocket, arrival: Arrival | undefined) => {
    const sessionId = arrival === undefined ? undefined : randomId(host);
    const connection = new Connection<Context>({ ...options.connection, admitted, sessionId, events });
    if (arrival !== undefined) sessions.add(connection, arrival);
    else if (admitted.form === "wrapped") takeOver(connection);
    registry.add(connection);
    const handlers = live(connection, socket, () => connection.open(socket));
    for (const event of registry.returned(connection)) pushing.push(connection, event);
    return handlers;
  };

  /** A client without a session that comes again takes the place of its earlier connection. */
  const takeOver = (connection: Connection<Context>) => {
    for (const earlier of registry.named(connection)) {
      if (earlier.session.id === undefined) {
        earlier.close(closeCodes.takenOver, "another connection has this client id");
      }
    }
  };

  const resumedOn = (
    connection: Connection<Context>,
    admitted: Admitted<Context>,
    socket: ServerSocket,
    { received }: NamedSession,
  ) => {
    counters.sessionsResumed++;
    const handlers = live(connection, socket, () => connection.resumeOn(socket, admitted, received));
    if (connection.session.status === "live") sessions.returned(connection);
    return handlers;
  };

  /** The connection gets a socket; whoever was not here arrives. */
  const live = (connection: Connection<Context>, socket: ServerSocket, attach: () => ConnectionHandlers) => {
    sockets.add(socket);
    registry.count(connection, 1);
    const handlers = attach();
    if (registry.isLive(connection.uid) && presence.arrived(connection.uid)) {
      presenceChanged(connection, "chsk/uidport-open");
    }
    return handlers;
  };

  const socketClosed = (socket: ServerSocket) => {
    sockets.delete(socket);
    if (sockets.size === 0) allEnded?.();
  };

  const events: ConnectionEvents<Context> = {
    output,
    confirmed: (connection) => sessions.confirmed(connection),
    detached,
    waits,
    idle,
    socketClosed,
    report,
  };

  const end = async () => {
    for (const timer of awayTimers) host.clearTimer(timer);
    const done = new Promise<void>((resolve) => {
      allEnded = resolve;
      if (sockets.size === 0) resolve();
    });
    // A socket that cannot be cut is not waited for without end.
    const patience = host.setTimer(2 * CLOSE_GRACE_MS, () => allEnded?.());
    for (const connection of [...registry.all()]) {
      // What waits for a client that is away is lost, and reported; to the others it goes out first.
      connection.isUnwanted = connection.session.status === "live";
      connection.close(closeCodes.restart, "the server closes");
    }
    await done;
    host.clearTimer(patience);
  };

  return {
    isStale: (admitted) => {
      const arrival = arrivalOf(admitted);
      return arrival !== undefined && sessions.isStale(arrival);
    },
    opened,
    ended,
    away: () => ({ sessionsAway: sessions.away, sessionsAwayBytes: sessions.awayBytes }),
    end,
  };
}
