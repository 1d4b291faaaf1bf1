import type { ClientState, RoomState } from "@sente-lite/protocol";
import type { House } from "../house.ts";
import type { Sent, Tab } from "../tab.ts";
import { handshakeIn } from "../watch.ts";
import type { Wire } from "../wire.ts";
import { Requests } from "./requests.ts";
import type { RoomName } from "./schedule.ts";
import type { NodesWorld } from "./world.ts";

// The invariants of several houses, looked at while a schedule runs.

/** For whom a push was made. */
export type Meant = { readonly uid: string } | { readonly room: RoomName } | "all";

export interface NodesPush {
  readonly house: House;
  readonly meant: Meant;
}

/** What is known of a session. */
interface Session {
  readonly uid: string | null;
  /** The house that was the last to greet its client. */
  house: House;
  /** How many pushes had been made then. */
  greetedAt: number;
  /** From which push on it must get all that are meant for it, by its client's uid; undefined: not yet. */
  since: number | undefined;
  /** The same of the room without a history. */
  teaSince: number | undefined;
  /** The last push of each house that it got: of one house they come in order. */
  readonly cursors: Map<House, number>;
  /** Houses that began and ended while it was at none: nobody knows of them what they pushed to it. */
  readonly passedBy: Set<House>;
  lastContactMs: number;
}

/** Whatever trouble there was: so long later a session may still end for it. A lease is 10 s, and nodes ask each other for 3. */
export const AFTERMATH_MS = 25_000;

/** What clients get of what the houses push, and whether their sessions end for a cause. */
export class Watch {
  readonly pushes: NodesPush[] = [];
  /** What clients ask. */
  readonly requests: Requests = new Requests();
  /** All that there were. */
  readonly houses: House[] = [];
  /** Houses that were killed: what they pushed last may have gone with them. */
  readonly killed: Set<House> = new Set();
  /** Houses that cannot reach the broker. */
  readonly away: Set<House> = new Set();
  /** Entries of the room with a history, as each client got them. */
  readonly entries: Map<Tab, number[]> = new Map();
  /** In which rooms each client is. */
  readonly rooms: Map<Tab, Set<RoomName>> = new Map();
  /** From which push on each client must get those. */
  readonly logSince: Map<Tab, number> = new Map();
  /** Until then a session may end for something that a schedule has done to nodes or their broker. */
  troubleUntilMs = 0;
  /** Something was done to the broker, or to what a node has of it. */
  isBrokerInTrouble = false;
  /** Clients are closed. */
  isEnding = false;
  readonly #sessions = new Map<string, Session>();
  /** Houses that have ended, and when they began. */
  readonly #ended = new Map<House, number>();
  readonly #world: NodesWorld;

  constructor(world: NodesWorld) {
    this.#world = world;
  }

  /** The process of a house is gone. */
  houseEnded(house: House, beganMs: number): void {
    this.#ended.set(house, beganMs);
    // What it has posted since goes with it.
    if (this.away.has(house)) this.killed.add(house);
  }

  /** Something goes wrong, until then. */
  trouble(untilMs: number): void {
    this.troubleUntilMs = Math.max(this.troubleUntilMs, untilMs + AFTERMATH_MS);
  }

  /** A frame is about to leave. */
  noteSent(wire: Wire, from: "client" | "server", data: string): void {
    const world = this.#world;
    if (from === "client") {
      const [, c, k] = /"c":(\d+),"k":(\d+)/.exec(data) ?? [];
      const sent = c === undefined ? undefined : world.tabs[Number(c)]?.sent[Number(k)];
      if (sent !== undefined) sent.sentIn = wire.sessionId;
      return;
    }
    const handshake = handshakeIn(data);
    if (handshake === undefined) return;
    const { id, uid, resumed } = handshake;
    const house = this.houses.find(({ actor }) => actor === wire.server.actor);
    wire.sessionId = id;
    if (uid !== wire.uid) world.fail(`${wire.uid} got the session of ${uid}`);
    if (house === undefined) return;
    const known = this.#sessions.get(id);
    const lastContactMs = world.clock.now;
    if (known !== undefined && resumed) {
      for (const [ended, beganMs] of this.#ended) if (beganMs > known.lastContactMs) known.passedBy.add(ended);
      Object.assign(known, { house, greetedAt: this.pushes.length });
    } else if (known !== undefined) world.fail("a session began twice");
    else {
      const greetedAt = this.pushes.length;
      const more = { cursors: new Map<House, number>(), passedBy: new Set<House>() };
      this.#sessions.set(id, { uid, house, greetedAt, since: undefined, teaSince: undefined, ...more, lastContactMs });
    }
  }

  /** A server is about to hear a frame. */
  noteHeard(wire: Wire): void {
    const session = this.#sessions.get(wire.sessionId ?? "");
    if (session !== undefined && wire.server.isOpen) session.lastContactMs = this.#world.clock.now;
  }

  roomChanged(tab: Tab, name: RoomName, { status, recovered }: RoomState): void {
    const rooms = this.rooms.get(tab) ?? new Set();
    this.rooms.set(tab, rooms);
    rooms.delete(name);
    if (status !== "joined") return;
    rooms.add(name);
    const session = this.#sessionOf(tab);
    if (name === "tea" && session !== undefined) session.teaSince ??= this.pushes.length;
    if (name !== "log") return;
    if (!this.logSince.has(tab)) this.logSince.set(tab, this.pushes.length);
    if (recovered === false) this.#world.fail(`client ${tab.index} cannot recover a history that is whole`);
  }

  /** Of each house a session gets what it pushed in order, without a hole, and once. */
  pushReceived(tab: Tab, n: number): void {
    const world = this.#world;
    const session = this.#sessionOf(tab);
    const push = this.pushes[n];
    if (session === undefined || push === undefined) {
      world.fail(`client ${tab.index} got push ${n} in no session`);
      return;
    }
    const { house, meant } = push;
    // It was two nodes, between which there is no order.
    if (house.errors.includes("lease-lost")) return;
    if (typeof meant === "object" && "uid" in meant && meant.uid !== tab.uid)
      world.fail(`client ${tab.index} got push ${n}, which is for ${meant.uid}`);
    // What was posted into a room while its client joined comes after the answer to that.
    const isEarly = isIn(meant, "tea") && n < (session.teaSince ?? Number.POSITIVE_INFINITY);
    if (isEarly) return;
    const last = session.cursors.get(house) ?? -1;
    if (n <= last) world.fail(`client ${tab.index} got push ${n} of house ${house.epoch} after ${last}`);
    const missed = this.#nextOf(house, session);
    if (missed !== undefined && missed < n) world.fail(`client ${tab.index} got push ${n} where ${missed} was next`);
    session.cursors.set(house, n);
    const overtaken = this.requests.findOvertaken(tab, tab.client.state.get().sessionId, house, n);
    if (overtaken !== undefined)
      world.fail(`client ${tab.index} got push ${n} before the answer to its request ${overtaken.k}`);
  }

  /** An answer comes after what its house had pushed before it. */
  answerReceived(tab: Tab, sent: Sent): void {
    const session = this.#sessionOf(tab);
    const asked = this.requests.answerTo(sent);
    if (session === undefined || asked === undefined || this.killed.has(asked.house)) return;
    const missing = this.#nextOf(asked.house, session);
    if (missing !== undefined && missing < asked.pushes)
      this.#world.fail(`client ${tab.index} got the answer to its request ${sent.k} before push ${missing}`);
  }

  /** An entry of a history comes once, over all sessions. */
  entryReceived(tab: Tab, n: number): void {
    const entries = this.entries.get(tab) ?? [];
    if (entries.includes(n)) this.#world.fail(`client ${tab.index} got entry ${n} twice`);
    this.entries.set(tab, [...entries, n]);
  }

  /** A push that a client must have by now, and has not. */
  findMissing(tab: Tab): number | undefined {
    const session = this.#sessionOf(tab);
    if (session === undefined) return undefined;
    for (const house of this.houses) {
      const missing = this.killed.has(house) ? undefined : this.#nextOf(house, session);
      if (missing !== undefined) return missing;
    }
    return undefined;
  }

  /** The house that has a session reports what its client has not got, when that is over. */
  sessionReported(house: House, id: string, undelivered: readonly number[]): void {
    const session = this.#sessions.get(id);
    if (session === undefined || session.house !== house || session.since === undefined) return;
    const missing = this.#nextOf(house, session, session.greetedAt);
    if (missing !== undefined && !undelivered.includes(missing))
      this.#world.fail(`push ${missing} is lost and not reported`);
  }

  stateChanged(tab: Tab, next: ClientState): void {
    const world = this.#world;
    world.tracing.note(tab.index, next.sessionLost && next.open ? "open, session lost" : next.status);
    if (next.status === "terminal" && !this.isEnding) world.fail(`client ${tab.index} is closed for good`);
    if (next.status !== "open") return;
    const lost = tab.sessionId;
    tab.sessionId = next.sessionId;
    const session = this.#sessionOf(tab);
    if (session !== undefined) session.since ??= this.pushes.length;
    const isOther = lost !== null && lost !== next.sessionId;
    if (isOther !== next.sessionLost) world.fail(`client ${tab.index}: a loss that is hidden, or invented`);
    if (isOther && !this.#hasCause(lost)) world.fail(`client ${tab.index} lost its session without a cause`);
    if (!isOther) return;
    tab.gaps++;
    this.requests.noteLost(lost);
  }

  #sessionOf(tab: Tab): Session | undefined {
    return this.#sessions.get(tab.client.state.get().sessionId ?? "");
  }

  #hasCause(id: string): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return true;
    const awayMs = this.#world.clock.now - session.lastContactMs;
    return awayMs >= this.#world.setup.windowMs || session.lastContactMs <= this.troubleUntilMs;
  }

  /** The next push of a house that a session must get; without those that come under another rule. */
  #nextOf(house: House, session: Session, from = 0): number | undefined {
    // Nobody can tell what became of the last ones that it posted.
    if (house.errors.includes("lease-lost") || session.passedBy.has(house)) return undefined;
    const first = Math.max(from, (session.cursors.get(house) ?? -1) + 1);
    const { uid, since = Number.POSITIVE_INFINITY, teaSince = Number.POSITIVE_INFINITY } = session;
    for (let n = first; n < this.pushes.length; n++) {
      const push = this.pushes[n];
      if (push === undefined || push.house !== house) continue;
      const { meant } = push;
      const isFor = isIn(meant, "tea")
        ? n >= teaSince
        : n >= since && (meant === "all" || ("uid" in meant && meant.uid === uid));
      if (isFor) return n;
    }
    return undefined;
  }
}

export function isIn(meant: Meant, room: RoomName): boolean {
  return typeof meant === "object" && "room" in meant && meant.room === room;
}
