import {
  type ChannelSocketServer,
  checkEncodable,
  type Handler,
  MAX_DEPTH,
  type SenteEvent,
  type ServerLimits,
  type To,
  UsageError,
} from "@sente-lite/protocol";
import type { PostOptions } from "@sente-lite/protocol/cluster";
import type { Gate } from "@sente-lite/protocol/contract";
import { checkOptions } from "@sente-lite/protocol/options";
import {
  addEventName,
  type Batch,
  checkEvent,
  closeCodes,
  countBytes,
  snapshot,
  VolatilePush,
  weightOf,
} from "@sente-lite/protocol/session";
import type { FanOut } from "../fan-out.ts";
import type { Host } from "../host.ts";
import { checkTo } from "./check-to.ts";
import type { FaultReports } from "./fault-reports.ts";
import type { Counters } from "./metrics.ts";
import type { Weighed } from "./missed.ts";
import { type Away, createMatcher, isRoom, labelsOf, type ToLabels } from "./registry.ts";
import type { Rooms } from "./rooms/rooms.ts";
import type { Roster } from "./roster.ts";
import type { SessionDriver } from "./session-driver.ts";
import type { Sharing } from "./sharing.ts";

export interface OutgoingOptions<Context> {
  readonly host: Host;
  readonly limits: ServerLimits;
  readonly root: Batch;
  readonly fanOut: FanOut;
  readonly roster: Roster<Context>;
  readonly rooms: Rooms<Context>;
  readonly faults: FaultReports<Context>;
  readonly counters: Counters;
  readonly gate: Gate | undefined;
  /** Those of the codecs. */
  readonly handlers: readonly Handler[];
  /** False where a uid is nothing but the client id, which whoever connects chooses. */
  readonly areUidsSure: boolean;
  /** The other nodes, where there may be some. */
  readonly sharing: Pick<Sharing, "pushed" | "broadcasted" | "ordered"> | undefined;
}

/** An event that was checked, and that changes no more. */
interface Pushable {
  readonly event: SenteEvent;
  /**
   * True where it holds an object that only a codec's handler can read. That object may change, so the event is encoded
   * at once.
   */
  readonly isNow: boolean;
}

/** True for sessions that were given it as they came from another node. */
type HasIt<Context> = ((driver: SessionDriver<Context>) => boolean) | undefined;

type Server = ChannelSocketServer;
type SendOptions = Parameters<Server["sendFn"]>[2];
type BroadcastOptions = Parameters<Server["broadcastFn"]>[1];
type Pushed = ReturnType<Server["sendFn"]>;
/** How an event is pushed here, once that was checked. */
type HereOptions<Context> = Omit<NonNullable<SendOptions>, "except"> & {
  readonly except?: To | undefined;
  /** Of those that were given it before. */
  readonly hasIt?: HasIt<Context>;
};
type DisconnectOptions = Parameters<Server["disconnectFn"]>[1];

const pushKinds = { flush: "boolean", key: "string", volatile: "boolean", except: 0 };
/** How deep an event's data lies in its frame: frame, batch, event. */
const FRAME_DEPTH = 3;
/** In a room the event lies in the data of a room's event, which is two levels deeper. */
const ROOM_FRAME_DEPTH = FRAME_DEPTH + 2;
const disconnectKinds = { code: "number", reason: "string" };
const UIDS_ARE_CHOSEN =
  "sente-lite: pushes go to user ids, and without userIdFn a user id is the client id, which each client chooses: " +
  "whoever takes it gets what is pushed to it. Give makeChannelSocketServer a userIdFn that says who is logged in";

/** What a server sends unasked, and how it throws its clients out. */
export class Outgoing<Context> {
  readonly #options: OutgoingOptions<Context>;
  #isToWarn: boolean;
  /** Those with a push that waits for others of the same turn: one timer for all. */
  readonly #dirty = new Set<SessionDriver<Context>>();
  #isFlushPlanned = false;
  /** The frames of each volatile event, while it is sent. */
  readonly #volatile = new WeakMap<SenteEvent, VolatilePush>();

  constructor(options: OutgoingOptions<Context>) {
    this.#options = options;
    this.#isToWarn = !options.areUidsSure;
  }

  /** Pushes to those users; see `ChannelSocketServer`. */
  send(given: To, event: SenteEvent, options: SendOptions = {}): ReturnType<Server["sendFn"]> {
    const { gate, handlers, sharing } = this.#options;
    const to = checkTo("sendFn", given);
    checkPush("sendFn", options);
    if (isRoom(to)) return this.#sendInto(to.room, event, options);
    const except = exceptOf(options);
    const { event: checked, isNow } = toPushable(event, gate, handlers);
    this.#warnOfUids(to);
    const pushed = this.pushTo(to, checked, { ...options, except }, isNow);
    sharing?.pushed(to, checked, toPost(options, except));
    return pushed;
  }

  /** Pushes an event that was checked to those users, here alone; `isNow`: at once, since it may change. */
  pushTo(to: ToLabels, checked: SenteEvent, options: HereOptions<Context>, isNow = false): Pushed {
    const { roster } = this.#options;
    const { except, flush = false, key, volatile = false, hasIt } = options;
    const isLeftOut = createMatcher(this.#labelsOf(except));
    const meant = roster.findReached(to);
    const fresh = hasIt === undefined ? meant : meant.filter((driver) => !hasIt(driver));
    const reached = except === undefined ? fresh : fresh.filter((driver) => !isLeftOut(driver));
    if (volatile) {
      const missing = [...roster.findMissing(to)].filter((away) => !isLeftOut(away));
      return this.#sendVolatile(reached, checked, missing);
    }
    for (const driver of reached) this.push(driver, checked, key);
    this.#keepFor(
      [...roster.findMissing(to)].filter((away) => !isLeftOut(away)),
      checked,
    );
    if (flush || isNow) for (const driver of reached) flushNow(driver);
    return { connections: countLive(reached) };
  }

  /** Pushes to everybody; see `ChannelSocketServer`. */
  broadcast(event: SenteEvent, options: BroadcastOptions = {}): ReturnType<Server["broadcastFn"]> {
    const { gate, handlers, sharing } = this.#options;
    checkPush("broadcastFn", options);
    const except = exceptOf(options);
    const { event: checked, isNow } = toPushable(event, gate, handlers);
    const pushed = this.pushToAll(checked, { ...options, except }, isNow);
    sharing?.broadcasted(checked, toPost(options, except));
    return pushed;
  }

  /** Pushes an event that was checked to everybody who is here; `isNow`: at once, since it may change. */
  pushToAll(checked: SenteEvent, options: HereOptions<Context>, isNow = false): Pushed {
    const { roster } = this.#options;
    const { except, flush = false, key, volatile = false, hasIt } = options;
    const isLeftOut = createMatcher(this.#labelsOf(except));
    if (volatile) {
      const meant = roster.findAllReached().filter((driver) => !isLeftOut(driver));
      return this.#sendVolatile(meant, checked, roster.findAllMissing(isLeftOut));
    }
    const reached: SessionDriver<Context>[] = [];
    for (const driver of roster.findAllReached()) {
      if (isLeftOut(driver) || hasIt?.(driver) === true) continue;
      reached.push(driver);
      this.push(driver, checked, key);
    }
    this.#keepFor(roster.findAllMissing(isLeftOut), checked);
    if (flush || isNow) this.#flushAll();
    return { connections: countLive(reached) };
  }

  /** Throws those users out; see `ChannelSocketServer`. */
  disconnect(given: To, options: DisconnectOptions = {}): ReturnType<Server["disconnectFn"]> {
    const to = checkTo("disconnectFn", given);
    if (isRoom(to)) this.#options.rooms.findMeant(to);
    checkOptions("disconnectFn", options, disconnectKinds);
    const { code = closeCodes.normal, reason = "" } = options;
    checkClose(code, reason);
    const disconnected = this.expel(to, code, reason);
    this.#options.sharing?.ordered(to, { type: "disconnect", code, reason });
    return disconnected;
  }

  /** Throws those out who are here, but for those who have that order. */
  expel(to: To, code: number, reason: string, hasIt?: HasIt<Context>): Pushed {
    const { roster, rooms } = this.#options;
    const meant = rooms.findMeant(to).filter((driver) => hasIt?.(driver) !== true);
    if (!isRoom(to)) roster.forgetMissing(to);
    const connections = countLive(meant);
    for (const driver of meant) {
      if (code === closeCodes.broken) driver.close(code, reason);
      else driver.expel(code, reason);
    }
    return { connections };
  }

  /** Pushes an event that was checked to one client. */
  push(driver: SessionDriver<Context>, event: SenteEvent, key?: string): void {
    const { host, limits, fanOut } = this.#options;
    if (fanOut.isAnyBehind) fanOut.count(driver, event);
    if (driver.session.push(event, key)) driver.run();
    this.#dirty.add(driver);
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    host.setTimer(limits.batchMs, () => this.#flushAll());
  }

  /** Pushes an event that was checked to one client, now or never; false where it is left out. */
  pushVolatile(driver: SessionDriver<Context>, event: SenteEvent): boolean {
    const push = this.#volatile.get(event) ?? new VolatilePush(event, this.#options.limits.maxPayloadBytes);
    this.#volatile.set(event, push);
    return driver.pushVolatile(push);
  }

  #sendVolatile(drivers: readonly SessionDriver<Context>[], event: SenteEvent, missing: Iterable<Away>): Pushed {
    const { counters } = this.#options;
    for (const _away of missing) counters.volatileDropped++;
    return { connections: drivers.filter((driver) => this.pushVolatile(driver, event)).length };
  }

  #sendInto(room: string, event: SenteEvent, options: NonNullable<SendOptions>): Pushed {
    const { except, flush = false, key, volatile = false } = options;
    const { rooms, gate, handlers } = this.#options;
    rooms.check(room);
    const { event: checked, isNow } = toRoomPushable(room, event, gate, handlers);
    const excepted = exceptOf({ except });
    const posted = { event: checked, except: this.#labelsOf(excepted) };
    const exceptRoom = excepted !== undefined && isRoom(excepted) ? excepted.room : undefined;
    if (volatile) return { connections: rooms.posts.postVolatile(room, posted, exceptRoom) };
    const members = rooms.posts.post(room, posted, { key, flush, exceptRoom });
    if (flush || isNow) for (const driver of members) flushNow(driver);
    return { connections: countLive(members) };
  }

  /** Who is left out: of those in a room, who is in it now. */
  #labelsOf(except: To | undefined): ToLabels | undefined {
    if (except === undefined || !isRoom(except)) return except;
    return Array.from(this.#options.rooms.findIn(except.room), ({ uid, clientId }) => ({ uid, clientId }));
  }

  #flushAll(): void {
    this.#isFlushPlanned = false;
    const drivers = [...this.#dirty];
    this.#dirty.clear();
    for (const driver of drivers) flushNow(driver);
    this.#options.root.release();
  }

  /**
   * Keeps an event for clients without a session that may be back in a moment. What exceeds the bounds is lost, and
   * counted.
   */
  #keepFor(clients: Iterable<Away>, event: SenteEvent): void {
    const { limits, faults } = this.#options;
    let weighed: Weighed | undefined;
    for (const away of clients) {
      weighed ??= { event, bytes: event[0].length + weightOf(event[1], limits.maxQueuedBytes) };
      const kept = away.missed.add(weighed);
      if (kept !== "kept") faults.reportMissed(away, kept === "first");
    }
  }

  #warnOfUids(to: To): void {
    if (!this.#isToWarn || to === null) return;
    this.#isToWarn = false;
    this.#options.host.log.warn(UIDS_ARE_CHOSEN);
  }
}

/**
 * The event as it is now: what becomes of its data later never changes what is sent. Throws `UsageError` for what is no
 * event or is not in the contract, `EncodeError` for data that no codec can say.
 */
function toPushable(event: SenteEvent, gate: Gate | undefined, handlers: readonly Handler[]): Pushable {
  const checked = checkEvent(event);
  gate?.checkSent(checked);
  return snapshotEvent(checked, FRAME_DEPTH, handlers);
}

/** Does the same for an event that is sent into a room. */
function toRoomPushable(
  room: string,
  event: SenteEvent,
  gate: Gate | undefined,
  handlers: readonly Handler[],
): Pushable {
  const checked = checkEvent(event);
  gate?.checkSentInto(room, checked);
  return snapshotEvent(checked, ROOM_FRAME_DEPTH, handlers);
}

function snapshotEvent(checked: SenteEvent, depth: number, handlers: readonly Handler[]): Pushable {
  try {
    checkEncodable(checked[1], MAX_DEPTH - depth, handlers);
  } catch (error) {
    throw addEventName(error, checked[0]);
  }
  if (checked.length === 1) return { event: checked, isNow: false };
  const { value, hasInstances } = snapshot(checked[1]);
  return { event: [checked[0], value], isNow: hasInstances };
}

/** Who is left out, checked. */
function exceptOf({ except }: { readonly except?: To | undefined }): To | undefined {
  return except === undefined ? undefined : checkTo("except", except);
}

/** How an event is pushed at other nodes. */
function toPost({ flush, key, volatile }: NonNullable<SendOptions>, except: To | undefined): PostOptions {
  const left =
    except === undefined ? {} : isRoom(except) ? { exceptRoom: except.room } : { except: [...labelsOf(except)] };
  return { ...(flush && { flush }), ...(key !== undefined && { key }), ...(volatile && { volatile }), ...left };
}

function flushNow<Context>(driver: SessionDriver<Context>): void {
  driver.session.flush();
  driver.run();
}

/** How many of them have a connection after the push: one that the push ended is not counted. */
function countLive<Context>(drivers: readonly SessionDriver<Context>[]): number {
  return drivers.filter(({ isLive }) => isLive).length;
}

function checkPush(name: string, options: NonNullable<SendOptions>): void {
  checkOptions(name, options, pushKinds);
  if (options.volatile === true && options.key !== undefined) {
    throw new UsageError("bad-option", "key does not go with volatile: such a push never waits to be replaced");
  }
}

/** RFC 6455 sections 5.5 and 7.4: what an application may close with, and how long a reason may be. */
function checkClose(code: number, reason: string): void {
  if (code !== closeCodes.normal && !(Number.isInteger(code) && code >= 4000 && code <= 4999)) {
    throw new UsageError("bad-close-code", `a close code is 1000 or 4000 to 4999, not ${code}`);
  }
  if (countBytes(reason) > 123) throw new UsageError("bad-close-reason", "a close reason has at most 123 bytes");
}
