import { WaitingRoom } from "./inbound.ts";
import type { Inbound } from "./schedule.ts";
import type { Tab } from "./tab.ts";
import { nextPush, type SessionFacts } from "./watch.ts";
import type { SideName, Wire } from "./wire.ts";
import type { World } from "./world.ts";

/** What has to be true where events wait for those who take them: in bounds, in order, and none lost in silence. */
export class InboundWatch {
  readonly #world: World;
  readonly #limits: Inbound["limits"];
  /** Of each tab; at the server of each of its sessions, as what waits of a lost one is still handled. */
  readonly #rooms = new Map<string, WaitingRoom>();
  /** What each side heard last: the event that finds no place came there. */
  readonly #hearing: { [Side in SideName]?: Wire } = {};
  /** The session in which each push came last, by tab and number. */
  readonly #sessionOf = new Map<string, string>();
  /** The pushes of sessions that are over, as far as they were reported. */
  readonly #reported = new Map<string, readonly number[]>();
  readonly #overflowed = new Set<string>();
  /** How many pushes had been made when a session was known to be over. */
  readonly #overAt = new Map<string, number>();

  constructor(world: World, { limits }: Inbound) {
    this.#world = world;
    this.#limits = limits;
  }

  noteArriving(wire: Wire, at: SideName, data: string): void {
    const numbers = numbersIn(at, data);
    this.#hearing[at] = wire;
    this.#roomOf(wire, at)?.noteArriving(numbers, data.length);
    if (at === "client" && wire.sessionId !== undefined)
      for (const n of numbers) this.#sessionOf.set(`${wire.tab} ${n}`, wire.sessionId);
  }

  noteHeard(wire: Wire, at: SideName, data: string): void {
    this.#roomOf(wire, at)?.noteHeard(numbersIn(at, data));
  }

  noteBegunAtServer(client: number, k: number): void {
    this.#room("server", client, this.#world.tabs[client]?.sent[k]?.sentIn).noteBegun(k);
  }

  /** A client begins with a push: the next of the session in which that came. */
  noteBegunAtClient(tab: Tab, n: number): void {
    const world = this.#world;
    this.#room("client", tab.index).noteBegun(n);
    const session = world.sessions.get(this.#sessionOf.get(`${tab.index} ${n}`) ?? "");
    if (session === undefined) {
      world.fail(`client ${tab.index} got push ${n}, which never came`);
      return;
    }
    const expected = nextPush(world, session);
    // What nobody took may go, the oldest first, and is told.
    const mayMiss = tab.errors.includes("unconsumed") && expected !== undefined && n > expected;
    if (n !== expected && !mayMiss) world.fail(`client ${tab.index} got push ${n} where ${expected} was next`);
    session.cursor = n + 1;
  }

  noteOverflowAtClient(tab: Tab): void {
    this.#overflow(tab, "client");
  }

  noteOverflowAtServer(uid: unknown, clientId: unknown): void {
    for (const tab of this.#world.tabs) {
      if (tab.uid === uid && tab.setup.clientId === clientId) this.#overflow(tab, "server");
    }
  }

  /** True where that session, or any, is lost for too much that waited. */
  hasOverflowed(id?: string): boolean {
    return id === undefined ? this.#overflowed.size > 0 : this.#overflowed.has(id);
  }

  /** The server says that a session is over, and what its client may not have got. */
  sessionReported(id: string, undelivered: readonly number[]): void {
    this.#reported.set(id, undelivered);
    this.#overAt.set(id, this.#world.pushes.length);
  }

  /** It is over, and its client will have another. */
  sessionReplaced(id: string): void {
    if (!this.#overAt.has(id)) this.#overAt.set(id, this.#world.pushes.length);
  }

  end(): void {
    const world = this.#world;
    for (const [name, room] of this.#rooms) room.check((what) => world.fail(`${what} (${name})`));
    if (world.tabs.some(({ errors }) => errors.includes("unconsumed"))) return;
    for (const [id, overAt] of this.#overAt) this.#checkLost(id, world.sessions.get(id), overAt);
  }

  #checkLost(id: string, session: SessionFacts | undefined, overAt: number): void {
    if (session === undefined) return;
    const reported = this.#reported.get(id) ?? [];
    for (let n = session.cursor; n < overAt; n++) {
      const push = this.#world.pushes[n];
      if (push?.epoch === session.epoch && push.isFor(session) && !reported.includes(n))
        this.#world.fail(`push ${n} of a lost session is neither taken nor reported`);
    }
  }

  #overflow(tab: Tab, at: SideName): void {
    const sessionId = this.#hearing[at]?.sessionId;
    if (sessionId === undefined) return;
    this.#overflowed.add(sessionId);
    // The server ends it then and there.
    if (at === "server") this.sessionReplaced(sessionId);
    if (!this.#room(at, tab.index, sessionId).mayOverflow)
      this.#world.fail(`the ${at} had no room for an event of client ${tab.index}, though little waited`);
  }

  #roomOf({ tab, sessionId }: Wire, at: SideName): WaitingRoom | undefined {
    return tab === undefined ? undefined : this.#room(at, tab, sessionId);
  }

  #room(at: SideName, tab: number, session = "none"): WaitingRoom {
    const name = at === "client" ? `client ${tab}` : `at the server, client ${tab} in session ${session}`;
    const room = this.#rooms.get(name) ?? new WaitingRoom(this.#limits);
    this.#rooms.set(name, room);
    return room;
  }
}

/** The numbers of the events in a frame. */
function numbersIn(at: SideName, data: string): readonly number[] {
  const pattern = at === "server" ? /"a\/n",\{"c":\d+,"k":(\d+)/g : /"s\/n",\{"n":(\d+)/g;
  return [...data.matchAll(pattern)].map(([, n]) => Number(n));
}
