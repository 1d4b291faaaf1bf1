import { UsageError } from "@sente-lite/protocol";
import { isThenable } from "@sente-lite/protocol/calls";
import type { Counter, Histogram } from "../monitoring/metrics.ts";
import { type Given, type Output, portOf, type Stepped, stateAfter } from "../steps/step.ts";
import { Deque } from "./deque.ts";
import { Flight } from "./flight.ts";
import { drop, Inbox, type Input, type Item, makeOverloaded, makeUnavailable } from "./inbox.ts";
import { portsOf } from "./port.ts";
import type { About, Nothing, Process } from "./process.ts";
import type { Scheduled } from "./scheduler.ts";
import type { Surroundings } from "./surroundings.ts";

/** So many values a process handles before another one has its turn. */
const BURST = 64;
/** So many values may wait to leave a source that does not wait for them. */
const MAX_OUTGOING = 100_000;

/** The process whose values they are. Where it is in its life decides what happens to them. */
export interface Owner {
  readonly name: string;
  state: unknown;
  /** True while it takes what comes in. */
  readonly takes: boolean;
  /** True while it sends nothing. */
  readonly isPaused: boolean;
  readonly hasEnded: boolean;
  handleFailure(error: unknown, item: Item): void;
  report(error: unknown): void;
}

/** An input, and where its values go. */
export interface TrafficInput extends Input {
  readonly traffic: Traffic;
}

/** The values of one process: what waits for it, what it makes of it, and what waits to go out. */
export class Traffic implements Scheduled {
  readonly inputs: ReadonlyMap<string, TrafficInput>;
  isScheduled = false;
  readonly #owner: Owner;
  readonly #process: Process;
  readonly #around: Surroundings;
  readonly #routes: ReadonlyMap<string, TrafficInput[]>;
  readonly #handled: Counter;
  readonly #latency: Histogram;
  readonly #inbox = new Inbox<TrafficInput>();
  /** Values that found no place at their input, or wait because of a pause. While there are any, nothing is taken. */
  readonly #outbox = new Deque<Item<TrafficInput>>();
  /** Processes whose outbox waits for a place here. */
  readonly #waiting = new Set<Traffic>();
  #working = 0;
  #whenIdle: (() => void)[] = [];

  constructor(owner: Owner, process: Process, around: Surroundings) {
    const { metrics } = around;
    const { name } = owner;
    const ports = portsOf(process);
    this.#owner = owner;
    this.#process = process;
    this.#around = around;
    this.#handled = metrics.counter("flow_handled_total", { process: name });
    this.#latency = metrics.histogram("flow_latency_seconds", { process: name });
    this.#routes = new Map(ports.out.map((port) => [port, []]));
    const inputs = ports.in.map((spec): [string, TrafficInput] => {
      const dropped = metrics.counter("flow_dropped_total", { process: name, port: spec.name });
      return [spec.name, { spec, traffic: this, dropped, depth: 0 }];
    });
    this.inputs = new Map(inputs);
  }

  connect(port: string, input: TrafficInput): void {
    this.#routes.get(port)?.push(input);
  }

  /** Takes a value in, or drops one. False: there is no place, ask again. */
  offer(item: Item<TrafficInput>): boolean {
    if (this.#owner.hasEnded) {
      drop(item, makeUnavailable());
      return true;
    }
    const isTaken = this.#inbox.put(item);
    if (isTaken) this.#around.scheduler.schedule(this);
    return isTaken;
  }

  /** Sends a value to inputs; resolves when all that came of it has been dealt with. */
  send(targets: readonly TrafficInput[], value: unknown, about: About = {}): Promise<void> | undefined {
    const { clock, scheduler } = this.#around;
    const flight = new Flight(about, clock.span(), this.#noteLanding);
    flight.enter();
    if (this.#owner.hasEnded) flight.refuse(makeUnavailable());
    else if (this.#outbox.size >= MAX_OUTGOING) {
      flight.refuse(makeOverloaded());
      this.#owner.report(new UsageError("overloaded", `${this.#owner.name} emits faster than it waits`));
    } else for (const target of targets) this.#deliver(target, value, flight);
    flight.leave();
    scheduler.run();
    return flight.awaitLanding();
  }

  /** Sends a value out of an output. Throws `UsageError` `unknown-port`. */
  emit(port: string, value: unknown, about: About | undefined): Promise<void> | undefined {
    const targets = this.#routes.get(port);
    if (targets === undefined) throw new UsageError("unknown-port", `${this.#owner.name} has no output ${port}`);
    return this.send(targets, value, about);
  }

  readonly #noteLanding = (flight: Flight): void => {
    this.#latency.record((this.#around.clock.span() - flight.begunAt) / 1_000);
  };

  #deliver(input: TrafficInput, value: unknown, flight: Flight): void {
    const item = { input, value, flight };
    flight.enter();
    if (this.#outbox.size === 0 && !this.#owner.isPaused && input.traffic.offer(item)) return;
    this.#outbox.push(item);
    this.#around.scheduler.schedule(this);
  }

  turn(): void {
    let left = BURST;
    for (; this.#flush() && left > 0 && this.#takes; left--) {
      const item = this.#inbox.next();
      if (item === undefined) break;
      this.#placesAreFree();
      this.#handle(item);
    }
    if (left === 0) this.#around.scheduler.schedule(this);
    this.#tellIdle();
  }

  /** Sends what waits to go out. False while some of it still has to go first. */
  #flush(): boolean {
    for (let item = this.#outbox.peek(); item !== undefined; item = this.#outbox.peek()) {
      if (this.#owner.isPaused) return false;
      const { traffic } = item.input;
      if (!traffic.offer(item)) {
        traffic.#waiting.add(this);
        return false;
      }
      this.#outbox.shift();
    }
    return true;
  }

  get #takes(): boolean {
    const { concurrency = 1 } = this.#process;
    return this.#owner.takes && this.#working < concurrency && this.#outbox.size === 0;
  }

  #placesAreFree(): void {
    if (this.#waiting.size === 0) return;
    for (const traffic of this.#waiting) this.#around.scheduler.schedule(traffic);
    this.#waiting.clear();
  }

  #handle(item: Item): void {
    const given = { at: this.#around.clock.now(), port: item.input.spec.name, origin: item.flight };
    let result: ReturnType<NonNullable<Process["transform"]>>;
    try {
      result = this.#process.transform?.(this.#owner.state, item.value, given);
    } catch (error) {
      this.#finish(item, () => this.#owner.handleFailure(error, item));
      return;
    }
    if (isThenable(result)) this.#await(result, item, given);
    else this.#finish(item, () => this.#apply(result, item, given));
  }

  #await(result: PromiseLike<Stepped<unknown> | Nothing>, item: Item, given: Given): void {
    const { key } = item.flight;
    this.#working++;
    this.#inbox.hold(key);
    const finish = (work: () => void) => {
      this.#working--;
      this.#inbox.release(key);
      this.#finish(item, work);
      this.goOn();
    };
    Promise.resolve(result).then(
      (stepped) => finish(() => this.#apply(stepped, item, given)),
      (error: unknown) => finish(() => this.#owner.handleFailure(error, item)),
    );
  }

  #finish(item: Item, work: () => void): void {
    this.#handled.add();
    try {
      work();
    } catch (error) {
      // The step returned something that no step may return.
      this.#owner.handleFailure(error, item);
    }
    item.flight.leave();
  }

  #apply(stepped: Stepped<unknown> | Nothing, item: Item, given: Given): void {
    if (stepped === undefined) return;
    this.#owner.state = stateAfter(this.#owner.state, stepped);
    for (const output of stepped.outputs ?? []) {
      try {
        this.#output(output, item, given);
      } catch (error) {
        this.#owner.handleFailure(error, item);
      }
    }
  }

  #output(output: Output, { input, flight }: Item, given: Given): void {
    const [port, value] = portOf(output);
    const targets = this.#routes.get(port);
    if (targets === undefined) this.#around.interpret(output, given);
    else if (input.spec.sink && targets.length > 0) {
      throw new UsageError(
        "sink-emitted",
        `${this.#owner.name}.${input.spec.name} is a sink, and ${port} came out of it`,
      );
    } else for (const target of targets) this.#deliver(target, value, flight);
  }

  /** Asks for a turn, and runs. */
  goOn(): void {
    this.#around.scheduler.schedule(this);
    this.#around.scheduler.run();
  }

  /** Resolves when nothing waits and no value is being worked on. */
  awaitIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#tellIdle();
    });
  }

  #tellIdle(): void {
    if (this.#whenIdle.length === 0 || this.#working > 0 || this.#inbox.size > 0 || this.#outbox.size > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Lets go of all that waits; returns how many values that were. */
  clear(): number {
    const left = [...this.#inbox.clear(), ...this.#outbox.clear()];
    for (const { flight } of left) {
      flight.refuse(makeUnavailable());
      flight.leave();
    }
    this.#placesAreFree();
    this.#tellIdle();
    this.#around.scheduler.run();
    return left.length;
  }
}
