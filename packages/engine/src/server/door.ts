import type { RefusedFor, Rejection } from "@sente-lite/protocol";
import { type Arrival, closeCodes } from "@sente-lite/protocol/session";
import { randomId } from "../host.ts";
import { type ConnectionHandlers, INTERNAL_ERROR, type ServerSocket } from "../sockets.ts";
import type { Admission, Admitted, Refused } from "./admission.ts";
import { closeAtOnce } from "./close-at-once.ts";
import type { Cluster } from "./cluster.ts";
import type { ConnectionGround } from "./connection-ground.ts";
import type { Decision } from "./decision.ts";
import type { Handover } from "./handover.ts";
import type { ConnectionPlace } from "./limits/arrivals.ts";
import type { Floods } from "./limits/floods.ts";
import type { Gatekeeper } from "./limits/gatekeeper.ts";
import type { Outgoing } from "./outgoing.ts";
import type { UpgradeRequest } from "./request.ts";
import type { Rooms } from "./rooms/rooms.ts";
import type { Roster } from "./roster.ts";
import { SessionDriver } from "./session-driver.ts";
import type { Sharing } from "./sharing.ts";
import type { Shutdown } from "./shutdown.ts";

const CLOSED = "the server is closed";
const BROKER_AWAY = "the backplane is away";
const STALE = "a later attempt of this client was accepted";

/** The user has as many connections as they may. */
const TOO_MANY: Rejection = {
  status: 429,
  code: "too-many-connections",
  message: "the user has too many connections",
  retryInMs: 5_000,
};

type Opened = Extract<Decision, { type: "accept" }>["opened"];

export interface DoorOptions<Context> {
  readonly ground: ConnectionGround<SessionDriver<Context>>;
  readonly admission: Admission<Context>;
  readonly roster: Roster<Context>;
  readonly rooms: Pick<Rooms<Context>, "noteBegin">;
  readonly shutdown: Pick<Shutdown, "isClosed" | "hint">;
  readonly outgoing: Pick<Outgoing<Context>, "push">;
  /** Absent where there is one node alone. */
  readonly cluster: Pick<Cluster, "joining"> | undefined;
  /** Where there are several: takes up sessions that began at another. */
  readonly handover: Pick<Handover<Context>, "fetch" | "makeSessionId"> | undefined;
  readonly sharing: Pick<Sharing, "holdUid"> | undefined;
  readonly gatekeeper: Gatekeeper;
  readonly floods: Pick<Floods, "delay">;
  readonly noteRefused: (refusedFor: RefusedFor) => void;
}

/** Where clients come in: from an upgrade request to the session that they begin or go on with. */
export class Door<Context> {
  readonly #options: DoorOptions<Context>;

  constructor(options: DoorOptions<Context>) {
    this.#options = options;
  }

  /** Judges an upgrade request. Never rejects. */
  async admit(request: UpgradeRequest): Promise<Decision> {
    const { admission, shutdown, cluster, sharing, noteRefused, gatekeeper, floods } = this.#options;
    const delay = floods.delay(request.remoteAddress);
    if (delay !== undefined) await delay;
    const place = gatekeeper.begin(request);
    if ("status" in place) return { type: "refuse", ...place };
    if (cluster?.joining !== undefined) await cluster.joining;
    if (shutdown.isClosed) {
      place.release();
      noteRefused("closing");
      return { type: "refuse", status: 503, body: CLOSED };
    }
    const judged = await admission.judge(request);
    place.noteJudged();
    if (judged.type !== "admitted") return this.#turnAway(judged, place);
    const held = sharing?.holdUid(judged.admitted.uid);
    if (held !== undefined && !(await this.#isReached(held))) {
      place.release();
      noteRefused("failed");
      return { type: "refuse", status: 503, body: BROKER_AWAY };
    }
    return this.#greet(judged.admitted, place);
  }

  /** What other nodes push to that user arrives here from now on; false where the broker is away. */
  async #isReached(held: Promise<void>): Promise<boolean> {
    try {
      await held;
      return true;
    } catch (error) {
      this.#options.ground.report(error, { source: "backplane" });
      return false;
    }
  }

  /** By status; or accepted, and closed at once. */
  #turnAway(judged: Refused, place: ConnectionPlace): Decision {
    if (judged.type === "refused") {
      place.release();
      return { ...judged, type: "refuse" };
    }
    const { protocol, code, reason } = judged;
    const { host } = this.#options.ground;
    return accept(protocol, place, (socket) => closeAtOnce(host, socket, code, reason));
  }

  async #greet(admitted: Admitted<Context>, place: ConnectionPlace): Promise<Decision> {
    const { ground, roster, admission, handover, noteRefused } = this.#options;
    const refuse = (status: number, body: string): Decision => {
      place.release();
      noteRefused("limit");
      return { type: "refuse", status, body };
    };
    if (!(await ground.lateGreetings.mayGreet(admitted))) return refuse(503, "too many come again");
    const arrival = this.#arrivalOf(admitted);
    if (handover !== undefined && arrival?.named !== undefined && (await handover.fetch(admitted, arrival))) {
      return refuse(409, STALE);
    }
    if (arrival !== undefined && roster.isStale(arrival)) return refuse(409, STALE);
    if (!place.takeFor(admitted.owner, arrival !== undefined && roster.knows(arrival))) {
      return this.#turnAway(admission.refuseAdmitted(admitted, TOO_MANY), place);
    }
    return accept(admitted.parameters.protocol, place, (socket) => this.#open(admitted, socket));
  }

  /** The socket is open. Since the request was judged, the server may have begun to end. An error closes the socket. */
  #open(admitted: Admitted<Context>, socket: ServerSocket): ConnectionHandlers {
    const { ground, shutdown } = this.#options;
    const { host, report } = ground;
    if (shutdown.isClosed) return closeAtOnce(host, socket, closeCodes.restart, CLOSED);
    if (shutdown.hint !== undefined) return closeAtOnce(host, socket, closeCodes.draining, shutdown.hint);
    try {
      return this.#enter(admitted, socket);
    } catch (error) {
      report(error, { source: "opened" });
      return closeAtOnce(host, socket, INTERNAL_ERROR, "");
    }
  }

  /** Goes on with the session that the client names, or begins another. */
  #enter(admitted: Admitted<Context>, socket: ServerSocket): ConnectionHandlers {
    const { ground, roster } = this.#options;
    const { host, counters } = ground;
    counters.connectionsTotal++;
    const arrival = this.#arrivalOf(admitted);
    if (arrival === undefined) return this.#begin(admitted, socket, undefined);
    // A later attempt was accepted since this one was judged.
    if (roster.isStale(arrival)) return closeAtOnce(host, socket, closeCodes.broken, STALE);
    const { ending, resumed } = roster.find(arrival);
    for (const { holder, reason } of ending) {
      holder.end(reason === "never confirmed" ? closeCodes.restart : closeCodes.takenOver, reason);
    }
    if (resumed === undefined || arrival.named === undefined) return this.#begin(admitted, socket, arrival);
    counters.sessionsResumed++;
    return resumed.resumeOn(socket, admitted, arrival.named.received);
  }

  #begin(admitted: Admitted<Context>, socket: ServerSocket, arrival: Arrival | undefined): ConnectionHandlers {
    const { ground, roster, rooms, outgoing, handover } = this.#options;
    const makeSessionId = () => handover?.makeSessionId() ?? randomId(ground.host);
    const sessionId = arrival === undefined ? undefined : makeSessionId();
    const driver = new SessionDriver<Context>(ground, admitted, sessionId);
    roster.add(driver, arrival);
    const handlers = driver.open(socket);
    driver.announceOpen();
    for (const event of roster.takeMissed(driver)) outgoing.push(driver, event);
    if (driver.isLive) rooms.noteBegin(driver);
    return handlers;
  }

  /** Sessions are between our own peers, where they are not switched off (PROTOCOL.md section 6). */
  #arrivalOf(admitted: Admitted<Context>): Arrival | undefined {
    const { uid, clientId, codec, form, owner, binding, parameters } = admitted;
    const { sessionWindowMs } = this.#options.ground.limits;
    if (!parameters.features.has("sessions") || form === "bare" || sessionWindowMs === 0) return undefined;
    const { features, attempt, instance, session: named } = parameters;
    return { uid, clientId, codec, form, features, owner, binding, attempt, instance, named };
  }
}

function accept(protocol: string | undefined, place: ConnectionPlace, open: Opened): Decision {
  place.noteAccepted();
  return {
    type: "accept",
    protocol,
    abandon: () => place.release(),
    opened: (socket) => {
      place.opened();
      const handlers = open(socket);
      return {
        ...handlers,
        closed: (code, reason) => {
          place.release();
          handlers.closed(code, reason);
        },
      };
    },
  };
}
