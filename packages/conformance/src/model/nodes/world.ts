import type { ClientSocket, SocketHandlers } from "@sente-lite/engine";
import type { Backplane, NodeId } from "@sente-lite/protocol/backplane";
import { type MemoryBackplane, memoryBackplane, VirtualClock } from "@sente-lite/protocol/testing";
import { Actor } from "../actor.ts";
import { House } from "../house.ts";
import { type Line, newLine } from "../line.ts";
import { Network } from "../network.ts";
import { Questions } from "../questions.ts";
import { createRandom } from "../random.ts";
import type { Setup } from "../schedule.ts";
import { Tab } from "../tab.ts";
import { Tracing } from "../trace.ts";
import type { Wire } from "../wire.ts";
import type { NodesSchedule, RoomName } from "./schedule.ts";
import { Watch } from "./watch.ts";

const MAX_STEPS = 200_000;
/** Promises that wait for nothing but each other, in a row, at most. */
const TURNS = 40;

const rooms = {
  tea: { joinFn: () => true, members: true },
  log: { joinFn: () => true, history: { size: 5_000 } },
};

/** One place for a server, of which one follows another there. */
export interface Place {
  readonly index: number;
  house: House | undefined;
  beganMs: number;
  /** Its process stands still until then. */
  stalledUntilMs: number;
  /** Under which the server joined last. */
  nodeId: NodeId | undefined;
}

/** Several servers of one application at a time, on one backplane behind a balancer, and their clients; in virtual time. */
export class NodesWorld {
  readonly setup: Setup;
  readonly clock: VirtualClock = new VirtualClock();
  readonly random: () => number;
  readonly tracing: Tracing;
  readonly network: Network;
  readonly backplane: MemoryBackplane;
  readonly places: readonly Place[];
  readonly tabs: Tab[];
  readonly lines: Line[];
  readonly watch: Watch;
  readonly questions: Questions = new Questions((message) => this.fail(message));
  /** Where the balancer has the connections of each client go. */
  readonly landing: number[];
  failure: string | undefined;
  #epochs = 0;
  #steps = 0;
  #stamps = 0;

  constructor({ setup, seed, nodes }: NodesSchedule, isTraced: boolean) {
    this.setup = setup;
    const { clock } = this;
    const random = createRandom(seed);
    this.random = random;
    const tracing = new Tracing(clock, isTraced);
    this.tracing = tracing;
    this.watch = new Watch(this);
    this.backplane = memoryBackplane({ clock });
    this.lines = setup.clients.map(({ latencyMs }) => newLine(latencyMs));
    this.landing = setup.clients.map((_, index) => index % nodes);
    this.places = Array.from({ length: nodes }, (_, index) => ({
      index,
      house: undefined,
      beganMs: 0,
      stalledUntilMs: 0,
      nodeId: undefined,
    }));
    const { watch } = this;
    this.network = new Network({
      setup,
      clock,
      random,
      tracing,
      nobody: this.newActor(),
      houseOf: (wire) => this.#houseOf(wire),
      noteJudged: () => {},
      observer: {
        noteSent: (wire, from, data) => watch.noteSent(wire, from, data),
        letThrough: (wire, at, data) => {
          if (at === "server") watch.noteHeard(wire);
          return data;
        },
        noteHeard: () => {},
        notePacket: (...given) => tracing.packet(...given),
        noteClose: () => {},
      },
    });
    this.tabs = setup.clients.map((client, index) => this.#newTab(index, client));
    for (const place of this.places) this.start(place);
  }

  fail(message: string): void {
    this.failure ??= `${message} (at ${this.clock.now} ms)`;
  }

  newActor(): Actor {
    return new Actor(this.clock, this.random);
  }

  /** Places whose server takes connections. */
  get open(): readonly (Place & { readonly house: House })[] {
    return this.places.filter((place): place is Place & { house: House } => place.house?.isClosing === false);
  }

  start(place: Place): void {
    const actor = this.newActor();
    place.nodeId = undefined;
    place.beganMs = this.clock.now;
    place.stalledUntilMs = 0;
    const backplane: Backplane = {
      join: async (id, inbox) => {
        const membership = await this.backplane.join(id, inbox);
        if (actor.isDead) this.backplane.crash(id);
        else place.nodeId = id;
        return membership;
      },
    };
    const house: House = new House(++this.#epochs, actor, {
      setup: this.setup,
      backplane,
      rooms,
      fail: (message) => this.fail(message),
      tab: (index) => this.tabs[index],
      stamp: () => ++this.#stamps,
      noteBegun: () => {},
      noteAsked: (sent) => this.watch.requests.noteAsked(house, sent),
      noteAnswered: (sent, isWanted) => {
        const { requests, pushes } = this.watch;
        requests.noteAnswered(sent, isWanted, pushes.length);
      },
      noteOverflow: () => {},
      sessionLost: (id, undelivered) => {
        // Of what nobody can tell, that is told.
        if (!actor.isDead && house.errors.at(-2) !== "posts-missing")
          this.watch.sessionReported(house, id, undelivered);
      },
      refusal: () => null,
    });
    this.watch.houses.push(house);
    place.house = house;
  }

  /** The process of a server is gone; another one is started there later. */
  end(place: Place, downMs: number): void {
    const { house } = place;
    if (house === undefined) return;
    house.actor.kill();
    place.house = undefined;
    this.network.endOf(house);
    this.watch.houseEnded(house, place.beganMs);
    this.clock.after(downMs, () => this.start(place));
  }

  lineOf(tab: Tab): Line {
    return this.lines[tab.index] ?? newLine(20);
  }

  /** The last attempt of a client. */
  wireOf(tab: Tab): Wire | undefined {
    return this.network.wires.findLast((wire) => wire.tab === tab.index);
  }

  /** Lets time pass, as long as nothing has failed. */
  async advance(ms: number): Promise<void> {
    const until = this.clock.now + ms;
    for (;;) {
      for (let turn = 0; turn < TURNS; turn++) await undefined;
      if (this.failure !== undefined) return;
      if (++this.#steps > MAX_STEPS) throw new Error("steps without end");
      if (!this.clock.step(until)) break;
    }
    this.clock.advance(until - this.clock.now);
  }

  #newTab(index: number, client: Setup["clients"][number]): Tab {
    const { watch, tracing } = this;
    const tab: Tab = new Tab(index, client, this.newActor(), {
      setup: this.setup,
      fail: (message) => this.fail(message),
      note: (_, text) => tracing.note(index, text),
      openSocket: (_, url, protocols, handlers) => this.#openSocket(tab, url, protocols, handlers),
      notePush: (_, n) => watch.pushReceived(tab, n),
      noteQuestion: (n, replyFn) => this.questions.take(n, replyFn),
      noteOverflow: () => {},
      noteMade: (_, _stamp, sent) => watch.answerReceived(tab, sent),
      stateChanged: (_, _previous, next) => watch.stateChanged(tab, next),
    });
    for (const name of Object.keys(rooms) as RoomName[]) {
      const room = tab.client.room(name);
      room.chRecv.on("s/n", ({ data }) => {
        const { n } = data as { readonly n: number };
        if (name === "tea") watch.pushReceived(tab, n);
        else watch.entryReceived(tab, n);
      });
      room.state.subscribe((state) => watch.roomChanged(tab, name, state));
    }
    return tab;
  }

  #openSocket(tab: Tab, url: string, protocols: readonly string[], handlers: SocketHandlers): ClientSocket {
    tab.attempts++;
    const { uid, actor: client, index } = tab;
    const wire = this.network.open({ url, protocols, uid, client, link: this.lineOf(tab), tab: index });
    wire.client.handlers = handlers;
    return wire.client.socket;
  }

  /** The balancer: where the client is meant to go, or to the next that is up. */
  #houseOf(wire: Wire): House | undefined {
    const { places } = this;
    const wanted = wire.tab === undefined ? Math.floor(this.random() * places.length) : (this.landing[wire.tab] ?? 0);
    const up = this.open;
    return (up.find(({ index }) => index >= wanted) ?? up[0])?.house;
  }
}
