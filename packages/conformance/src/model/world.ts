import type { ClientSocket, SocketHandlers } from "@sente-lite/engine";
import { type MemoryBackplane, memoryBackplane, VirtualClock } from "@sente-lite/protocol/testing";
import { Actor } from "./actor.ts";
import { FORGED_ACK, forge } from "./forging.ts";
import { House } from "./house.ts";
import { InboundWatch } from "./inbound-watch.ts";
import { type Line, newLine } from "./line.ts";
import { Network } from "./network.ts";
import { Questions } from "./questions.ts";
import { createRandom } from "./random.ts";
import type { ClientSetup, Schedule, Setup } from "./schedule.ts";
import { Tab } from "./tab.ts";
import { Tracing } from "./trace.ts";
import {
  clientHeard,
  frameSent,
  handshakeIn,
  type Push,
  pushReceived,
  type SessionFacts,
  sessionArrived,
  sessionReported,
  socketClosed,
  stampReceived,
  stateChanged,
} from "./watch.ts";
import type { SideName, Wire, WireObserver } from "./wire.ts";

const MAX_STEPS = 200_000;
/** Promises that wait for nothing but each other, in a row, at most. */
const ASYNC_TURNS = 12;
/** The same where houses ask a backplane. */
const HANDOVER_TURNS = 60;

/** A server, its clients and the network between them, in virtual time. */
export class World {
  readonly setup: Setup;
  readonly clock = new VirtualClock();
  readonly random: () => number;
  readonly tabs: Tab[];
  readonly lines: Line[];
  readonly sessions = new Map<string, SessionFacts>();
  readonly pushes: Push[] = [];
  readonly questions = new Questions((message) => this.fail(message));
  readonly tracing: Tracing;
  readonly network: Network;
  /** Where houses hand their sessions on. */
  readonly backplane: MemoryBackplane | undefined;
  /** Where events are not taken at once. */
  readonly inbound: InboundWatch | undefined;
  house: House | undefined;
  epochs = 0;
  failure: string | undefined;
  frames = 0;
  /** Of the server, as of each tab. */
  stallOnPingMs: number | undefined;
  refusal: { readonly status: number; readonly retryInMs: number; readonly spreadMs: number } | null = null;
  /** What waits may go out without regard to the mark. */
  mayOverrun = false;
  hasDrained = false;
  hasImpostors = false;
  isPoisoned = false;
  /** Who gets what is too big for it. If it were both at once, neither would read the other's 1009. */
  bigTo: SideName | undefined;
  /** Somebody forged something. */
  isHostile = false;
  isEnding = false;
  #stamps = 0;
  #steps = 0;
  readonly #asyncTurns: number;

  constructor({ setup, seed }: Schedule, isTraced: boolean) {
    this.setup = setup;
    this.random = createRandom(seed);
    this.tracing = new Tracing(this.clock, isTraced);
    this.backplane = setup.isHandedOn === true ? memoryBackplane({ clock: this.clock }) : undefined;
    const turns = this.backplane === undefined ? 0 : HANDOVER_TURNS;
    this.#asyncTurns = setup.inbound === undefined ? turns : ASYNC_TURNS;
    this.inbound = setup.inbound && new InboundWatch(this, setup.inbound);
    const { clock, random, tracing } = this;
    const observer: WireObserver = {
      noteSent: (wire, from, data) => frameSent(this, wire, from, data),
      letThrough: (wire, at, data) => {
        this.inbound?.noteArriving(wire, at, data);
        return this.#letThrough(wire, at, data);
      },
      noteHeard: (wire, at, data) => this.#noteHeard(wire, at, data),
      notePacket: (...given) => tracing.packet(...given),
      noteClose: (wire, at, code, reason) => socketClosed(this, wire, at, code, reason),
    };
    this.network = new Network({
      setup,
      clock,
      random,
      tracing,
      observer,
      nobody: this.newActor(),
      houseOf: () => this.house,
      noteJudged: (wire, house) => this.backplane && sessionArrived(this, wire, house),
    });
    this.lines = setup.clients.map(({ latencyMs }) => newLine(latencyMs));
    this.tabs = setup.clients.map(
      (client, index) =>
        new Tab(index, client, this.newActor(), {
          setup,
          fail: (message) => this.fail(message),
          note: ({ index }, text) => tracing.note(index, text),
          openSocket: (tab, url, protocols, handlers) => this.#openSocket(tab, url, protocols, handlers),
          notePush: (tab, n) => pushReceived(this, tab, n),
          noteQuestion: (n, replyFn) => this.questions.take(n, replyFn),
          noteOverflow: (tab) => this.inbound?.noteOverflowAtClient(tab),
          noteMade: (tab, stamp) => stampReceived(this, tab, stamp),
          stateChanged: (tab, _previous, next) => stateChanged(this, tab, next),
        }),
    );
    this.startServer();
  }

  fail(message: string): void {
    this.failure ??= `${message} (at ${this.clock.now} ms)`;
  }

  newActor(): Actor {
    return new Actor(this.clock, this.random);
  }

  startServer(): void {
    this.house = new House(++this.epochs, this.newActor(), {
      setup: this.setup,
      backplane: this.backplane,
      fail: (message) => this.fail(message),
      tab: (index) => this.tabs[index],
      stamp: () => this.stamp(),
      noteBegun: (client, k) => this.inbound?.noteBegunAtServer(client, k),
      noteOverflow: (uid, clientId) => this.inbound?.noteOverflowAtServer(uid, clientId),
      sessionLost: (id, undelivered) => sessionReported(this, id, undelivered),
      refusal: () => this.refusal,
    });
  }

  /** Numbers what the server makes, in order. */
  stamp(): number {
    return ++this.#stamps;
  }

  tabOf(wire: Wire): Tab | undefined {
    return wire.tab === undefined ? undefined : this.tabs[wire.tab];
  }

  /** The last attempt of a client. */
  wireOf(tab: Tab): Wire | undefined {
    return this.network.wires.findLast((wire) => wire.tab === tab.index);
  }

  hasNamesake(tab: Tab): boolean {
    const { clientId } = tab.setup;
    return this.hasImpostors || this.tabs.some((other) => other !== tab && other.setup.clientId === clientId);
  }

  isHostileTo(tab: Tab): boolean {
    return this.sessions.get(tab.sessionId ?? "")?.isHostile === true;
  }

  /** Lets time pass, as long as nothing has failed. */
  async advance(ms: number): Promise<void> {
    const until = this.clock.now + ms;
    for (;;) {
      // Admission is asynchronous, but waits for nothing but itself, or for the backplane.
      while (this.network.judging > 0 && this.backplane === undefined) await undefined;
      // Neither do validators, routers and loops, once their timers have fired.
      for (let turn = 0; turn < this.#asyncTurns; turn++) await undefined;
      if (this.failure !== undefined) return;
      if (++this.#steps > MAX_STEPS) throw new Error("steps without end");
      if (!this.clock.step(until)) break;
    }
    this.clock.advance(until - this.clock.now);
  }

  #openSocket(tab: Tab, given: string, offered: readonly string[], handlers: SocketHandlers): ClientSocket {
    tab.attempts++;
    const line = this.lineOf(tab);
    const { url, protocols, isForged } = forge(this.sessions, line, renameFeatures(given, tab.setup.names), offered);
    const { uid, actor: client, index } = tab;
    const wire = this.network.open({ url, protocols, uid, client, link: line, tab: index });
    if (this.clock.now < tab.notBefore) this.fail(`client ${index} came before the server's hint`);
    wire.isForged = isForged;
    wire.client.handlers = handlers;
    return wire.client.socket;
  }

  lineOf(tab: Tab): Line {
    return this.lines[tab.index] ?? newLine(20);
  }

  #letThrough(wire: Wire, at: SideName, data: string): string | undefined {
    if (at === "server") clientHeard(this, wire);
    if (data === FORGED_ACK) {
      wire.isForged = wire[at].isOpen && (at === "server" || this.tabOf(wire)?.client.state.get().open === true);
      return data;
    }
    if (data.includes('"mark":"poison"')) return "[poison";
    if (!data.includes('"mark":"big"')) return data;
    // Nobody reads what a ghost gets; else the runtime refuses it before the engine sees it.
    if (wire.tab === undefined) return undefined;
    const side = wire[at];
    if (side.isOpen) side.pipe.send({ type: "close", code: 1009, reason: "" });
    side.end(1006, "");
    return undefined;
  }

  #noteHeard(wire: Wire, at: SideName, data: string): void {
    this.inbound?.noteHeard(wire, at, data);
    if (data === FORGED_ACK && wire.isForged) {
      wire.isForged = false;
      if (wire[at].closedWith !== 4400) this.fail(`a forged ack was accepted by the ${at}`);
    }
    const tab = this.tabOf(wire);
    if (at === "server" || tab === undefined || handshakeIn(data) === undefined) return;
    if (this.clock.now >= this.lineOf(tab).hotUntil) return;
    wire.cut(undefined, undefined);
    for (const side of [wire.client, wire.server]) this.clock.after(5, () => side.end(1006, ""));
  }
}

/** The address of an attempt by a client of another age. */
function renameFeatures(url: string, names: ClientSetup["names"]): string {
  if (names === "nothing") return url.replace(/&features=[^&]*/, "");
  return names === "more" ? url.replace(/&features=/, "&features=tomorrow.") : url;
}
