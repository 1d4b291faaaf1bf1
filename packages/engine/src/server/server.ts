import {
  type AnyContract,
  type ChannelSocketServer,
  type Codec,
  checkEncodable,
  type Event,
  kw,
  MAX_DEPTH,
  ProtocolError,
  type Rejection,
  type ServerLimits,
  type ServerMessage,
  type ServerOptions,
  SessionLostError,
  serverDefaults,
  UsageError,
} from "@sente-lite/protocol";
import {
  type Arrival,
  Batch,
  checkedEvent,
  closeCodes,
  type Frame,
  gateOf,
  inEvent,
  monotonic,
  type NamedSession,
  type ReplyFailure,
  readHint,
  type ServerOutput,
  ServerSessions,
} from "@sente-lite/protocol/session";
import { disposable } from "../disposable.ts";
import { createErrorChan } from "../error-chan.ts";
import { type Host, randomId, switchableHost, type Timer } from "../host.ts";
import { limitsOf } from "../limits.ts";
import { createReceiver } from "../receiver.ts";
import { CLOSE_GRACE_MS, type ConnectionHandlers, type ServerSocket } from "../sockets.ts";
import { INSIDE, type Message, UNHANDLED, weightOf } from "../source.ts";
import { type Admitted, createAdmission } from "./admission.ts";
import { closeAtOnce } from "./close-at-once.ts";
import { createPresence } from "./connected-uids.ts";
import { Connection } from "./connection.ts";
import { type Drain, startDrain } from "./drain.ts";
import { INSIDE_SERVER, type ServerInside } from "./inside.ts";
import { createCounters } from "./metrics.ts";
import { createPushing } from "./pushing.ts";
import { Registry } from "./registry.ts";
import { type Replies, repliesFor } from "./replies.ts";
import type { UpgradeRequest } from "./request.ts";
import { eventsIn } from "./undelivered.ts";

/** How deep an event's data lies in its frame: frame, batch, event. */
const FRAME_DEPTH = 3;

const TOO_SLOW = "a peer takes its frames too slowly: the oldest pushes to it are left out";

const STALE = "a later attempt of this client was accepted";

/** What to do with an upgrade request. */
export type Decision =
  | { readonly type: "refuse"; readonly status: number; readonly body: string }
  | {
      readonly type: "accept";
      /** The subprotocol to answer with, if any. */
      readonly protocol: string | undefined;
      /** Call it when the socket is open; what it returns wants to hear of the socket. */
      readonly opened: (socket: ServerSocket) => ConnectionHandlers;
    };

/** A server as a runtime package sees it: the public object, and the way in for connections. */
export interface ServerCore<Context, C extends AnyContract | undefined = undefined> {
  readonly server: ChannelSocketServer<Context, C>;
  /** Judges an upgrade request; never rejects. */
  readonly admit: (request: UpgradeRequest) => Promise<Decision>;
  readonly limits: ServerLimits;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

export interface ServerCoreOptions<
  Context,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
> {
  readonly host: Host;
  /** For a user who names no codecs. */
  readonly codecs: readonly Codec[];
  readonly options: ServerOptions<Context, C, Codecs>;
  /** Closes what the runtime opened. */
  readonly closeListeners?: () => Promise<void>;
}

type Delivered<Context> = ServerMessage<Context> & Message;

export function createServer<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
>(core: ServerCoreOptions<Context, C, Codecs>): ServerCore<Context, C> {
  // In here all events are alike; the contract's types are for the outside.
  const options = core.options as unknown as ServerOptions<Context>;
  const { host, use: useHost } = switchableHost(core.host);
  const gate = gateOf(core.options.contract, "server");
  const limits = limitsOf(serverDefaults, options);
  const codecs = codecsOf(options.codecs ?? core.codecs, options.serialization);
  const now = monotonic(host.now);
  const handlers = codecs.flatMap((codec) => codec.handlers ?? []);
  const root = Batch.root();
  const counters = createCounters();
  const registry = new Registry<Connection<Context>>();
  const sessions = new ServerSessions<Connection<Context>>(limits);
  const chan = createErrorChan(host);
  const report = (error: unknown, context: Readonly<Record<string, unknown>>) => {
    counters.errors++;
    chan.report(error, context);
  };
  const presence = createPresence(host, limits.presenceGraceMs, (error) => report(error, { source: "connectedUids" }));
  const { receiver, deliver } = createReceiver<Delivered<Context>>(limits.maxReceived);
  const closing = (): Rejection | undefined =>
    drain && { status: 503, body: "the server drains", ...readHint(drain.hint) };
  const judge = createAdmission(host, codecs, options, report, closing);
  const awayTimers = new Set<Timer>();
  /** Set while it drains. */
  let drain: Drain<Connection<Context>> | undefined;
  let isClosed = false;
  let hasEnded: Promise<void> | undefined;
  /** Sockets that have not closed, those too that are no longer served. */
  const sockets = new Set<ServerSocket>();
  let allEnded: (() => void) | undefined;

  const pushed = (event: Event): Event => {
    const checked = checkedEvent(event);
    gate?.checkSent(checked);
    try {
      checkEncodable(checked[1], MAX_DEPTH - FRAME_DEPTH, handlers);
    } catch (error) {
      throw inEvent(error, checked[0]);
    }
    return checked;
  };

  const pushing = createPushing({ host, limits, root, registry, checked: pushed });
  const { push, sendFn, broadcastFn, disconnectFn } = pushing;

  const deliverEvent = (connection: Connection<Context>, event: Event, replies: Replies | undefined) => {
    const { uid, clientId, admitted } = connection;
    const message: Delivered<Context> = {
      event,
      id: event[0],
      data: event[1],
      uid,
      clientId,
      context: admitted.context,
      request: admitted.request,
      replyFn: replies?.replyFn,
      sendFn,
      connectedUids: presence.connectedUids,
      [INSIDE]: {
        source: connection,
        replyFailed: replies?.replyFailed,
        weight: weightOf(event[0], connection.frameBytes),
        begun: () => connection.begun(),
      },
    };
    if (!deliver(message)) replies?.replyFailed(UNHANDLED);
  };

  const hand = (connection: Connection<Context>, event: Event, replies: Replies | undefined) => {
    if (gate === undefined) {
      deliverEvent(connection, event, replies);
      return;
    }
    const passed = (checked: Event) => deliverEvent(connection, checked, replies);
    gate.event(connection, event, passed, (error, failure) => {
      counters.badEvents++;
      connection.report(error, { source: "contract", event: event[0] });
      replies?.replyFailed(failure);
    });
  };

  const output = (connection: Connection<Context>, said: Exclude<ServerOutput, { type: "close" }>) => {
    if (said.type === "report") {
      if (said.error.code === "bad-event") counters.badEvents++;
      connection.report(said.error, { source: "connection", event: said.event?.[0] });
      return;
    }
    if (said.type === "dropped") {
      counters.pushesDropped++;
      if (said.isFirst) connection.report(new ProtocolError("push-dropped", TOO_SLOW), { source: "backpressure" });
      return;
    }
    if (said.type === "ended") {
      sessionEnded(connection, said.reason, said.undelivered);
      return;
    }
    counters.eventsIn++;
    const { event, cbId } = said;
    hand(connection, event, cbId === null ? pubSubRefusal(connection, event) : repliesFor(connection, cbId, event[0]));
  };

  /** There are no rooms yet: a sente_lite peer that asks for one and finds nobody to answer is told so (section 4). */
  const pubSubRefusal = (connection: Connection<Context>, event: Event): Replies | undefined => {
    if (connection.admitted.parameters.clientId !== undefined || !event[0].startsWith("sente-lite/")) return undefined;
    const replyFailed = ({ code, message }: ReplyFailure) => {
      push(connection, ["sente-lite/error", { "event-id": kw(event[0]), code, message }]);
      return true;
    };
    return { replyFn: undefined, replyFailed };
  };

  /** The connection has no socket: presence ends after the grace. Its session may go on. */
  const detached = (connection: Connection<Context>, hasEnded: boolean) => {
    const { uid, session, admitted } = connection;
    registry.count(connection, -1);
    if (session.id === undefined && !hasEnded && isReady() && admitted.form === "wrapped") keepMissed(connection);
    if (!registry.isLive(uid) && isReady()) {
      presence.leaving(uid, () => hand(connection, ["chsk/uidport-close", uid], undefined));
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

  const sessionEnded = (connection: Connection<Context>, reason: string, undelivered: readonly Frame[]) => {
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
    if (isClosed) return closeAtOnce(host, socket, closeCodes.restart, "the server is closed");
    // It was judged before the drain began.
    if (drain !== undefined) return closeAtOnce(host, socket, closeCodes.draining, drain.hint);
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
    const confirmed = (one: Connection<Context>) => sessions.confirmed(one);
    const idle = (one: Connection<Context>) => drain?.idle(one);
    const events = { output, confirmed, detached, waits, idle, socketClosed, report };
    const sessionId = arrival === undefined ? undefined : randomId(host);
    const { backpressure } = options;
    const connection = new Connection<Context>({
      host,
      now,
      limits,
      root,
      counters,
      backpressure,
      admitted,
      sessionId,
      events,
    });
    if (arrival !== undefined) sessions.add(connection, arrival);
    else if (admitted.form === "wrapped") takeOver(connection);
    registry.add(connection);
    const handlers = live(connection, socket, () => connection.open(socket));
    for (const event of registry.returned(connection)) push(connection, event);
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
    if (registry.isLive(connection.uid) && presence.arrived(connection.uid))
      hand(connection, ["chsk/uidport-open", connection.uid], undefined);
    return handlers;
  };

  const socketClosed = (socket: ServerSocket) => {
    sockets.delete(socket);
    if (sockets.size === 0) allEnded?.();
  };

  const admit = async (request: UpgradeRequest): Promise<Decision> => {
    if (isClosed) return { type: "refuse", status: 503, body: "the server is closed" };
    const verdict = await judge(request);
    if (verdict.type === "admitted") {
      const { admitted } = verdict;
      const arrival = arrivalOf(admitted);
      if (arrival !== undefined && sessions.isStale(arrival)) return { type: "refuse", status: 409, body: STALE };
      return { type: "accept", protocol: admitted.parameters.protocol, opened: (socket) => opened(admitted, socket) };
    }
    counters.refusedTotal++;
    if (verdict.type === "refused") return { type: "refuse", status: verdict.status, body: verdict.body };
    return {
      type: "accept",
      protocol: verdict.protocol,
      opened: (socket) => closeAtOnce(host, socket, verdict.code, verdict.reason),
    };
  };

  const isReady = () => drain === undefined && !isClosed;

  const close: ChannelSocketServer["close"] = ({ drainMs = 0 } = {}) => {
    if (drainMs <= 0) drain?.finish();
    hasEnded ??= drainMs > 0 ? drained(drainMs).then(end) : end();
    return hasEnded;
  };

  const drained = (drainMs: number) =>
    new Promise<void>((resolve) => {
      const connections = [...registry.all()].filter(({ session }) => session.status === "live");
      drain = startDrain(host, connections, drainMs, resolve);
    });

  const end = async () => {
    isClosed = true;
    presence.end();
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
    await core.closeListeners?.();
  };

  const inside: ServerInside = { host: core.host, useHost, codecs, admit };
  const server: ChannelSocketServer<Context> & { readonly [INSIDE_SERVER]: ServerInside } = {
    [INSIDE_SERVER]: inside,
    chRecv: receiver,
    sendFn,
    broadcastFn,
    disconnectFn,
    connectedUids: presence.connectedUids,
    errorChan: chan.errorChan,
    metrics: () => ({
      connections: registry.live,
      sessionsAway: sessions.away,
      sessionsAwayBytes: sessions.awayBytes,
      ...counters,
    }),
    close,
    isReady,
    ...disposable(() => close()),
  };
  return { server: server as unknown as ChannelSocketServer<Context, C>, admit, limits, report };
}

function codecsOf(codecs: readonly Codec[], serialization: string | undefined): readonly Codec[] {
  if (codecs.length === 0) throw new UsageError("no-codec", "codecs is empty");
  if (serialization === undefined) return codecs;
  const first = codecs.find((codec) => codec.name === serialization);
  if (first === undefined) {
    const names = codecs.map((codec) => codec.name).join(", ");
    throw new UsageError("unknown-codec", `serialization "${serialization}" is none of codecs: ${names}`);
  }
  return [first, ...codecs.filter((codec) => codec !== first)];
}
