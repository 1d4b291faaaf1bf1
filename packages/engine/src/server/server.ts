import {
  type AnyContract,
  type ChannelSocketServer,
  type Codec,
  checkEncodable,
  createErrorChan,
  type Event,
  kw,
  MAX_DEPTH,
  ProtocolError,
  type Rejection,
  type ServerLimits,
  type ServerMessage,
  type ServerOptions,
  serverDefaults,
  UsageError,
} from "@sente-lite/protocol";
import {
  Batch,
  checkedEvent,
  closeCodes,
  gateOf,
  inEvent,
  monotonic,
  type ReplyFailure,
  readHint,
  type ServerOutput,
} from "@sente-lite/protocol/session";
import { disposable } from "../disposable.ts";
import { type Host, switchableHost } from "../host.ts";
import { limitsOf } from "../limits.ts";
import { createReceiver } from "../receiver.ts";
import type { ConnectionHandlers, ServerSocket } from "../sockets.ts";
import { INSIDE, type Message, UNHANDLED, weightOf } from "../source.ts";
import { type Admitted, createAdmission } from "./admission.ts";
import { closeAtOnce } from "./close-at-once.ts";
import { createPresence } from "./connected-uids.ts";
import type { Connection } from "./connection.ts";
import { createConnections, STALE } from "./connections.ts";
import { type Drain, startDrain } from "./drain.ts";
import { INSIDE_SERVER, type ServerInside } from "./inside.ts";
import { createCounters } from "./metrics.ts";
import { createPushing } from "./pushing.ts";
import { Registry } from "./registry.ts";
import { type Replies, repliesFor } from "./replies.ts";
import type { UpgradeRequest } from "./request.ts";

/** How deep an event's data lies in its frame: frame, batch, event. */
const FRAME_DEPTH = 3;

const TOO_SLOW = "a peer takes its frames too slowly: the oldest pushes to it are left out";

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
  const errorChan = createErrorChan(host);
  const { report } = errorChan;
  const presence = createPresence(host, limits.presenceGraceMs, (error) => report(error, { source: "connectedUids" }));
  const { receiver, deliver } = createReceiver<Delivered<Context>>(limits.maxReceived);
  const closing = (): Rejection | undefined =>
    drain && { status: 503, body: "the server drains", ...readHint(drain.hint) };
  const judge = createAdmission(host, codecs, options, report, closing);
  /** Set while it drains. */
  let drain: Drain<Connection<Context>> | undefined;
  let isClosed = false;
  let hasEnded: Promise<void> | undefined;

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

  const registry = new Registry<Connection<Context>>();
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
      connections.ended(connection, said.reason, said.undelivered);
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

  const isReady = () => drain === undefined && !isClosed;

  const connections = createConnections({
    connection: { host, now, limits, root, counters, backpressure: options.backpressure },
    registry,
    presence,
    pushing,
    isReady,
    output,
    idle: (connection) => drain?.idle(connection),
    presenceChanged: (connection, id) => hand(connection, [id, connection.uid], undefined),
    report,
  });

  const opened = (admitted: Admitted<Context>, socket: ServerSocket): ConnectionHandlers => {
    if (isClosed) return closeAtOnce(host, socket, closeCodes.restart, "the server is closed");
    // It was judged before the drain began.
    if (drain !== undefined) return closeAtOnce(host, socket, closeCodes.draining, drain.hint);
    return connections.opened(admitted, socket);
  };

  const admit = async (request: UpgradeRequest): Promise<Decision> => {
    if (isClosed) return { type: "refuse", status: 503, body: "the server is closed" };
    const verdict = await judge(request);
    if (verdict.type === "admitted") {
      const { admitted } = verdict;
      if (connections.isStale(admitted)) return { type: "refuse", status: 409, body: STALE };
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

  const close: ChannelSocketServer["close"] = ({ drainMs = 0 } = {}) => {
    if (drainMs <= 0) drain?.finish();
    hasEnded ??= drainMs > 0 ? drained(drainMs).then(end) : end();
    return hasEnded;
  };

  const drained = (drainMs: number) =>
    new Promise<void>((resolve) => {
      const open = [...registry.all()].filter(({ session }) => session.status === "live");
      drain = startDrain(host, open, drainMs, resolve);
    });

  const end = async () => {
    isClosed = true;
    presence.end();
    await connections.end();
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
    errorChan,
    metrics: () => ({
      connections: registry.live,
      ...connections.away(),
      ...counters,
      errors: errorChan.total(),
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
