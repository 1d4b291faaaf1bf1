import {
  type AnyContract,
  type ChannelSocketServer,
  type Codec,
  createErrorChan,
  type RefusedFor,
  type ServerLimits,
  type ServerOptions,
  serverDefaults,
  type UidOf,
} from "@sente-lite/protocol";
import { roomTopic } from "@sente-lite/protocol/cluster";
import { gateOf } from "@sente-lite/protocol/contract";
import { checkOptions, type OptionKinds } from "@sente-lite/protocol/options";
import { MemoryHistories } from "@sente-lite/protocol/rooms";
import { allFeatures, Batch, featuresWithout, makeMonotonic } from "@sente-lite/protocol/session";
import { checkAgreed } from "../client/options.ts";
import type { CanCompress } from "../compression.ts";
import { makeDisposable } from "../disposable.ts";
import { FanOut } from "../fan-out.ts";
import { serverEvents } from "../handled-ids.ts";
import { type Host, makeSwitchable, randomId } from "../host.ts";
import { limitOf, limitsOf } from "../limits.ts";
import { ReceivedPool } from "../received-pool.ts";
import { createReceiver } from "../receiver.ts";
import { Turns } from "../turns.ts";
import { Admission } from "./admission.ts";
import { Asking } from "./asking.ts";
import { AskingNodes } from "./asking-nodes.ts";
import { Cluster } from "./cluster.ts";
import { CodecDoubts } from "./codec-doubts.ts";
import type { ConnectionGround } from "./connection-ground.ts";
import type { Decision } from "./decision.ts";
import { type Delivered, Dispatcher } from "./dispatcher.ts";
import { Door } from "./door.ts";
import { FaultReports } from "./fault-reports.ts";
import { FollowingReplies } from "./following-replies.ts";
import { Handover } from "./handover.ts";
import { LateGreetings } from "./late-greetings.ts";
import { Arrivals } from "./limits/arrivals.ts";
import { Floods } from "./limits/floods.ts";
import { Gatekeeper } from "./limits/gatekeeper.ts";
import { Rates } from "./limits/rates.ts";
import { SlowHandlers } from "./limits/slow-handlers.ts";
import { Lingering } from "./lingering.ts";
import { Liveness } from "./liveness.ts";
import { Logins } from "./login.ts";
import { LoginRefresh } from "./login-refresh.ts";
import { createCounters } from "./metrics.ts";
import { checkServerOptions, codecsOf } from "./options.ts";
import { Outgoing } from "./outgoing.ts";
import { Proxies } from "./proxies.ts";
import { ReportLimiter } from "./report-limiter.ts";
import type { UpgradeRequest } from "./request.ts";
import type { Posted } from "./rooms/post.ts";
import { PubSub } from "./rooms/pub-sub.ts";
import { RoomFunctions } from "./rooms/room-functions.ts";
import { roomKindsOf } from "./rooms/room-kinds.ts";
import { RoomRequests } from "./rooms/room-requests.ts";
import { Rooms } from "./rooms/rooms.ts";
import { StreamHistories } from "./rooms/stream-histories.ts";
import { Roster } from "./roster.ts";
import { SessionDriver } from "./session-driver.ts";
import { Shared } from "./shared.ts";
import { Sharing } from "./sharing.ts";
import { Shutdown } from "./shutdown.ts";
import { TEST_ACCESS, type TestAccess } from "./test-access.ts";

/** A server as a runtime package sees it: the public object, and the way in for connections. */
export interface ServerCore<
  Context,
  C extends AnyContract | undefined = undefined,
  Uid extends string | null = string | null,
> {
  readonly server: ChannelSocketServer<Context, C, Uid>;
  /** Judges an upgrade request; never rejects. */
  readonly admit: (request: UpgradeRequest) => Promise<Decision>;
  /** False once it was told to end. */
  readonly isOpen: () => boolean;
  readonly limits: ServerLimits;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  /** Counts a socket that is not used any more and cannot be given back; returns what to call once it has closed. */
  readonly linger: () => () => void;
}

export interface ServerCoreOptions<
  Context,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
  Uid extends string | null | undefined = string | null | undefined,
> {
  readonly host: Host;
  /** For a user who names no codecs. */
  readonly codecs: readonly Codec[];
  readonly options: ServerOptions<Context, C, Codecs, Uid>;
  /** Options that the runtime takes beside those of every server, and checks itself. */
  readonly ownOptions?: OptionKinds;
  /** Absent where compression cannot be had by an option. */
  readonly canCompress?: CanCompress | undefined;
  /** Closes what the runtime opened. */
  readonly closeListeners?: () => Promise<void>;
}

/** What `metrics` says of a cluster where there is none. */
const ALONE = { clusterNodes: 1, clusterTopics: 0, clusterUids: 0 };
const closeKinds = { drainMs: 0 };
/** A server that ends waits so long for what was sent into rooms to be in their histories. */
const HISTORY_MS = 5_000;

export function createServer<
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
  Uid extends string | null | undefined = string | null | undefined,
>(core: ServerCoreOptions<Context, C, Codecs, Uid>): ServerCore<Context, C, UidOf<Uid>> {
  // In here all events are alike; the contract's types are for the outside.
  const options = core.options as unknown as ServerOptions<Context>;
  checkServerOptions(options, core.ownOptions, core.canCompress);
  const { host, use: useHost } = makeSwitchable(core.host);
  const contract: AnyContract | undefined = core.options.contract;
  const agreed = contract?.codec;
  const gate = gateOf(contract, "server");
  const limits = limitsOf(serverDefaults, options);
  const codecs = codecsOf(options.codecs ?? (agreed === undefined ? core.codecs : [agreed]), options.serialization);
  checkAgreed(agreed, codecs);
  const now = makeMonotonic(host.monotonic);
  const handlers = codecs.flatMap((codec) => codec.handlers ?? []);
  const areUidsSure = options.userIdFn !== undefined || options.authorizedFn !== undefined;
  const root = Batch.root();
  const counters = createCounters();
  const fanOut = new FanOut({ host, patienceMs: limits.pingTimeoutMs });
  const errorChan = createErrorChan(host);
  const { report } = errorChan;
  const { receiver, deliver } = createReceiver<Delivered<Context>>(limits, serverEvents);
  const lingering = new Lingering(report);
  const shutdown = new Shutdown(host);
  const lateGreetings = new LateGreetings(host, now);
  const faults = new FaultReports<Context>(host, counters, report);
  const kinds = roomKindsOf(options.rooms);
  const { backplane } = options;
  const sharing =
    backplane &&
    new Sharing({
      host,
      now,
      graceMs: limits.presenceGraceMs,
      sessionWindowMs: limits.sessionWindowMs,
      handlers,
      sharesPresence: options.presence !== "local",
      needsStreams: [...kinds.values()].some(({ history }) => history !== undefined),
      counters,
      report,
    });
  const cluster = backplane && sharing && new Cluster({ host, backplane, hearing: sharing, report });
  const liveness = cluster && new Liveness({ host, cluster });
  const roster = new Roster<Context>({ host, limits, shutdown, report, share: sharing });
  const { connectedUids } = roster;
  const { maxHistoryBytes: maxBytes, maxRooms, maxPayloadBytes } = limits;
  const isInUse = (room: string): boolean => rooms.has(room) || kinds.isNamed(room);
  const memory = new MemoryHistories<Posted>({ makeEpoch: () => randomId(host), now, maxBytes, maxRooms, isInUse });
  const histories =
    cluster && sharing ? new StreamHistories({ codec: sharing.codec, streams: () => cluster.streams }) : memory;
  const push: Outgoing<Context>["push"] = (driver, event, key) => outgoing.push(driver, event, key);
  const pushVolatile: Outgoing<Context>["pushVolatile"] = (driver, event) => outgoing.pushVolatile(driver, event);
  const endSessionsIn = (room: string) => void shared.endSessions(roomTopic(room));
  const rooms = new Rooms<Context>({
    host,
    limits,
    kinds,
    histories,
    roster,
    push,
    pushVolatile,
    report,
    sharing,
    endSessionsIn,
  });
  const roomFunctions = new RoomFunctions<Context>({ rooms, sharing });
  const roomRequests = new RoomRequests<Context>({ rooms, gate, counters, maxPayloadBytes, push });
  const pubSub = kinds.isEmpty ? undefined : new PubSub<Context>({ rooms, requests: roomRequests, push });
  const outgoing = new Outgoing<Context>({
    host,
    limits,
    root,
    fanOut,
    roster,
    rooms,
    faults,
    counters,
    gate,
    handlers,
    areUidsSure,
    sharing,
  });
  const sendFn: ChannelSocketServer["sendFn"] = (to, event, options) => outgoing.send(to, event, options);
  const asking = new Asking<Context>({
    now,
    limits,
    gate,
    roster,
    rooms,
    report: (client, error, context) => {
      counters.badEvents++;
      client.report(error, context);
    },
  });
  const following =
    cluster &&
    sharing &&
    new FollowingReplies<Context>({
      now,
      limits,
      cluster,
      sharing,
      roster,
      onIdle: (work) => shutdown.noteWorkDone(work),
    });
  const handover =
    cluster &&
    liveness &&
    sharing &&
    following &&
    new Handover<Context>({
      host,
      now,
      cluster,
      liveness,
      counters,
      shutdown,
      roster,
      rooms,
      sharing,
      following,
      getShared: () => shared,
      makeDriver: (admitted, id) => new SessionDriver(ground, admitted, id),
      report,
    });
  const dispatcher = new Dispatcher<Context>({
    gate,
    counters,
    now,
    limits,
    connectedUids,
    sendFn,
    outgoing,
    deliver,
    roomRequests,
    pubSub,
    following,
  });
  const logins = new Logins({ host, options, hookTimeoutMs: limits.hookTimeoutMs });
  const turns = new Turns(host);
  const floods = new Floods(host, now);
  const ground: ConnectionGround<SessionDriver<Context>> = {
    host,
    now,
    limits,
    root,
    counters,
    pool: new ReceivedPool(limits.maxReceivedTotalBytes),
    turns,
    fanOut,
    backpressure: options.backpressure,
    doubts: new CodecDoubts(),
    roster,
    rooms,
    dispatcher,
    asking,
    faults,
    shutdown,
    handover,
    following,
    refresh: new LoginRefresh(logins),
    lateGreetings,
    rates: new Rates({ host, now, turns, limits, overRate: options.overRate }),
    floods,
    slowHandlers: new SlowHandlers({ host, now, slowHandlerMs: limits.slowHandlerMs }),
    report,
  };
  const shared: Shared<Context> = new Shared<Context>({
    host,
    limits,
    roster,
    rooms,
    outgoing,
    dispatcher,
    following,
    report,
  });
  if (cluster !== undefined && liveness !== undefined && sharing !== undefined) {
    sharing.serve(shared, cluster, liveness);
    asking.useNodes(new AskingNodes({ cluster, sharing, answer: (question) => asking.answerNode(question), report }));
  }
  const features = kinds.isEmpty ? featuresWithout("rooms") : allFeatures;
  const closed = {
    get rejection() {
      return shutdown.rejection ?? cluster?.rejection;
    },
  };
  const noteRefused = (refusedFor: RefusedFor) => {
    counters.refusedTotal++;
    counters.refusedBy[refusedFor]++;
  };
  const limiter = new ReportLimiter(host);
  const proxies = options.trustProxy === undefined ? undefined : new Proxies(options.trustProxy);
  const knowsProxies = proxies !== undefined;
  const gatekeeper = new Gatekeeper({
    arrivals: new Arrivals(limits, now),
    limiter,
    report,
    noteRefused,
    knowsProxies,
  });
  const admission = new Admission({ host, codecs, logins, options, features, report, noteRefused, shutdown: closed });
  const door = new Door({
    ground,
    admission,
    roster,
    rooms,
    shutdown,
    outgoing,
    cluster,
    sharing,
    handover,
    gatekeeper,
    floods,
    noteRefused,
  });
  const admit = (request: UpgradeRequest) => door.admit(proxies?.resolve(request) ?? request);
  let hasEnded: Promise<void> | undefined;

  const close: ChannelSocketServer["close"] = async (closeOptions = {}) => {
    checkOptions("close", closeOptions, closeKinds);
    const { drainMs: given = 0 } = closeOptions;
    const drainMs = limitOf("drainMs", given);
    if (drainMs <= 0) shutdown.finish();
    hasEnded ??= drainMs > 0 ? drain(drainMs).then(end) : end();
    return hasEnded;
  };

  const drain = (drainMs: number) => {
    // What follows the sessions of clients that are away, or have gone to another server, is waited for as well.
    const isWaitedFor = ({ isLive, departure }: SessionDriver<Context>) =>
      isLive || (following !== undefined && departure.isBusy);
    const departures = [...roster.findAll()].filter(isWaitedFor).map(({ departure }) => departure);
    const isMore = following?.work.isBusy === true;
    return shutdown.drain(isMore ? [following.work, ...departures] : departures, drainMs);
  };

  const end = async () => {
    shutdown.close();
    lateGreetings.end();
    ground.slowHandlers.stop();
    roster.end();
    await shutdown.closeAll(Array.from(roster.findAll(), ({ departure }) => departure));
    await roster.waitForSockets();
    await core.closeListeners?.();
    if (handover !== undefined) {
      await handover.settle();
      await rooms.posts.underWay.settle(host, HISTORY_MS);
    }
    await sharing?.end();
    await cluster?.leave();
  };

  const access: TestAccess = { host: core.host, useHost, codecs, admit };
  const server: ChannelSocketServer<Context> & { readonly [TEST_ACCESS]: TestAccess } = {
    [TEST_ACCESS]: access,
    chRecv: receiver,
    sendFn,
    requestFn: (...given) => asking.request(...given),
    requestAllFn: (...given) => asking.requestAll(...given),
    broadcastFn: (event, options) => outgoing.broadcast(event, options),
    disconnectFn: (to, options) => outgoing.disconnect(to, options),
    joinFn: roomFunctions.joinFn,
    leaveFn: roomFunctions.leaveFn,
    room: roomFunctions.room,
    connectedUids,
    errorChan,
    metrics: () => ({
      ...roster.counts(),
      rooms: rooms.count,
      roomHistoryBytes: histories.bytes,
      socketsLingering: lingering.count,
      ...(sharing?.counts() ?? ALONE),
      ...counters,
      refusedBy: { ...counters.refusedBy },
      errors: errorChan.total(),
    }),
    close,
    isReady: () => shutdown.isReady && cluster?.joining === undefined,
    ...makeDisposable(() => close()),
  };
  const linger = () => lingering.add();
  return {
    server: server as unknown as ChannelSocketServer<Context, C, UidOf<Uid>>,
    admit,
    isOpen: () => shutdown.isReady,
    limits,
    report,
    linger,
  };
}
