import { type Codec, ProtocolError, SessionLostError } from "@sente-lite/protocol";
import { BackplaneError, type Membership, type Topic } from "@sente-lite/protocol/backplane";
import { codeOf } from "@sente-lite/protocol/calls";
import { ALL, type CutResult, type Heard, roomTopic, uidTopic } from "@sente-lite/protocol/cluster";
import {
  type Arrival,
  type Form,
  type Frame,
  featuresAmong,
  isSameFeatures,
  readSessionSnapshot,
  type SessionSnapshot,
  writeSessionSnapshot,
} from "@sente-lite/protocol/session";
import type { Host } from "../host.ts";
import type { Admitted } from "./admission.ts";
import type { Cluster } from "./cluster.ts";
import type { FollowingReplies } from "./following-replies.ts";
import type { Liveness } from "./liveness.ts";
import type { Counters } from "./metrics.ts";
import { IDLE_MS, type Movable, Moving } from "./moving.ts";
import { ReportLimiter } from "./report-limiter.ts";
import type { Rooms } from "./rooms/rooms.ts";
import type { Roster } from "./roster.ts";
import type { SessionDriver } from "./session-driver.ts";
import type { Sharing } from "./sharing.ts";
import { eventsIn, repliesIn } from "./undelivered.ts";
import { UnderWay } from "./under-way.ts";

/** The backplane has so long to put or take a session: after that it is lost. */
export const HANDOVER_MS = 5_000;
/** A server that ends waits so long for those that are under way. */
const FETCH_MS = 2 * HANDOVER_MS;

/** So many characters of a session's id are drawn at random, of 64: 132 bits. */
const SECRET_LENGTH = 22;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";

const LOST_ON_THE_WAY = "it could not go to another server";
const MISSED_ON_THE_WAY = "what was pushed while it went to another server may be missing";

/** Gives sessions what was posted for them while they were on their way, and knows who has it. */
interface CatchesUp<Context> {
  catchUp(driver: SessionDriver<Context>, missed: CutResult): void;
  readonly caughtUp: { findHeard(driver: SessionDriver<Context>, heard: Heard): Heard };
}

/** The first, for which a session is looked for, and who named it meanwhile. */
type Arrivals = [Arrival, ...Arrival[]];

/** A session that is being looked for, and the arrivals that name it. */
interface Fetching {
  readonly arrivals: Arrivals;
  readonly isStale: Promise<boolean>;
}

export interface HandoverOptions<Context> {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  readonly cluster: Cluster;
  readonly liveness: Liveness;
  readonly counters: Counters;
  readonly shutdown: { readonly isClosed: boolean };
  readonly roster: Pick<Roster<Context>, "findById" | "letGo" | "add" | "noteMoving" | "noteMoved">;
  readonly rooms: Pick<Rooms<Context>, "release" | "restore" | "find">;
  readonly sharing: Pick<
    Sharing,
    "codec" | "nodes" | "heard" | "knownNodes" | "beginCut" | "endCut" | "catchUp" | "finishCut"
  >;
  readonly following: Pick<FollowingReplies<Context>, "leave" | "restore" | "closeOfGone">;
  readonly getShared: () => CatchesUp<Context>;
  /** Makes the driver of a session that began elsewhere. */
  readonly makeDriver: (admitted: Admitted<Context>, id: string) => SessionDriver<Context>;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/**
 * Takes sessions from one server to another (PROTOCOL.md section 6.13): as this one ends, to where the next one finds them;
 * and as a client arrives that names one, from there. There is one only where there is a backplane.
 */
export class Handover<Context> {
  readonly #options: HandoverOptions<Context>;
  readonly #limiter: ReportLimiter;
  /** Sessions that are being looked for: of several that ask for one, none finds it gone. */
  readonly #fetching = new Map<string, Fetching>();
  /** Sessions on their way to where the next server finds them. */
  readonly #putting = new Map<string, Promise<void>>();
  readonly #moving: Moving;
  /** The attempt for which a session is here, or was taken up, which may not have been accepted yet. */
  readonly #claims = new WeakMap<SessionDriver<Context>, number>();
  readonly #underWay = new UnderWay();

  constructor(options: HandoverOptions<Context>) {
    this.#options = options;
    const { cluster, sharing } = options;
    const { codec } = sharing;
    this.#moving = new Moving({
      host: options.host,
      codec,
      cluster,
      liveness: options.liveness,
      nodes: () => sharing.nodes,
      find: (id) => this.#findMovable(id),
    });
    this.#limiter = new ReportLimiter(options.host);
  }

  /** An id for a session that begins here: it names this node, and nobody can guess it. */
  makeSessionId(): string {
    const { host, cluster } = this.#options;
    const secret = Array.from(host.randomBytes(SECRET_LENGTH), (byte) => ALPHABET[byte & 63]).join("");
    return `${cluster.node}_${secret}`;
  }

  /**
   * Releases a session and puts it where the next server finds it; resolves when it is there, or is given up and reported.
   * Undefined where there is nothing that could go on.
   */
  release(driver: SessionDriver<Context>): Promise<void> | undefined {
    const { now, roster, rooms, sharing, following, getShared } = this.#options;
    const { session, uid, clientId, admitted } = driver;
    const { id, form, features } = session;
    const state = session.release(now());
    if (state === undefined || id === undefined) return undefined;
    const known = roster.letGo(driver);
    const snapshot: SessionSnapshot = {
      id,
      uid,
      clientId,
      codec: session.codec.name,
      form,
      features,
      tellsFeatures: admitted.parameters.namesFeatures,
      attempt: known?.attempt ?? 0,
      instance: known?.instance,
      owner: admitted.owner,
      binding: known?.binding,
      rooms: rooms.release(driver),
      heard: getShared().caughtUp.findHeard(driver, sharing.heard),
      nodes: sharing.knownNodes,
      awaited: following.leave(driver),
      state,
    };
    const put = this.#put(snapshot).catch((error: unknown) => {
      driver.report(error, { source: "handover" });
      this.#reportLost(snapshot, session.codec, form, LOST_ON_THE_WAY);
    });
    this.#underWay.add(put);
    this.#putting.set(id, put);
    void put.then(() => this.#putting.delete(id));
    return put;
  }

  /**
   * As this server ends: resolves when the sessions that were on their way here are where the next server finds them, and
   * those that others asked for.
   */
  settle(): Promise<void> {
    return this.#underWay.settle(this.#options.host, FETCH_MS);
  }

  /**
   * Looks for the session that an arrival names, where it is none of this server's, and takes it up. Never rejects: one that
   * is not found is not resumed, as after a crash. True where a later attempt of that client was accepted elsewhere.
   */
  async fetch(admitted: Admitted<Context>, arrival: Arrival): Promise<boolean> {
    const { named } = arrival;
    // What it found then it could put nowhere.
    if (named === undefined || this.#options.shutdown.isClosed) return false;
    const here = this.#options.roster.findById(named.id)?.holder;
    if (here !== undefined) {
      if (here.uid === arrival.uid && here.clientId === arrival.clientId) this.#claim(here, arrival);
      return false;
    }
    const known = this.#fetching.get(named.id);
    if (known !== undefined) {
      known.arrivals.push(arrival);
      return known.isStale;
    }
    const arrivals: Arrivals = [arrival];
    const isStale = this.#fetch(named.id, admitted, arrivals)
      .catch((error: unknown) => {
        const { uid, clientId } = arrival;
        // Everybody who comes causes it again.
        if (this.#limiter.allows(codeOf(error) ?? "")) {
          this.#options.report(error, { source: "handover", uid, clientId });
        }
        return false;
      })
      .finally(() => this.#fetching.delete(named.id));
    this.#fetching.set(named.id, { arrivals, isStale });
    this.#underWay.add(isStale);
    return isStale;
  }

  async #fetch(id: string, admitted: Admitted<Context>, arrivals: Readonly<Arrivals>): Promise<boolean> {
    const { sharing } = this.#options;
    const [arrival] = arrivals;
    // What is posted to its user is heard already, and is held from here on.
    const cut = sharing.beginCut();
    try {
      const snapshot = await this.#find(id, arrival);
      if (snapshot === undefined || snapshot === "stale") return snapshot === "stale";
      if (!isSame(snapshot, arrival) || this.#options.shutdown.isClosed) {
        // Whoever else names it does not touch it.
        await this.#putBack(snapshot, arrival);
        return false;
      }
      const topics = this.#topicsOf(snapshot);
      await sharing.catchUp(cut, snapshot, topics).catch(() => cut.gap());
      if (this.#options.shutdown.isClosed) {
        await this.#putBack(snapshot, arrival);
        return false;
      }
      const missed = sharing.finishCut(cut, snapshot.heard, topics);
      if (missed === undefined) this.#reportMissing(snapshot, arrival);
      else this.#adopt(snapshot, admitted, arrivals, missed);
      return false;
    } finally {
      sharing.endCut(cut);
    }
  }

  /** From where it waits, or from the server that has it. */
  async #find(id: string, arrival: Arrival): Promise<SessionSnapshot | "stale" | undefined> {
    const { uid, clientId, codec, form, features, attempt, binding = null } = arrival;
    const question = { id, uid, clientId, codec: codec.name, form, features: [...features], attempt, binding };
    const asked = new Set<string>();
    const isLate = () => void this.#dropLate(id, arrival);
    if ((await this.#moving.ask(question, asked, isLate)) === "stale") return "stale";
    const snapshot = await this.#take(id, arrival);
    if (snapshot !== undefined) return snapshot;
    const answer = await this.#moving.askAll(question, asked, isLate);
    // Also where none has it: the one that had may have put it as it ended.
    return answer === "stale" ? "stale" : this.#take(id, arrival);
  }

  /** A session that is here, and that another server may ask for. */
  async #findMovable(id: string): Promise<Movable | undefined> {
    const { roster } = this.#options;
    await this.#fetching.get(id)?.isStale;
    // Whoever hears that it is not here finds it there.
    await this.#putting.get(id);
    const found = roster.findById(id);
    if (found === undefined) return undefined;
    const { holder: driver, attempt, binding = null } = found;
    const { session, uid, clientId, departure } = driver;
    return {
      // One that was doubled on its way takes nothing away from the other.
      attempt: Math.max(attempt, this.#claims.get(driver) ?? 0),
      isOf: (asked) =>
        asked.uid === uid &&
        asked.clientId === clientId &&
        asked.codec === session.codec.name &&
        asked.form === session.form &&
        asked.binding === binding &&
        isSameFeatures(session.features, featuresAmong(asked.features)),
      letGo: async () => {
        roster.noteMoving(driver);
        await departure.prepareToMove(IDLE_MS);
        const put = driver.isLive ? undefined : departure.move();
        await put;
        roster.noteMoved(driver);
        return put !== undefined;
      },
    };
  }

  async #take(id: string, arrival: Arrival): Promise<SessionSnapshot | undefined> {
    const membership = this.#membership();
    let isInTime = true;
    const take = async () => {
      const bytes = await membership.take(id);
      const snapshot = bytes && readSessionSnapshot(bytes, membership.maxBytes);
      // It was taken and nobody waits for it any more.
      if (snapshot !== undefined && !isInTime) this.#reportLost(snapshot, arrival.codec, arrival.form, LOST_ON_THE_WAY);
      return snapshot;
    };
    return this.#inTime(membership, take).catch((error: unknown) => {
      isInTime = false;
      throw error;
    });
  }

  /** Its server let go of it when its client had begun another here: what was in it is told. */
  async #dropLate(id: string, arrival: Arrival): Promise<void> {
    try {
      const snapshot = await this.#take(id, arrival);
      if (snapshot !== undefined) this.#reportLost(snapshot, arrival.codec, arrival.form, LOST_ON_THE_WAY);
    } catch (error) {
      this.#options.report(error, { source: "handover", uid: arrival.uid, clientId: arrival.clientId });
    }
  }

  async #putBack(snapshot: SessionSnapshot, arrival: Arrival): Promise<void> {
    await this.#put(snapshot).catch((error: unknown) => {
      this.#reportLost(snapshot, arrival.codec, arrival.form, LOST_ON_THE_WAY);
      throw error;
    });
  }

  /** What is posted for that session: of rooms with a history the orders to who is there. */
  #topicsOf({ uid, rooms }: SessionSnapshot): readonly Topic[] {
    const known = rooms.filter(({ room }) => this.#options.rooms.find(room) !== undefined);
    return [uidTopic(uid), ALL, ...known.map(({ room }) => roomTopic(room))];
  }

  #adopt(
    snapshot: SessionSnapshot,
    admitted: Admitted<Context>,
    arrivals: Readonly<Arrivals>,
    missed: CutResult,
  ): void {
    const { roster, rooms, following, makeDriver, getShared } = this.#options;
    const { attempt, instance } = snapshot;
    const driver = makeDriver(admitted, snapshot.id);
    // Nobody takes it from the last of them by the same attempt.
    for (const one of arrivals) if (isSame(snapshot, one)) this.#claim(driver, one);
    roster.add(driver, { ...arrivals[0], attempt, instance });
    driver.restore(snapshot.state);
    // As one more that is away it may have been one too many.
    if (driver.session.status !== "away") return;
    rooms.restore(driver, snapshot.rooms);
    following.restore(driver, snapshot.awaited);
    getShared().catchUp(driver, missed);
    following.closeOfGone(driver);
  }

  #claim(driver: SessionDriver<Context>, { attempt }: Arrival): void {
    this.#claims.set(driver, Math.max(attempt, this.#claims.get(driver) ?? 0));
  }

  async #put(snapshot: SessionSnapshot): Promise<void> {
    const membership = this.#membership();
    const bytes = writeSessionSnapshot(snapshot, membership.maxBytes);
    await this.#inTime(membership, () => membership.put(snapshot.id, bytes, snapshot.state.windowLeftMs));
  }

  #membership(): Membership {
    const { membership } = this.#options.cluster;
    if (membership === undefined) throw new BackplaneError("left", "this node has not joined its backplane");
    return membership;
  }

  /**
   * Has the broker do it, once it is there: what it may have done already is not tried again. Rejects where it takes too long, and
   * does not begin then.
   */
  #inTime<T>(membership: Membership, work: () => Promise<T>): Promise<T> {
    const { host } = this.#options;
    return new Promise((resolve, reject) => {
      let isLate = false;
      const late = new ProtocolError("handover-timeout", "the backplane did not put or take a session in time");
      const timer = host.setTimer(HANDOVER_MS, () => {
        isLate = true;
        reject(late);
      });
      const begin = async () => {
        await membership.whenUp?.();
        if (isLate) throw late;
        return work();
      };
      begin()
        .finally(() => host.clearTimer(timer))
        .then(resolve, reject);
    });
  }

  /** What was posted for it meanwhile nobody can tell any more: it ends, and its client is told as it begins another. */
  #reportMissing(snapshot: SessionSnapshot, { codec, form }: Arrival): void {
    const { report, counters } = this.#options;
    const { uid, clientId } = snapshot;
    counters.clusterGaps++;
    const message = "pushes may be missing that were made while a session went from one server to another: it ends";
    report(new ProtocolError("posts-missing", message), { source: "handover", uid, clientId, sessions: 1 });
    this.#reportLost(snapshot, codec, form, MISSED_ON_THE_WAY);
  }

  /** As a session that ended against the will of its client. */
  #reportLost({ id, uid, clientId, state }: SessionSnapshot, codec: Codec, form: Form, why: string): void {
    const undelivered: readonly Frame[] = state.ledger.entries;
    if (undelivered.length === 0) return;
    this.#options.counters.sessionsLost++;
    const events = () => eventsIn(undelivered, codec, form);
    const error = new SessionLostError(id, why, events, () => repliesIn(undelivered, codec, form));
    this.#options.report(error, { source: "session", uid, clientId });
  }
}

function isSame(snapshot: SessionSnapshot, { uid, clientId, codec, form, features, binding }: Arrival): boolean {
  return (
    snapshot.uid === uid &&
    snapshot.clientId === clientId &&
    snapshot.codec === codec.name &&
    snapshot.form === form &&
    snapshot.binding === binding &&
    isSameFeatures(snapshot.features, features)
  );
}
