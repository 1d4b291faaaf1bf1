import { expect, it } from "vitest";
import { ClusterMachine } from "./cluster-machine.ts";
import { PostCodec } from "./posts.ts";

const codec = new PostCodec([]);
const GRACE_MS = 100;
const UIDS = ["ann", "bob", null];
const ROOMS = ["tea", "milk"];

/** Numbers in [0, 1) that a seed decides. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** What the application of a cluster is told, and a node of it. */
class House {
  readonly machine: ClusterMachine;
  /** What it made of the outputs: who is in the cluster, and who is in rooms at other nodes. */
  readonly view = new Set<string | null>();
  readonly members = new Map<string, number>();
  readonly local = new Set<string | null>();
  readonly inRooms: [room: string, uid: string | null][] = [];
  readonly delivered: string[] = [];
  sessionsEnded = 0;
  isAlive = true;
  /** The others hold it for gone: it hears nothing, and nobody hears it. */
  isStranger = false;
  /** It stands still. */
  isStill = false;

  /** Another one, once the others have held it for gone. */
  name: string;
  readonly net: Net;

  constructor(name: string, net: Net) {
    this.name = name;
    this.net = net;
    this.machine = new ClusterMachine(name, { codec, graceMs: GRACE_MS, lasting: () => [] });
  }

  arrive(uid: string | null): void {
    if (this.local.has(uid)) return;
    this.local.add(uid);
    this.view.add(uid);
    if (this.machine.presence.arrived(uid)) this.net.tell(uid, true);
    this.act();
  }

  depart(uid: string | null): void {
    if (!this.local.delete(uid)) return;
    if (this.machine.presence.departed(uid)) {
      this.view.delete(uid);
      this.net.tell(uid, false);
    }
    this.act();
  }

  enter(room: string, uid: string | null): void {
    this.inRooms.push([room, uid]);
    if (this.machine.presence.own.enter(room, uid)) this.machine.presence.own.note(["in", uid, room]);
    this.act();
  }

  leave(): void {
    const [room, uid] = this.inRooms.shift() ?? [];
    if (room === undefined || uid === undefined) return;
    if (this.machine.presence.own.leave(room, uid)) this.machine.presence.own.note(["out", uid, room]);
    this.act();
  }

  flush(): void {
    this.machine.flush();
    this.act();
  }

  act(): void {
    for (let output = this.machine.pollOutput(); output !== undefined; output = this.machine.pollOutput()) {
      if (output.type === "post") this.net.post(this, output.bytes);
      else if (output.type === "ask") this.net.ask(this, output.node, output.index);
      else if (output.type === "endSessions") this.sessionsEnded++;
      else if (output.type === "deliver") this.delivered.push(`${output.from} ${JSON.stringify(output.post)}`);
      else if (output.type === "uid") {
        if (output.isHere) this.view.add(output.uid);
        else this.view.delete(output.uid);
        if (output.isToTell) this.net.tell(output.uid, output.isHere);
      } else if (output.type === "member") {
        const key = `${output.room} ${output.uid}`;
        this.members.set(key, (this.members.get(key) ?? 0) + (output.isIn ? 1 : -1));
        if (this.members.get(key) === 0) this.members.delete(key);
      } else if (output.type === "report") throw output.error;
    }
    if (this.net.isPrompt && !this.isStranger && this.machine.presence.own.hasUntold) this.flush();
  }
}

/** What connects houses: posts in order for each pair, and questions; it delays, drops, splits and heals. */
class Net {
  readonly houses: House[] = [];
  readonly told = new Map<string | null, boolean>();
  readonly #queues = new Map<string, (() => void)[]>();
  readonly #random: () => number;
  /** Pairs between which posts are lost; each is a gap at its end. */
  readonly #cut = new Set<string>();
  /** Whoever has something to tell tells it at once. */
  isPrompt = false;
  /** Each question is answered. */
  doAllAnswer = false;
  now = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  add(name: string): House {
    const house = new House(name, this);
    for (const other of this.houses.filter(({ isAlive }) => isAlive)) {
      this.#queue(other, house, () => house.machine.joined(other.name));
      this.#queue(house, other, () => other.machine.joined(name));
    }
    this.houses.push(house);
    return house;
  }

  post(from: House, bytes: Uint8Array): void {
    for (const to of this.houses) {
      if (to === from || !to.isAlive || to.isStranger || from.isStranger) continue;
      if (this.#cut.has(`${from.name} ${to.name}`)) continue;
      this.#queue(from, to, () => to.machine.posted(from.name, "all", bytes, 0, this.now));
    }
  }

  ask(asker: House, name: string, index: number): void {
    const asked = this.houses.find((house) => house.name === name && !house.isStranger);
    // Questions overtake posts, and posts overtake answers.
    this.#queueOf(`question ${asker.name} ${name}`).push(() => {
      if (asked?.isAlive !== true || (!this.doAllAnswer && this.#random() < 0.1)) {
        asker.machine.unanswered(name, this.now);
        return;
      }
      const answer = asked.machine.asked(asker.name, asker.machine.question(index), this.now);
      asked.act();
      this.#queueOf(`answer ${asker.name} ${name}`).push(() => {
        asker.machine.answered(name, index, answer, this.now);
        asker.act();
      });
    });
  }

  tell(uid: string | null, isHere: boolean): void {
    this.told.set(uid, isHere);
  }

  split(from: House, to: House): void {
    this.#cut.add(`${from.name} ${to.name}`);
  }

  heal(): void {
    for (const pair of this.#cut) {
      const [from = "", to = ""] = pair.split(" ");
      const ends = [from, to].map((name) => this.houses.find((house) => house.name === name));
      const [source, end] = ends;
      if (source !== undefined && end?.isAlive) this.#queue(source, end, () => end.machine.gap(source.name));
    }
    this.#cut.clear();
  }

  crash(house: House): void {
    house.isAlive = false;
    for (const other of this.houses.filter(({ isAlive }) => isAlive)) {
      this.#queue(house, other, () => other.machine.gone(house.name, this.now));
    }
  }

  /** A house stands still for longer than its lease. */
  stop(house: House): void {
    const { name } = house;
    house.isStill = house.isStranger = true;
    for (const [pair, queue] of this.#queues) if (pair.endsWith(` ${name}`)) queue.length = 0;
    for (const other of this.#others(house)) {
      this.#queue(house, other, () => other.machine.gone(name, this.now));
    }
  }

  /** It goes on, and hears that it was held for gone. */
  goOn(house: House): void {
    house.isStill = false;
    house.machine.lostLease();
    house.act();
  }

  /** It comes again, as another node. */
  comeBack(house: House): void {
    house.isStranger = false;
    house.name = `${house.name}'`;
    house.machine.isNode(house.name);
    house.machine.hasJoined(this.now);
    for (const other of this.#others(house)) {
      const { name } = house;
      this.#queue(house, other, () => other.machine.joined(name));
      this.#queue(other, house, () => house.machine.joined(other.name));
    }
    house.act();
  }

  /** Time passes. */
  pass(ms: number): void {
    this.now += ms;
    for (const house of this.houses.filter(({ isAlive, isStill }) => isAlive && !isStill)) {
      house.machine.wake(this.now);
      house.act();
    }
  }

  #others(house: House): readonly House[] {
    return this.houses.filter((other) => other !== house && other.isAlive && !other.isStranger);
  }

  /** All that was posted arrives; who left in this turn has not told yet. */
  deliverAll(): void {
    while (this.step());
  }

  /** Lets one thing happen; false where nothing is under way. */
  step(): boolean {
    const ready = [...this.#queues.values()].filter(({ length }) => length > 0);
    ready[Math.floor(this.#random() * ready.length)]?.shift()?.();
    return ready.length > 0;
  }

  /** Lets all happen, and time pass until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 1_000; round++) {
      for (const house of this.houses.filter(({ isAlive }) => isAlive)) {
        house.machine.flush();
        house.act();
      }
      while (this.step());
      const deadlines = this.houses.flatMap(({ isAlive, machine }) => (isAlive ? [machine.deadline ?? []] : [])).flat();
      if (deadlines.length === 0) return;
      this.now = Math.max(this.now, Math.min(...deadlines));
      for (const house of this.houses.filter(({ isAlive }) => isAlive)) {
        house.machine.wake(this.now);
        house.act();
      }
    }
    throw new Error("it does not come to rest");
  }

  #queue(from: House, to: House, run: () => void): void {
    this.#queueOf(`${from.name} ${to.name}`).push(() => {
      if (!to.isAlive || to.isStranger) return;
      run();
      to.act();
    });
  }

  #queueOf(name: string): (() => void)[] {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return queue;
  }
}

function play(seed: number, kind: "faults" | "none" | "stops"): Net {
  const hasFaults = kind === "faults";
  const random = randomOf(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const net = new Net(random);
  net.isPrompt = !hasFaults;
  net.doAllAnswer = kind === "stops";
  for (let i = 0; i < 2 + Math.floor(random() * 2); i++) net.add(`n${i}`);
  if (!hasFaults) net.settle();
  for (let i = 0; i < 60; i++) {
    const alive = net.houses.filter(({ isAlive, isStranger }) => isAlive && !isStranger);
    const house = pick(alive);
    const draw = random();
    if (draw < 0.25) {
      house.arrive(pick(UIDS));
    } else if (draw < 0.45) {
      // A user stays for the grace at least, which is longer than posts take there and back; then may leave all at once.
      if (!hasFaults) net.deliverAll();
      const uid = pick(UIDS);
      const leaving = hasFaults ? [house] : alive.filter(() => random() < 0.6);
      for (const one of leaving) one.depart(uid);
    } else if (draw < 0.55) house.enter(pick(ROOMS), pick(UIDS));
    else if (draw < 0.62) house.leave();
    else if (draw < 0.72) {
      house.flush();
    } else if (hasFaults && draw < 0.75) net.split(house, pick(alive));
    else if (hasFaults && draw < 0.78) net.heal();
    else if (hasFaults && draw < 0.79 && alive.length > 1) net.crash(house);
    else if (hasFaults && draw < 0.81 && net.houses.length < 5) net.add(`n${net.houses.length}`);
    else if (kind === "stops" && draw < 0.85) stopOrGoOn(net, house, random);
    else net.step();
  }
  for (const house of net.houses) {
    if (house.isStill) net.goOn(house);
    if (house.isStranger) net.comeBack(house);
  }
  net.heal();
  net.settle();
  return net;
}

/** A house stands still for longer than its lease, or one that did goes on; time passes. */
function stopOrGoOn(net: Net, house: House, random: () => number): void {
  net.deliverAll();
  net.pass(random() < 0.5 ? GRACE_MS : 1);
  const stranger = net.houses.find(({ isStranger }) => isStranger);
  if (stranger === undefined) net.stop(house);
  else if (stranger.isStill) net.goOn(stranger);
  else {
    // Who is there may leave before it is back.
    for (const uid of [...stranger.local]) if (random() < 0.3) stranger.depart(uid);
    net.comeBack(stranger);
  }
}

function expectEqualViews(net: Net, seed: number): void {
  const alive = net.houses.filter(({ isAlive }) => isAlive);
  const here = new Set(alive.flatMap(({ local }) => [...local]));
  for (const house of alive) {
    expect([...house.view].sort(), `seed ${seed}: ${house.name}`).toEqual([...here].sort());
    expect(house.machine.presence.size, `seed ${seed}`).toBe(here.size);
    const elsewhere = new Map<string, number>();
    for (const other of alive.filter((one) => one !== house)) {
      for (const key of new Set(other.inRooms.map(([room, uid]) => `${room} ${uid}`))) {
        elsewhere.set(key, (elsewhere.get(key) ?? 0) + 1);
      }
    }
    expect([...house.members].sort(), `seed ${seed}: ${house.name}`).toEqual([...elsewhere].sort());
  }
}

it("has the same view at every node once all has arrived, whatever was delayed, lost, split, or died", () => {
  for (let seed = 1; seed <= 300; seed++) expectEqualViews(play(seed, "faults"), seed);
});

it("tells the application last of every user whether they are here, whatever crossed on the way", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const net = play(seed, "none");
    expectEqualViews(net, seed);
    const here = new Set(net.houses.flatMap(({ local }) => [...local]));
    for (const [uid, isHere] of net.told) expect(isHere, `seed ${seed}: ${uid}`).toBe(here.has(uid));
    for (const uid of here) expect(net.told.get(uid), `seed ${seed}: ${uid}`).toBe(true);
    expect(net.houses.map(({ sessionsEnded }) => sessionsEnded)).toEqual(net.houses.map(() => 0));
  }
});

it("tells it last also where a node stood still past its lease and is back as another, with its users", () => {
  for (let seed = 1; seed <= 600; seed++) {
    const net = play(seed, "stops");
    expectEqualViews(net, seed);
    const here = new Set(net.houses.flatMap(({ local }) => [...local]));
    for (const [uid, isHere] of net.told) expect(isHere, `seed ${seed}: ${uid}`).toBe(here.has(uid));
    for (const uid of here) expect(net.told.get(uid), `seed ${seed}: ${uid}`).toBe(true);
  }
});
